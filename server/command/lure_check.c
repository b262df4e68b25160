/* SPDX-License-Identifier: ISC
 *
 * lure check: each mail, commit or entry of the placements is fetched from where it lies by a planter, as `inspect` does, and all
 * of them are handed to a minter that looks for what gives them away. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/id.h"
#include "server/command/lure.h"
#include "server/command/planting.h"
#include "server/command/text.h"

#define MAIL_BYTES (32 * 1024 * 1024)

struct checking {
    struct invocation *invocation;
    struct link link;
    struct examiner examiner;
    struct plantings jobs;
    json_t *world;
    char *place; /* --place, as the ledger has it; NULL */
    size_t mails;
    bool wanting, failed;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void complain(struct checking *checking, const char *what, const char *text)
{
    progress_hide(&checking->invocation->progress);
    text_tell("%s: %s", what, text);
    checking->wanting = true;
}

/* ---- what is asked of the keeper ---- */

static int take_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct checking *checking = context;

    if (slice_is(kind, "row")) {
        json_decref(checking->world);
        checking->world = json_loadb((const char *)data.data, data.length, 0, NULL);
    } else if ((slice_is(kind, "job") && plantings_job(&checking->jobs, data) < 0) ||
               (slice_is(kind, "file") && plantings_file(&checking->jobs, name, data) < 0)) {
        checking->failed = true;
    }
    return checking->failed ? -1 : 0;
}

static int ask(struct checking *checking, const struct command *command, struct error *error)
{
    const struct link_rows rows = {take_row, checking, NULL};
    int code = link_command(&checking->link, command, &rows, error);

    if (code == 0 && checking->failed)
        code = error_status(error, 3, "the keeper sent a damaged answer");
    return code;
}

static bool is_placement(const char *word)
{
    struct id id;

    return id_parse(word, 'p', &id) == 0;
}

/* Jobs that look after the placements that are named, or all. */
static int ask_placements(struct checking *checking, bool all, struct error *error)
{
    const struct options *options = checking->invocation->options;
    struct command command = {.name = slice_of("inspect")};

    for (size_t i = 0; i < options->count && !all; i++)
        if (strcmp(options->values[i].name, "what") == 0 && is_placement(options->values[i].value))
            command_put(&command, "placement", options->values[i].value);
    return all || command.argument_count > 0 ? ask(checking, &command, error) : 0;
}

/* ---- mails of placements ---- */

/* Where the thread's mail was put; NULL: nowhere. */
static json_t *put_at(const json_t *where, const char *id)
{
    size_t index;
    json_t *item;

    json_array_foreach(json_object_get(where, "thread"), index, item)
    {
        if (strcmp(text_of(item, "message_id"), id) == 0)
            return item;
    }
    return NULL;
}

/* The job that looks after this mail of the lure; NULL where it was not planted. */
static json_t *job_of(const json_t *job, const char *id)
{
    json_t *copy = json_deep_copy(job), *options = json_object_get(copy, "options");
    json_t *where = json_object_get(options, "where"), *put = put_at(where, id);
    bool chief = strcmp(text_of(json_object_get(job, "meta"), "message_id"), id) == 0;

    json_object_del(options, "digest");
    json_object_del(where, "digest");
    if (!chief && put == NULL) {
        json_decref(copy);
        return NULL;
    }
    if (!chief) {
        json_object_del(where, "uid");
        json_object_del(where, "id");
        json_object_del(where, "path");
        json_object_update(where, put);
    }
    json_object_set_new(where, "message_id", json_string(id));
    return copy;
}

/* In seconds, of a Maildir's file; 0. */
static int64_t delivered(const char *place, const json_t *where)
{
    const char *path = text_of(where, "path"), *slash = strrchr(path, '/');

    return strncmp(place, "maildir:", 8) == 0 && slash != NULL ? strtoll(slash + 1, NULL, 10) : 0;
}

