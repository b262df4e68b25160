/* SPDX-License-Identifier: ISC
 *
 * Takes a lure out of a repository. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/git_later.h"
#include "server/planter/modules.h"
#include "server/planter/planted.h"
#include "server/planter/stash.h"

#define FILES 16 /* of a lure, that one commit takes out */

/* The commit that the planted ones stand on; NULL with *root where they began the history. */
static git_commit *ground_of(const struct planted_commit *planted, bool *root)
{
    git_commit *ground = NULL;

    *root = git_commit_parentcount(planted->commit) == 0;
    if (*root || git_commit_parent(&ground, planted->commit, 0) != 0)
        return NULL;
    return ground;
}

static bool is_lures(const struct planted_commit *planted, const char *path)
{
    const json_t *change, *file;
    size_t c, f;

    if (strcmp(path, planted->path) == 0 || (planted->submodule != NULL && strcmp(path, planted->submodule) == 0))
        return true;
    json_array_foreach(planted->changes, c, change)
        json_array_foreach(json_object_get(change, "files"), f, file)
            if (json_is_string(json_object_get(file, "path")) &&
                strcmp(json_string_value(json_object_get(file, "path")), path) == 0)
                return true;
    return false;
}

/* What that commit has changed since the one that the lure stands on; NULL where it is not known any more. */
static git_diff *changed_by(const struct planted_commit *planted, const git_commit *commit)
{
    git_tree *before = NULL, *after = NULL;
    git_diff *diff = NULL;
    bool root = false;
    git_commit *ground = planted->commit != NULL ? ground_of(planted, &root) : NULL;

    if ((root || (ground != NULL && git_commit_tree(&before, ground) == 0)) && git_commit_tree(&after, commit) == 0)
        (void)git_diff_tree_to_tree(&diff, planted->repository.git, before, after, NULL);
    git_tree_free(before);
    git_tree_free(after);
    git_commit_free(ground);
    return diff;
}

/* Who amends or squashes commits may have put files of their own into the lure's. */
static bool holds_nothing_else(const struct planted_commit *planted)
{
    git_diff *diff = changed_by(planted, planted->repository.tip);
    bool nothing = diff != NULL;

    for (size_t i = 0; nothing && i < git_diff_num_deltas(diff); i++)
        nothing = is_lures(planted, git_diff_get_delta(diff, i)->new_file.path);
    git_diff_free(diff);
    return nothing;
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
    row = row && holder == NULL && holds_nothing_else(planted);
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

static void unindex(const struct planted_commit *planted, const char *path, struct place_result *result)
{
    struct error error;

    if (repository_index(&planted->repository, path, NULL, GIT_FILEMODE_BLOB, &error) != 0)
        place_note(result, "%s", error.text);
}

static void unwrite(const struct planted_commit *planted, const char *path, const git_oid *id, struct place_result *result)
{
    if (repository_unchanged(&planted->repository, path, id))
        repository_remove_file(&planted->repository, path);
    else
        place_note(result, "%s was changed in the work tree and stays there.", path);
    unindex(planted, path, result);
}

static void unlink_submodule(const struct planted_commit *planted, const char *path, struct place_result *result)
{
    if (!repository_remove_folder(&planted->repository, path))
        place_note(result, "The folder %s is not empty and stays in the work tree.", path);
    unindex(planted, path, result);
}

/* The file becomes what another blob is. */
static void rewrite(const struct planted_commit *planted, const char *path, const git_oid *from, const git_oid *to,
                    struct place_result *result)
{
    git_blob *blob = NULL;
    struct error error;
    int rc = 0;

    if (!repository_unchanged(&planted->repository, path, from))
        place_note(result, "%s was changed in the work tree and stays there as it is.", path);
    else if (git_blob_lookup(&blob, planted->repository.git, to) != 0)
        rc = repository_error(&error, "cannot read what %s was", path);
    else
        rc = repository_replace_file(&planted->repository, path,
                                     (struct slice){git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)}, &error);
    if (rc == 0)
        rc = repository_index(&planted->repository, path, to, GIT_FILEMODE_BLOB, &error);
    if (rc != 0)
        place_note(result, "%s", error.text);
    git_blob_free(blob);
}

