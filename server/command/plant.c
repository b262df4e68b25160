/* SPDX-License-Identifier: ISC
 *
 * plant inspect uproot: the keeper gives jobs with the lure's files; for each a planter of the caller's own does the
 * work, and the keeper is told what became of it. */
#include "server/command/command.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/command/connect.h"
#include "server/command/planter.h"

#define PRINTED (16 * 1024 * 1024)

struct lure_file {
    char *name;
    struct buffer data;
};

struct planting {
    json_t *json;
    struct lure_file *files;
    size_t file_count;
};

struct plantings {
    struct invocation *invocation;
    struct planting *items;
    size_t count;
    const struct buffer *print; /* what the planter gave to be printed, or NULL */
    bool failed;
};

static void jobs_free(struct plantings *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        for (size_t j = 0; j < jobs->items[i].file_count; j++) {
            buffer_free(&jobs->items[i].files[j].data);
            free(jobs->items[i].files[j].name);
        }
        free(jobs->items[i].files);
        json_decref(jobs->items[i].json);
    }
    free(jobs->items);
}

/* ---- places ---- */

/* The path made absolute by the caller's folder, links resolved as far as it is there; to be freed. */
static char *absolute(const char *path)
{
    char *whole = realpath(path, NULL), *copy, *again, *folder, *joined = NULL;

    if (whole != NULL)
        return whole;
    copy = strdup(path);
    again = strdup(path);
    folder = copy == NULL ? NULL : realpath(dirname(copy), NULL);
    if (folder == NULL)
        folder = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
    else
        path = again == NULL ? path : basename(again);
    if (folder != NULL &&
        asprintf(&joined, "%s%s%s", strcmp(folder, "/") == 0 ? "" : folder, path[0] == '/' ? "" : "/", path) < 0)
        joined = NULL;
    free(folder);
    free(again);
    free(copy);
    return joined;
}

/* "git:PATH#branch" with the path made absolute; others with a host ("//") stay. To be freed. */
static char *resolve_place(const char *place)
{
    const char *colon = strchr(place, ':'), *hash;
    char *path, *whole, *result = NULL;

    if (colon == NULL || colon[1] == '\0' || strncmp(colon + 1, "//", 2) == 0)
        return strdup(place);
    hash = strncmp(place, "git:", 4) == 0 ? strrchr(place, '#') : NULL;
    path = strndup(colon + 1, hash != NULL ? (size_t)(hash - colon - 1) : strlen(colon + 1));
    whole = path == NULL ? NULL : absolute(path);
    if (whole != NULL &&
        asprintf(&result, "%.*s%s%s", (int)(colon + 1 - place), place, whole, hash != NULL ? hash : "") < 0)
        result = NULL;
    free(whole);
    free(path);
    return result;
}

/* ---- what the keeper sends ---- */

static int add_job(struct plantings *jobs, struct slice data)
{
    struct planting *items = realloc(jobs->items, (jobs->count + 1) * sizeof(*items));

    if (items == NULL)
        return -1;
    jobs->items = items;
    items[jobs->count] = (struct planting){json_loadb((const char *)data.data, data.length, 0, NULL), NULL, 0};
    return items[jobs->count++].json == NULL ? -1 : 0;
}

static int add_file(struct plantings *jobs, struct slice name, struct slice data)
{
    struct planting *job = jobs->count > 0 ? &jobs->items[jobs->count - 1] : NULL;
    struct lure_file *files = job == NULL ? NULL : realloc(job->files, (job->file_count + 1) * sizeof(*files));

    if (files == NULL)
        return -1;
    job->files = files;
    files[job->file_count].name = slice_copy(name);
    buffer_init(&files[job->file_count].data, data.length + 1);
    return buffer_add_slice(&files[job->file_count++].data, data);
}

