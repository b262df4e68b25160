/* SPDX-License-Identifier: ISC */
#include "server/planter/disk.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIBLINGS 256
#define HASH_TEXT (crypto_generichash_BYTES * 2 + 1)

static int write_all(int fd, struct slice content)
{
    while (content.length > 0) {
        ssize_t n = write(fd, content.data, content.length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        content.data += n;
        content.length -= (size_t)n;
    }
    return 0;
}

int disk_create(int folder, const char *name, struct slice content, mode_t mode, gid_t group, int64_t time_us,
                struct error *error)
{
    struct timespec times[2];
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST ? error_set(error, "%s is there already", name)
                               : error_errno(error, "cannot make %s", name);
    times[0].tv_sec = times[1].tv_sec = time_us / 1000000;
    times[0].tv_nsec = times[1].tv_nsec = time_us % 1000000 * 1000;
    if (write_all(fd, content) != 0 || fsync(fd) != 0) {
        error_errno(error, "cannot write %s", name);
        close(fd);
        unlinkat(folder, name, 0);
        return -1;
    }
    if (fchown(fd, (uid_t)-1, group) != 0)
        mode &= 0700 | (mode & 07 & (mode >> 3)); /* another group than wanted gets no more than all others */
    if (fchmod(fd, mode & 0777) != 0 || futimens(fd, times) != 0) {
        error_errno(error, "cannot give %s its mode and time", name);
        close(fd);
        unlinkat(folder, name, 0);
        return -1;
    }
    close(fd);
    return 0;
}

static int read_some(int folder, const char *name, size_t most, struct buffer *content, struct stat *status,
                     struct error *error)
{
    struct stat own;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = 0;

    status = status != NULL ? status : &own;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 1 : error_errno(error, "cannot open %s", name);
    if (fstat(fd, status) != 0 || !S_ISREG(status->st_mode) || status->st_size > DISK_FILE) {
        close(fd);
        return error_set(error, "%s is no regular file of at most %d MiB", name, DISK_FILE >> 20);
    }
    for (;;) {
        unsigned char *room = buffer_reserve(content, 65536);

        n = room != NULL ? read(fd, room, 65536) : -1;
        if (n <= 0)
            break;
        buffer_grow(content, (size_t)n);
        if (content->length >= most)
            break;
    }
    close(fd);
    return n >= 0 ? 0 : error_errno(error, "cannot read %s", name);
}

int disk_read(int folder, const char *name, struct buffer *content, struct stat *status, struct error *error)
{
    return read_some(folder, name, SIZE_MAX, content, status, error);
}

int disk_head(int folder, const char *name, struct buffer *content, struct error *error)
{
    return read_some(folder, name, 65536, content, NULL, error);
}

void disk_siblings(int folder, mode_t *mode, gid_t *group)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    struct stat status;
    struct dirent *entry;
    time_t newest = 0;

    *mode = 0600;
    *group = fstat(folder, &status) == 0 ? status.st_gid : getegid();
    for (int i = 0; list != NULL && i < SIBLINGS && (entry = readdir(list)) != NULL; i++) {
        if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
            status.st_mtime < newest || (status.st_mode & 0600) != 0600)
            continue;
        newest = status.st_mtime;
        *mode = status.st_mode & 0666;
        *group = status.st_gid;
    }
    if (list != NULL)
        closedir(list);
    else if (fd >= 0)
        close(fd);
}

static const char form[] = "$blake2b$";

static void hash_text(struct slice content, char out[HASH_TEXT])
{
    unsigned char hash[crypto_generichash_BYTES];

    crypto_generichash(hash, sizeof(hash), content.data, content.length, NULL, 0);
    sodium_bin2hex(out, HASH_TEXT, hash, sizeof(hash));
    sodium_memzero(hash, sizeof(hash));
}

char *disk_digest(struct slice content)
{
    char *digest = malloc(sizeof(form) - 1 + HASH_TEXT);

    if (digest != NULL) {
        memcpy(digest, form, sizeof(form) - 1);
        hash_text(content, digest + sizeof(form) - 1);
    }
    return digest;
}

/* As earlier versions made them: slow ones, over the same text. */
static int is_slow_one(const char *digest, const char *text)
{
    char stored[crypto_pwhash_STRBYTES] = "";

    if (strlen(digest) >= sizeof(stored) || strstr(digest, "m=8192,t=2,p=1") == NULL)
        return 0;
    memcpy(stored, digest, strlen(digest));
    return crypto_pwhash_str_verify(stored, text, strlen(text)) == 0;
}

int disk_same(const char *digest, struct slice content)
{
    size_t length = sizeof(form) - 1;
    char text[HASH_TEXT];
    int same;

    hash_text(content, text);
    if (strncmp(digest, form, length) != 0)
        same = is_slow_one(digest, text);
    else
        same = strlen(digest) == length + HASH_TEXT - 1 && sodium_memcmp(digest + length, text, HASH_TEXT - 1) == 0;
    sodium_memzero(text, sizeof(text));
    return same;
}

void disk_sync(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}
