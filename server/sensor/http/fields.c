/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/fields.h"

#include "server/base/unzeroed.h"
#include "server/sensor/http/extract.h"
#include "server/sensor/http/text.h"

#define WHERE 64
#define WHERE_NAME 40
#define LONE_IDENTITY 8 /* a user name this long may be a token: https://TOKEN@host */

#define RUN_LEAST 16
#define RUNS 8

enum word_class { WORD_ID = 1, WORD_SECRET = 2, WORD_IDENTITY = 4, WORD_AUTHOR = 8 };

struct word {
    char rest[10]; /* behind the first letter */
    uint8_t length, classes;
};

#define WORD(rest, classes)                                                                                            \
    {                                                                                                                  \
        rest, sizeof(rest) - 1, classes                                                                                \
    }
#define LETTER_WORDS 6

/* What names say, by the words in them, which stand under their first letter. */
static const struct word words[26][LETTER_WORDS] = {
    ['a' - 'a'] = {WORD("pp_id", WORD_ID), WORD("uthor", WORD_AUTHOR), WORD("uth", WORD_SECRET),
                   WORD("ccount", WORD_IDENTITY)},
    ['b' - 'a'] = {WORD("earer", WORD_SECRET)},
    ['c' - 'a'] = {WORD("lient_id", WORD_ID), WORD("lient-id", WORD_ID), WORD("lientid", WORD_ID),
                   WORD("red", WORD_SECRET)},
    ['k' - 'a'] = {WORD("ey_id", WORD_ID), WORD("ey-id", WORD_ID), WORD("eyid", WORD_ID), WORD("ey", WORD_SECRET)},
    ['l' - 'a'] = {WORD("ogin", WORD_IDENTITY)},
    ['m' - 'a'] = {WORD("ail", WORD_IDENTITY)},
    ['n' - 'a'] = {WORD("ame", WORD_IDENTITY)},
    ['p' - 'a'] = {WORD("ass", WORD_SECRET), WORD("wd", WORD_SECRET), WORD("rincipal", WORD_IDENTITY)},
    ['s' - 'a'] = {WORD("ecret", WORD_SECRET)},
    ['t' - 'a'] = {WORD("oken", WORD_SECRET)},
    ['u' - 'a'] = {WORD("ser", WORD_IDENTITY), WORD("id", WORD_IDENTITY)},
};

/* rest: what is behind the letter, counted from 0 for 'a'. */
static unsigned classes_of(unsigned letter, struct slice rest)
{
    const struct word *word;
    unsigned classes = 0;

    for (word = words[letter]; word < words[letter] + LETTER_WORDS && word->length > 0; word++)
        if (word->length <= rest.length && (rest.data[0] | 0x20) == word->rest[0] &&
            strncasecmp((const char *)rest.data, word->rest, word->length) == 0)
            classes |= word->classes;
    return classes;
}

enum candidate_part field_part(struct slice name)
{
    unsigned classes = 0, letter;
    size_t i;

    name = text_before(name, WHERE);
    for (i = 0; i < name.length; i++) {
        letter = (name.data[i] | 0x20u) - 'a';
        if (letter <= 'z' - 'a' && words[letter][0].length > 0)
            classes |= classes_of(letter, (struct slice){name.data + i + 1, name.length - i - 1});
    }
    if ((classes & WORD_ID) != 0)
        return CANDIDATE_IDENTITY;
    if ((classes & WORD_SECRET) != 0 && (classes & WORD_AUTHOR) == 0)
        return CANDIDATE_SECRET;
    return (classes & WORD_IDENTITY) != 0 ? CANDIDATE_IDENTITY : CANDIDATE_EITHER;
}

static bool is_own(const struct extract *extract, struct slice value)
{
    return extract->site != NULL && site_own(extract->site, value);
}

/* May one more value be looked at? */
static bool is_affordable(struct extract *extract, uint8_t rank)
{
    size_t *left = rank <= EXTRACT_LOGIN ? &extract->named : &extract->unnamed;

    if (*left == 0) {
        extract->to->overflowed = true;
        return false;
    }
    --*left;
    return true;
}

/* Of which tokens are made. */
enum { TOKEN_BYTE = 1, TOKEN_DIGIT = 2 };
static const unsigned char token_bytes[256] = {
    ['a' ... 'z'] = TOKEN_BYTE, ['A' ... 'Z'] = TOKEN_BYTE, ['0' ... '9'] = TOKEN_BYTE | TOKEN_DIGIT,
    ['_'] = TOKEN_BYTE,         ['-'] = TOKEN_BYTE,         ['.'] = TOKEN_BYTE,
};

