/* SPDX-License-Identifier: ISC
 *
 * A lure's changes as commits that a forge makes: on the branch, where this account may write to it, else on a branch of
 * their own with a request to merge it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/base/clock.h"
#include "server/planter/disk.h"
#include "server/planter/exchange.h"
#include "server/planter/forge.h"
#include "server/planter/graft.h"

#define LATEST_MS INT64_C(253402300800000) /* the year 10000 */

struct work {
    struct changes changes;
    struct manner manner;
    struct buffer messages[CHANGES];
    int64_t tip_s;
    struct slice content; /* of the secret's file */
    char *digest;         /* and of that */
    struct task_file written; /* that file, where the secret takes the place of a former one, */
    json_t *trail;            /* and its commits so far */
};

static void work_free(struct work *work)
{
    for (size_t i = 0; i < CHANGES; i++)
        buffer_free(&work->messages[i]);
    manner_free(&work->manner);
    buffer_free(&work->written.data);
    json_decref(work->trail);
    free(work->digest);
}

/* ---- the branch ---- */

/* That branch in an answer; NULL. */
static const json_t *branch_in(const struct forge_stay *stay, const json_t *answer, const char *branch)
{
    const struct forge *kind = stay->kind;
    const json_t *found = kind->items == NULL ? answer : NULL, *item;
    char name[FORGE_NAME];
    size_t index;

    json_array_foreach(kind->items != NULL ? forge_items(stay, answer) : NULL, index, item)
        if (forge_text(item, kind->branch_name, name, sizeof name) && strcmp(name, branch) == 0)
            found = item;
    return found;
}

int forge_tip(struct forge_stay *stay, const char *branch, char tip[FORGE_NAME], struct error *error)
{
    json_t *answer = NULL;
    int rc;

    stay->value['b'] = branch;
    rc = forge_do(stay, &stay->kind->branch, false, "the branch cannot be read", &answer, error);
    stay->value['b'] = stay->branch;
    if (rc == 1)
        rc = forge_text(branch_in(stay, answer, branch), stay->kind->tip, tip, FORGE_NAME);
    json_decref(answer);
    return rc;
}

static int read_branch(struct forge_stay *stay, const json_t *answer, struct error *error)
{
    const struct forge *kind = stay->kind;
    const json_t *found = branch_in(stay, answer, stay->branch);

    if (!forge_text(found, kind->tip, stay->tip, sizeof stay->tip))
        return error_set(error, "%s has no branch \"%s\"; name another behind a #", stay->shown, stay->branch);
    stay->closed = (kind->open != NULL && !json_is_true(forge_member(found, kind->open))) ||
                   (kind->closed != NULL && json_is_true(forge_member(found, kind->closed)));
    return 0;
}

static int find_branch(struct forge_stay *stay, struct error *error)
{
    const struct forge *kind = stay->kind;
    json_t *answer = NULL;
    int rc = 1;

    if (stay->given != NULL)
        snprintf(stay->branch, sizeof stay->branch, "%s", stay->given);
    else
        rc = forge_do(stay, &kind->project, false, "the project cannot be read", &answer, error);
    if (rc == 0)
        error_set(error, "there is no %s, or the account %s may not see it", stay->shown,
                  stay->task->visit->credentials.name);
    if (rc == 1 && stay->given == NULL && !forge_text(answer, kind->standard, stay->branch, sizeof stay->branch))
        rc = error_set(error, "%s has no commit yet; there is nothing to be beside", stay->shown);
    json_decref(answer);
    if (rc != 1)
        return -1;
    stay->value['b'] = stay->branch;
    rc = forge_do(stay, &kind->branch, false, "the branch cannot be read", &answer, error);
    if (rc >= 0)
        rc = read_branch(stay, answer, error);
    json_decref(answer);
    return rc;
}

/* ---- its people ---- */

static int64_t time_of(const json_t *date, int *offset)
{
    int64_t time = 0;

    *offset = 0;
    if (json_is_integer(date)) /* milliseconds */
        return json_integer_value(date) > 0 && json_integer_value(date) < LATEST_MS ? json_integer_value(date) / 1000 : 0;
    if (!json_is_string(date) || clock_parse(json_string_value(date), &time) != 0)
        return 0;
    *offset = task_offset(json_string_value(date));
    return time / 1000000;
}

