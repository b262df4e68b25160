/* SPDX-License-Identifier: ISC */
#include "server/planter/git_later.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/git_away.h"
#include "server/planter/modules.h"
#include "server/planter/planted.h"
#include "server/planter/stash.h"

void planted_close(struct planted_commit *planted)
{
    git_commit_free(planted->commit);
    repository_close(&planted->repository);
}

int planted_blob(git_commit *commit, const char *path, git_oid *blob)
{
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    int rc = 1;

    if (commit != NULL && git_commit_tree(&tree, commit) == 0 && git_tree_entry_bypath(&entry, tree, path) == 0) {
        *blob = *git_tree_entry_id(entry);
        rc = 0;
    }
    git_tree_entry_free(entry);
    git_tree_free(tree);
    return rc;
}

static bool read_modules(git_commit *commit, struct buffer *text)
{
    git_blob *blob = NULL;
    git_oid id;
    bool read = commit != NULL && planted_blob(commit, MODULES_FILE, &id) == 0 &&
                repository_blob(git_commit_owner(commit), &id, MODULES_BYTES, &blob) == 0 &&
                buffer_add(text, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)) == 0;

    git_blob_free(blob);
    return read;
}

int planted_submodule(const struct planted_commit *planted, git_commit *commit, struct buffer *text,
                      struct slice *section)
{
    struct buffer first;
    struct slice wanted = SLICE_NONE;
    git_oid id, link;
    int rc = 0;

    buffer_init(&first, MODULES_BYTES);
    if (read_modules(commit, text) && modules_find(buffer_slice(text), planted->submodule, section))
        rc = read_modules(planted->commit, &first) &&
                     modules_find(buffer_slice(&first), planted->submodule, &wanted) && slice_equal(wanted, *section) &&
                     planted_blob(planted->commit, planted->submodule, &link) == 0 &&
                     planted_blob(commit, planted->submodule, &id) == 0 && git_oid_equal(&id, &link)
                 ? 1
                 : 2;
    buffer_free(&first);
    return rc;
}

/* An object's id that the placement names; the other one where it names none. */
static int read_id(const struct task *task, const char *name, const git_oid *otherwise, git_oid *id)
{
    const char *hex = task_where(task, name);

    *id = *otherwise;
    return hex != NULL ? git_oid_fromstr(id, hex) : 0;
}

static int read_where(const struct task *task, struct planted_commit *planted, struct error *error)
{
    const git_oid none = {{0}};
    const char *reference = task_where(task, "reference");

    planted->path = task_where(task, "path");
    planted->changes = json_object_get(task->meta, "changes");
    planted->submodule = task_where(task, "submodule");
    planted->removal = task_option(task, GIT_AWAY_REMOVAL);
    if (planted->submodule != NULL && !task_path_safe(planted->submodule))
        planted->path = NULL;
    planted->buried = task_where(task, "removed_in") != NULL;
    planted->over = task_where(task, "replaces") != NULL;
    planted->merged = task_where(task, "merge") != NULL;
    planted->stashed = reference != NULL && strcmp(reference, "refs/stash") == 0;
    planted->beside = reference != NULL && !planted->stashed;
    if (planted->path == NULL || !task_path_safe(planted->path) || read_id(task, "commit", &none, &planted->first) != 0 ||
        git_oid_is_zero(&planted->first) || read_id(task, "removed_in", &planted->first, &planted->end) != 0 ||
        read_id(task, "merge", &planted->end, &planted->end) != 0 ||
        read_id(task, "taken_out_in", &none, &planted->taken_out) != 0 || read_id(task, "blob", &none, &planted->blob) != 0)
        return error_set(error, "which commit this placement is, is not known");
    return 0;
}

