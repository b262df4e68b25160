/* SPDX-License-Identifier: ISC */
#include "server/planter/git_later.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/repository.h"
#include "server/planter/stash.h"

struct planted_commit {
    struct repository repository; /* whose head, of a lure that lies beside a branch, is what holds it */
    git_oid first, end;           /* with the secret; what the reference named then: the same, what buried it, a merge */
    git_commit *commit;           /* NULL: git gc took it */
    git_oid blob;                 /* the secret's file; known unless the commit is gone and was planted long ago */
    const char *path;
    bool buried, merged, stashed, beside; /* beside: held by a reference that was made for it */
};

static void planted_close(struct planted_commit *planted)
{
    git_commit_free(planted->commit);
    repository_close(&planted->repository);
}

/* The blob at the path in a commit's tree. 0; 1 not there. */
static int blob_at(git_commit *commit, const char *path, git_oid *blob)
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
    planted->buried = task_where(task, "removed_in") != NULL;
    planted->merged = task_where(task, "merge") != NULL;
    planted->stashed = reference != NULL && strcmp(reference, "refs/stash") == 0;
    planted->beside = reference != NULL && !planted->stashed;
    if (planted->path == NULL || !task_path_safe(planted->path) || read_id(task, "commit", &none, &planted->first) != 0 ||
        git_oid_is_zero(&planted->first) || read_id(task, "removed_in", &planted->first, &planted->end) != 0 ||
        read_id(task, "merge", &planted->end, &planted->end) != 0 || read_id(task, "blob", &none, &planted->blob) != 0)
        return error_set(error, "which commit this placement is, is not known");
    return 0;
}

static int planted_open(const struct task *task, const char *target, struct planted_commit *planted,
                        struct error *error)
{
    const char *reference = task_where(task, "reference");

