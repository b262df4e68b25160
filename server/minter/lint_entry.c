/* SPDX-License-Identifier: ISC
 *
 * Rules on an account of a directory, or a group, beside those that lie in its folder: what it has, how it is named and
 * described, its numbers and dates. Who lists the folder sees the odd one. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "server/minter/lint.h"
#include "server/minter/lint_entry.h"

#define DAY 86400
#define LONG 160         /* bytes of a description, which nobody calls long */
#define ROW 1000         /* numbers that an account may lie beyond the others' */
#define SAME_LEAST 12    /* bytes of a description without what is each one's own */

static bool is_number(const char *text)
{
    return text[0] != '\0' && strlen(text) < 16 && strspn(text, "0123456789") == strlen(text);
}

/* ---- how many ---- */

/* So many of those beside it that one without is odd. */
static bool usual(size_t some, size_t all)
{
    return all >= ENTRY_FEWEST && some * 10 >= all * 9;
}

static size_t having(const struct entry_look *look, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < look->count; i++)
        count += entry_value(look->peers[i], name) != NULL;
    return count;
}

static void tell(const struct entry_look *look, enum lint_rule rule, const char *what, size_t some, const char *than)
{
    lint_tell(look->lint, look->mail, rule, "%s, and %zu of %zu beside it %s", what, some, look->count, than);
}

/* ---- what it has ---- */

static void check_attributes(const struct entry_look *look)
{
    const json_t *own = json_object_get(look->entry, "values"), *values;
    json_t *seen = json_object();
    const char *name;
    char what[200];

    for (size_t i = 0; i < look->count; i++)
        json_object_foreach((json_t *)(uintptr_t)json_object_get(look->peers[i], "values"), name, values)
        {
            if (json_object_get(seen, name) != NULL || json_object_get(own, name) != NULL || entry_is_own(name))
                continue;
            json_object_set_new(seen, name, json_true());
            snprintf(what, sizeof what, "it has no %.120s", name);
            if (usual(having(look, name), look->count))
                tell(look, LINT_LACKS, what, having(look, name), "have one");
        }
    json_object_foreach((json_t *)(uintptr_t)own, name, values)
    {
        snprintf(what, sizeof what, "it has %.120s", name);
        if (!entry_is_own(name) && look->count >= ENTRY_FEWEST && having(look, name) == 0)
            tell(look, LINT_ODD, what, 0, "do");
    }
    json_decref(seen);
}

/* ---- how it is spelt ---- */

/* What most have, and how many. NULL: nothing is known of any. */
static const char *most_common(const json_t *counts, size_t *most)
{
    const char *best = NULL, *text;
    const json_t *count;

    *most = 0;
    json_object_foreach((json_t *)(uintptr_t)counts, text, count)
    {
        if ((size_t)json_integer_value(count) <= *most)
            continue;
        *most = (size_t)json_integer_value(count);
        best = text;
    }
    return best;
}

static void count_one(json_t *counts, const char *text)
{
    json_object_set_new(counts, text, json_integer(json_integer_value(json_object_get(counts, text)) + 1));
}

/* Is what `read` makes of it other than what it makes of most of them? What those have is put into `common`. */
static bool differs(const struct entry_look *look, const char *name,
                    void (*read)(const json_t *entry, const char *name, char out[ENTRY_SHAPE]), char common[ENTRY_SHAPE],
                    size_t *most)
{
    json_t *counts = json_object();
    char shape[ENTRY_SHAPE];
    size_t all = 0;
    const char *best;

    for (size_t i = 0; i < look->count; i++) {
        if (entry_value(look->peers[i], name) == NULL)
            continue;
        read(look->peers[i], name, shape);
        count_one(counts, shape);
        all++;
    }
    best = most_common(counts, most);
    snprintf(common, ENTRY_SHAPE, "%s", best != NULL ? best : "");
    json_decref(counts);
    read(look->entry, name, shape);
    return usual(*most, all) && strcmp(shape, common) != 0;
}

static void check_spelling(const struct entry_look *look)
{
    const char *name;
    const json_t *values;
    char common[ENTRY_SHAPE], what[200], than[ENTRY_SHAPE + 32];
    size_t most;

    json_object_foreach((json_t *)(uintptr_t)json_object_get(look->entry, "values"), name, values)
    {
        if (entry_is_own(name) || strcmp(name, "description") == 0 || !differs(look, name, entry_shape, common, &most))
            continue;
        snprintf(what, sizeof what, "its %.120s is another", name);
        snprintf(than, sizeof than, "have \"%.200s\"", common);
        tell(look, LINT_UNLIKE, what, most, than);
    }
}