int planted_open(const struct task *task, const char *target, struct planted_commit *planted, struct error *error)
{
    const char *reference = task_where(task, "reference");

    memset(planted, 0, sizeof(*planted));
    if (read_where(task, planted, error) != 0 ||
        repository_open(target, reference != NULL ? reference : task_where(task, "branch"), true,
                        &planted->repository, error) != 0)
        return -1;
    if (git_commit_lookup(&planted->commit, planted->repository.git, &planted->first) != 0)
        planted->commit = NULL;
    else if (planted_blob(planted->commit, planted->path, &planted->blob) != 0 && git_oid_is_zero(&planted->blob)) {
        planted_close(planted);
        return error_set(error, "the commit does not hold %s; it is not the one that was planted", planted->path);
    }
    return 0;
}

/* ---- inspect ---- */

struct search {
    const git_oid *blob;
    char path[1024];
};

static int match_blob(const char *root, const git_tree_entry *entry, void *payload)
{
    struct search *search = payload;

    if (!git_oid_equal(git_tree_entry_id(entry), search->blob))
        return 0;
    snprintf(search->path, sizeof(search->path), "%s%s", root, git_tree_entry_name(entry));
    return -1;
}

static bool elsewhere_at_tip(const struct planted_commit *planted, struct search *search)
{
    git_tree *tree = NULL;

    search->path[0] = '\0';
    search->blob = &planted->blob;
    if (planted->repository.tip != NULL && git_commit_tree(&tree, planted->repository.tip) == 0)
        git_tree_walk(tree, GIT_TREEWALK_PRE, match_blob, search);
    git_tree_free(tree);
    return search->path[0] != '\0';
}

static void judge_submodule(const struct planted_commit *planted, struct place_result *result)
{
    struct buffer text;
    struct slice section;
    int found;

    buffer_init(&text, MODULES_BYTES);
    found = planted_submodule(planted, planted->repository.tip, &text, &section);
    buffer_free(&text);
    if (found != 1) {
        result->state = "changed";
        place_note(result, "The submodule %s was %s since; history keeps it as it was planted.", planted->submodule,
                   found == 2 ? "changed" : "removed");
    }
}

/* By us, and it is still out. */
static bool judge_taken_out(const struct planted_commit *planted, struct place_result *result)
{
    const struct repository *repository = &planted->repository;
    char hex[GIT_OID_HEXSZ + 1];
    git_oid now;

    if (git_oid_is_zero(&planted->taken_out) || !repository_reaches(repository, repository->head, &planted->taken_out) ||
        (planted_blob(repository->tip, planted->path, &now) == 0 && git_oid_equal(&now, &planted->blob)))
        return false;
    result->state = "gone";
    place_note(result, "%.12s took it out of %s; history keeps it.",
               git_oid_tostr(hex, sizeof(hex), &planted->taken_out), planted->path);
    return true;
}

/* The branch's history holds the commit; is the file still as it was at its tip? */
static void judge_tip(const struct planted_commit *planted, struct place_result *result)
{
    char hex[GIT_OID_HEXSZ + 1];
    struct search search;
    git_oid now;

    result->state = "there";
    if (planted->buried || judge_taken_out(planted, result))
        return;
    if (planted->submodule != NULL)
        judge_submodule(planted, result);
    else if (planted_blob(planted->repository.tip, planted->path, &now) == 0) {
        if (!git_oid_equal(&now, &planted->blob)) {
            result->state = "changed";
            place_note(result, "%s was changed since; history keeps it as it was planted.", planted->path);
        }
    } else if (elsewhere_at_tip(planted, &search)) {
        result->state = "moved";
        place_note(result, "%s was renamed to %s.", planted->path, search.path);
        json_object_set_new(result->where, "path", json_string(search.path));
        json_object_set_new(result->where, "blob", json_string(git_oid_tostr(hex, sizeof(hex), &planted->blob)));
    } else {
        result->state = "changed";
        place_note(result, "%s was removed since; history keeps it.", planted->path);
    }
}

#define REWRITTEN_COMMITS 20000 /* that are looked through */