static char *text_of(const json_t *item, const char *path)
{
    return (char *)(uintptr_t)json_string_value(forge_member(item, path));
}

static void learn_one(const struct forge *kind, const json_t *item, struct manner *manner, int64_t *tip_s)
{
    struct manner_commit commit = {
        .message = text_of(item, kind->commit.message), .name = text_of(item, kind->commit.name),
        .mail = text_of(item, kind->commit.mail), .committer = text_of(item, kind->commit.committer),
        .committer_mail = text_of(item, kind->commit.committer_mail),
        .signature = json_is_true(forge_member(item, kind->commit.signature))};

    commit.time_s = time_of(forge_member(item, kind->commit.date), &commit.offset);
    if (*tip_s == 0)
        *tip_s = commit.time_s;
    if (json_array_size(forge_member(item, kind->commit.parents)) <= 1)
        manner_add(manner, &commit);
}

int forge_learn(struct forge_stay *stay, struct manner *manner, int64_t *tip_s, struct error *error)
{
    const char *sign = task_option(stay->task, "signed-off");
    json_t *answer = NULL;
    const json_t *item;
    size_t index;
    int rc = forge_do(stay, &stay->kind->log, false, "the history cannot be read", &answer, error);

    manner_begin(manner);
    *tip_s = 0;
    json_array_foreach(forge_items(stay, answer), index, item)
        learn_one(stay->kind, item, manner, tip_s);
    manner_judge(manner);
    if (sign != NULL)
        manner->signs = strcmp(sign, "yes") == 0;
    json_decref(answer);
    return rc < 0 ? -1 : 0;
}

/* ---- what is planted ---- */

/* Is it to be written over what lies there? */
static bool takes_over(const struct forge_stay *stay)
{
    return json_object_get(stay->task->options, "replaces") != NULL;
}

/* A new file is put where none is. */
static int check_file(struct forge_stay *stay, struct change_file *file, struct error *error)
{
    const char *instead = task_option(stay->task, "instead");
    int rc = 0;

    if (file->grows)
        return 0;
    if (file->module)
        return error_set(error, "no submodule is put by a forge's API; plant it by git+https: or git+ssh:");
    file->program = file->file != NULL && file->file->data.length > 2 && memcmp(file->file->data.data, "#!", 2) == 0;
    stay->value['f'] = file->path;
    if (instead == NULL || strcmp(instead, file->path) != 0)
        rc = forge_file(stay, stay->branch, SLICE_NONE, NULL, error);
    return rc <= 0 ? rc : error_set(error, "%s is in the repository already and stays as it is; choose another --path",
                                    file->path);
}

/* 1: as forge_replace(). */
static int prepare(struct forge_stay *stay, struct work *work, struct error *error)
{
    struct changes *changes = &work->changes;
    int64_t now = clock_wall() / 1000000;
    int rc = 0;

    if (changes_read(stay->task, changes, error) != 0 || find_branch(stay, error) != 0 ||
        forge_learn(stay, &work->manner, &work->tip_s, error) != 0)
        return -1;
    if (takes_over(stay))
        rc = forge_replace(stay, changes, &work->written, &work->trail, error);
    if (rc != 0)
        return rc;
    manner_apply(&work->manner, changes, work->messages);
    work->content = buffer_slice(&changes->secret_file->data);
    work->digest = disk_digest(work->content);
    if (stay->kind->dates)
        rc = changes_date(changes, work->tip_s, now, task_option(stay->task, "at") != NULL,
                          work->manner.week_known ? work->manner.week : NULL, error);
    for (size_t i = 0; i < changes->count && rc == 0; i++) {
        changes->list[i].time_s = stay->kind->dates ? changes->list[i].time_s : now;
        for (size_t f = 0; f < changes->list[i].file_count && rc == 0; f++)
            rc = check_file(stay, &changes->list[i].files[f], error);
    }
    stay->value['f'] = changes->secret_path;
    return rc != 0 || work->digest != NULL ? rc : error_set(error, "out of memory");
}

