/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/learn.h"
#include "server/minter/lint.h"
#include "server/minter/stamp.h"

#define WORDS 64
#define WORD 256
#define SEPARATORS " \t\r\n()[]<>;,=\""

/* A value taken apart: gap, word, gap, word, …, gap. */
struct cut {
    char words[WORDS][WORD];
    char gaps[WORDS + 1][64];
    size_t count;
    char date[64]; /* of a hop: behind the last ';' */
    int64_t time;
    int offset;
    bool fits;
};

static void cut_value(const char *value, bool hop, struct cut *cut)
{
    const char *end = hop && strrchr(value, ';') != NULL ? strrchr(value, ';') + 1 : value + strlen(value), *at = value;

    *cut = (struct cut){.fits = true};
    if (hop) {
        end += strspn(end, " \t\n");
        snprintf(cut->date, sizeof cut->date, "%s", end);
        cut->fits = lint_date(cut->date, &cut->time, &cut->offset, NULL);
    }
    for (;;) {
        size_t gap = strspn(at, SEPARATORS), word;

        gap = at + gap > end ? (size_t)(end - at) : gap;
        cut->fits = cut->fits && gap < sizeof cut->gaps[0];
        snprintf(cut->gaps[cut->count], sizeof cut->gaps[0], "%.*s", (int)(gap % sizeof cut->gaps[0]), at);
        at += gap;
        word = strcspn(at, SEPARATORS);
        word = at + word > end ? (size_t)(end - at) : word;
        if (word == 0)
            break;
        cut->fits = cut->fits && word < WORD && cut->count < WORDS - 1;
        if (!cut->fits)
            break;
        snprintf(cut->words[cut->count++], WORD, "%.*s", (int)word, at);
        at += word;
    }
}

static bool same_shape(const struct cut *a, const struct cut *b)
{
    if (!a->fits || !b->fits || a->count != b->count)
        return false;
    for (size_t i = 0; i <= a->count; i++)
        if (strcmp(a->gaps[i], b->gaps[i]) != 0)
            return false;
    return true;
}

/* ---- masks ---- */

static size_t usual_length(const char *const *words, size_t count)
{
    size_t times[WORD + 1] = {0}, best = 0;

    for (size_t i = 0; i < count; i++)
        times[strlen(words[i]) < WORD ? strlen(words[i]) : WORD]++;
    for (size_t i = 1; i <= WORD; i++)
        best = times[i] > times[best] || best == 0 ? i : best;
    return best;
}

/* The least alphabet of the profile that holds all that stands there; 0: a sign that is always the same. */
static char class_of(const char *const *words, size_t count, size_t length, size_t from, size_t until)
{
    bool all_digits = true, upper_hex = true, lower_hex = true, upper = true, lower = true, letters = true;

    for (size_t i = 0; i < count; i++)
        for (size_t at = from; strlen(words[i]) == length && at < until; at++) {
            unsigned char c = (unsigned char)words[i][at];

            all_digits = all_digits && isdigit(c);
            upper_hex = upper_hex && (isdigit(c) || (c >= 'A' && c <= 'F'));
            lower_hex = lower_hex && (isdigit(c) || (c >= 'a' && c <= 'f'));
            upper = upper && isupper(c);
            lower = lower && islower(c);
            letters = letters && isalnum(c);
        }
    return all_digits ? '9' : upper ? 'A' : lower ? 'a' : upper_hex ? 'H' : lower_hex ? 'h' : letters ? 'x' : 'b';
}

static bool constant(const char *const *words, size_t count, size_t length, size_t at)
{
    char first = 0;

    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) != length)
            continue;
        if (first != 0 && words[i][at] != first)
            return false;
        first = words[i][at];
    }
    return true;
}

void learn_mask(const char *const *words, size_t count, struct buffer *out)
{
    size_t length = usual_length(words, count);

    buffer_add_text(out, "{~");
    for (size_t at = 0, until; at < length && length < WORD; at = until) {
        until = at + 1;
        if (constant(words, count, length, at)) {
            const char *word = words[0];

            for (size_t i = 0; strlen(word) != length; i++)
                word = words[i];
            buffer_add_char(out, '\\');
            buffer_add_char(out, word[at]);
            continue;
        }
        while (until < length && !constant(words, count, length, until))
            until++;
        for (size_t i = at; i < until; i++)
            buffer_add_char(out, class_of(words, count, length, at, until));
    }
    buffer_add_char(out, '}');
}