/* Index and work tree become what `after` is, where they still are what `before` is. */
static void follow(const struct planted_commit *planted, git_tree *before, git_tree *after, struct place_result *result)
{
    git_diff *diff = NULL;

    if (!planted->repository.checked_out ||
        git_diff_tree_to_tree(&diff, planted->repository.git, before, after, NULL) != 0)
        return;
    for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        const char *path = delta->old_file.path;

        if (!task_path_safe(path))
            continue;
        if (delta->status == GIT_DELTA_DELETED && delta->old_file.mode == GIT_FILEMODE_COMMIT)
            unlink_submodule(planted, path, result);
        else if (delta->status == GIT_DELTA_DELETED)
            unwrite(planted, path, &delta->old_file.id, result);
        else if (delta->status == GIT_DELTA_MODIFIED && delta->new_file.mode == GIT_FILEMODE_BLOB)
            rewrite(planted, path, &delta->old_file.id, &delta->new_file.id, result);
    }
    git_diff_free(diff);
}

static void follow_drop(const struct planted_commit *planted, git_commit *ground, struct place_result *result)
{
    git_tree *before = NULL, *after = NULL;

    if (git_commit_tree(&before, planted->repository.tip) == 0 &&
        (ground == NULL || git_commit_tree(&after, ground) == 0))
        follow(planted, before, after, result);
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

static const char *named(const struct planted_commit *planted)
{
    return planted->submodule != NULL ? planted->submodule : planted->path;
}

static void write_message(const struct planted_commit *planted, char *message, size_t size)
{
    const char *path = named(planted), *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const char *star = planted->removal != NULL ? strchr(planted->removal, '*') : NULL, *dot = strrchr(name, '.');
    int length = (int)(dot != NULL ? (size_t)(dot - name) : strlen(name)), before;

    snprintf(message, size, "Remove %s\n", path);
    if (star == NULL)
        return;
    before = (int)(star - planted->removal);
    snprintf(message, size, "%.*s%.*s%s", before, planted->removal, length, name, star + 1);
    for (int i = before; i < before + length; i++)
        message[i] = message[i] == '-' ? ' ' : message[i];
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

    write_message(planted, message, sizeof(message));
    if (git_signature_new(&who, author->name, author->email, now > tip ? now : tip, author->when.offset) == 0)
        rc = git_commit_create(id, planted->repository.git, NULL, who, who, NULL, message, tree, 1, parents);
    git_signature_free(who);
    return rc == 0 ? 0 : repository_error(error, "cannot make the commit that takes the file out");
}

/* The tip's tree without the submodule, and without its section in .gitmodules, which goes when nothing else is left. */
static int submodule_tree(const struct planted_commit *planted, git_tree *tree, git_oid *id)
{
    git_tree_update updates[] = {{.action = GIT_TREE_UPDATE_REMOVE, .path = planted->submodule},
                                 {.action = GIT_TREE_UPDATE_REMOVE, .path = planted->path}};
    git_repository *git = planted->repository.git;
    struct buffer text, rest;
    struct slice section = SLICE_NONE;
    int rc = -1;

    buffer_init(&text, MODULES_BYTES);
    buffer_init(&rest, MODULES_BYTES);
    if (planted_submodule(planted, planted->repository.tip, &text, &section) == 1)
        modules_remove(&rest, buffer_slice(&text), section);
    if (rest.length > 0) {
        updates[1].action = GIT_TREE_UPDATE_UPSERT;
        updates[1].filemode = GIT_FILEMODE_BLOB;
    }
    if (section.data != NULL && !rest.failed &&
        (rest.length == 0 || git_blob_create_from_buffer(&updates[1].id, git, rest.data, rest.length) == 0))
        rc = git_tree_create_updated(id, git, tree, 2, updates);
    buffer_free(&text);
    buffer_free(&rest);
    return rc;
}

/* A file that came with the secret's, as it was at the tip still. */
static bool is_companion(const struct planted_commit *planted, const git_diff_delta *delta)
{
    git_oid now;

    return delta->status == GIT_DELTA_ADDED && is_lures(planted, delta->new_file.path) &&
           delta->new_file.mode != GIT_FILEMODE_COMMIT &&
           strcmp(delta->new_file.path, planted->path) != 0 &&
           planted_blob(planted->repository.tip, delta->new_file.path, &now) == 0 &&
           git_oid_equal(&now, &delta->new_file.id);
}

/* The tip's tree without the secret's file, and without those that serve it alone. */
static int file_tree(const struct planted_commit *planted, git_tree *tree, git_oid *id)
{
    git_tree_update updates[FILES] = {{.action = GIT_TREE_UPDATE_REMOVE, .path = planted->path}};
    git_diff *diff = planted->commit != NULL ? changed_by(planted, planted->commit) : NULL;
    size_t count = 1;
    int rc;

    for (size_t i = 0; diff != NULL && i < git_diff_num_deltas(diff) && count < FILES; i++)
        if (is_companion(planted, git_diff_get_delta(diff, i)))
            updates[count++] = (git_tree_update){.action = GIT_TREE_UPDATE_REMOVE,
                                                 .path = git_diff_get_delta(diff, i)->new_file.path};
    rc = git_tree_create_updated(id, planted->repository.git, tree, count, updates);
    git_diff_free(diff);
    return rc;
}

/* A new commit without it. */
static int take_out(const struct planted_commit *planted, struct place_result *result, struct error *error)
{
    const struct repository *repository = &planted->repository;
    git_tree *tree = NULL, *changed = NULL;
    char hex[GIT_OID_HEXSZ + 1];
    git_oid id;
    int rc = -1;

    if (git_commit_tree(&tree, repository->tip) != 0 ||
        (planted->submodule != NULL ? submodule_tree : file_tree)(planted, tree, &id) != 0 ||
        git_tree_lookup(&changed, repository->git, &id) != 0)
        repository_error(error, "cannot make a tree without %s", named(planted));
    else if (remove_commit(planted, changed, &id, error) == 0)
        rc = set_branch(repository, &id, "commit: Remove", error);
    if (rc == 0) {
        follow(planted, tree, changed, result);
        result->state = "gone";
        json_object_set_new(result->where, "taken_out_in", json_string(git_oid_tostr(hex, sizeof(hex), &id)));
        place_note(result, "A new commit takes %s out. History and clones keep it: the token must go on alerting.",
                   named(planted));
    }
    git_tree_free(tree);
    git_tree_free(changed);
    return rc;
}

/* At the tip: 1 as it was planted, 2 otherwise, 0 not at all. */
static int at_tip(const struct planted_commit *planted)
{
    struct buffer text;
    struct slice section;
    git_oid now;
    int rc;

    if (planted->submodule == NULL)
        return planted_blob(planted->repository.tip, planted->path, &now) != 0 ? 0
               : git_oid_equal(&now, &planted->blob)                           ? 1
                                                                               : 2;
    buffer_init(&text, MODULES_BYTES);
    rc = planted_submodule(planted, planted->repository.tip, &text, &section);
    buffer_free(&text);
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
    int found;

    if (strcmp(result->state, "gone") == 0)
        return 0;
    if (strcmp(result->state, "moved") == 0 && (planted->stashed || planted->beside))
        return error_set(error, "the commits are held by something else now; look for them with: git branch --all "
                                "--contains, git tag --contains");
    if (names_only_lure(planted))
        return take_away(planted, result, error);
    if (!shared && !planted->over && droppable(planted))
        return drop(planted, result, error);
    found = at_tip(planted);
    if (found == 1)
        return take_out(planted, result, error);
    if (found == 2 && !planted->buried)
        return error_set(error, "%s was changed since it was planted; remove it by hand if it is only the lure",
                         named(planted));
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
    if (rc == 0 && json_is_string(json_object_get(result->where, "path"))) /* it may have been renamed */
        planted.path = json_string_value(json_object_get(result->where, "path"));
    if (rc == 0)
        rc = uproot(&planted, shared, result, error);
    planted_close(&planted);
    return rc;
}
