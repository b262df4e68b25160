/* SPDX-License-Identifier: ISC
 *
 * git:PATH[#BRANCH]: a change as a commit on a branch of a repository, bare or not. A buried lure is two commits: the
 * second takes the secret out again. The branch moves once, from the tip that was read to the last commit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/planter/changes.h"
#include "server/planter/git_later.h"
#include "server/planter/manner.h"
#include "server/planter/place.h"
#include "server/planter/repository.h"

struct planting {
    struct repository repository;
    struct changes changes;
    struct manner manner;
    struct buffer messages[CHANGES]; /* in that manner */
    git_oid commits[CHANGES];
};

/* ---- commits, which nothing refers to yet ---- */

static int check_new(git_tree *base, const char *path, struct error *error)
{
    git_tree_entry *entry = NULL;
    int rc = base != NULL ? git_tree_entry_bypath(&entry, base, path) : GIT_ENOTFOUND;

    git_tree_entry_free(entry);
    if (rc == GIT_ENOTFOUND)
        return 0;
    return rc == 0 ? error_set(error, "%s is in the repository already and stays as it is; choose another --path", path)
                   : repository_error(error, "cannot look for %s", path);
}

static int make_tree(git_repository *git, git_tree *base, const struct change *change, git_tree **out,
                     struct error *error)
{
    git_tree_update updates[CHANGE_FILES] = {{0}};
    git_oid id;

    for (size_t i = 0; i < change->file_count; i++) {
        const struct change_file *file = &change->files[i];

        updates[i].path = file->path;
        updates[i].action = file->file != NULL ? GIT_TREE_UPDATE_UPSERT : GIT_TREE_UPDATE_REMOVE;
        updates[i].filemode = GIT_FILEMODE_BLOB;
        if (file->file != NULL &&
            git_blob_create_from_buffer(&updates[i].id, git, file->file->data.data, file->file->data.length) != 0)
            return repository_error(error, "cannot write %s into the repository", file->path);
    }
    if (git_tree_create_updated(&id, git, base, change->file_count, updates) != 0 ||
        git_tree_lookup(out, git, &id) != 0)
        return repository_error(error, "cannot make the changed tree");
    return 0;
}

static int make_commit(git_repository *git, const struct change *change, git_tree *tree, git_commit *parent,
                       git_oid *id, struct error *error)
{
    const git_commit *parents[] = {parent};
    git_signature *who = NULL;
    int rc = -1;

    if (git_signature_new(&who, change->name, change->mail, change->time_s, change->offset) != 0)
        repository_error(error, "the lure's author is none that git takes");
    else if (git_commit_create(id, git, NULL, who, who, NULL, change->message, tree, parent != NULL ? 1 : 0, parents) !=
             0)
        repository_error(error, "cannot make the commit");
    else
        rc = 0;
    git_signature_free(who);
    return rc;
}

static git_tree *empty_tree(git_repository *git)
{
    git_treebuilder *builder = NULL;
    git_tree *tree = NULL;
    git_oid id;

    if (git_treebuilder_new(&builder, git, NULL) == 0 && git_treebuilder_write(&id, builder) == 0 &&
        git_tree_lookup(&tree, git, &id) != 0)
        tree = NULL;
    git_treebuilder_free(builder);
    return tree;
}

static int make_commits(struct planting *planting, struct error *error)
{
    struct repository *repository = &planting->repository;
    git_commit *parent = NULL;
    git_tree *tree = NULL, *next = NULL;
    int rc = 0;

    if (repository->tip != NULL) {
        rc = git_commit_dup(&parent, repository->tip);
        if (rc == 0)
            rc = git_commit_tree(&tree, repository->tip);
    } else {
        tree = empty_tree(repository->git);
    }
    if (rc != 0 || tree == NULL)
        rc = repository_error(error, "cannot read the branch's newest commit");
    for (size_t i = 0; i < planting->changes.count && rc == 0; i++) {
        const struct change *change = &planting->changes.list[i];

        rc = make_tree(repository->git, tree, change, &next, error);
        if (rc == 0)
            rc = make_commit(repository->git, change, next, parent, &planting->commits[i], error);
        git_commit_free(parent);
        parent = NULL;
        git_tree_free(tree);
        tree = next;
        next = NULL;
        if (rc == 0 && git_commit_lookup(&parent, repository->git, &planting->commits[i]) != 0)
            rc = repository_error(error, "cannot read the new commit");
    }
    git_commit_free(parent);
    git_tree_free(tree);
    return rc;
}

/* ---- the branch, and the work tree that follows it ---- */

