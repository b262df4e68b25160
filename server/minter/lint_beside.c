/* SPDX-License-Identifier: ISC
 *
 * Rules on lures beside each other: the same sentence in two of them, the same words in the same order in one mailbox. */
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lint.h"

#define WRAPPED 50      /* a line that is this long goes on in the next */
#define LEAST_BYTES 40  /* of a sentence that is noticed when it comes again, */
#define LEAST_WORDS 7   /* and the words that it has */
#define SENTENCE 400
#define PAIRS 2048      /* pairs of words that follow each other, of a thread */
#define PAIRS_LEAST 24
#define ALIKE 50        /* per cent of them that are the same: the same text with other names */
#define NAMES 256       /* of a mail's people that may sign it */
#define NEIGHBOURS 400  /* threads of a mailbox that are compared with each other */

struct sentence {
    uint64_t hash;
    size_t thread, mail;
    char *text;
};

/* The mails of a lure, or of a thread of somebody's own. */
struct thread {
    char *name;
    size_t mail; /* its first */
    uint32_t *pairs;
    size_t count;
};

struct beside {
    struct lint *lint;
    struct sentence *sentences;
    size_t sentence_count, sentence_room;
    struct thread *threads;
    size_t thread_count;
    bool failed;
};

static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t hash;

    crypto_generichash((unsigned char *)&hash, sizeof hash, (const unsigned char *)text, length, NULL, 0);
    return hash;
}

/* ---- sentences ---- */

/* "On 3 Nov 2026, at 10:12, Ann Roe wrote:" says nothing. */
static bool attributes(const char *text, size_t length)
{
    return memchr(text, '@', length) != NULL ||
           (text[length - 1] == ':' &&
            (memmem(text, length, " wrote", 6) != NULL || memmem(text, length, " a écrit", 9) != NULL));
}

static void add_sentence(struct beside *beside, size_t thread, size_t mail, const char *text, size_t length)
{
    struct sentence *sentences = beside->sentences;
    size_t words = 1;

    for (size_t i = 0; i < length; i++)
        words += text[i] == ' ';
    if (length < LEAST_BYTES || length > SENTENCE || words < LEAST_WORDS || attributes(text, length))
        return;
    if (beside->sentence_count == beside->sentence_room) {
        sentences = reallocarray(sentences, 2 * beside->sentence_room + 256, sizeof *sentences);
        beside->failed = beside->failed || sentences == NULL;
        if (sentences == NULL)
            return;
        beside->sentences = sentences;
        beside->sentence_room = 2 * beside->sentence_room + 256;
    }
    sentences[beside->sentence_count++] = (struct sentence){hash_of(text, length), thread, mail, strndup(text, length)};
}

/* A paragraph in one line, cut behind what ends a sentence; what has no such end is none. */
static void cut(struct beside *beside, size_t thread, size_t mail, const char *text)
{
    const char *from = text;

    for (const char *at = text; *at != '\0'; at++) {
        if (strchr(".!?:", *at) == NULL || (at[1] != ' ' && at[1] != '\0'))
            continue;
        add_sentence(beside, thread, mail, from, (size_t)(at + 1 - from));
        from = at + 1 + strspn(at + 1, " ");
    }
}

static uint32_t word_hash(const char *word, size_t length)
{
    char lower[64];
    bool name = false;

    for (size_t i = 0; i < length && i < sizeof lower; i++) {
        name = name || isdigit((unsigned char)word[i]) || strchr("@/\\_=", word[i]) != NULL;
        lower[i] = (char)tolower((unsigned char)word[i]);
    }
    return name ? 1 : (uint32_t)hash_of(lower, length < sizeof lower ? length : sizeof lower);
}

/* The words' pairs: names and numbers count as one word. */
static void add_pairs(struct thread *thread, const char *text)
{
    uint32_t before = 0, word;

    for (const char *at = text; *at != '\0' && thread->count < PAIRS;) {
        size_t length = strcspn(at, " ,.;:!?()\"");

        if (length > 0) {
            word = isupper((unsigned char)*at) && before != 0 ? 1 : word_hash(at, length);
            thread->pairs[thread->count++] = before * 31 + word;
            before = word;
        }
        at += length + (at[length] != '\0');
    }
}

struct paragraph {
    struct beside *beside;
    size_t thread, mail;
    char text[LINT_TEXT + 1];
    size_t length;
    bool signed_off; /* it stands below a signature */
};

/* What houses have put below each mail: everybody's is the same, and shows that it is theirs. */
static bool is_notice(const char *text)
{
    static const char *const words[] = {"confidential", "confidentiel", "intended recipient", "unintended recipient",
                                        "destinataire", "before printing", "avant d'imprimer", "registered office",
                                        "siège social"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(text, words[i]) != NULL)
            return true;
    return false;
}

