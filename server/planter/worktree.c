/* SPDX-License-Identifier: ISC
 *
 * The work tree and the index of a repository. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/planter/disk.h"
#include "server/planter/repository.h"

#define FILE_MODE 0644
#define PROGRAM_MODE 0755
#define FOLDER_MODE 0755

/* The folder that holds the path's last part, never through a link; with `make`, folders that are missing are made.
 * *name is the last part. -1 with errno. */
static int open_folder(const struct repository *repository, const char *path, bool make, const char **name)
{
    int fd = open(git_repository_workdir(repository->git), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char part[256];

    while (fd >= 0 && strchr(path, '/') != NULL) {
        size_t length = strcspn(path, "/");
        int next, code;

        memcpy(part, path, length);
        part[length] = '\0';
        if (make && mkdirat(fd, part, FOLDER_MODE) != 0 && errno != EEXIST)
            next = -1;
        else
            next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        code = errno;
        close(fd);
        errno = code;
        fd = next;
        path += length + 1;
    }
    *name = path;
    return fd;
}

int repository_free_path(const struct repository *repository, const char *path, struct error *error)
{
    git_index *index = NULL;
    struct stat status;
    const char *name;
    int fd = open_folder(repository, path, false, &name);
    int rc = 0;

    if (fd < 0 && errno != ENOENT)
        rc = error_errno(error, "cannot look for %s in the work tree", path);
    else if (fd >= 0 && fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        rc = error_set(error, "%s is in the work tree already, not committed; move it away, or choose another --path",
                       path);
    if (fd >= 0)
        close(fd);
    if (rc == 0 && git_repository_index(&index, repository->git) != 0)
        rc = repository_error(error, "cannot read the index");
    if (rc == 0 && git_index_get_bypath(index, path, 0) != NULL)
        rc = error_set(error, "%s is staged already; unstage it, or choose another --path", path);
    git_index_free(index);
    return rc;
}

int repository_settled(const struct repository *repository, const char *path, const git_oid *blob, struct error *error)
{
    const git_index_entry *entry;
    git_index *index = NULL;
    int rc = 0;

    if (git_repository_index(&index, repository->git) != 0)
        return repository_error(error, "cannot read the index");
    entry = git_index_get_bypath(index, path, 0);
    if (entry == NULL || !git_oid_equal(&entry->id, blob) || !repository_unchanged(repository, path, blob))
        rc = error_set(error, "%s has changes that are not committed; commit or undo them first", path);
    git_index_free(index);
    return rc;
}

int repository_write_file(const struct repository *repository, const char *path, struct slice content, bool program,
                          int64_t time_s, struct error *error)
{
    const char *name;
    int fd = open_folder(repository, path, true, &name);
    struct stat status;
    int rc = -1;

    if (fd < 0)
        return error_errno(error, "cannot make the folder of %s in the work tree", path);
    if (fstat(fd, &status) != 0)
        error_errno(error, "cannot look at the folder of %s", path);
    else
        rc = disk_create(fd, name, content, program ? PROGRAM_MODE : FILE_MODE, status.st_gid, time_s * 1000000, error);
    close(fd);
    return rc;
}

int repository_replace_file(const struct repository *repository, const char *path, struct slice content,
                            struct error *error)
{
    const char *name;
    char lock[300];
    int fd = open_folder(repository, path, false, &name), rc = -1;
    struct stat status;

    if (fd < 0 || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        error_errno(error, "cannot look at %s in the work tree", path);
        goto out;
    }
    snprintf(lock, sizeof(lock), "%.256s.lock", name); /* as git does */
    if (disk_create(fd, lock, content, status.st_mode, status.st_gid, clock_wall(), error) != 0)
        goto out;
    rc = renameat(fd, lock, fd, name);
    if (rc != 0) {
        error_errno(error, "cannot write %s in the work tree", path);
        unlinkat(fd, lock, 0);
    }
out:
    if (fd >= 0)
        close(fd);
    return rc;
}

int repository_make_folder(const struct repository *repository, const char *path, struct error *error)
{
    const char *name;
    int fd = open_folder(repository, path, true, &name), rc = fd < 0 ? -1 : mkdirat(fd, name, FOLDER_MODE);

    if (rc != 0)
        error_errno(error, "cannot make the folder %s in the work tree", path);
    if (fd >= 0)
        close(fd);
    return rc;
}

bool repository_remove_folder(const struct repository *repository, const char *path)
{
    char *left = strdup(path);
    bool removed = false, empty = left != NULL;

    while (empty) {
        const char *name;
        int fd = open_folder(repository, left, false, &name);

        empty = fd >= 0 && unlinkat(fd, name, AT_REMOVEDIR) == 0;
        removed = removed || empty;
        if (fd >= 0)
            close(fd);
        empty = empty && strrchr(left, '/') != NULL;
        if (empty)
            *strrchr(left, '/') = '\0';
    }
    free(left);
    return removed;
}

/* Folders that are empty then go too, as git does. */
void repository_remove_file(const struct repository *repository, const char *path)
{
    const char *name;
    int fd = open_folder(repository, path, false, &name);
    char *folder = strrchr(path, '/') != NULL ? strndup(path, (size_t)(strrchr(path, '/') - path)) : NULL;

    if (fd >= 0) {
        unlinkat(fd, name, 0);
        close(fd);
    }
    if (folder != NULL)
        repository_remove_folder(repository, folder);
    free(folder);
}

static void fill_entry(const struct repository *repository, const char *path, git_index_entry *entry)
{
    struct stat status;
    const char *name;
    int fd = open_folder(repository, path, false, &name);

    if (fd >= 0 && fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        entry->ctime.seconds = (int32_t)status.st_ctim.tv_sec;
        entry->ctime.nanoseconds = (uint32_t)status.st_ctim.tv_nsec;
        entry->mtime.seconds = (int32_t)status.st_mtim.tv_sec;
        entry->mtime.nanoseconds = (uint32_t)status.st_mtim.tv_nsec;
        entry->dev = (uint32_t)status.st_dev;
        entry->ino = (uint32_t)status.st_ino;
        entry->uid = status.st_uid;
        entry->gid = status.st_gid;
        entry->file_size = (uint32_t)status.st_size;
    }
    if (fd >= 0)
        close(fd);
}

int repository_index(const struct repository *repository, const char *path, const git_oid *blob, git_filemode_t mode,
                     struct error *error)
{
    git_index_entry entry = {.mode = mode, .path = path};
    git_index *index = NULL;
    int rc = git_repository_index(&index, repository->git);

    if (rc == 0 && blob != NULL) {
        entry.id = *blob;
        fill_entry(repository, path, &entry);
        rc = git_index_add(index, &entry);
    } else if (rc == 0) {
        rc = git_index_remove_bypath(index, path);
    }
    if (rc == 0)
        rc = git_index_write(index);
    git_index_free(index);
    return rc == 0 ? 0
                   : repository_error(error, "the index could not take %s; bring it in line with: git reset -- %s",
                                      path, path);
}

bool repository_unchanged(const struct repository *repository, const char *path, const git_oid *blob)
{
    struct buffer content;
    struct error ignored;
    const char *name;
    git_oid id;
    int fd = open_folder(repository, path, false, &name);
    bool same = false;

    buffer_init(&content, DISK_FILE + 65536);
    if (fd >= 0 && disk_read(fd, name, &content, NULL, &ignored) == 0 &&
        git_odb_hash(&id, content.length > 0 ? (const void *)content.data : "", content.length, GIT_OBJECT_BLOB) == 0)
        same = git_oid_equal(&id, blob);
    if (fd >= 0)
        close(fd);
    buffer_free(&content);
    return same;
}