    memset(planted, 0, sizeof(*planted));
    if (read_where(task, planted, error) != 0 ||
        repository_open(target, reference != NULL ? reference : task_where(task, "branch"), true,
                        &planted->repository, error) != 0)
        return -1;
    if (git_commit_lookup(&planted->commit, planted->repository.git, &planted->first) != 0)
        planted->commit = NULL;
    else if (blob_at(planted->commit, planted->path, &planted->blob) != 0) {
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

/* The branch's history holds the commit; is the file still as it was at its tip? */
static void judge_tip(const struct planted_commit *planted, struct place_result *result)
{
    struct search search;
    git_oid now;

    result->state = "there";
    if (planted->buried)
        return;
    if (blob_at(planted->repository.tip, planted->path, &now) == 0) {
        if (!git_oid_equal(&now, &planted->blob)) {
            result->state = "changed";
            place_note(result, "%s was changed since; history keeps it as it was planted.", planted->path);
        }
    } else if (elsewhere_at_tip(planted, &search)) {
        result->state = "moved";
        place_note(result, "%s was renamed to %s.", planted->path, search.path);
        json_object_set_new(result->where, "path", json_string(search.path));
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
                     blob_at(one, planted->path, &blob) == 0 && git_oid_equal(&blob, &planted->blob);

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

int git_later_inspect(const struct task *task, const char *target, struct place_result *result, struct error *error)
{
    struct planted_commit planted;
    int rc;

    if (planted_open(task, target, &planted, error) != 0)
        return -1;
    rc = copy_where(task, result, error);
    if (rc == 0)
        judge(&planted, result);
    planted_close(&planted);
    return rc;
}

/* ---- uproot ---- */

/* The commit that the planted ones stand on; NULL with *root where they began the history. */
static git_commit *ground_of(const struct planted_commit *planted, bool *root)
{
    git_commit *ground = NULL;

    *root = git_commit_parentcount(planted->commit) == 0;
    if (*root || git_commit_parent(&ground, planted->commit, 0) != 0)
        return NULL;
    return ground;
}

/* Are they the branch's last commits, in a row or with their merge, and nobody else's? */
static bool droppable(const struct planted_commit *planted)
{
    const git_commit *tip = planted->repository.tip;
    bool row = git_oid_equal(&planted->first, &planted->end);
    char *holder;

    if (tip == NULL || !git_oid_equal(git_commit_id(tip), &planted->end))
        return false;
    if (!row && planted->merged)
        row = git_commit_parentcount(tip) == 2 && git_commit_parentcount(planted->commit) == 1 &&
              git_oid_equal(git_commit_parent_id(tip, 0), git_commit_parent_id(planted->commit, 0));
    else if (!row)
        row = git_commit_parentcount(tip) == 1 && git_oid_equal(git_commit_parent_id(tip, 0), &planted->first);
    holder = row ? repository_other_holder(&planted->repository, &planted->first) : NULL;
    row = row && holder == NULL;
    free(holder);
    return row;
}

static int set_branch(const struct repository *repository, const git_oid *to, const char *log, struct error *error)
{
    git_reference *moved = NULL;
    int rc = to != NULL ? git_reference_set_target(&moved, repository->head, to, log)
                        : git_reference_delete(repository->head);

    git_reference_free(moved);
    return rc == 0 ? 0 : repository_error(error, "cannot move the branch %s", repository_branch_name(repository));
}

/* What the dropped commits added and the ground has not: out of index and work tree. */
static void follow_drop(const struct planted_commit *planted, git_commit *ground, struct place_result *result)
{
    git_diff *diff = NULL;
    git_tree *before = NULL, *after = NULL;
    struct error error;

    if (!planted->repository.checked_out || (ground != NULL && git_commit_tree(&before, ground) != 0) ||
        git_commit_tree(&after, planted->repository.tip) != 0 ||
        git_diff_tree_to_tree(&diff, planted->repository.git, before, after, NULL) != 0)
        goto out;
    for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);

        if (delta->status != GIT_DELTA_ADDED || !task_path_safe(delta->new_file.path))
            continue;
        if (repository_unchanged(&planted->repository, delta->new_file.path, &delta->new_file.id))
            repository_remove_file(&planted->repository, delta->new_file.path);
        else
            place_note(result, "%s was changed in the work tree and stays there.", delta->new_file.path);
        if (repository_index(&planted->repository, delta->new_file.path, NULL, false, &error) != 0)
            place_note(result, "%s", error.text);
    }
out:
    git_diff_free(diff);
    git_tree_free(before);
    git_tree_free(after);
}

static int drop(const struct planted_commit *planted, struct place_result *result, struct error *error)
{
    bool root;
    git_commit *ground = ground_of(planted, &root);
    int rc = -1;

    if (ground == NULL && !root)
        repository_error(error, "cannot read the commit before the lure");
    else
        rc = set_branch(&planted->repository, ground != NULL ? git_commit_id(ground) : NULL, "reset: moving to HEAD~",
                        error);
    if (rc == 0) {
        follow_drop(planted, ground, result);
        result->state = "gone";
        place_note(result,
                   "The lure's commits were dropped from %s; nobody else had them. git gc forgets them in time.",
                   repository_branch_name(&planted->repository));
    }
    git_commit_free(ground);
    return rc;
}

static int remove_commit(const struct planted_commit *planted, git_tree *tree, git_oid *id, struct error *error)
{
    const git_commit *parents[] = {planted->repository.tip};
    const git_signature *author =
        git_commit_author(planted->commit != NULL ? planted->commit : planted->repository.tip);
    int64_t now = clock_wall() / 1000000, tip = git_commit_time(planted->repository.tip);
    git_signature *who = NULL;
    char message[1100];
    int rc = -1;

    snprintf(message, sizeof(message), "Remove %s\n", planted->path);
    if (git_signature_new(&who, author->name, author->email, now > tip ? now : tip, author->when.offset) == 0)
        rc = git_commit_create(id, planted->repository.git, NULL, who, who, NULL, message, tree, 1, parents);
    git_signature_free(who);
    return rc == 0 ? 0 : repository_error(error, "cannot make the commit that takes the file out");
}

/* A new commit without the file. */
static int take_out(const struct planted_commit *planted, struct place_result *result, struct error *error)
{
    const struct repository *repository = &planted->repository;
    git_tree_update update = {.action = GIT_TREE_UPDATE_REMOVE, .path = planted->path};
    git_tree *tree = NULL, *changed = NULL;
    git_oid id;
    int rc = -1;

    if (git_commit_tree(&tree, repository->tip) != 0 ||
        git_tree_create_updated(&id, repository->git, tree, 1, &update) != 0 ||
        git_tree_lookup(&changed, repository->git, &id) != 0)
        repository_error(error, "cannot make a tree without %s", planted->path);
    else if (remove_commit(planted, changed, &id, error) == 0)
        rc = set_branch(repository, &id, "commit: Remove", error);
    if (rc == 0 && repository->checked_out) {
        if (repository_unchanged(repository, planted->path, &planted->blob))
            repository_remove_file(repository, planted->path);
        if (repository_index(repository, planted->path, NULL, false, error) != 0)
            place_note(result, "%s", error->text);
    }
    git_tree_free(tree);
    git_tree_free(changed);
    return rc;
}

/* A stash entry, or a tag or branch that was made for the lure and names nothing else. */
static int take_away(const struct planted_commit *planted, struct place_result *result, struct error *error)
{
    const struct repository *repository = &planted->repository;

    if (planted->stashed && stash_drop(repository->git, &planted->first, error) != 0)
        return -1;
    if (!planted->stashed && git_reference_delete(repository->head) != 0)
        return repository_error(error, "cannot delete %s", repository->branch);
    result->state = "gone";
    place_note(result, planted->stashed ? "The entry was dropped from the stash." : "%s was deleted; clones that have "
                       "it keep it.", repository->branch);
    return 0;
}

static bool names_only_lure(const struct planted_commit *planted)
{
    return planted->stashed || (planted->beside && planted->repository.tip != NULL &&
                                git_oid_equal(git_commit_id(planted->repository.tip), &planted->end));
}

static int uproot(const struct planted_commit *planted, bool shared, struct place_result *result, struct error *error)
{
    git_oid now;

    if (strcmp(result->state, "gone") == 0)
        return 0;
    if (strcmp(result->state, "moved") == 0 && (planted->stashed || planted->beside))
        return error_set(error, "the commits are held by something else now; look for them with: git branch --all "
                                "--contains, git tag --contains");
    if (names_only_lure(planted))
        return take_away(planted, result, error);
    if (!shared && droppable(planted))
        return drop(planted, result, error);
    if (blob_at(planted->repository.tip, planted->path, &now) == 0 &&
        (!planted->buried || git_oid_equal(&now, &planted->blob))) {
        if (!git_oid_equal(&now, &planted->blob))
            return error_set(error, "%s was changed since it was planted; remove it by hand if it is only the lure",
                             planted->path);
        if (take_out(planted, result, error) != 0)
            return -1;
        result->state = "gone";
        place_note(result, "A new commit takes %s out. History and clones keep it: the token must go on alerting.",
                   planted->path);
        return 0;
    }
    return error_set(error,
                     "the secret stands only in history, on which later commits or other copies build; Sundew does "
                     "not rewrite that. Leave it, or rewrite the history yourself");
}

int git_later_uproot(const struct task *task, const char *target, bool shared, struct place_result *result,
                     struct error *error)
{
    struct planted_commit planted;
    int rc;

    if (planted_open(task, target, &planted, error) != 0)
        return -1;
    rc = repository_quiet(&planted.repository, error);
    if (rc == 0)
        rc = copy_where(task, result, error);
    if (rc == 0) {
        judge(&planted, result);
        rc = uproot(&planted, shared, result, error);
    }
    planted_close(&planted);
    return rc;
}
