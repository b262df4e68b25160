/* SPDX-License-Identifier: ISC
 *
 * git:PATH[#BRANCH]: a change as commits of a repository, bare or not. A buried lure is two commits: the second takes
 * the secret out again. One reference moves, once, from what was read to what was made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/planter/git_later.h"
#include "server/planter/git_show.h"
#include "server/planter/graft.h"
#include "server/planter/place.h"

/* ---- the work tree follows the branch ---- */

static bool has_followers(const struct graft *graft)
{
    return graft->repository.checked_out && graft_moves(graft);
}

/* Calls `act` for each file that is in the tree in the end. */
static int each_final(const struct graft *graft,
                      int (*act)(const struct graft *, const struct change_file *, struct error *),
                      struct error *error)
{
    for (size_t i = 0; i < graft->changes.count; i++) {
        const struct change *change = &graft->changes.list[i];

        for (size_t f = 0; f < change->file_count; f++) {
            const struct change_file *file = &change->files[f];

            if ((file->file != NULL || file->link != NULL) &&
                changes_final(&graft->changes, file->path) == file->file &&
                act(graft, file, error) != 0)
                return -1;
        }
    }
    return 0;
}

/* The file as the branch had it; only for one that grows. */
static int base_blob(const struct graft *graft, const char *path, git_blob **blob, struct error *error)
{
    git_object *object = NULL;

    if (git_object_lookup_bypath(&object, (const git_object *)graft->base, path, GIT_OBJECT_BLOB) != 0)
        return repository_error(error, "cannot read %s", path);
    *blob = (git_blob *)object;
    return 0;
}

static int check_grown(const struct graft *graft, const char *path, struct error *error)
{
    git_blob *blob = NULL;
    int rc = base_blob(graft, path, &blob, error);

    if (rc == 0)
        rc = repository_settled(&graft->repository, path, git_blob_id(blob), error);
    git_blob_free(blob);
    return rc;
}

static int check_file(const struct graft *graft, const struct change_file *file, struct error *error)
{
    if (file->grows)
        return check_grown(graft, file->path, error);
    if (graft->instead != NULL && strcmp(graft->instead, file->path) == 0)
        return 0;
    return repository_free_path(&graft->repository, file->path, error);
}

static int write_file(const struct graft *graft, const struct change_file *file, struct error *error)
{
    if (file->link != NULL)
        return repository_make_folder(&graft->repository, file->path, error);
    if (file->grows)
        return repository_replace_file(&graft->repository, file->path, buffer_slice(&file->file->data), error);
    return repository_write_file(&graft->repository, file->path, buffer_slice(&file->file->data), file->program,
                                 graft->changes.list[graft->changes.count - 1].time_s, error);
}

static void shrink(const struct graft *graft, const char *path, struct error *error)
{
    git_blob *blob = NULL;

    if (base_blob(graft, path, &blob, error) == 0) {
        struct slice before = {git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)};

        repository_replace_file(&graft->repository, path, before, error);
    }
    git_blob_free(blob);
}

static int remove_file(const struct graft *graft, const struct change_file *file, struct error *error)
{
    const struct buffer *data = file->link == NULL ? &file->file->data : NULL;
    git_oid id;

    if (data == NULL)
        repository_remove_folder(&graft->repository, file->path);
    else if (file->grows)
        shrink(graft, file->path, error);
    else if (git_odb_hash(&id, data->data, data->length, GIT_OBJECT_BLOB) == 0 &&
        repository_unchanged(&graft->repository, file->path, &id))
        repository_remove_file(&graft->repository, file->path);
    return 0;
}

static int index_file(const struct graft *graft, const struct change_file *file, struct error *error)
{
    const struct buffer *data = file->link == NULL ? &file->file->data : NULL;
    git_oid id;

    if (data == NULL ? git_oid_fromstr(&id, file->link) != 0
                     : git_odb_hash(&id, data->data, data->length, GIT_OBJECT_BLOB) != 0)
        return repository_error(error, "cannot hash %s", file->path);
    return repository_index(&graft->repository, file->path, &id, graft_mode(file), error);
}

static int carry_out(const struct task *task, struct graft *graft, struct place_result *result, struct error *error)
{
    struct error ignored;

    if (graft_make(graft, error) != 0 ||
        graft_where(task, graft, graft->repository.path, true, result, error) != 0 ||
        task_announce(task, result->where, error) != 0)
        return -1;
    if (has_followers(graft) && each_final(graft, write_file, error) != 0)
        goto undo;
    if (graft_refer(graft, error) != 0)
        goto undo;
    if (has_followers(graft) && each_final(graft, index_file, &ignored) != 0)
        place_note(result, "%s", ignored.text);
    return 0;
undo:
    if (has_followers(graft))
        each_final(graft, remove_file, &ignored);
    return -1;
}

/* ---- planting ---- */

static int git_plant(const struct task *task, struct place_result *result, struct error *error)
{
    bool dry = task_flag(task, "dry_run");
    struct graft graft;
    int rc = graft_open(task, task->target, &graft, error);
    bool declined = rc == 1;

    if (rc == 0)
        rc = graft_check(&graft, error);
    if (rc == 0 && has_followers(&graft))
        rc = each_final(&graft, check_file, error);
    if (rc == 0 && !dry)
        rc = carry_out(task, &graft, result, error);
    else if (rc == 0)
        rc = graft_where(task, &graft, graft.repository.path, false, result, error);
    if (declined)
        rc = graft_declined(result, error);
    else if (rc == 0) {
        graft_tell(&graft, !dry, result);
        result->state = dry ? "planned" : "there";
    }
    graft_close(&graft);
    return rc;
}

static int git_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    return task_flag(task, "show") ? git_show(task, task->target, result, error)
                                   : git_later_inspect(task, task->target, result, error);
}

static int git_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    return git_later_uproot(task, task->target, false, result, error);
}

/* ---- owner and cage ---- */

static char *git_owner(const struct task *task)
{
    const char *hash = access(task->target, F_OK) == 0 ? NULL : strrchr(task->target, '#');

    return hash != NULL ? strndup(task->target, (size_t)(hash - task->target)) : strdup(task->target);
}

#define BORROWED (16 * 1024)

/* The object stores that this one borrows from; a path is absolute or begins at the store. */
static int add_borrowed(const char *common, struct place_paths *paths, struct error *error)
{
    char *objects = paths_join(common, "objects"), *file = paths_join(common, "objects/info/alternates");
    struct buffer list;
    struct error ignored;
    char *left = NULL, *line = NULL;
    int rc = 0;

    buffer_init(&list, BORROWED);
    if (objects != NULL && file != NULL && paths_read(file, &list, &ignored) == 0 && buffer_add_char(&list, '\0') == 0)
        line = strtok_r((char *)list.data, "\n", &left);
    for (; line != NULL && rc == 0; line = strtok_r(NULL, "\n", &left)) {
        char *store = line[0] == '#' ? NULL : paths_join(objects, line);

        if (store != NULL && access(store, R_OK) == 0)
            rc = place_paths_add_foreign(paths, store, error);
        free(store);
    }
    buffer_free(&list);
    free(objects);
    free(file);
    return rc;
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
    if (git != NULL && rc == 0)
        rc = add_borrowed(git_repository_commondir(git), paths, error);
    git_repository_free(git);
    free(path);
    return rc;
}

const struct place place_git = {
    .scheme = "git",
    .owner = git_owner,
    .paths = git_paths,
    .plant = git_plant,
    .inspect = git_inspect,
    .uproot = git_uproot,
};