/* The oldest commit of the branch that holds the very file at its path, when the planted one is not in it any more, and
 * the one above it that does not. */
static bool find_rewritten(const struct planted_commit *planted, git_oid *commit, git_oid *above)
{
    git_revwalk *walk = NULL;
    git_oid id, before = {{0}}, blob;
    bool found = false;

    if (planted->repository.tip == NULL || git_oid_is_zero(&planted->blob) ||
        git_revwalk_new(&walk, planted->repository.git) != 0)
        return false;
    git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
    git_revwalk_push(walk, git_commit_id(planted->repository.tip));
    *above = before;
    for (int i = 0; i < REWRITTEN_COMMITS && git_revwalk_next(&id, walk) == 0; i++) {
        git_commit *one = NULL;
        bool holds = git_commit_lookup(&one, planted->repository.git, &id) == 0 &&
                     planted_blob(one, planted->path, &blob) == 0 && git_oid_equal(&blob, &planted->blob);

        git_commit_free(one);
        if (holds && !found)
            *above = before;
        if (holds)
            *commit = id;
        found = found || holds;
        before = id;
    }
    git_revwalk_free(walk);
    return found;
}

static void tell_rewritten(const git_oid *commit, const git_oid *above, struct place_result *result)
{
    char hex[GIT_OID_HEXSZ + 1];

    result->state = "moved";
    json_object_del(result->where, "merge");
    json_object_del(result->where, "removed_in");
    if (!git_oid_is_zero(above))
        json_object_set_new(result->where, "removed_in", json_string(git_oid_tostr(hex, sizeof(hex), above)));
    json_object_set_new(result->where, "commit", json_string(git_oid_tostr(hex, sizeof(hex), commit)));
    place_note(result, "The history was rewritten; the same file now came with %.12s.", hex);
}

/* What holds the lure was made for it and is gone, or the branch went another way. */
static void judge_lost(const struct planted_commit *planted, struct place_result *result)
{
    const struct repository *repository = &planted->repository;
    char *holder = planted->commit != NULL ? repository_other_holder(repository, &planted->first) : NULL;
    git_oid commit, above;

    if (holder != NULL) {
        result->state = "moved";
        place_note(result, "It is no longer on %s, but on %s.", repository_branch_name(repository), holder);
    } else if (find_rewritten(planted, &commit, &above)) {
        tell_rewritten(&commit, &above, result);
    } else {
        result->state = "gone";
        place_note(result, planted->commit != NULL ? "No branch or tag holds the commit any more; git gc will take it."
                                                   : "The commit is gone from the repository (git gc took it).");
    }
    free(holder);
}

static void judge(const struct planted_commit *planted, struct place_result *result)
{
    const struct repository *repository = &planted->repository;

    result->state = "there";
    if (planted->stashed && planted->commit != NULL && stash_holds(repository->git, &planted->first))
        return;
    if (!planted->stashed && planted->commit != NULL && repository->head != NULL &&
        repository_reaches(repository, repository->head, &planted->first))
        judge_tip(planted, result);
    else
        judge_lost(planted, result);
}

static int copy_where(const struct task *task, struct place_result *result, struct error *error)
{
    result->where = json_deep_copy(json_object_get(task->options, "where"));
    if (!json_is_object(result->where)) {
        json_decref(result->where);
        result->where = json_object();
    }
    return result->where != NULL ? 0 : error_set(error, "out of memory");
}

int planted_judge(const struct task *task, const struct planted_commit *planted, struct place_result *result,
                  struct error *error)
{
    if (copy_where(task, result, error) != 0)
        return -1;
    judge(planted, result);
    return 0;
}

int git_later_inspect(const struct task *task, const char *target, struct place_result *result, struct error *error)
{
    struct planted_commit planted;
    int rc;

    if (planted_open(task, target, &planted, error) != 0)
        return -1;
    rc = planted_judge(task, &planted, result, error);
    planted_close(&planted);
    return rc;
}