static int move_branch(struct planting *planting, struct error *error)
{
    struct repository *repository = &planting->repository;
    const git_oid *last = &planting->commits[planting->changes.count - 1];
    git_reference *moved = NULL;
    int rc;

    /* As a fetched change looks; a bare repository keeps no such log. */
    if (repository->head != NULL)
        rc = git_reference_set_target(&moved, repository->head, last, "pull: Fast-forward");
    else
        rc = git_reference_create(&moved, repository->git, repository->branch, last, 0, "commit (initial)");
    git_reference_free(moved);
    if (rc == GIT_ELOCKED)
        return error_set(error, "the branch is locked by another git; try again, or remove a stale %s.lock",
                         repository->branch);
    if (rc == GIT_EMODIFIED || rc == GIT_EEXISTS)
        return error_set(error, "somebody else has just changed the branch; try again");
    return rc == 0 ? 0 : repository_error(error, "cannot move the branch %s", repository_branch_name(repository));
}

/* Calls `act` for each path that is in the tree in the end. */
static int each_final(const struct planting *planting,
                      int (*act)(const struct planting *, const char *, const struct task_file *, struct error *),
                      struct error *error)
{
    for (size_t i = 0; i < planting->changes.count; i++) {
        const struct change *change = &planting->changes.list[i];

        for (size_t f = 0; f < change->file_count; f++) {
            const struct task_file *file = changes_final(&planting->changes, change->files[f].path);

            if (file != NULL && change->files[f].file == file && act(planting, change->files[f].path, file, error) != 0)
                return -1;
        }
    }
    return 0;
}

static int check_path(const struct planting *planting, const char *path, const struct task_file *file,
                      struct error *error)
{
    (void)file;
    return repository_free_path(&planting->repository, path, error);
}

static int write_path(const struct planting *planting, const char *path, const struct task_file *file,
                      struct error *error)
{
    return repository_write_file(&planting->repository, path, buffer_slice(&file->data),
                                 planting->changes.list[planting->changes.count - 1].time_s, error);
}

static int remove_path(const struct planting *planting, const char *path, const struct task_file *file,
                       struct error *error)
{
    git_oid id;

    (void)error;
    if (git_odb_hash(&id, file->data.data, file->data.length, GIT_OBJECT_BLOB) == 0 &&
        repository_unchanged(&planting->repository, path, &id))
        repository_remove_file(&planting->repository, path);
    return 0;
}

static int index_path(const struct planting *planting, const char *path, const struct task_file *file,
                      struct error *error)
{
    git_oid id;

    if (git_odb_hash(&id, file->data.data, file->data.length, GIT_OBJECT_BLOB) != 0)
        return repository_error(error, "cannot hash %s", path);
    return repository_index(&planting->repository, path, &id, error);
}

static int check_index_lock(const struct repository *repository, struct error *error)
{
    git_buf path = {NULL};
    int rc = 0;

    if (git_repository_item_path(&path, repository->git, GIT_REPOSITORY_ITEM_INDEX) == 0) {
        size_t size = strlen(path.ptr) + sizeof(".lock");
        char *lock = malloc(size);

        if (lock != NULL)
            snprintf(lock, size, "%s.lock", path.ptr);
        if (lock != NULL && access(lock, F_OK) == 0)
            rc = error_set(error, "another git works in %s; try again, or remove a stale %s", repository->path, lock);
        free(lock);
    }
    git_buf_dispose(&path);
    return rc;
}

static int commit_all(struct planting *planting, struct place_result *result, struct error *error)
{
    struct repository *repository = &planting->repository;
    struct error ignored;

    if (make_commits(planting, error) != 0)
        return -1;
    if (repository->checked_out && each_final(planting, write_path, error) != 0)
        goto undo;
    if (move_branch(planting, error) != 0)
        goto undo;
    if (repository->checked_out && each_final(planting, index_path, &ignored) != 0)
        place_note(result, "%s", ignored.text);
    return 0;
undo:
    if (repository->checked_out)
        each_final(planting, remove_path, &ignored);
    return -1;
}

/* ---- planting ---- */

/* What the change does to the secret: brings it ("commit"), takes it away or writes it over ("removed_in"). */
static const char *secret_part(const struct changes *changes, const struct change *change)
{
    for (size_t f = 0; f < change->file_count; f++) {
        if (strcmp(change->files[f].path, changes->secret_path) == 0)
            return change->files[f].file == changes->secret_file ? "commit" : "removed_in";
    }
    return NULL;
}

