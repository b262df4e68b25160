/* SPDX-License-Identifier: ISC
 *
 * What became of a lure's commits at a forge, and of the request to merge them; and taking them out again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/base/clock.h"
#include "server/planter/disk.h"
#include "server/planter/forge.h"

enum fate { FATE_NONE, FATE_OPEN, FATE_MERGED, FATE_CLOSED };

static const char *const fates[] = {[FATE_OPEN] = "open", [FATE_MERGED] = "merged", [FATE_CLOSED] = "closed"};

/* What became of the request. */
static int read_request(struct forge_stay *stay, enum fate *fate, struct error *error)
{
    const struct forge *kind = stay->kind;
    const char *known = task_where(stay->task, "request");
    json_t *answer = NULL;
    char state[64];
    int rc = 1;

    *fate = FATE_NONE;
    snprintf(stay->request, sizeof stay->request, "%s", known != NULL ? known : "");
    if (known == NULL)
        rc = forge_find_request(stay, error);
    if (rc != 1)
        return rc;
    stay->value['r'] = stay->request;
    rc = forge_do(stay, &kind->request.look, false, "the request cannot be read", &answer, error);
    if (rc == 1) {
        forge_text(answer, kind->request.state, state, sizeof state);
        *fate = forge_is_merged(stay, answer)          ? FATE_MERGED
                : strncasecmp(state, "open", 4) == 0 ? FATE_OPEN
                                                     : FATE_CLOSED;
        if (forge_text(answer, kind->request.version, stay->version, sizeof stay->version))
            stay->value['v'] = stay->version;
        json_object_set_new(stay->result->where, "request", json_string(stay->request));
        json_object_set_new(stay->result->where, "request_state", json_string(fates[*fate]));
        place_note(stay->result, "The %s %s is %s.", kind->request.shown, stay->request, fates[*fate]);
    }
    json_decref(answer);
    return rc;
}

static const char *known_digest(const struct task *task)
{
    return task_where(task, "digest") != NULL ? task_where(task, "digest") : task_option(task, "digest");
}

static bool is_buried(const struct forge_stay *stay)
{
    return json_is_true(json_object_get(stay->result->where, "buried"));
}

/* Where a commit of that branch has it, and its tip has not. */
static int judge_kept(struct forge_stay *stay, const char *at, int *tip, struct error *error)
{
    struct place_result *result = stay->result;
    const char *taken = json_string_value(json_object_get(result->where, "removed_in"));
    char path[FORGE_PATH];
    int moved = 0;

    if (is_buried(stay)) {
        result->state = "there";
        return 0;
    }
    if (*tip == 0 && taken != NULL)
        moved = forge_renamed(stay, at, taken, known_digest(stay->task), path, error);
    if (moved < 0)
        return -1;
    result->state = moved == 1 ? "moved" : "changed";
    if (moved == 1) {
        place_note(result, "%s was renamed to %s.", stay->value['f'], path);
        json_object_set_new(result->where, "path", json_string(path));
        json_object_del(result->where, "removed_in");
        stay->value['f'] = json_string_value(json_object_get(result->where, "path"));
        *tip = 1;
    } else {
        place_note(result, *tip == 2 ? "%s was changed since; history keeps it as it was planted."
                                     : "%s was removed since; history keeps it.", stay->value['f']);
    }
    return 0;
}

/* Nothing at the tip as it was: what does history say? What a merge brought that was taken away again before it, forges
 * leave out of a file's history. */
static int judge_history(struct forge_stay *stay, const char *at, int *tip, struct error *error)
{
    struct place_result *result = stay->result;
    const char *commit = task_where(stay->task, "commit");
    int rc = forge_locate(stay, at, SLICE_NONE, known_digest(stay->task), error);
    int shown = rc == 0 && commit != NULL ? forge_file(stay, commit, SLICE_NONE, known_digest(stay->task), error) : 0;

    if (rc < 0 || shown < 0)
        return -1;
    if (shown == 1)
        rc = forge_holds(stay, at, commit, error);
    if (rc != 0)
        return rc < 0 ? -1 : judge_kept(stay, at, tip, error);
    result->state = shown == 1 ? "moved" : "gone";
    if (shown == 1)
        place_note(result, "No branch that is known holds it any more; the forge still shows its commit, %.12s.", commit);
    return 0;
}

/* By us, and it is still out. 1, 0, -1. */
static int judge_taken_out(struct forge_stay *stay, const char *at, struct error *error)
{
    const char *taken = task_where(stay->task, "taken_out_in");
    int rc = taken != NULL ? forge_holds(stay, at, taken, error) : 0;

    if (rc == 1) {
        stay->result->state = "gone";
        place_note(stay->result, "%.12s took it out of %s; history keeps it.", taken, stay->value['f']);
    }
    return rc;
}