/* A branch of its own that is not there yet. */
static int name_source(struct forge_stay *stay, const struct changes *changes, struct error *error)
{
    const char *given = task_option(stay->task, "name");
    char slug[GRAFT_SLUG];
    int rc = 1;

    graft_slug(changes->list[0].message, slug);
    if (given != NULL && (!task_path_safe(given) || strlen(given) > 200))
        return error_set(error, "\"%.100s\" is no name for a branch", given);
    for (int i = 1; i < 10 && rc == 1; i++) {
        json_t *answer = NULL;

        snprintf(stay->source, sizeof stay->source, i == 1 ? "%s" : "%s-%d", given != NULL ? given : slug, i);
        stay->value['b'] = stay->source;
        rc = forge_do(stay, &stay->kind->branch, false, "the branches cannot be read", &answer, error);
        if (rc == 1 && stay->kind->items != NULL)
            rc = json_array_size(forge_items(stay, answer)) > 0;
        json_decref(answer);
        if (rc == 1 && given != NULL)
            rc = error_set(error, "there is a branch %s already; choose another --name", given);
    }
    stay->value['b'] = stay->branch;
    stay->value['s'] = stay->source;
    return rc == 0 ? 0 : rc < 0 ? -1 : error_set(error, "there are branches of that name already; give one by --name");
}

static int tell_where(struct forge_stay *stay, const struct work *work, bool branch, struct error *error)
{
    json_t *line = json_object_get(stay->task->meta, "line");
    json_t *former = json_object_get(json_object_get(stay->task->options, "replaces"), "commit");
    const char *source = stay->source[0] != '\0' ? stay->source : NULL;
    const char *earlier = stay->earlier[0] != '\0' ? stay->earlier : NULL;

    json_decref(stay->result->where);
    stay->result->where = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s}", "repository", stay->shown, "branch",
                                    branch ? stay->source : stay->branch, "path", work->changes.secret_path, "source",
                                    source, "earlier_request", earlier, "digest", work->digest);
    if (json_is_integer(line))
        json_object_set_new(stay->result->where, "line", json_integer(json_integer_value(line) + work->changes.above));
    if (former != NULL)
        json_object_set(stay->result->where, "replaces", former);
    if (work->changes.count > 1)
        json_object_set_new(stay->result->where, "buried", json_true());
    return stay->result->where != NULL ? 0 : error_set(error, "out of memory");
}

/* ---- planting ---- */

/* Is the branch as the change leaves it? 1, 0, -1. */
int forge_is_done(struct forge_stay *stay, const struct change *change, struct error *error)
{
    const struct change_file *file = &change->files[0];
    const char *path = stay->value['f'];
    int rc;

    stay->value['f'] = file->path;
    rc = forge_file(stay, stay->source[0] != '\0' ? stay->source : stay->branch,
                    file->file != NULL ? buffer_slice(&file->file->data) : SLICE_NONE, NULL, error);
    stay->value['f'] = path;
    return rc < 0 ? -1 : file->file != NULL ? rc == 1 : rc == 0;
}

static int put_one(struct forge_stay *stay, const struct changes *changes, size_t index, struct error *error)
{
    struct error why;
    int rc = stay->kind->put(stay, changes, index, error), done;

    if (rc != 0 && stay->web->unsure) {
        done = forge_is_done(stay, &changes->list[index], &why);
        stay->result->unsure = stay->result->unsure || done < 0;
        rc = done == 1 ? 0 : -1;
    }
    if (rc == 0)
        stay->result->unsure = true; /* from here on something lies there */
    return rc;
}

static int put_all(struct forge_stay *stay, const struct changes *changes, struct error *error)
{
    int rc = 0;

    for (size_t i = 0; i < changes->count && rc == 0; i++)
        rc = put_one(stay, changes, i, error);
    return rc;
}

/* Did the forge refuse because the branch is not this account's to write to? */
bool forge_is_protected(const struct forge_stay *stay)
{
    static const char *const signs[] = {"protected", "not allowed", "restricted", "permission",
                                        "rule violation"};
    char words[WEB_WORDS];

    web_words(stay->web, words);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strcasestr(words, signs[i]) != NULL)
            return stay->web->status >= 400 && stay->web->status < 500;
    return false;
}

