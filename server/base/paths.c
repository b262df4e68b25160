/* SPDX-License-Identifier: ISC */
#include "server/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/buffer.h"

static const char *overridden(const char *variable, const char *standard)
{
    const char *value = secure_getenv(variable);

    return value != NULL && value[0] == '/' ? value : standard;
}

const char *paths_libexec(void)
{
    return overridden("SUNDEW_LIBEXECDIR", LIBEXECDIR);
}

const char *paths_data(void)
{
    return overridden("SUNDEW_DATADIR", DATADIR);
}

char *paths_join(const char *dir, const char *name)
{
    char *joined = NULL;

    if (name[0] == '/')
        return strdup(name);
    return asprintf(&joined, "%s/%s", dir, name) < 0 ? NULL : joined;
}

int paths_read(const char *path, struct buffer *content, struct error *error)
{
    unsigned char block[4096];
    int result = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t got = 1;

    if (fd < 0)
        return error_errno(error, "cannot open %s", path);
    while (got > 0) {
        got = read(fd, block, sizeof block);
        if (got > 0 && buffer_add(content, block, (size_t)got) < 0) {
            error_set(error, "%s is larger than %zu bytes", path, content->maximum);
            goto out;
        }
    }
    result = got < 0 ? error_errno(error, "cannot read %s", path) : 0;
out:
    explicit_bzero(block, sizeof block);
    close(fd);
    return result;
}

static int sync_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0)
        close(fd);
    free(copy);
    return result;
}

int paths_create(const char *path, const void *data, size_t length, unsigned mode, struct error *error)
{
    const char *from = data;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return error_errno(error, "cannot create %s", path);
    while (length > 0) {
        ssize_t wrote = write(fd, from, length);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            goto failed;
        from += wrote;
        length -= (size_t)wrote;
    }
    if (fsync(fd) < 0)
        goto failed;
    if (close(fd) < 0) {
        fd = -1;
        goto failed;
    }
    return sync_folder(path) < 0 ? error_errno(error, "cannot sync the folder of %s", path) : 0;
failed:
    error_errno(error, "cannot write %s", path);
    if (fd >= 0)
        close(fd);
    unlink(path);
    return -1;
}
