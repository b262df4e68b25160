/* SPDX-License-Identifier: ISC
 *
 * Takes a lure out of a repository. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/git_later.h"
#include "server/planter/planted.h"
#include "server/planter/stash.h"

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
    if (planted_blob(planted->repository.tip, planted->path, &now) == 0 &&
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
        rc = planted_judge(task, &planted, result, error);
    if (rc == 0)
        rc = uproot(&planted, shared, result, error);
    planted_close(&planted);
    return rc;
}