/* what: "mail", "change" or "entry". */
static int show(struct checking *checking, struct gardener *gardener, json_t *job, const char *what, struct error *error)
{
    struct planting planting = {job, NULL, 0};
    const char *place = text_of(job, "place"), *id = text_of(job, "placement");
    struct error why = {""};
    json_t *where = NULL, *line;
    struct buffer mail;
    int rc = 0;

    buffer_init(&mail, MAIL_BYTES);
    if (gardener_show(gardener, &planting, &mail, &where, &why) != 0) {
        complain(checking, id, why.text);
    } else {
        line = json_pack("{s:s, s:s, s:b, s:O, s:I, s:s, s:I}", "placement", id, "mailbox", place, what, true, "meta",
                         json_object_get(job, "meta"), "arrived", (json_int_t)delivered(place, where), "internaldate",
                         text_of(where, "arrived"), "bytes", (json_int_t)mail.length);
        rc = examiner_tell(&checking->examiner, line, buffer_slice(&mail), error);
        json_decref(line);
        checking->mails++;
    }
    json_decref(where);
    buffer_free(&mail);
    return rc;
}

static int show_thread(struct checking *checking, struct gardener *gardener, const json_t *job, struct error *error)
{
    const json_t *messages = json_object_get(json_object_get(job, "meta"), "messages"), *message;
    size_t index;
    int rc = 0;

    json_array_foreach(messages, index, message)
    {
        json_t *each = job_of(job, text_of(message, "message_id"));

        if (each != NULL && rc == 0)
            rc = show(checking, gardener, each, "mail", error);
        json_decref(each);
    }
    return rc;
}

/* Where git can be asked; of what forges have only in their API nothing is said. */
static bool is_git(const char *place)
{
    return strncmp(place, "git:", 4) == 0 || strncmp(place, "git+", 4) == 0;
}

static int show_job(struct checking *checking, struct gardener *gardener, json_t *job, struct error *error)
{
    const char *place = text_of(job, "place");
    const struct place_row *row = place_row(slice_of(place));

    if (row == NULL || (checking->place != NULL && strcmp(checking->place, place) != 0))
        return 0;
    if (is_git(place))
        return show(checking, gardener, job, "change", error);
    if (strncmp(place, "ldap:", 5) == 0 || strncmp(place, "ldaps:", 6) == 0)
        return show(checking, gardener, job, "entry", error);
    return strcmp(row->takes, "mail") == 0 ? show_thread(checking, gardener, job, error) : 0;
}

/* Of files and forges' own objects nothing is said. */
static int show_all(struct checking *checking, struct error *error)
{
    struct gardener gardener;
    int rc = 0;

    gardener_init(&gardener, checking->invocation, &checking->link);
    if (checking->jobs.count > 1)
        progress_begin(&checking->invocation->progress, "fetching lures", checking->jobs.count);
    for (size_t i = 0; i < checking->jobs.count && rc == 0; i++) {
        progress_step(&checking->invocation->progress, i > 0);
        rc = show_job(checking, &gardener, checking->jobs.items[i].json, error);
    }
    progress_hide(&checking->invocation->progress);
    gardener_end(&gardener);
    return rc;
}

/* ---- what is found ---- */

static void print(struct checking *checking, json_t *row)
{
    struct output *output = &checking->invocation->output;
    struct buffer line;

    if (output->json) {
        output_json(output, row);
        return;
    }
    buffer_init(&line, 16384);
    text_clean(&line, text_of(row, "placement"));
    buffer_add_text(&line, ": ");
    text_clean(&line, text_of(row, "what"));
    buffer_add_format(&line, ": %s; %s", text_of(row, "why"), text_of(row, "remedy"));
    fprintf(output->file, "%s\n", buffer_text(&line));
    buffer_free(&line);
}

/* "1 mails, 2 commits, 3 entries"; of commits and entries only where there are some. */
static void tell_none(FILE *file, const json_t *row)
{
    static const char *const sorts[] = {"mails", "commits", "entries"};
    long long count;

    for (size_t i = 0; i < 3; i++) {
        count = json_integer_value(json_object_get(row, sorts[i]));
        if (i == 0 || count > 0)
            fprintf(file, "%s%lld %s", i > 0 ? ", " : "", count, sorts[i]);
    }
    fputs(": nothing gives them away\n", file);
}