/* *tip as forge_file() has it. */
static int judge(struct forge_stay *stay, const char *at, int *tip, struct error *error)
{
    struct place_result *result = stay->result;

    int taken = 0;

    *tip = forge_file(stay, at, SLICE_NONE, known_digest(stay->task), error);
    if (*tip == 0 || *tip == 2)
        taken = judge_taken_out(stay, at, error);
    if (*tip < 0 || taken != 0)
        return *tip < 0 || taken < 0 ? -1 : 0;
    if (*tip != 1)
        return judge_history(stay, at, tip, error);
    result->state = "there";
    if (is_buried(stay))
        place_note(result, "It stands at the branch's end: nothing took it out again.");
    return task_where(stay->task, "commit") == NULL || stay->source[0] != '\0'
               ? forge_locate(stay, at, SLICE_NONE, known_digest(stay->task), error) < 0 ? -1 : 0
               : 0;
}

/* Does the branch end with another commit than it did when it was made? Where that was not noted, with another than the
 * lure's. */
static bool others_committed(const struct forge_stay *stay, const char *tip)
{
    const json_t *where = stay->result->where;
    const char *last = json_string_value(json_object_get(where, "tip"));

    if (last == NULL && is_buried(stay))
        last = json_string_value(json_object_get(where, "removed_in"));
    if (last == NULL)
        last = json_string_value(json_object_get(where, "commit"));
    return last == NULL || strcmp(last, tip) != 0;
}

/* Deletes the branch {s}, which ends with that commit. */
static int delete_source(struct forge_stay *stay, const char *tip, struct error *error)
{
    int rc;

    stay->value['s'] = stay->source;
    stay->value['h'] = tip;
    rc = forge_do(stay, &stay->kind->request.leave, false, "the branch cannot be deleted", NULL, error);
    stay->value['h'] = NULL;
    return rc < 0 ? -1 : 0;
}

/* Closes the request, if it is open, and deletes the branch that was made for it. */
static int leave(struct forge_stay *stay, enum fate fate, struct error *error)
{
    char tip[FORGE_NAME] = "";
    int rc = forge_tip(stay, stay->source, tip, error);
    bool there = rc == 1;

    if (there && others_committed(stay, tip))
        return error_set(error, "others have committed on %s since, so it stays as it is; take %s out there by hand",
                         stay->source, stay->value['f']);
    if (rc >= 0 && fate == FATE_OPEN)
        rc = forge_do(stay, &stay->kind->request.close, false, "the request cannot be closed", NULL, error);
    if (rc >= 0 && there)
        rc = delete_source(stay, tip, error);
    if (rc < 0)
        return -1;
    stay->result->state = "gone";
    place_note(stay->result, "The branch %s %s%s", stay->source, there ? "was deleted" : "was gone already",
               fate == FATE_NONE ? "; clones that have it keep it."
                                 : "; the forge keeps what the request held: the token must go on alerting.");
    return 0;
}

/* The branch that was merged, which some forges keep. */
static void leave_merged(struct forge_stay *stay, const char *source)
{
    char tip[FORGE_NAME] = "";
    struct error ignored;
    int rc;

    snprintf(stay->source, sizeof stay->source, "%s", source);
    rc = forge_tip(stay, stay->source, tip, &ignored);
    if (rc == 1 && !others_committed(stay, tip) && delete_source(stay, tip, &ignored) == 0)
        place_note(stay->result, "The branch %s, which was merged, was deleted.", source);
    else if (rc != 0)
        place_note(stay->result, "The branch %s, which was merged, stays as it is; look whether it still holds %s.", source,
                   stay->value['f']);
}

/* Does the file at that path lie at the branch as the lure's commit brought it? 1, 0, -1. */
static int is_as_brought(struct forge_stay *stay, const char *path, struct error *error)
{
    const char *secret = stay->value['f'], *commit = json_string_value(json_object_get(stay->result->where, "commit"));
    char *digest = NULL;
    int rc;

    stay->value['f'] = path;
    stay->value['b'] = commit;
    rc = forge_raw(stay, &stay->kind->file, stay->kind->raw_header, "the file cannot be read", error);
    stay->value['b'] = stay->branch;
    if (rc == 1)
        digest = disk_digest(buffer_slice(&stay->web->answer));
    if (rc == 1)
        rc = digest != NULL ? forge_file(stay, stay->branch, SLICE_NONE, digest, error) : error_set(error, "out of memory");
    stay->value['f'] = secret;
    free(digest);
    return rc < 0 ? -1 : rc == 1;
}