/* What is to be placed by hand is the output; about the placement is told beside it. */
static void show_printed(struct plantings *jobs, struct slice data)
{
    struct output *output = &jobs->invocation->output;
    json_t *row = json_loadb((const char *)data.data, data.length, 0, NULL);

    if (output->json) {
        json_object_set_new(row, "text", json_stringn((const char *)jobs->print->data, jobs->print->length));
        output_json(output, row);
    } else {
        fwrite(jobs->print->data, 1, jobs->print->length, output->file);
        fprintf(stderr, "sundew: %s\n", json_string_value(json_object_get(row, "placement")));
    }
    json_decref(row);
}

static int take_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct plantings *jobs = context;

    if (slice_is(kind, "row") && jobs->print != NULL && jobs->print->length > 0)
        show_printed(jobs, data);
    else if (slice_is(kind, "row"))
        output_row(&jobs->invocation->output, data);
    else if ((slice_is(kind, "job") && add_job(jobs, data) < 0) ||
             (slice_is(kind, "file") && add_file(jobs, name, data) < 0))
        jobs->failed = true;
    return jobs->failed ? -1 : 0;
}

/* ---- the planter ---- */

static const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static int hand_over(struct planter *planter, const struct planting *job, struct error *error)
{
    int result = planter_tell(planter, text_member(job->json, "action"), text_member(job->json, "place"),
                              json_object_get(job->json, "options"), json_object_get(job->json, "meta"), error);

    for (size_t i = 0; i < job->file_count && result == 0; i++)
        result = planter_file(planter, job->files[i].name, buffer_slice(&job->files[i].data), error);
    return result == 0 ? planter_go(planter, error) : result;
}

/* What came of a job; texts point into the planter's last message. */
struct outcome_of {
    struct planter planter;
    struct buffer print;
    struct planted planted;
};

/* 0 to go on, 1 at the end, -1 with a text. */
static int take_answer(struct outcome_of *outcome, struct error *error)
{
    struct reader reader;
    struct file file;
    uint16_t type;

    if (planter_next(&outcome->planter, &reader, &type, error) < 0)
        return -1;
    if (type == MESSAGE_FILE && file_get(&reader, &file) == 0 && buffer_add_slice(&outcome->print, file.data) == 0)
        return 0;
    if (type == MESSAGE_PLANTED && planted_get(&reader, &outcome->planted) == 0)
        return 1;
    return error_set(error, "the planter sent a damaged answer");
}

static int run_planter(const struct planting *job, struct outcome_of *outcome, struct error *error)
{
    int result = planter_start(&outcome->planter, error);

    if (result == 0)
        result = hand_over(&outcome->planter, job, error);
    while (result == 0)
        result = take_answer(outcome, error);
    return result < 0 ? -1 : 0;
}

/* ---- telling the keeper ---- */

/* A dry run: nothing to tell the keeper. */
static int show_dry(struct invocation *invocation, const struct planting *job, const struct planted *planted,
                    struct error *error)
{
    json_t *where = json_loadb((const char *)planted->where.data, planted->where.length, 0, NULL);
    json_t *row = json_pack("{s:n, s:s, s:o, s:s, s:b}", "placement", "place", text_member(job->json, "place"), "where",
                            where != NULL ? where : json_object(), "state", "planned", "dry_run", 1);

    output_json(&invocation->output, row);
    json_decref(row);
    if (planted->ok)
        return 0;
    error_set(error, "%.*s", (int)planted->text.length, (const char *)planted->text.data);
    return 3;
}

static int tell(struct link *link, struct invocation *invocation, const struct planting *job,
                const struct outcome_of *outcome, struct error *error)
{
    const struct planted *planted = &outcome->planted;
    static const char *const told[][2] = {{"plant", "planted"}, {"inspect", "inspected"}, {"uproot", "uprooted"}};
    struct plantings more = {.invocation = invocation, .print = &outcome->print};
    const struct link_rows rows = {take_row, &more};
    json_t *where = json_loadb((const char *)planted->where.data, planted->where.length, 0, NULL);
    char *digest = strdup(text_member(where, "digest")), *rest;
    struct command command = {.argument_count = 0};
    int code;

    /* The digest is for the ledger only; where it lay goes into alerts. */
    json_object_del(where, "digest");
    rest = json_dumps(where, JSON_COMPACT);

    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        if (strcmp(text_member(job->json, "action"), told[i][0]) == 0)
            command.name = slice_of(told[i][1]);
    command_put(&command, "placement", text_member(job->json, "placement"));
    command_put(&command, "ok", planted->ok ? "true" : "false");
    command_put(&command, "digest", digest != NULL ? digest : "");
    command_put(&command, "where", rest != NULL ? rest : "{}");
    command.arguments[command.argument_count++] = (struct argument){slice_of("state"), planted->state};
    command.arguments[command.argument_count++] = (struct argument){slice_of("text"), planted->text};
    code = link_command(link, &command, &rows, error);
    jobs_free(&more);
    json_decref(where);
    free(digest);
    free(rest);
    return code;
}