/* Until the line that says how many; without it the minter did not end well. */
static int take_findings(struct checking *checking, struct error *error)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    json_t *row, *findings = NULL;

    examiner_ask(&checking->examiner);
    while (findings == NULL && (length = getline(&text, &room, checking->examiner.out)) > 0) {
        row = json_loadb(text, (size_t)length, 0, NULL);
        findings = json_incref(json_object_get(row, "findings"));
        if (findings == NULL && row != NULL) {
            print(checking, row);
            checking->wanting = true;
        } else if (!checking->invocation->output.json && json_integer_value(findings) == 0) {
            tell_none(checking->invocation->output.file, row);
        }
        json_decref(row);
    }
    free(text);
    if (findings == NULL)
        return error_status(error, 3, "the minter did not look at all of them; its own lines above say why");
    json_decref(findings);
    return 0;
}

/* ---- all ---- */

static int tell_world(struct checking *checking, struct error *error)
{
    const struct configuration *configuration = checking->invocation->configuration;
    json_t *hosts = json_array(), *line;
    int rc;

    for (size_t i = 0; i < configuration->decoy_count; i++)
        for (size_t k = 0; k < configuration->decoys[i].name_count; k++)
            json_array_append_new(hosts, json_string(configuration->decoys[i].names[k]));
    line = json_pack("{s:O, s:o}", "persona", checking->world, "hosts", hosts);
    rc = line == NULL ? error_set(error, "the keeper sent no persona") : examiner_tell(&checking->examiner, line, SLICE_NONE,
                                                                                      error);
    json_decref(line);
    return rc;
}

/* "git:PATH[#REVISION]": no placement, but shown as one. */
static int give_commit(struct checking *checking, const char *word, struct error *error)
{
    char *place = place_resolve(word);
    json_t *job = json_pack("{s:s, s:s, s:s, s:{}, s:{}}", "placement", word, "action", "inspect", "place",
                            place != NULL ? place : word, "options", "meta");
    struct gardener gardener;
    int rc;

    gardener_init(&gardener, checking->invocation, &checking->link);
    rc = show(checking, &gardener, job, "change", error);
    gardener_end(&gardener);
    json_decref(job);
    free(place);
    return rc;
}

static int give_word(struct checking *checking, const char *word, struct error *error)
{
    return is_git(word) ? give_commit(checking, word, error)
                        : lure_files(word, &checking->examiner, &checking->mails, error);
}

static int give_files(struct checking *checking, struct error *error)
{
    const struct options *options = checking->invocation->options;
    int rc = 0;

    for (size_t i = 0; i < options->count && rc == 0; i++)
        if (strcmp(options->values[i].name, "what") == 0 && !is_placement(options->values[i].value))
            rc = give_word(checking, options->values[i].value, error);
    return rc;
}

static int check(struct checking *checking, struct error *error)
{
    const struct options *options = checking->invocation->options;
    const struct command world = {.name = slice_of("world")};
    bool all = options_value(options, "what") == NULL || checking->place != NULL;
    int code;

    if (link_open(&checking->link, checking->invocation->configuration, error) < 0)
        return 3;
    code = ask(checking, &world, error);
    if (code == 0)
        code = ask_placements(checking, all, error);
    if (code != 0)
        return code;
    if (examiner_start(&checking->examiner, "--lint", error) != 0 || tell_world(checking, error) != 0 ||
        show_all(checking, error) != 0 || give_files(checking, error) != 0)
        return 3;
    return take_findings(checking, error);
}

int lure_check(struct invocation *invocation, struct error *error)
{
    struct checking checking = {
        .invocation = invocation,
        .link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}},
        .examiner = {.in = -1},
    };
    int code = place_given(options_value(invocation->options, "place"), &checking.place, error);

    if (code == 0)
        code = check(&checking, error);
    if (examiner_end(&checking.examiner) != 0 && code == 0)
        code = error_status(error, 3, "the minter did not end well");
    link_close(&checking.link);
    plantings_free(&checking.jobs);
    json_decref(checking.world);
    free(checking.place);
    return code == 0 && checking.wanting ? 1 : code;
}
