/* SPDX-License-Identifier: ISC
 *
 * Rules on a commit: its dates, who made it, how its message is written, beside those before it; and what it adds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/minter/lint.h"
#include "server/minter/when.h"

#define SKEW 60         /* seconds that two machines' clocks may differ by */
#define FEWEST 3        /* commits that make known who works there, */
#define SOME 8          /* and that make a style */
#define RARE 10         /* per cent of them: what is rarer is odd */
#define LONG_SUBJECT 72 /* bytes, which nobody calls long */
#define SUMMER 60       /* minutes between an author's winter and summer */

struct commit {
    struct lint *lint;
    const struct lint_mail *mail;
    const json_t *row, *history, *author, *committer;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- dates ---- */

static struct zone zone_in(const json_t *who)
{
    int64_t minutes = number_of(who, "offset");

    return (struct zone){.minutes = minutes > -1440 && minutes < 1440 ? (int)minutes : 0};
}

/* Do people there commit at such times, more than now and then? */
static bool some_rest(const json_t *history)
{
    size_t resting = 0, index;
    char text[WHEN_TEXT];
    const json_t *row;

    json_array_foreach(history, index, row)
    {
        struct zone zone = zone_in(row);

        resting += when_rest(&zone, number_of(row, "time"), text) != NULL;
    }
    return resting > 0 && resting * 100 >= RARE * json_array_size(history);
}

static void check_dates(const struct commit *commit)
{
    int64_t written = number_of(commit->author, "time"), made = number_of(commit->committer, "time");
    struct zone zone = zone_in(commit->author);
    char text[WHEN_TEXT], date[WHEN_TEXT];
    const char *rest = when_rest(&zone, written, text);
    const json_t *parent = json_object_get(commit->row, "parent");

    if (rest != NULL && !some_rest(commit->history))
        lint_tell(commit->lint, commit->mail, LINT_REST, "it was written %s (%s)", rest, when_text(&zone, written, date));
    if (made > commit->lint->now || written > commit->lint->now)
        lint_tell(commit->lint, commit->mail, LINT_FUTURE, "its date is still to come (%s)",
                  when_text(&zone, written > made ? written : made, date));
    if (parent != NULL && made + SKEW < json_integer_value(parent))
        lint_tell(commit->lint, commit->mail, LINT_PARENT, "it was made %lld minutes before its parent",
                  (long long)(json_integer_value(parent) - made) / 60);
    if (written > made + SKEW)
        lint_tell(commit->lint, commit->mail, LINT_PARENT, "it was written %lld minutes after it was made",
                  (long long)(written - made) / 60);
}

/* ---- people ---- */

/* Each commits from where he did before, an hour more or less with the summer. */
static void check_author(const struct commit *commit)
{
    const char *mail = text_of(commit->author, "mail");
    int64_t offset = number_of(commit->author, "offset"), nearest = INT64_MAX, distance;
    const json_t *row, *like = NULL;
    size_t index;

    json_array_foreach(commit->history, index, row)
    {
        if (strcasecmp(text_of(row, "mail"), mail) != 0)
            continue;
        like = row;
        distance = llabs(number_of(row, "offset") - offset);
        nearest = distance < nearest ? distance : nearest;
    }
    if (like == NULL && json_array_size(commit->history) >= FEWEST)
        lint_tell(commit->lint, commit->mail, LINT_STRANGER, "it is by %s, who never committed there before", mail);
    if (like != NULL && nearest > SUMMER)
        lint_tell(commit->lint, commit->mail, LINT_ZONE, "its date is %+lld minutes from Greenwich, and its author's others "
                  "are %+lld", (long long)offset, (long long)number_of(like, "offset"));
}

/* ---- how the message is written ---- */

static bool is_rare(const json_t *history, const char *habit, const json_t *value)
{
    size_t same = 0, index;
    const json_t *row;

    json_array_foreach(history, index, row)
        same += json_equal(json_object_get(row, habit), value);
    return json_array_size(history) >= SOME && same * 100 < RARE * json_array_size(history);
}

static void check_habits(const struct commit *commit)
{
    static const struct {
        const char *habit, *with, *without;
    } habits[] = {{"capital", "begins with a capital", "begins without a capital"},
                  {"stop", "ends with a full stop", "ends without a full stop"},
                  {"signs", "is signed off", "is not signed off"},
                  {"change_id", "has a Change-Id", "has no Change-Id"}};

    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        const json_t *value = json_object_get(commit->row, habits[i].habit);

        if (value != NULL && is_rare(commit->history, habits[i].habit, value))
            lint_tell(commit->lint, commit->mail, LINT_STYLE, "its message %s, as few others there",
                      json_is_true(value) ? habits[i].with : habits[i].without);
    }
}

static void check_message(const struct commit *commit)
{
    const json_t *prefix = json_object_get(commit->row, "prefix"), *row;
    size_t length = strcspn(text_of(commit->row, "message"), "\n"), index;
    int64_t longest = LONG_SUBJECT;

    check_habits(commit);
    if (prefix != NULL && is_rare(commit->history, "prefix", prefix))
        lint_tell(commit->lint, commit->mail, LINT_STYLE, "its message begins %s, as few others there",
                  strcmp(text_of(commit->row, "prefix"), "bare") == 0       ? "without an area"
                  : strcmp(text_of(commit->row, "prefix"), "brackets") == 0 ? "with an area in brackets"
                                                                            : "with an area and a colon");
    json_array_foreach(commit->history, index, row)
        longest = number_of(row, "length") > longest ? number_of(row, "length") : longest;
    if (json_array_size(commit->history) >= SOME && (int64_t)length > longest)
        lint_tell(commit->lint, commit->mail, LINT_STYLE, "its subject has %zu characters, and no other there as many",
                  length);
}

