/* SPDX-License-Identifier: ISC
 *
 * file:PATH: an artifact as a file of its own; PATH is the file, or a folder that it goes into by its own name. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/planter/disk.h"
#include "server/planter/place.h"

struct spot {
    char *folder;
    char *path; /* folder/name */
    const char *name;
    int fd;
};

static void spot_close(struct spot *spot)
{
    if (spot->fd >= 0)
        close(spot->fd);
    free(spot->folder);
    free(spot->path);
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The path that is meant: where.path of an old placement, else the target, else the artifact's name in it. */
static char *meant(const struct task *task)
{
    const char *name = task_meta(task, "name");

    if (task_where(task, "path") != NULL)
        return strdup(task_where(task, "path"));
    if (is_folder(task->target) && name != NULL && task_name_safe(name))
        return paths_join(task->target, name);
    return strdup(task->target);
}

static int spot_open(const struct task *task, struct spot *spot, struct error *error)
{
    spot->fd = -1;
    spot->path = meant(task);
    spot->folder = spot->path != NULL ? parent_of(spot->path) : NULL;
    if (spot->folder == NULL)
        return error_set(error, "out of memory");
    spot->name = strrchr(spot->path, '/') != NULL ? strrchr(spot->path, '/') + 1 : spot->path;
    if (!task_name_safe(spot->name) || spot->path[0] != '/')
        return error_set(error, "%s is no name for a file", spot->path);
    spot->fd = open(spot->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spot->fd < 0)
        return errno == ENOENT ? error_set(error, "the folder %s is not there; make it first", spot->folder)
                               : error_errno(error, "cannot open the folder %s", spot->folder);
    return 0;
}

static int tell_where(const struct task *task, const struct spot *spot, const char *digest, struct place_result *result)
{
    json_t *line = json_object_get(task->meta, "line");

    result->where = json_pack("{s:s}", "path", spot->path);
    if (json_is_integer(line))
        json_object_set(result->where, "line", line);
    if (digest != NULL)
        json_object_set_new(result->where, "digest", json_string(digest));
    return result->where == NULL ? -1 : 0;
}

static int put(const struct task *task, const struct spot *spot, struct place_result *result, struct error *error)
{
    struct slice content = buffer_slice(&task->files[0].data);
    char *digest = NULL;
    int64_t time;
    mode_t mode;
    gid_t group;
    int rc = -1;

    disk_siblings(spot->fd, &mode, &group);
    if (task_time(task, &time, error) != 0)
        return -1;
    if (task_flag(task, "dry_run")) {
        place_note(result, "Would write %zu bytes to %s with mode %04o.", content.length, spot->path, (unsigned)mode);
        result->state = "planned";
        return tell_where(task, spot, NULL, result);
    }
    digest = disk_digest(content);
    if (tell_where(task, spot, digest, result) == 0 && task_announce(task, result->where, error) == 0 &&
        disk_create(spot->fd, spot->name, content, mode, group, time, error) == 0) {
        disk_sync(spot->fd);
        result->state = "there";
        rc = 0;
    }
    free(digest);
    return rc;
}

static int file_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct spot spot = {NULL};
    struct stat status;
    int rc = -1;

    if (task->file_count != 1)
        return error_set(error, "this lure is no single file; choose one with --lure (see: sundew lures)");
    if (spot_open(task, &spot, error) != 0)
        goto out;
    if (fstatat(spot.fd, spot.name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        error_set(error, "%s is there already and stays as it is; choose another name", spot.path);
    else
        rc = put(task, &spot, result, error);
out:
    spot_close(&spot);
    return rc;
}

static const char *known_digest(const struct task *task)
{
    return task_where(task, "digest") != NULL ? task_where(task, "digest") : task_option(task, "digest");
}

/* 0 with the state; what it is, is read anew each time. */
static int look(const struct task *task, const struct spot *spot, struct place_result *result, struct error *error)
{
    const char *digest = known_digest(task);
    struct buffer content;
    int rc;

    buffer_init(&content, DISK_FILE + 65536);
    rc = disk_read(spot->fd, spot->name, &content, NULL, error);
    if (rc == 1)
        result->state = "gone";
    else if (rc == 0 && digest != NULL)
        result->state = disk_same(digest, buffer_slice(&content)) ? "there" : "changed";
    else if (rc == 0)
        place_note(result, "%s is there; its digest is not known, so it may have been changed.", spot->path);
    buffer_free(&content);
    return rc < 0 ? -1 : tell_where(task, spot, digest, result);
}

static int file_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    struct spot spot = {NULL};
    struct stat status;
    char *folder;
    int rc = -1;

    if (spot_open(task, &spot, error) == 0) {
        rc = look(task, &spot, result, error);
    } else {
        folder = spot.folder;
        if (folder != NULL && stat(folder, &status) != 0 && errno == ENOENT) {
            result->state = "gone";
            rc = tell_where(task, &spot, known_digest(task), result);
        }
    }
    spot_close(&spot);
    return rc;
}

static int file_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    struct spot spot = {NULL};
    int rc = -1;

    if (spot_open(task, &spot, error) != 0 || look(task, &spot, result, error) != 0)
        goto out;
    if (strcmp(result->state, "gone") == 0) {
        place_note(result, "It was gone already.");
        rc = 0;
    } else if (strcmp(result->state, "there") != 0) {
        error_set(error, "%s was changed since it was planted; remove it by hand if it is only the lure", spot.path);
    } else if (unlinkat(spot.fd, spot.name, 0) != 0) {
        error_errno(error, "cannot remove %s", spot.path);
    } else {
        disk_sync(spot.fd);
        result->state = "gone";
        rc = 0;
    }
out:
    spot_close(&spot);
    return rc;
}

static char *file_owner(const struct task *task)
{
    char *path = meant(task);
    char *folder = path != NULL ? parent_of(path) : NULL;

    free(path);
    return folder;
}

static int file_paths(const struct task *task, struct place_paths *paths, struct error *error)
{
    char *folder = file_owner(task);
    int rc = folder == NULL || !is_folder(folder) ? 0 : place_paths_add(paths, folder, error);

    free(folder);
    return rc;
}

const struct place place_file = {
    .scheme = "file",
    .owner = file_owner,
    .paths = file_paths,
    .plant = file_plant,
    .inspect = file_inspect,
    .uproot = file_uproot,
};