int forge_find_request(struct forge_stay *stay, struct error *error)
{
    const struct forge *kind = stay->kind;
    json_t *answer = NULL;
    const json_t *item;
    unsigned long long earlier = strtoull(stay->earlier, NULL, 10);
    char source[FORGE_NAME], id[FORGE_NAME];
    size_t index;
    int rc = forge_do(stay, &kind->request.list, false, "the requests cannot be read", &answer, error), found = 0;

    json_array_foreach(forge_items(stay, answer), index, item)
        if (found == 0 && forge_text(item, kind->request.source, source, sizeof source) &&
            strcmp(source, stay->source) == 0 && forge_text(item, kind->request.id, id, sizeof id) &&
            strtoull(id, NULL, 10) > earlier) {
            snprintf(stay->request, sizeof stay->request, "%s", id);
            found = 1;
        }
    json_decref(answer);
    return rc < 0 ? -1 : found;
}

void forge_title(const char *message, char title[FORGE_TITLE])
{
    struct slice line = {(const unsigned char *)message, strcspn(message, "\n")};

    snprintf(title, FORGE_TITLE, "%.*s", (int)slice_cut(line, FORGE_TITLE - 1), message);
}

/* *unsure: it failed, and may be open all the same. */
static int open_request(struct forge_stay *stay, const struct changes *changes, bool *unsure, struct error *error)
{
    const struct forge *kind = stay->kind;
    const char *message = changes->list[0].message, *body = message + strcspn(message, "\n");
    char title[FORGE_TITLE], url[512];
    json_t *answer = NULL;
    struct error why;
    int rc;

    forge_title(message, title);
    stay->value['t'] = title;
    stay->value['d'] = body + strspn(body, "\n");
    rc = forge_do(stay, &kind->request.make, true, "the request cannot be opened", &answer, error);
    if (rc == 0)
        rc = error_set(error, "the request cannot be opened: %s does not know the project", stay->web->host);
    if (rc == 1 && !forge_text(answer, kind->request.id, stay->request, sizeof stay->request)) {
        stay->web->unsure = true;
        rc = error_set(error, "the request cannot be opened: %s answers without its number", stay->web->host);
    }
    if (rc < 0 && stay->web->unsure) {
        rc = forge_find_request(stay, &why);
        *unsure = rc < 0;
    }
    if (rc == 1) {
        json_object_set_new(stay->result->where, "request", json_string(stay->request));
        if (forge_text(answer, kind->request.url, url, sizeof url))
            json_object_set_new(stay->result->where, "url", json_string(url));
    }
    json_decref(answer);
    return rc == 1 ? 0 : -1;
}

/* A branch of that name may have been there before, and asked to be merged. */
static int find_earlier(struct forge_stay *stay, struct error *error)
{
    int rc = forge_find_request(stay, error);

    if (rc == 1)
        snprintf(stay->earlier, sizeof stay->earlier, "%s", stay->request);
    stay->request[0] = '\0';
    return rc < 0 ? -1 : 0;
}

/* On a branch of its own; what cannot be asked to be merged goes again. */
static int plant_beside(struct forge_stay *stay, const struct work *work, bool branch, struct error *error)
{
    struct error ignored;
    bool unsure = false;
    int rc;

    if ((!branch && find_earlier(stay, error) != 0) || tell_where(stay, work, branch, error) != 0 ||
        task_announce(stay->task, stay->result->where, error) != 0)
        return -1;
    rc = put_all(stay, &work->changes, error);
    if (rc == 0 && !branch)
        rc = open_request(stay, &work->changes, &unsure, error);
    if (rc != 0 && stay->result->unsure)
        stay->result->unsure = forge_do(stay, &stay->kind->request.leave, false, "", NULL, &ignored) < 0 || unsure;
    if (rc == 0 && stay->merges && !stay->closed)
        forge_merge(stay);
    return rc;
}

static int plant_directly(struct forge_stay *stay, const struct work *work, struct error *error)
{
    int rc;

    if (tell_where(stay, work, false, error) != 0 || task_announce(stay->task, stay->result->where, error) != 0)
        return -1;
    rc = put_all(stay, &work->changes, error);
    if (rc == 0 || stay->result->unsure || !forge_is_protected(stay))
        return rc;
    if (takes_over(stay))
        return 1;
    stay->closed = true;
    return name_source(stay, &work->changes, error) != 0 ? -1 : plant_beside(stay, work, false, error);
}