/* ---- one word ---- */

struct column {
    const struct learn_mail *const *mails;
    const struct cut *const *cuts;
    const char *const *words; /* of each mail */
    size_t count, index;
    bool hop, from_clause, border;
};

static bool all_alike(const struct column *column)
{
    for (size_t i = 1; i < column->count; i++)
        if (strcmp(column->words[i], column->words[0]) != 0)
            return false;
    return true;
}

static bool local_part(const char *address, const char *word)
{
    size_t length = strcspn(address, "@");

    return length > 0 && strlen(word) == length && strncasecmp(word, address, length) == 0;
}

static bool all_are(const struct column *column, const char *slot)
{
    for (size_t i = 0; i < column->count; i++) {
        const struct learn_mail *mail = column->mails[i];
        const char *word = column->words[i], *at = strchr(mail->from, '@');
        struct in_addr address;
        bool is;

        if (strcmp(slot, "{from}") == 0)
            is = strcasecmp(word, mail->from) == 0;
        else if (strcmp(slot, "{to}") == 0)
            is = strcasecmp(word, mail->to) == 0;
        else if (strcmp(slot, "{to-local}") == 0)
            is = local_part(mail->to, word);
        else if (strcmp(slot, "{login}") == 0)
            is = local_part(mail->from, word);
        else if (strcmp(slot, "{domain}") == 0)
            is = at != NULL && strcasecmp(word, at + 1) == 0;
        else if (strcmp(slot, "{postfix}") == 0)
            is = stamp_is_postfix(word, column->cuts[i]->time);
        else if (strcmp(slot, "{dovecot}") == 0)
            is = stamp_is_dovecot(word, column->cuts[i]->time);
        else
            is = inet_pton(AF_INET, word, &address) == 1;
        if (!is)
            return false;
    }
    return true;
}

/* "{ip:10.3}": what all of them begin with. */
static void add_address(const struct column *column, struct buffer *out)
{
    size_t kept = 0;

    for (size_t at = 0; column->words[0][at] != '\0'; at++) {
        for (size_t i = 1; i < column->count; i++)
            if (strncmp(column->words[i], column->words[0], at + 1) != 0)
                goto differs;
        if (column->words[0][at] == '.')
            kept = at;
    }
differs:
    buffer_add_format(out, "{ip:%.*s}", (int)(kept > 0 ? kept : strcspn(column->words[0], ".")), column->words[0]);
}

/* A word before it in the same value that always is the same: which slot that was, or -1. */
static int same_as(const struct column *column, const int *slots)
{
    for (size_t before = 0; before < column->index; before++) {
        bool same = slots[before] >= 0;

        for (size_t i = 0; same && i < column->count; i++)
            same = strcmp(column->cuts[i]->words[before], column->words[i]) == 0;
        if (same)
            return slots[before];
    }
    return -1;
}

/* Adds what stands for the word. 1: a slot of a server's; 2: of the mail's people; 0: the word itself. */
static int add_word(const struct column *column, const int *slots, struct buffer *out)
{
    static const char *const people[] = {"{from}", "{to}"}, *const locals[] = {"{to-local}", "{login}"};
    const char *before = column->index > 0 ? column->cuts[0]->words[column->index - 1] : "";
    size_t length = strlen(before);
    int same;

    for (size_t i = 0; i < 2; i++)
        if (all_are(column, people[i]))
            return buffer_add_text(out, people[i]) + 2;
    for (size_t i = 0; i < 2; i++)
        if (all_are(column, locals[i]))
            return buffer_add_text(out, locals[i]) + 2;
    if (length > 6 && strcasecmp(before + length - 7, "sender:") == 0)
        return buffer_add_text(out, "{login}") + 2;
    if (all_alike(column) && strchr(column->words[0], '@') == NULL && strpbrk(column->words[0], "{}\\") == NULL)
        return buffer_add_text(out, column->words[0]);
    same = same_as(column, slots);
    if (same >= 0)
        return buffer_add_format(out, "{=%d}", same) + 1;
    if (column->hop && all_are(column, "{postfix}"))
        return buffer_add_text(out, "{postfix}") + 1;
    if (column->hop && all_are(column, "{dovecot}"))
        return buffer_add_text(out, "{dovecot}") + 1;
    if (all_are(column, "{ip}")) {
        if (column->border && column->from_clause)
            buffer_add_text(out, "{peer-ip}");
        else
            add_address(column, out);
        return 1;
    }
    if (column->border && column->from_clause)
        return buffer_add_text(out, "{peer}") + 1;
    learn_mask(column->words, column->count, out);
    return 1;
}