/* Is a lure that should be there not there as it was? What only people can look at is no fault. */
static bool wanting(const struct planting *job, const struct planted *planted)
{
    return strcmp(text_member(job->json, "action"), "inspect") == 0 &&
           (!planted->ok || slice_is(planted->state, "gone") || slice_is(planted->state, "changed"));
}

static int do_job(struct link *link, struct invocation *invocation, const struct planting *job, struct error *error)
{
    struct outcome_of outcome = {.planted = {.state = slice_of("unknown")}};
    struct error why = {""};
    int code;

    buffer_init(&outcome.print, PRINTED);
    if (run_planter(job, &outcome, &why) < 0)
        outcome.planted = (struct planted){.ok = false, .state = slice_of("unknown"), .text = slice_of(why.text)};
    if (json_is_true(json_object_get(json_object_get(job->json, "options"), "dry_run")))
        code = show_dry(invocation, job, &outcome.planted, error);
    else
        code = tell(link, invocation, job, &outcome, error);
    if (code == 0 && wanting(job, &outcome.planted))
        code = 1;
    planter_end(&outcome.planter);
    buffer_free(&outcome.print);
    return code;
}

static int worst(int a, int b)
{
    return a > b ? a : b;
}

/* Each job's text is shown as it comes; the last stays in `error`. */
static int do_jobs(struct link *link, struct invocation *invocation, const struct plantings *jobs, struct error *error)
{
    struct progress *progress = &invocation->progress;
    int code = 0;

    if (jobs->count > 1)
        progress_begin(progress, "looking after lures", jobs->count);
    for (size_t i = 0; i < jobs->count; i++) {
        progress_step(progress, i > 0);
        if (error->text[0] != '\0') {
            progress_hide(progress);
            fprintf(stderr, "sundew: %s\n", error->text);
        }
        error->text[0] = '\0';
        code = worst(code, do_job(link, invocation, &jobs->items[i], error));
    }
    progress_hide(progress);
    return code;
}

/* The arguments as given, but for the place, which becomes absolute. */
static int fill(const struct options *options, struct command *command, char **place, struct error *error)
{
    *command = (struct command){.name = slice_of(options->command->name)};
    for (size_t i = 0; i < options->count; i++) {
        const char *value = options->values[i].value;

        if (strcmp(options->values[i].name, "place") == 0) {
            free(*place);
            *place = resolve_place(value);
            if (*place == NULL)
                return error_set(error, "out of memory");
            value = *place;
        }
        command_put(command, options->values[i].name, value);
    }
    return 0;
}

int run_plant(struct invocation *invocation, struct error *error)
{
    struct plantings jobs = {.invocation = invocation};
    const struct link_rows rows = {take_row, &jobs};
    struct command command;
    char *place = NULL;
    struct link link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
    int code = 3;

    if (fill(invocation->options, &command, &place, error) == 0 &&
        link_open(&link, invocation->configuration, error) == 0)
        code = link_command(&link, &command, &rows, error);
    if (code == 0 && jobs.failed) {
        error_set(error, "the keeper sent a damaged job");
        code = 3;
    }
    if (code == 0)
        code = do_jobs(&link, invocation, &jobs, error);
    link_close(&link);
    jobs_free(&jobs);
    free(place);
    return code;
}