/* What came with the secret's file, and serves it alone, goes as well where nobody changed it. */
static int add_companions(struct forge_stay *stay, struct change *change, struct error *error)
{
    const json_t *brought = json_array_get(json_object_get(stay->task->meta, "changes"), 0), *file;
    size_t number;
    int rc = 0;

    if (json_object_get(stay->result->where, "replaces") != NULL || json_object_get(stay->result->where, "commit") == NULL)
        return 0;
    json_array_foreach(json_object_get(brought, "files"), number, file)
    {
        const char *path = json_string_value(json_object_get(file, "path"));

        if (rc < 0 || path == NULL || !task_path_safe(path) || change->file_count == CHANGE_FILES ||
            strcmp(path, task_where(stay->task, "path")) == 0)
            continue;
        rc = is_as_brought(stay, path, error);
        if (rc == 1)
            change->files[change->file_count++] = (struct change_file){.path = path};
    }
    return rc < 0 ? -1 : 0;
}

/* Which commit that was. */
static void note_taken_out(struct forge_stay *stay)
{
    json_t *trail = NULL;
    struct error ignored;
    char id[FORGE_NAME];

    if (forge_newest(stay, &trail, id, &ignored) == 0 && id[0] != '\0')
        json_object_set_new(stay->result->where, "taken_out_in", json_string(id));
    json_decref(trail);
}

/* A commit that takes the file out again. */
static int take_out(struct forge_stay *stay, struct error *error)
{
    const char *path = stay->value['f'];
    char message[1200];
    struct changes changes = {.count = 1, .secret_path = path};
    struct change *change = &changes.list[0];
    int (*take)(struct forge_stay *, const struct changes *, struct error *) = stay->kind->take;
    int rc;

    snprintf(message, sizeof message, "Remove %s\n", path);
    *change = (struct change){.message = message, .time_s = clock_wall() / 1000000, .file_count = 1,
                              .files = {{.path = path}}};
    stay->source[0] = '\0';
    stay->value['s'] = NULL;
    if (take == NULL && add_companions(stay, change, error) != 0)
        return -1;
    rc = take != NULL ? take(stay, &changes, error) : stay->kind->put(stay, &changes, 0, error);
    if (rc != 0 && stay->web->unsure && forge_is_done(stay, change, error) == 1)
        rc = 0;
    if (rc != 0)
        return forge_is_protected(stay) ? error_prefix(error, "%s is protected, so take %s out by a request of your own",
                                                 stay->branch, path)
                                  : -1;
    stay->result->state = "gone";
    note_taken_out(stay);
    if (take == NULL)
        place_note(stay->result, "A new commit takes %s out. History and clones keep it: the token must go on alerting.",
                   path);
    return 0;
}

static int uproot(struct forge_stay *stay, enum fate fate, int tip, struct error *error)
{
    const char *source = task_where(stay->task, "source");

    if (stay->source[0] != '\0' && fate != FATE_MERGED)
        return leave(stay, fate, error);
    if (strcmp(stay->result->state, "gone") == 0) {
        place_note(stay->result, "It was gone already.");
        return 0;
    }
    if (tip == 2 && !is_buried(stay))
        return error_set(error, "%s was changed since it was planted; remove it by hand if it is only the lure",
                         stay->value['f']);
    if (tip == 1 && take_out(stay, error) != 0)
        return -1;
    if (tip == 1 && source != NULL && fate == FATE_MERGED)
        leave_merged(stay, source);
    return tip == 1 ? 0
                    : error_set(error, "the secret stands only in history, on which later commits or other copies build; "
                                "Sundew does not rewrite that. Leave it, or rewrite the history yourself");
}

int forge_commit_look(struct forge_stay *stay, bool remove, struct error *error)
{
    const char *branch = task_where(stay->task, "branch"), *source = task_where(stay->task, "source");
    const char *earlier = task_where(stay->task, "earlier_request");
    enum fate fate = FATE_NONE;
    int tip = 0, asked = 1;

    stay->value['f'] = task_where(stay->task, "path");
    if (branch == NULL || stay->value['f'] == NULL || !task_path_safe(stay->value['f']) ||
        known_digest(stay->task) == NULL)
        return error_set(error, "which file this placement is, is not known");
    snprintf(stay->branch, sizeof stay->branch, "%s", branch);
    snprintf(stay->source, sizeof stay->source, "%s", source != NULL ? source : "");
    stay->value['b'] = stay->branch;
    stay->value['s'] = source != NULL ? stay->source : NULL;
    snprintf(stay->earlier, sizeof stay->earlier, "%s", earlier != NULL ? earlier : "");
    if (source != NULL && strcmp(source, branch) != 0)
        asked = read_request(stay, &fate, error);
    if (asked == 0)
        place_note(stay->result, "No %s asks to merge %s.", stay->kind->request.shown, source);
    if (asked < 0)
        return -1;
    if (judge(stay, source != NULL && fate != FATE_MERGED ? source : branch, &tip, error) != 0 ||
        (strcmp(stay->result->state, "gone") == 0 && forge_sees(stay, error) != 0))
        return -1;
    return remove ? uproot(stay, fate, tip, error) : 0;
}