static int tell_where(const struct task *task, const struct planting *planting, bool done, struct place_result *result)
{
    const struct repository *repository = &planting->repository;
    json_t *line = json_object_get(task->meta, "line");
    char hex[GIT_OID_HEXSZ + 1];

    result->where = json_pack("{s:s,s:s,s:s}", "repository", repository->path, "branch",
                              repository_branch_name(repository), "path", planting->changes.secret_path);
    if (result->where == NULL)
        return -1;
    if (json_is_integer(line))
        json_object_set(result->where, "line", line);
    for (size_t i = 0; i < planting->changes.count && done; i++) {
        const char *part = secret_part(&planting->changes, &planting->changes.list[i]);

        if (part != NULL)
            json_object_set_new(result->where, part,
                                json_string(git_oid_tostr(hex, sizeof(hex), &planting->commits[i])));
    }
    return 0;
}

static void tell_people(const struct planting *planting, bool done, struct place_result *result)
{
    const struct repository *repository = &planting->repository;
    char date[CLOCK_TEXT];

    for (size_t i = 0; i < planting->changes.count; i++) {
        const struct change *change = &planting->changes.list[i];

        place_note(result, "%s on %s: \"%.*s\" by %s, %.10s", done ? "Committed" : "Would commit",
                   repository_branch_name(repository), (int)strcspn(change->message, "\n"), change->message,
                   change->name, clock_text(change->time_s * 1000000, date));
    }
    if (!git_repository_is_bare(repository->git) && !repository->checked_out)
        place_note(result, "The branch is not checked out, so the work tree stays as it is.");
}

static int check_all(const struct task *task, struct planting *planting, struct error *error)
{
    struct repository *repository = &planting->repository;
    int64_t tip_s = repository->tip != NULL ? git_commit_time(repository->tip) : 0;
    git_tree *tree = NULL;
    int rc = changes_date(&planting->changes, tip_s, clock_wall() / 1000000, task_option(task, "at") != NULL, error);

    if (rc == 0 && repository->tip != NULL && git_commit_tree(&tree, repository->tip) != 0)
        rc = repository_error(error, "cannot read the branch's newest commit");
    for (size_t i = 0; i < planting->changes.count && rc == 0; i++) {
        const struct change *change = &planting->changes.list[i];

        for (size_t f = 0; f < change->file_count && rc == 0; f++)
            rc = check_new(tree, change->files[f].path, error);
    }
    if (rc == 0 && repository->checked_out)
        rc = check_index_lock(repository, error);
    if (rc == 0 && repository->checked_out)
        rc = each_final(planting, check_path, error);
    git_tree_free(tree);
    return rc;
}

static int git_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct planting planting;
    bool dry = task_flag(task, "dry_run");
    int rc = -1;

    memset(&planting, 0, sizeof(planting));
    if (changes_read(task, &planting.changes, error) != 0 ||
        repository_open(task->target, NULL, &planting.repository, error) != 0)
        return -1;
    for (size_t i = 0; i < CHANGES; i++)
        buffer_init(&planting.messages[i], TASK_BYTES);
    manner_learn(planting.repository.git, planting.repository.tip, &planting.manner);
    manner_apply(&planting.manner, &planting.changes, planting.messages);
    if (check_all(task, &planting, error) == 0 && (dry || commit_all(&planting, result, error) == 0)) {
        rc = tell_where(task, &planting, !dry, result);
        tell_people(&planting, !dry, result);
        result->state = dry ? "planned" : "there";
    }
    for (size_t i = 0; i < CHANGES; i++)
        buffer_free(&planting.messages[i]);
    manner_free(&planting.manner);
    repository_close(&planting.repository);
    return rc;
}

/* ---- owner and cage ---- */

static char *git_owner(const struct task *task)
{
    const char *hash = access(task->target, F_OK) == 0 ? NULL : strrchr(task->target, '#');

    return hash != NULL ? strndup(task->target, (size_t)(hash - task->target)) : strdup(task->target);
}

static int git_paths(const struct task *task, struct place_paths *paths, struct error *error)
{
    git_repository *git = NULL;
    char *path = git_owner(task);
    int rc = -1;

    if (path != NULL && git_repository_open_ext(&git, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) != 0)
        rc = 0; /* told when it is opened for work */
    else if (path != NULL && place_paths_add(paths, git_repository_path(git), error) == 0 &&
             place_paths_add(paths, git_repository_commondir(git), error) == 0)
        rc = place_paths_add(paths, git_repository_workdir(git), error);
    git_repository_free(git);
    free(path);
    return rc;
}

const struct place place_git = {
    .scheme = "git",
    .owner = git_owner,
    .paths = git_paths,
    .plant = git_plant,
    .inspect = git_later_inspect,
    .uproot = git_later_uproot,
};