static void end_paragraph(struct paragraph *paragraph)
{
    paragraph->text[paragraph->length] = '\0';
    if (paragraph->length > 0 && !(paragraph->signed_off && is_notice(paragraph->text))) {
        cut(paragraph->beside, paragraph->thread, paragraph->mail, paragraph->text);
        add_pairs(&paragraph->beside->threads[paragraph->thread], paragraph->text);
    }
    paragraph->length = 0;
}

static void add_line(struct paragraph *paragraph, const char *line, size_t length)
{
    size_t room = LINT_TEXT - paragraph->length;

    if (paragraph->length > 0 && room > 0)
        paragraph->text[paragraph->length++] = ' ', room--;
    length = length < room ? length : room;
    memcpy(paragraph->text + paragraph->length, line, length);
    paragraph->length += length;
}

static bool is_name(const json_t *people, const char *line, size_t length)
{
    const json_t *person;
    size_t index;

    json_array_foreach(people, index, person)
    {
        const char *name = index < NAMES ? json_string_value(json_object_get(person, "name")) : NULL;

        if (name != NULL && length > 0 && strlen(name) == length && strncmp(name, line, length) == 0)
            return true;
    }
    return false;
}

/* A signature also begins with somebody's name on a line of its own. */
static bool signs(const struct paragraph *paragraph, const char *line, size_t length)
{
    const struct lint *lint = paragraph->beside->lint;
    const struct lint_mail *mail = &lint->mails[paragraph->mail];

    return is_name(json_object_get(lint->world, "people"), line, length) || is_name(mail->from, line, length) ||
           is_name(mail->people, line, length);
}

/* Below this is the writer's signature, to the end (RFC 3676, 4.3). */
static bool is_delimiter(const char *line, size_t length)
{
    return length <= 3 && length >= 2 && strncmp(line, "-- ", length) == 0;
}

/* Neither what is quoted, nor what stands on lines of its own, nor signatures and what a house puts below them. */
static void read_lines(struct paragraph *paragraph, const char *text)
{
    bool mail = lint_is_mail(&paragraph->beside->lint->mails[paragraph->mail]), signature = false, rest = false;

    paragraph->length = 0;
    paragraph->signed_off = false;
    for (const char *line = text; *line != '\0'; line += *line != '\0') {
        size_t length = strcspn(line, "\r\n"), whole = strcspn(line, "\n");

        rest = rest || (mail && is_delimiter(line, length));
        signature = rest || signs(paragraph, line, length) || (signature && length > 0);
        if (length == 0 || signature || *line == '>' || *line == ' ' || *line == '\t') {
            end_paragraph(paragraph);
            paragraph->signed_off = paragraph->signed_off || signature;
        } else {
            add_line(paragraph, line, length);
            if (length < WRAPPED)
                end_paragraph(paragraph);
        }
        line += whole;
    }
    end_paragraph(paragraph);
}

/* ---- threads ---- */

/* Mails of a lure have its placement's name; others are of one thread where they refer to the same first mail. */
static void name_of(const struct lint_mail *mail, char *name, size_t size)
{
    const char *first = mail->references[0] != '\0' ? mail->references : mail->answers[0] != '\0' ? mail->answers : mail->id;

    if (mail->meta != NULL || !lint_is_mail(mail) || first[0] == '\0')
        snprintf(name, size, "%s", mail->placement);
    else
        snprintf(name, size, "%.*s", (int)strcspn(first + 1, ">") + 1, first);
}

