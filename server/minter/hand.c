/* SPDX-License-Identifier: ISC */
#include "server/minter/hand.h"
#include <stdio.h>
#include <string.h>
#include "server/minter/catalogue.h"
#include "server/minter/view.h"

#define BARE 2 /* of ten answers with a login: nothing else */

/* What a person is used to; `greets`, `ends` and `signs` are of ten answers. First mails have all of it. */
struct hand {
    uint32_t greeting, bye; /* which of the words */
    unsigned greets, ends;  /* with a greeting, with more than a name at the end */
    unsigned signs;         /* with the signature */
    unsigned mute;          /* of ten first mails: nothing but the text */
    unsigned colons;        /* a colon before what follows in a paragraph of its own; else a full stop */
    unsigned talks;         /* at most so many sentences on other things, */
    unsigned breaks;        /* with an empty line between paragraphs */
    enum { GIVEN, INITIAL, WHOLE, NOTHING } name;
    bool lower;     /* goes on in lower case behind the greeting's comma */
    bool contracts; /* writes "don't" and "I've" in English */
};

/* Only such as can be contracted wherever they stand, with a word behind them. */
static const struct {
    const char *whole, *contracted;
} contractions[] = {
    {"do not", "don't"},       {"does not", "doesn't"},   {"did not", "didn't"},   {"is not", "isn't"},
    {"are not", "aren't"},     {"was not", "wasn't"},     {"cannot", "can't"},     {"could not", "couldn't"},
    {"would not", "wouldn't"}, {"should not", "shouldn't"}, {"has not", "hasn't"}, {"have not", "haven't"},
    {"will not", "won't"},     {"need not", "needn't"},   {"I am", "I'm"},
    {"I will", "I'll"},        {"I would", "I'd"},        {"we will", "we'll"},
    {"you are", "you're"},     {"you will", "you'll"},    {"it is", "it's"},       {"It is", "It's"},
    {"that is", "that's"},     {"That is", "That's"},     {"there is", "there's"}, {"There is", "There's"},
    {"they are", "they're"},   {"we are", "we're"},       {"You are", "You're"},
    {"Do not", "Don't"},       {"here is", "here's"},     {"Here is", "Here's"},   {"what is", "what's"}};

/* The same for the same address, and told by nobody without the persona's seed. */
static struct hand hand_of(const struct letter *letter)
{
    static const unsigned shares[] = {0, 3, 6, 10}, talks[] = {0, 0, 1, 1, 2};
    static const unsigned greets[] = {1, 5, 9, 10}, colons[] = {0, 3, 5, 8};
    const struct shown_token shown = {.identity = slice_of(letter_text(letter->from, "mail"))};
    struct view_draw state;
    struct draw draw = view_draw(&state, json_object_get(letter->work->parameters, "persona"), &shown, "hand");
    uint32_t name;
    bool english = !letter_french(letter);
    struct hand hand = {.greeting = draw_below(&draw, 1 << 16),
                        .bye = draw_below(&draw, 1 << 16),
                        .greets = greets[draw_below(&draw, 4)],
                        .ends = shares[draw_below(&draw, 4)],
                        .signs = shares[draw_below(&draw, 4)],
                        .mute = draw_below(&draw, 8) == 0 ? 8 : 0,
                        .lower = draw_below(&draw, 7) == 0,
                        .contracts = draw_below(&draw, 8) < 5 && english};

    name = draw_below(&draw, 8);
    hand.name = name < 5 ? GIVEN : name == 5 ? INITIAL : name == 6 ? WHOLE : NOTHING;
    hand.colons = colons[draw_below(&draw, 4)];
    hand.talks = talks[draw_below(&draw, 5)];
    hand.breaks = shares[1 + draw_below(&draw, 3)];
    return hand;
}

static bool of_ten(const struct letter *letter, unsigned share)
{
    return draw_below(letter->work->minter->draw, 10) < share;
}

static bool formal(const struct letter *letter)
{
    const json_t *outside = json_object_get(letter->work->token, "outside");

    return letter->from == outside || letter->to == outside;
}