/* ---- one value ---- */

static void add_date(const struct cut *const *cuts, size_t count, struct buffer *out)
{
    bool utc = true;
    const char *comment = strchr(cuts[0]->date, '(');
    bool same = comment != NULL;

    for (size_t i = 0; i < count; i++) {
        const char *other = strchr(cuts[i]->date, '(');

        utc = utc && cuts[i]->offset == 0;
        same = same && other != NULL && strcmp(other, comment) == 0;
    }
    buffer_add_text(out, utc ? "{utc}" : "{date}");
    if (same && utc && strlen(comment) < 12 && strpbrk(comment, "{}\\\n") == NULL)
        buffer_add_format(out, " %s", comment);
}

static int add_columns(const struct learn_mail *const *mails, const struct cut *const *cuts, size_t count, bool hop,
                       bool border, struct buffer *out, size_t *taken)
{
    const char **words = calloc(count, sizeof *words);
    int slots[WORDS], next = 0, kind;
    struct column column = {mails, cuts, words, count, 0, hop, true, border};

    for (size_t at = 0; words != NULL && at < cuts[0]->count; at++) {
        column.index = at;
        for (size_t i = 0; i < count; i++)
            words[i] = cuts[i]->words[at];
        column.from_clause = column.from_clause && strcasecmp(words[0], "by") != 0;
        buffer_add_text(out, cuts[0]->gaps[at]);
        kind = add_word(&column, slots, out);
        slots[at] = kind > 0 ? next++ : -1;
        *taken += kind == 1;
    }
    if (words != NULL)
        buffer_add_text(out, cuts[0]->gaps[cuts[0]->count]);
    free(words);
    return words != NULL ? 0 : -1;
}

/* The mails whose values have the shape that most have. */
static size_t choose(struct cut *all, size_t count, const struct cut **cuts, const struct learn_mail *const *mails,
                     const struct learn_mail **kept)
{
    size_t best = 0, best_count = 0, used = 0;

    for (size_t i = 0; i < count; i++) {
        size_t alike = 0;

        for (size_t j = i; j < count; j++)
            alike += same_shape(&all[i], &all[j]);
        if (alike > best_count) {
            best = i;
            best_count = alike;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (same_shape(&all[best], &all[i])) {
            kept[used] = mails[i];
            cuts[used++] = &all[i];
        }
    return used;
}

int learn_value(const struct learn_mail *const *mails, const char *const *values, size_t count, bool hop, bool border,
                struct buffer *out, size_t *slots)
{
    struct cut *all = calloc(count + 1, sizeof *all);
    const struct cut **cuts = calloc(count + 1, sizeof *cuts);
    const struct learn_mail **kept = calloc(count + 1, sizeof *kept);
    size_t used = 0;
    int rc = -1;

    *slots = 0;
    if (all != NULL && cuts != NULL && kept != NULL) {
        for (size_t i = 0; i < count; i++)
            cut_value(values[i], hop, &all[i]);
        used = choose(all, count, cuts, mails, kept);
    }
    if (used >= 3 && used * 2 >= count)
        rc = add_columns(kept, cuts, used, hop, border, out, slots);
    if (rc == 0 && hop)
        add_date(cuts, used, out);
    free(all);
    free(cuts);
    free(kept);
    return rc == 0 && !out->failed ? 0 : -1;
}