static bool is_run(struct slice value)
{
    for (size_t i = 0; i < value.length; i++)
        if (token_bytes[value.data[i]] == 0)
            return false;
    return true;
}

/* Is there a piece between its dots that is that long, and of letters and digits, so that it is no word? */
static bool is_tokenlike(struct slice run, size_t least)
{
    size_t length = 0, digits = 0, letters = 0;

    for (size_t i = 0; i < run.length; i++) {
        unsigned char c = run.data[i];

        if (c == '.')
            length = digits = letters = 0;
        else
            length++;
        digits += c >= '0' && c <= '9';
        letters += (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (length >= least && digits > 0 && letters > 0)
            return true;
    }
    return false;
}

/* Cuts off and returns what looks like a token, or is empty when nothing is left. */
static struct slice next_tokenlike(struct slice *rest, size_t least)
{
    struct slice run;

    while (rest->length > 0) {
        unsigned seen = 0;
        size_t length = 0;

        for (; length < rest->length && token_bytes[rest->data[length]] != 0; length++)
            seen |= token_bytes[rest->data[length]];
        run = text_before(*rest, length);
        *rest = text_from(*rest, length + 1);
        if (run.length >= least && (seen & TOKEN_DIGIT) != 0 && is_tokenlike(run, least))
            return run;
    }
    return SLICE_NONE;
}

bool field_tokenlike(struct slice value, size_t least)
{
    return next_tokenlike(&value, least).length > 0;
}

void field_runs(struct extract *extract, uint8_t rank, const char *where, struct slice value, size_t least)
{
    struct slice run;

    for (size_t i = 0; i < RUNS && (run = next_tokenlike(&value, least)).length > 0; i++)
        credentials_add(extract->to, CANDIDATE_EITHER, 0, rank, where, run);
}

void field_value(struct extract *extract, enum candidate_part part, uint8_t rank, const char *where, struct slice value)
{
    if (value.length < FIELD_LEAST || !is_affordable(extract, rank) || is_own(extract, value))
        return;
    credentials_add_decoded(extract->to, part, 0, rank, where, value);
    if (!is_run(value))
        field_runs(extract, (uint8_t)(rank + 3), where, value, RUN_LEAST);
}

void field_login(struct extract *extract, uint8_t rank, const char *where, struct slice identity, struct slice secret)
{
    if (identity.length > 0 && secret.length > 0 && is_affordable(extract, 0))
        credentials_add_login(extract->to, rank, where, identity, secret);
    else if (identity.length == 0)
        field_value(extract, CANDIDATE_SECRET, rank, where, secret);
    if (secret.length == 0 || identity.length >= 2 * LONE_IDENTITY)
        field_value(extract, CANDIDATE_EITHER, (uint8_t)(rank + 1), where, identity);
}

static struct slice since(const struct buffer *scratch, size_t start)
{
    return (struct slice){scratch->data + start, scratch->length - start};
}

static bool fits(const struct buffer *scratch, size_t length)
{
    return scratch->data != NULL && scratch->capacity > scratch->length + length + 1;
}

struct slice field_percent(struct extract *extract, struct slice raw, bool plus_is_space)
{
    size_t start = extract->scratch.length;

    if (text_find_char(raw, '%') == TEXT_NONE && (!plus_is_space || text_find_char(raw, '+') == TEXT_NONE))
        return raw;
    if (fits(&extract->scratch, raw.length) && decode_percent(raw, plus_is_space, &extract->scratch) == 0)
        return since(&extract->scratch, start);
    extract->scratch.length = start;
    return raw;
}

struct slice field_xml(struct extract *extract, struct slice raw)
{
    struct buffer *scratch = &extract->scratch;
    size_t start = scratch->length;

    if (text_find_char(raw, '&') == TEXT_NONE || !fits(scratch, raw.length))
        return raw;
    while (raw.length > 0) {
        struct slice text = text_before(raw, text_find_char(raw, '&'));

        (void)buffer_add_slice(scratch, text);
        raw = text_from(raw, text.length);
        if (raw.length > 0)
            raw = text_entity(raw, scratch);
    }
    return since(scratch, start);
}

struct slice field_json(struct extract *extract, struct slice raw)
{
    size_t start = extract->scratch.length;

    if (text_find_char(raw, '\\') == TEXT_NONE)
        return raw;
    if (fits(&extract->scratch, raw.length) && decode_json_string(raw, &extract->scratch) == 0)
        return since(&extract->scratch, start);
    extract->scratch.length = start;
    return raw;
}

void field_add(struct extract *extract, uint8_t rank, const char *where, struct slice name, struct slice value)
{
    if (extract->count == FIELDS)
        field_take(extract, rank, where);
    extract->fields[extract->count++] = (struct field){name, value};
}

static const char *where_text(char text[WHERE], const char *where, struct slice name)
{
    size_t i, length = name.length < WHERE_NAME ? name.length : WHERE_NAME;
    char *end = text;

    while (*where != '\0' && end < text + WHERE - WHERE_NAME - 2)
        *end++ = *where++;
    if (length > 0)
        *end++ = ' ';
    for (i = 0; i < length; i++)
        *end++ = name.data[i] > 0x20 && name.data[i] < 0x7f ? (char)name.data[i] : '?';
    *end = '\0';
    return text;
}

/* The value of the field, which then has been taken. */
static struct slice value_of(struct extract *extract, const char *name)
{
    struct slice wanted = slice_of(name), value;
    size_t i;

    for (i = 0; name != NULL && i < extract->count; i++) {
        if (!slice_equal(extract->fields[i].name, wanted))
            continue;
        value = extract->fields[i].value;
        extract->fields[i].value = SLICE_NONE;
        return value;
    }
    return SLICE_NONE;
}

/* The form of a login page: its fields' names are known. */
static void take_route(struct extract *extract, const char *where)
{
    struct slice identity, secret;
    UNZEROED char text[WHERE];

    if (extract->route == NULL)
        return;
    identity = value_of(extract, site_identity_field(extract->route));
    secret = value_of(extract, site_secret_field(extract->route));
    if (identity.length > 0 || secret.length > 0)
        field_login(extract, 0, where_text(text, where, slice_of("login")), identity, secret);
    if (identity.length > 0 && secret.length > 0 && site_grants(extract->site, extract->route))
        extract->to->login = credentials_pair_of(extract->to, identity, secret);
}

/* A field's part is made out when it is asked for: those that have been taken have none to be looked for. */
static enum candidate_part part_of(const struct extract *extract, uint8_t parts[FIELDS], size_t at)
{
    if (parts[at] == 0)
        parts[at] = (uint8_t)field_part(extract->fields[at].name);
    return (enum candidate_part)parts[at];
}

/* The nearest identity before a secret, else the first behind it. */
static size_t identity_near(const struct extract *extract, uint8_t parts[FIELDS], size_t at)
{
    size_t i;

    for (i = at; i-- > 0;)
        if (part_of(extract, parts, i) == CANDIDATE_IDENTITY)
            return i;
    for (i = at + 1; i < extract->count; i++)
        if (part_of(extract, parts, i) == CANDIDATE_IDENTITY)
            return i;
    return TEXT_NONE;
}

static void take_one(struct extract *extract, uint8_t parts[FIELDS], size_t at, uint8_t rank, const char *where)
{
    const struct field *field = &extract->fields[at];
    size_t identity = TEXT_NONE;
    UNZEROED char text[WHERE];

    if (field->value.length == 0 || is_own(extract, field->value))
        return;
    if (part_of(extract, parts, at) == CANDIDATE_SECRET)
        identity = identity_near(extract, parts, at);
    (void)where_text(text, where, field->name);
    if (identity != TEXT_NONE && extract->fields[identity].value.length > 0 && is_affordable(extract, 0))
        credentials_add_login(extract->to, rank, text, extract->fields[identity].value, field->value);
    if (parts[at] == CANDIDATE_SECRET)
        field_value(extract, CANDIDATE_SECRET, rank, text, field->value);
    else
        field_value(extract, part_of(extract, parts, at),
                    (uint8_t)(rank + (parts[at] == CANDIDATE_IDENTITY ? 1 : 2)), text, field->value);
}

void field_take(struct extract *extract, uint8_t rank, const char *where)
{
    UNZEROED uint8_t parts[FIELDS]; /* 0 until it is asked for */
    size_t i;

    if (extract->count == 0 && extract->route == NULL)
        return;
    take_route(extract, where);
    memset(parts, 0, extract->count);
    for (i = 0; i < extract->count; i++)
        take_one(extract, parts, i, rank, where);
    extract->count = 0;
}