/* The attribute of the RDN, and its value: what it is called. */
static void naming(const json_t *entry, const char *name, char out[ENTRY_SHAPE])
{
    const char *dn = entry_dn(entry);
    size_t i = 0;

    (void)name;
    for (; dn[i] != '\0' && dn[i] != '=' && i + 1 < ENTRY_SHAPE; i++)
        out[i] = (char)tolower((unsigned char)dn[i]);
    out[i] = '\0';
}

static const char *called(const json_t *entry, size_t *length)
{
    const char *equals = strchr(entry_dn(entry), '=');

    *length = equals != NULL ? strcspn(equals + 1, ",\\") : 0;
    return equals != NULL ? equals + 1 : "";
}

/* "svc-" of svc-backup; "" where there is no such part. */
static void prefix(const json_t *entry, const char *name, char out[ENTRY_SHAPE])
{
    size_t length, end;
    const char *text = called(entry, &length);

    (void)name;
    end = strcspn(text, "-_.");
    snprintf(out, ENTRY_SHAPE, "%.*s", (int)(end < length && end < 64 ? end + 1 : 0), text);
    for (char *at = out; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
}

static void capitals(const json_t *entry, const char *name, char out[ENTRY_SHAPE])
{
    size_t length;
    const char *text = called(entry, &length);
    bool capital = false;

    (void)name;
    for (size_t i = 0; i < length; i++)
        capital = capital || isupper((unsigned char)text[i]);
    snprintf(out, ENTRY_SHAPE, "%s", capital ? "with" : "without");
}

static void check_name(const struct entry_look *look)
{
    char common[ENTRY_SHAPE], than[ENTRY_SHAPE + 48], what[200];
    size_t most, length;
    const char *text = called(look->entry, &length);

    snprintf(what, sizeof what, "it is called %.*s", (int)(length < 100 ? length : 100), text);
    if (differs(look, "objectclass", naming, common, &most)) {
        snprintf(than, sizeof than, "are named by %.100s=", common);
        tell(look, LINT_UNLIKE, what, most, than);
    }
    if (differs(look, "objectclass", prefix, common, &most)) {
        snprintf(than, sizeof than, common[0] != '\0' ? "begin with \"%.100s\"" : "have no such first part%.0s", common);
        tell(look, LINT_UNLIKE, what, most, than);
    }
    if (differs(look, "objectclass", capitals, common, &most)) {
        snprintf(than, sizeof than, "are written %.10s capitals", common);
        tell(look, LINT_UNLIKE, what, most, than);
    }
}

/* ---- numbers ---- */

static int64_t number_in(const json_t *entry, const char *name)
{
    const char *text = entry_value(entry, name);

    return text != NULL && is_number(text) ? strtoll(text, NULL, 10) : -1;
}

/* Was the one with the higher number made well before the other? */
static bool against(const json_t *a, const json_t *b, const char *name)
{
    int64_t distance = entry_made(a) - entry_made(b);
    int64_t higher = number_in(a, name) - number_in(b, name);

    return (higher > 0 && distance < -DAY) || (higher < 0 && distance > DAY);
}

static void check_row(const struct entry_look *look, const json_t *const *row, size_t count, const char *name)
{
    size_t pairs = count * (count - 1) / 2, wrong = 0, own = 0;

    for (size_t i = 0; i < count; i++) {
        own += against(look->entry, row[i], name);
        for (size_t j = 0; j < i; j++)
            wrong += against(row[i], row[j], name);
    }
    if (count >= ENTRY_FEWEST && wrong * 10 <= pairs && own * 10 > count)
        lint_tell(look->lint, look->mail, LINT_NUMBER, "its %s and its date put it elsewhere in the row: %zu of %zu beside "
                  "it have a higher number and are older, or a lower one and are younger", name, own, count);
}

static void check_number(const struct entry_look *look, const char *name, bool near)
{
    const json_t *row[ENTRY_PEERS];
    int64_t own = number_in(look->entry, name), least = INT64_MAX, most = 0;
    size_t count = 0;

    for (size_t i = 0; own >= 0 && i < look->count; i++) {
        int64_t number = number_in(look->peers[i], name);

        if (number < 0)
            continue;
        if (number == own)
            lint_tell(look->lint, look->mail, LINT_NUMBER, "it has the %s of %s", name, entry_dn(look->peers[i]));
        least = number < least ? number : least;
        most = number > most ? number : most;
        if (entry_made(look->peers[i]) > 0 && entry_made(look->entry) > 0)
            row[count++] = look->peers[i];
    }
    if (near && most - least > 0 && (own > 2 * most - least + ROW || own < 2 * least - most - ROW) && own >= 0)
        lint_tell(look->lint, look->mail, LINT_NUMBER, "its %s is %lld, and those beside it have %lld to %lld", name,
                  (long long)own, (long long)least, (long long)most);
    check_row(look, row, count, name);
}

/* ---- dates ---- */

/* Years on which something is dated; what is called by a year ("SQL Server 2019") is not. */
static int first_year(const char *text)
{
    static const char *const products[] = {"server", "sql", "windows", "office", "exchange", "sharepoint", "win"};
    char word[32], before[32] = "";
    int first = 0, year;

    for (size_t length; *text != '\0'; text += length) {
        text += strspn(text, " \t,;:()/.-");
        length = strcspn(text, " \t,;:()/.-");
        snprintf(word, sizeof word, "%.*s", (int)(length < 31 ? length : 31), text);
        year = length == 4 && is_number(word) ? (int)strtol(word, NULL, 10) : 0;
        for (size_t i = 0; i < sizeof products / sizeof *products; i++)
            if (strcasecmp(before, products[i]) == 0)
                year = 0;
        if (year >= 1990 && year < 2100 && (first == 0 || year < first))
            first = year;
        memcpy(before, word, sizeof before);
    }
    return first;
}

static void check_dates(const struct entry_look *look)
{
    const char *text = entry_value(look->entry, "description");
    int64_t made = entry_made(look->entry), set = entry_filetime(look->entry, "pwdlastset");
    int64_t used = entry_used(look->entry);
    time_t seconds = (time_t)made;
    struct tm tm = {0};
    int year = text != NULL ? first_year(text) : 0;

    if (made == 0 || gmtime_r(&seconds, &tm) == NULL)
        return;
    if (made > look->lint->now + DAY)
        lint_tell(look->lint, look->mail, LINT_FUTURE, "it was made on a day that is still to come");
    if (year != 0 && year < tm.tm_year + 1900)
        lint_tell(look->lint, look->mail, LINT_AGE, "its description speaks of %d, and it was made in %d", year,
                  tm.tm_year + 1900);
    if (set > 0 && set < made - DAY)
        lint_tell(look->lint, look->mail, LINT_AGE, "its password was set %lld days before it was made",
                  (long long)(made - set) / DAY);
    if (used > 0 && used < made - DAY)
        lint_tell(look->lint, look->mail, LINT_AGE, "it was logged in to %lld days before it was made",
                  (long long)(made - used) / DAY);
}

static void check_use(const struct entry_look *look)
{
    size_t used = 0;

    for (size_t i = 0; i < look->count; i++)
        used += entry_used(look->peers[i]) > 0;
    if (entry_used(look->entry) == 0 && usual(used, look->count))
        tell(look, LINT_UNUSED, "nobody ever logged in to it", used, "were logged in to");
}

/* ---- its description ---- */

enum { NO_LANGUAGE, ENGLISH, FRENCH };

/* By the small words. */
static int language_of(const char *text)
{
    static const char *const words[2][14] = {
        {"the", "of", "for", "and", "to", "do", "not", "by", "with", "password", "from", "see", "ask", "login"},
        {"le", "la", "les", "de", "des", "du", "pour", "et", "ne", "pas", "par", "mdp", "passe", "vers"}};
    size_t counts[2] = {0, 0};

    for (size_t length; *text != '\0'; text += length) {
        text += strspn(text, " \t,;:().'");
        length = strcspn(text, " \t,;:().'");
        for (size_t i = 0; i < 28 && length > 0; i++)
            counts[i / 14] += strlen(words[i / 14][i % 14]) == length &&
                              strncasecmp(words[i / 14][i % 14], text, length) == 0;
    }
    return counts[0] > counts[1] ? ENGLISH : counts[1] > counts[0] ? FRENCH : NO_LANGUAGE;
}

static void check_manner(const struct entry_look *look, const char *text)
{
    static const char *const names[] = {"", "English", "French"};
    size_t longest = 0, counts[3] = {0}, known;
    int own = language_of(text), other = own == ENGLISH ? FRENCH : ENGLISH;

    for (size_t i = 0; i < look->count; i++) {
        const char *theirs = entry_value(look->peers[i], "description");

        if (theirs == NULL)
            continue;
        longest = strlen(theirs) > longest ? strlen(theirs) : longest;
        counts[language_of(theirs)]++;
    }
    known = counts[ENGLISH] + counts[FRENCH];
    if (longest > 0 && strlen(text) > LONG && strlen(text) > 2 * longest)
        lint_tell(look->lint, look->mail, LINT_DESCRIBED, "its description has %zu characters, and none beside it more than %zu",
                  strlen(text), longest);
    if (own != NO_LANGUAGE && usual(counts[other], known))
        lint_tell(look->lint, look->mail, LINT_DESCRIBED, "its description is %s, and %zu of %zu beside it are %s",
                  names[own], counts[other], known, names[other]);
}

static bool is_called(const json_t *people, const char *name, size_t length)
{
    const json_t *person;
    size_t index;

    json_array_foreach(people, index, person)
    {
        const char *at = json_string_value(json_object_get(person, "name"));

        for (; at != NULL && *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
            if (strcspn(at, " ") == length && strncasecmp(at, name, length) == 0)
                return true;
    }
    return false;
}

static bool is_beside(const struct entry_look *look, const char *name, size_t length)
{
    for (size_t i = 0; i < look->count; i++) {
        const char *dn = entry_dn(look->peers[i]), *found = memmem(dn, strlen(dn), name, length);

        if (found != NULL)
            return true;
    }
    return false;
}

/* Whom its description tells to ask is somebody there. */
static void check_people(const struct entry_look *look, const char *text)
{
    static const char *const asks[] = {"ask ", "see ", "voir ", "demander à ", "set up for ", "made for ", "créé pour ",
                                       "fait pour "};
    const json_t *people = json_object_get(look->lint->world, "people");

    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        for (const char *at = text; (at = strcasestr(at, asks[i])) != NULL;) {
            size_t length;

            at += strlen(asks[i]);
            length = strcspn(at, " .,;:()/");
            if (isupper((unsigned char)*at) && length > 1 && memchr(at, '-', length) == NULL && json_array_size(people) > 0 &&
                !is_called(people, at, length) && !is_called(json_object_get(look->mail->meta, "people"), at, length) &&
                !is_beside(look, at, length))
                lint_tell(look->lint, look->mail, LINT_STRANGER, "its description names %.*s, whom nobody knows there",
                          (int)(length < 64 ? length : 64), at);
        }
}

/* Without words that are each one's own: those with digits. */
static void common_words(const char *text, char out[ENTRY_SHAPE])
{
    size_t n = 0;

    for (size_t length; *text != '\0'; text += length) {
        text += strspn(text, " \t");
        length = strcspn(text, " \t");
        if (strcspn(text, "0123456789") >= length && n + length + 2 < ENTRY_SHAPE) {
            memcpy(out + n, text, length);
            n += length;
            out[n++] = ' ';
        }
    }
    out[n] = '\0';
}

static bool same_words(const char *a, const char *b)
{
    char one[ENTRY_SHAPE], other[ENTRY_SHAPE];

    common_words(a, one);
    common_words(b != NULL ? b : "", other);
    return strlen(one) >= SAME_LEAST && strcasecmp(one, other) == 0;
}

/* Beside it, or in what was planted elsewhere. */
static void check_same(const struct entry_look *look, const char *text)
{
    for (size_t i = 0; i < look->count; i++)
        if (same_words(text, entry_value(look->peers[i], "description")))
            lint_tell(look->lint, look->mail, LINT_REPEATED, "its description is that of %s", entry_dn(look->peers[i]));
    for (const struct lint_mail *other = look->lint->mails; other < look->mail; other++)
        if (other->entry != NULL && strcmp(other->mailbox, look->mail->mailbox) != 0 &&
            same_words(text, entry_value(other->entry, "description")))
            lint_tell(look->lint, look->mail, LINT_REPEATED, "its description is that of %s", other->placement);
}

static void check_description(const struct entry_look *look, const char *text)
{
    check_manner(look, text);
    check_people(look, text);
    check_same(look, text);
}

/* ---- all ---- */

void lint_entry(struct lint *lint, const struct lint_mail *mail)
{
    struct entry_look look;
    bool account = entry_look_at(lint, mail, &look);
    const char *text = entry_value(look.entry, "description");

    check_attributes(&look);
    check_spelling(&look);
    if (account) {
        check_name(&look);
        check_number(&look, "uidnumber", true);
        check_use(&look);
        if (look.count == 0 && look.others >= ENTRY_FEWEST)
            lint_tell(lint, mail, LINT_ALONE, "it is the only account among %zu entries of other sorts", look.others);
    }
    check_number(&look, "objectsid", false);
    check_dates(&look);
    if (text != NULL)
        check_description(&look, text);
    lint_markers(lint, mail, "its description", mail->text);
    lint_secrets(lint, mail, "its description", mail->text, true);
    lint_lead(lint, mail, "its description", mail->links);
}