static int open_threads(struct beside *beside, size_t *of)
{
    json_t *known = json_object(), *index;
    const struct lint *lint = beside->lint;
    char name[512];

    for (size_t i = 0; i < lint->count; i++) {
        struct thread *thread = &beside->threads[beside->thread_count];

        name_of(&lint->mails[i], name, sizeof name);
        index = json_object_get(known, name);
        of[i] = index != NULL ? (size_t)json_integer_value(index) : beside->thread_count++;
        if (index != NULL)
            continue;
        json_object_set_new(known, name, json_integer((json_int_t)of[i]));
        *thread = (struct thread){strdup(name), i, calloc(PAIRS, sizeof *thread->pairs), 0};
        if (thread->name == NULL || thread->pairs == NULL) {
            json_decref(known);
            return -1;
        }
    }
    json_decref(known);
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void settle(struct thread *thread)
{
    size_t kept = 0;

    qsort(thread->pairs, thread->count, sizeof *thread->pairs, by_number);
    for (size_t i = 0; i < thread->count; i++)
        if (i == 0 || thread->pairs[i] != thread->pairs[i - 1])
            thread->pairs[kept++] = thread->pairs[i];
    thread->count = kept;
}

static int read_all(struct beside *beside)
{
    struct lint *lint = beside->lint;
    size_t *of = calloc(lint->count + 1, sizeof *of);
    struct paragraph *paragraph = calloc(1, sizeof *paragraph);
    int rc = -1;

    beside->threads = calloc(lint->count + 1, sizeof *beside->threads);
    if (of != NULL && paragraph != NULL && beside->threads != NULL && open_threads(beside, of) == 0) {
        paragraph->beside = beside;
        for (size_t i = 0; i < lint->count; i++) {
            paragraph->thread = of[i];
            paragraph->mail = i;
            read_lines(paragraph, lint->mails[i].text);
            for (size_t k = 0; k < lint->mails[i].file_count; k++)
                read_lines(paragraph, lint->mails[i].files[k].text);
        }
        for (size_t i = 0; i < beside->thread_count; i++)
            settle(&beside->threads[i]);
        rc = 0;
    }
    if (paragraph != NULL)
        sodium_memzero(paragraph, sizeof *paragraph);
    free(paragraph);
    free(of);
    return rc;
}

/* ---- what comes again ---- */

static int by_hash(const void *a, const void *b)
{
    const struct sentence *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->mail < y->mail ? -1 : x->mail > y->mail;
}

static void tell_repeated(struct beside *beside)
{
    if (beside->sentence_count > 0)
        qsort(beside->sentences, beside->sentence_count, sizeof *beside->sentences, by_hash);
    for (size_t i = 1; i < beside->sentence_count; i++) {
        const struct sentence *before = &beside->sentences[i - 1], *again = &beside->sentences[i];

        if (before->hash == again->hash && before->thread != again->thread)
            lint_tell(beside->lint, &beside->lint->mails[again->mail], LINT_REPEATED, "it says \"%.100s\", as %s does",
                      again->text != NULL ? again->text : "", beside->lint->mails[before->mail].placement);
    }
}

/* Per cent of the words' pairs of both that are in both. */
static unsigned alike(const struct thread *a, const struct thread *b)
{
    size_t both = 0;

    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        both += a->pairs[i] == b->pairs[j];
        if (a->pairs[i] <= b->pairs[j])
            i += 1;
        else
            j += 1;
    }
    return a->count < PAIRS_LEAST || b->count < PAIRS_LEAST ? 0 : (unsigned)(100 * both / (a->count + b->count - both));
}

static const char *lure_of(const struct lint_mail *mail)
{
    const char *lure = json_string_value(json_object_get(mail->meta, "lure"));

    return lure != NULL ? lure : "";
}

static void compare(struct beside *beside, const struct thread *before, const struct thread *again)
{
    const struct lint_mail *a = &beside->lint->mails[before->mail], *b = &beside->lint->mails[again->mail];
    bool same = lure_of(a)[0] != '\0' && strcmp(lure_of(a), lure_of(b)) == 0;
    unsigned percent;

    if (strcmp(a->mailbox, b->mailbox) != 0)
        return;
    percent = lint_is_mail(a) && lint_is_mail(b) ? alike(before, again) : 0; /* files of a project are alike */
    if (same)
        lint_tell(beside->lint, b, LINT_STRUCTURE, "it is the lure %s, as %s in the same %s is", lure_of(b),
                  a->placement, a->commit != NULL ? "repository" : a->entry != NULL ? "folder" : "mailbox");
    else if (percent >= ALIKE)
        lint_tell(beside->lint, b, LINT_STRUCTURE, "%u of 100 of its words follow each other as in %s in the same mailbox",
                  percent, a->placement);
}

static void tell_alike(struct beside *beside)
{
    for (size_t i = 1; i < beside->thread_count; i++)
        for (size_t j = i > NEIGHBOURS ? i - NEIGHBOURS : 0; j < i; j++)
            compare(beside, &beside->threads[j], &beside->threads[i]);
}

int lint_beside(struct lint *lint, struct error *error)
{
    struct beside beside = {.lint = lint};
    int rc = read_all(&beside);

    if (rc == 0 && !beside.failed) {
        tell_repeated(&beside);
        tell_alike(&beside);
    }
    for (size_t i = 0; i < beside.sentence_count; i++)
        free(beside.sentences[i].text);
    for (size_t i = 0; beside.threads != NULL && i < beside.thread_count; i++) {
        free(beside.threads[i].name);
        free(beside.threads[i].pairs);
    }
    free(beside.sentences);
    free(beside.threads);
    return rc != 0 || beside.failed ? error_set(error, "out of memory") : 0;
}