/* Where it is; of a branch of its own also what it ends with, so that later commits are seen. */
static int note_commits(struct forge_stay *stay, const struct work *work, struct error *error)
{
    bool beside = stay->source[0] != '\0' && !stay->merged;
    char tip[FORGE_NAME];
    int rc = forge_locate(stay, beside ? stay->source : stay->branch, work->content, NULL, error);

    if (rc >= 0 && beside)
        rc = forge_tip(stay, stay->source, tip, error);
    if (rc == 1 && beside)
        json_object_set_new(stay->result->where, "tip", json_string(tip));
    return rc < 0 ? -1 : 0;
}

/* What became of the request, or would. */
static void tell_request(struct forge_stay *stay, bool asked, bool done)
{
    const char *shown = stay->kind->request.shown;

    if (!done)
        place_note(stay->result, "Would open a %s to merge %s into %s%s.", shown, stay->source, stay->branch,
                   stay->merges && !stay->closed ? ", and merge it" : "");
    else if (stay->merged)
        place_note(stay->result, "The %s %s was merged into %s by the account, which its records show.", shown,
                   stay->request, stay->branch);
    else if (stay->merges && !stay->closed)
        place_note(stay->result, "The forge does not let this account merge the %s %s%s%s. It stays open; until somebody "
                   "merges it, only %s holds it.", shown, stay->request, stay->refusal[0] != '\0' ? ": " : "",
                   stay->refusal, stay->source);
    else
        place_note(stay->result, "%s: %s %s asks to merge it. Until somebody does, only %s holds it.",
                   asked && !stay->merges ? "As was asked for" : "This account may not write to the branch", shown,
                   stay->request, stay->source);
}

static void tell(struct forge_stay *stay, const struct work *work, bool asked, bool branch, bool done)
{
    const struct forge *kind = stay->kind;
    char date[CLOCK_TEXT];

    for (size_t i = 0; i < work->changes.count; i++) {
        const struct change *change = &work->changes.list[i];

        place_note(stay->result, "%s on %s: \"%.*s\" by %s, %.10s", done ? "Committed" : "Would commit",
                   stay->source[0] != '\0' ? stay->source : stay->branch, (int)strcspn(change->message, "\n"),
                   change->message, kind->authors ? change->name : "the account's own user",
                   clock_text(change->time_s * 1000000, date));
    }
    if (stay->source[0] != '\0' && !branch)
        tell_request(stay, asked, done);
    if (takes_over(stay))
        place_note(stay->result, "%s the new secret over the former one. History and clones keep that: its token must go on "
                   "alerting.", done ? "It writes" : "It would write");
    if (!kind->dates)
        place_note(stay->result, "This forge dates commits itself: as of now%s.",
                   task_option(stay->task, "at") != NULL ? ", whatever --at says" : "");
    if (work->manner.signatures)
        place_note(stay->result, "Commits here are signed by key, this cannot be; who looks at signatures sees it.");
}

static int plant_it(struct forge_stay *stay, struct work *work, bool request, bool branch, struct error *error)
{
    bool dry = task_flag(stay->task, "dry_run");
    int rc = 0;

    if (request || branch || stay->closed)
        rc = name_source(stay, &work->changes, error);
    if (rc == 0 && dry)
        rc = tell_where(stay, work, branch, error);
    else if (rc == 0)
        rc = stay->source[0] != '\0' ? plant_beside(stay, work, branch, error) : plant_directly(stay, work, error);
    if (rc == 0 && !dry)
        rc = note_commits(stay, work, error);
    if (rc == 0)
        tell(stay, work, request, branch, !dry);
    return rc;
}

int forge_commit_plant(struct forge_stay *stay, bool request, bool branch, struct error *error)
{
    struct work work = {.digest = NULL};
    int rc;

    for (size_t i = 0; i < CHANGES; i++)
        buffer_init(&work.messages[i], TASK_BYTES);
    buffer_init(&work.written.data, EXCHANGE_BYTES);
    rc = prepare(stay, &work, error);
    if (rc == 0 && stay->merges && work.changes.count > 1)
        rc = error_set(error, "a forge's history of a file leaves out what a merge brought and took away again; leave out "
                       "--buried or --as merge");
    if (rc == 0)
        rc = plant_it(stay, &work, request, branch, error);
    if (rc == 1) {
        json_decref(stay->result->where);
        rc = graft_declined(stay->result, error);
    }
    work_free(&work);
    return rc;
}