static const struct lure_variable *find_word(const struct letter *letter, const char *name, struct error *error)
{
    const struct variables *words = &letter->work->lure->variables;

    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i].name, name) == 0)
            return &words->items[i];
    error_set(error, "words.yaml has no '%s'", name);
    return NULL;
}

static int add_choice(const struct letter *letter, const struct lure_variable *word, uint32_t index, struct buffer *out,
                      struct error *error)
{
    const struct lure_work *work = letter->work;

    json_object_set(work->token, "whom", json_object_get(work->token, letter->message->to));
    return lure_choose(word, index % word->total, work->base, work->token, work->variables, out, error);
}

/* The word that the person takes, or now and then the one after it. */
static int add_word(const struct letter *letter, const char *name, uint32_t usual, struct buffer *out, struct error *error)
{
    const struct lure_variable *word = find_word(letter, name, error);

    return word == NULL ? -1 : add_choice(letter, word, usual + !of_ten(letter, 8), out, error);
}

/* ---- the mail ---- */

static struct slice next_line(struct slice *text)
{
    const unsigned char *newline = memchr(text->data, '\n', text->length);
    struct slice line = {text->data, newline == NULL ? text->length : (size_t)(newline - text->data)};
    size_t used = line.length + (newline != NULL);

    *text = (struct slice){text->data + used, text->length - used};
    while (line.length > 0 && line.data[line.length - 1] == ' ')
        line.length--;
    if (line.length > 1 && line.data[0] == ' ' && line.data[1] != ' ') /* an optional sentence stood before it */
        line = (struct slice){line.data + 1, line.length - 1};
    return line;
}

static bool is_letter(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* How many bytes of the line the writer contracts at `at`, and adds what they come to. */
static size_t contract(struct buffer *out, struct slice line, size_t at)
{
    if (at > 0 && line.data[at - 1] != ' ')
        return 0;
    for (size_t i = 0; i < sizeof contractions / sizeof *contractions; i++) {
        size_t length = strlen(contractions[i].whole);

        if (line.length - at > length + 1 && memcmp(line.data + at, contractions[i].whole, length) == 0 &&
            line.data[at + length] == ' ' && is_letter(line.data[at + length + 1])) {
            buffer_add_text(out, contractions[i].contracted);
            return length;
        }
    }
    return 0;
}

/* Lines that begin with a space are not the writer's own words. */
static void add_line(const struct hand *hand, struct slice line, struct buffer *out)
{
    bool contracts = hand->contracts && line.length > 0 && line.data[0] != ' ';
    size_t used;

    for (size_t at = 0; at < line.length; at += used) {
        used = contracts ? contract(out, line, at) : 0;
        if (used == 0) {
            buffer_add_char(out, (char)line.data[at]);
            used = 1;
        }
    }
    buffer_add_char(out, '\n');
}

/* Does a word that wants something behind it stand before `end`? */
static bool is_open(const struct buffer *out, size_t start, size_t end)
{
    static const char *const words[] = {"with", "by", "to",    "is", "it's", "It's", "as",   "on",  "at",  "be",    "try",
                                        "need", "go", "takes", "it", "are",  "in",   "avec", "par", "sur", "entre", "est"};
    size_t length = 0;

    while (end - length > start && out->data[end - length - 1] != ' ')
        length++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && memcmp(out->data + end - length, words[i], length) == 0)
            return true;
    return false;
}

/* "You can use this:" is "You can use this." to some; not what is a label, or no sentence's end. */
static void close_lead(struct buffer *out, size_t start)
{
    size_t end = out->length > start ? out->length - 1 : start, blanks = 0;

    for (size_t i = start; i < end; i++)
        blanks += out->data[i] == ' ';
    if (blanks < 2 || out->data[start] == ' ' || out->data[end - 1] != ':')
        return;
    end -= out->data[end - 2] == ' ' ? 2 : 1; /* French has a blank before it */
    if (is_open(out, start, end))
        return;
    out->length = end;
    buffer_add_text(out, ".\n");
}