/* ---- what it adds ---- */

/* Projects name many hosts; whoever follows one of the house's own, or one with a login, is to be seen. */
static void check_links(const struct commit *commit)
{
    const char *domain = text_of(commit->lint->world, "domain");
    json_t *links = json_array(), *link;
    size_t index;

    json_array_foreach(commit->mail->links, index, link)
    {
        if (lint_within(json_string_value(link), domain))
            json_array_append(links, link);
    }
    for (const char *at = commit->mail->text; (at = strstr(at, "://")) != NULL; at += 3) {
        size_t user = strcspn(at + 3, "@/ \n\"'");
        char one[1024];

        if (at[3 + user] != '@' || memchr(at + 3, ':', user) == NULL)
            continue;
        snprintf(one, sizeof one, "%.*s", (int)(strcspn(at, " \n\"'")), at);
        lint_links(one, links);
    }
    lint_lead(commit->lint, commit->mail, "it", links);
    json_decref(links);
}

/* What stands behind the last '=' or ':' of a line alone: a value. Calls and lists are none. */
static void add_value(struct buffer *values, const char *line, size_t length)
{
    size_t from = length;

    while (length > 0 && strchr(" \t\r\"',;", line[length - 1]) != NULL)
        length--;
    for (from = length; from > 0 && strchr(" \t\"'=(){}[]<>", line[from - 1]) == NULL;)
        from--;
    if (length > from && from > 0 && memchr(line, '(', length) == NULL &&
        (memchr(line, '=', from) != NULL || memchr(line, ':', from) != NULL))
        buffer_add_format(values, " %.*s\n", (int)(length - from), line + from);
}

static void check_words(const struct commit *commit)
{
    struct buffer values;

    buffer_init(&values, 2 * LINT_TEXT);
    buffer_add_text(&values, " \n");
    for (const char *line = commit->mail->text; *line != '\0'; line += *line != '\0') {
        size_t length = strcspn(line, "\n");

        add_value(&values, line, length);
        line += length;
    }
    lint_markers(commit->lint, commit->mail, "it", commit->mail->text);
    lint_secrets(commit->lint, commit->mail, "it", buffer_text(&values), false);
    buffer_free(&values);
}

void lint_commit(struct lint *lint, const struct lint_mail *mail)
{
    const json_t *row = mail->commit;
    const struct commit commit = {lint, mail, row, json_object_get(row, "history"), json_object_get(row, "author"),
                                  json_object_get(row, "committer")};

    check_dates(&commit);
    check_author(&commit);
    if (!json_is_true(json_object_get(row, "stash")))
        check_message(&commit);
    check_links(&commit);
    check_words(&commit);
}

/* ---- taking them ---- */

/* Comments, without what begins them, so that sentences can be told. */
static void add_lines(struct buffer *out, const char *text)
{
    for (const char *line = text; *line != '\0'; line += *line != '\0') {
        size_t length = strcspn(line, "\n"), mark = strspn(line, " \t");
        size_t sign = strspn(line + mark, "#/*;-");

        if (sign > 0 && line[mark + sign] == ' ')
            mark += sign + 1;
        else
            mark = 0;
        if (out->maximum - out->length > length + 1)
            buffer_add_format(out, "%.*s\n", (int)(length - mark), line + mark);
        line += length;
    }
}

static char *text_for(const json_t *row)
{
    struct buffer out;
    char *text;

    buffer_init(&out, LINT_TEXT);
    add_lines(&out, text_of(row, "message"));
    buffer_add_char(&out, '\n');
    add_lines(&out, text_of(row, "added"));
    text = strdup(buffer_text(&out));
    buffer_free(&out);
    return text;
}

static int add_commit(struct lint *lint, const struct lint_source *source, const json_t *change, const json_t *row,
                      struct error *error)
{
    const json_t *author = json_object_get(row, "author");
    struct lint_mail mail;
    json_t *from;

    if (lint_blank(source, text_of(row, "id"), text_for(row), &mail) != 0)
        return error_set(error, "out of memory");
    mail.commit = json_copy((json_t *)(uintptr_t)row);
    json_object_set(mail.commit, "history", json_object_get(change, "history"));
    json_object_set(mail.commit, "stash", json_object_get(change, "stash"));
    from = json_pack("{s:s, s:s}", "name", text_of(author, "name"), "address", text_of(author, "mail"));
    if (mail.commit == NULL || json_array_append_new(mail.from, from) != 0) {
        lint_mail_free(&mail);
        return error_set(error, "out of memory");
    }
    return lint_keep(lint, &mail, error);
}

int lint_add_change(struct lint *lint, const struct lint_source *source, struct slice change, struct error *error)
{
    json_t *value = json_loadb((const char *)change.data, change.length, 0, NULL), *row;
    size_t index;
    int rc = json_is_object(value) ? 0 : error_set(error, "%s is no change of a repository", source->placement);

    json_array_foreach(json_object_get(value, "commits"), index, row)
    {
        if (rc == 0)
            rc = add_commit(lint, source, value, row, error);
    }
    json_decref(value);
    return rc;
}