static void add_text(const struct letter *letter, const struct hand *hand, struct slice text, struct buffer *out)
{
    bool begun = false, gap = false, airy = of_ten(letter, hand->breaks);
    size_t start = out->length;

    while (text.length > 0) {
        struct slice line = next_line(&text);

        if (gap && line.length > 0 && !of_ten(letter, hand->colons))
            close_lead(out, start);
        if (gap && line.length > 0 && airy)
            buffer_add_char(out, '\n');
        start = line.length > 0 ? out->length : start;
        if (line.length > 0)
            add_line(hand, line, out);
        gap = begun && line.length == 0;
        begun = begun || line.length > 0;
    }
}

/* Which of the lists of asides the lure takes from: who has read some lures has not read the others' small talk. */
static unsigned circle_of(const struct lure *lure)
{
    unsigned sum = 0;

    for (const char *c = lure->name; *c != 0; c++)
        sum = sum * 13 + (unsigned char)*c;
    return sum % MINTER_CIRCLES;
}

/* The next sentence that this installation has not had, whatever lure of its circle it stands in. */
static int add_sentence(const struct letter *letter, const struct lure_variable *word, struct buffer *out, struct error *error)
{
    const struct minter *minter = letter->work->minter;
    const json_t *ordinal = json_object_get(letter->work->parameters, "ordinal");
    uint64_t *said = &minter->turns[minter->catalogue->lure_count + circle_of(letter->work->lure)];

    *said = (*said != 0 ? *said : 2 * (uint64_t)json_integer_value(ordinal)) + 1;
    return lure_turn(letter->work, word, *said - 1, out, error);
}

/* What somebody says who is writing anyway, and to the own house; not in what only a quote shows, since there is more than
 * enough to read in that. */
static int add_talk(const struct letter *letter, const struct hand *hand, struct buffer *out, struct error *error)
{
    char name[16];
    const struct lure_variable *word;
    unsigned count = formal(letter) || letter->gone ? 0 : draw_below(letter->work->minter->draw, hand->talks + 1);
    struct buffer sentence;
    int rc;

    snprintf(name, sizeof name, "aside_%u", circle_of(letter->work->lure));
    word = find_word(letter, name, error);
    rc = word == NULL ? -1 : 0;
    buffer_init(&sentence, 4096);
    for (unsigned i = 0; i < count && rc == 0; i++) {
        buffer_clear(&sentence);
        rc = add_sentence(letter, word, &sentence, error);
        if (i > 0 && !of_ten(letter, hand->breaks))
            out->data[out->length - 1] = ' ';
        else
            buffer_add_char(out, '\n');
        add_line(hand, buffer_slice(&sentence), out);
    }
    buffer_free(&sentence);
    return rc;
}

/* Of a sentence; not of a name (git.example, api-v2) or an address (ldaps://…, db:5432). */
static bool ends_word(struct slice behind)
{
    if (behind.length > 1 && behind.data[0] == ':')
        return strchr(" \n", behind.data[1]) != NULL;
    return behind.length > 0 && strchr(" ,:'", behind.data[0]) != NULL;
}

/* A sentence's first letter; names of machines and projects stay as they are, and so do logins. */
static void capitalise(const struct letter *letter, struct buffer *out, size_t at)
{
    const struct slice identity = letter->work->identity;
    size_t word = at;

    if (identity.length > 0 && identity.length <= out->length - at && memcmp(out->data + at, identity.data, identity.length) == 0)
        return;
    while (word < out->length && is_letter(out->data[word]))
        word++;
    if (word > at && out->data[at] >= 'a' && ends_word(slice_behind(buffer_slice(out), word)))
        out->data[at] = (unsigned char)(out->data[at] - 'a' + 'A');
}

static int add_greeting(const struct letter *letter, const struct hand *hand, struct buffer *out, struct error *error)
{
    bool greets = letter->answered != NULL ? of_ten(letter, hand->greets) : !of_ten(letter, hand->mute);

    if (!greets)
        return 0;
    if (add_word(letter, formal(letter) ? "hi_formal" : "hi", hand->greeting, out, error) != 0)
        return -1;
    buffer_add_text(out, "\n\n");
    return 0;
}

static void add_name(const struct letter *letter, const struct hand *hand, struct buffer *out)
{
    const char *given = letter_text(letter->from, "given"), *family = letter_text(letter->from, "family");

    if (hand->name == WHOLE || (formal(letter) && hand->name != GIVEN))
        buffer_add_format(out, "%s %s\n", given, family);
    else if (hand->name == INITIAL && given[0] > 0)
        buffer_add_format(out, "%c\n", given[0]);
    else if (hand->name != NOTHING || letter->answered == NULL)
        buffer_add_format(out, "%s\n", given);
}

static int add_end(const struct letter *letter, const struct hand *hand, struct buffer *out, struct error *error)
{
    size_t start = out->length + 1;

    buffer_add_char(out, '\n');
    if (of_ten(letter, letter->answered == NULL && hand->ends < 6 ? 6 : hand->ends)) {
        if (add_word(letter, formal(letter) ? "bye_formal" : "bye", hand->bye, out, error) != 0)
            return -1;
        buffer_add_char(out, '\n');
    }
    add_name(letter, hand, out);
    if (out->length == start)
        out->length--; /* neither */
    return 0;
}

static bool holds(struct slice text, struct slice part)
{
    return part.length > 0 && text.length > 0 && memmem(text.data, text.length, part.data, part.length) != NULL;
}

/* Of an answer that gives what was asked for: the paragraphs with the login alone, as who has no time writes. */
static void add_bare(const struct letter *letter, struct slice text, struct buffer *out)
{
    const struct lure_work *work = letter->work;
    const struct slice host = slice_of(letter_text(json_object_get(work->base, "decoy"), "host"));

    while (text.length > 0) {
        const unsigned char *gap = memmem(text.data, text.length, "\n\n", 2);
        struct slice part = {text.data, gap != NULL ? (size_t)(gap - text.data) : text.length};

        if (holds(part, work->identity) || holds(part, work->secret) || holds(part, host)) {
            buffer_add_text(out, out->length > 0 ? "\n\n" : "");
            buffer_add_slice(out, part);
        }
        text = slice_behind(text, part.length);
        while (text.length > 0 && text.data[0] == '\n')
            text = slice_behind(text, 1);
    }
}

static bool is_bare(const struct letter *letter)
{
    return letter->message->secret && letter->answered != NULL && letter->message->attachment_count == 0 &&
           of_ten(letter, BARE);
}

static int write_text(const struct letter *letter, struct hand *hand, struct slice text, struct buffer *out,
                      struct error *error)
{
    struct buffer bare;
    size_t start = out->length;

    buffer_init(&bare, LURE_FILE_BYTES);
    if (is_bare(letter))
        add_bare(letter, text, &bare);
    if (bare.length > 0)
        hand->talks = 0;
    add_text(letter, hand, bare.length > 0 ? buffer_slice(&bare) : text, out);
    if (start == 0 || !hand->lower || (start > 2 && out->data[start - 3] != ','))
        capitalise(letter, out, start);
    buffer_free(&bare);
    return out->failed ? error_set(error, "the mail is too long") : 0;
}

int hand_write(const struct letter *letter, struct slice text, struct buffer *out, struct error *error)
{
    struct hand hand = hand_of(letter);

    if (add_greeting(letter, &hand, out, error) != 0)
        return -1;
    if (write_text(letter, &hand, text, out, error) != 0)
        return -1;
    if (add_talk(letter, &hand, out, error) != 0)
        return -1;
    return add_end(letter, &hand, out, error);
}

bool hand_signs(const struct letter *letter)
{
    unsigned share = hand_of(letter).signs;

    return of_ten(letter, letter->answered == NULL && share < 3 ? 3 : share);
}
