/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/command/lure.h"

#define FILE_BYTES (256 * 1024 * 1024)

struct files {
    struct examiner *examiner;
    const char *mailbox;
    bool maildir;
    size_t *count;
    struct error *error;
};

/* The seconds that the name of a Maildir's file begins with; 0. */
static int64_t delivered(const char *path)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    size_t digits = strspn(name, "0123456789");

    return digits >= 9 && digits <= 11 && name[digits] == '.' ? strtoll(name, NULL, 10) : 0;
}

static int read_whole(int fd, struct buffer *out)
{
    ssize_t length;
    void *room;

    while ((room = buffer_reserve(out, 65536)) != NULL && (length = read(fd, room, 65536)) != 0) {
        if (length < 0 && errno != EINTR)
            return -1;
        buffer_grow(out, length > 0 ? (size_t)length : 0);
    }
    return room != NULL ? 0 : -1;
}

static int give(struct files *files, const char *path, struct slice text)
{
    bool mbox = !files->maildir && text.length > 5 && memcmp(text.data, "From ", 5) == 0;
    int64_t arrived = files->maildir ? delivered(path) : 0;
    json_t *line = json_pack("{s:s, s:s, s:b, s:I, s:I}", "placement", path, "mailbox", files->mailbox, "mbox", mbox,
                             "arrived", (json_int_t)arrived, "bytes", (json_int_t)text.length);
    int rc = line == NULL ? error_set(files->error, "a file's name is not UTF-8: %s", path)
                          : examiner_tell(files->examiner, line, text, files->error);

    json_decref(line);
    ++*files->count;
    return rc;
}

static int give_file(struct files *files, const char *path, bool follow)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW)), rc = -1;
    struct buffer text;
    struct stat stat;

    buffer_init(&text, FILE_BYTES);
    if (fd < 0 || fstat(fd, &stat) != 0)
        error_errno(files->error, "%s cannot be read", path);
    else if (!S_ISREG(stat.st_mode))
        error_set(files->error, "%s is no file; name a mail, an mbox or a Maildir", path);
    else if (stat.st_size > FILE_BYTES || read_whole(fd, &text) != 0)
        error_set(files->error, "%s cannot be read, or is of more than %d MiB; name a part of it", path, FILE_BYTES >> 20);
    else
        rc = give(files, path, buffer_slice(&text));
    if (fd >= 0)
        close(fd);
    buffer_free(&text);
    return rc;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Of a Maildir only what lies in cur and new. */
static bool wanted(const struct files *files, const FTSENT *entry)
{
    const char *folder = entry->fts_parent != NULL ? entry->fts_parent->fts_name : "";

    return entry->fts_info == FTS_F &&
           (!files->maildir || ((strcmp(folder, "cur") == 0 || strcmp(folder, "new") == 0) && entry->fts_name[0] != '.'));
}

static int give_folder(struct files *files, const char *path)
{
    char *const paths[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    FTSENT *entry;
    int rc = tree == NULL ? error_errno(files->error, "%s cannot be read", path) : 0;

    while (rc == 0 && (entry = fts_read(tree)) != NULL) {
        if (wanted(files, entry))
            rc = give_file(files, entry->fts_path, false);
        else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
            rc = error_set(files->error, "%s cannot be read: %s", entry->fts_path, strerror(entry->fts_errno));
    }
    if (tree != NULL)
        fts_close(tree);
    return rc;
}

int lure_files(const char *path, struct examiner *examiner, size_t *count, struct error *error)
{
    bool named = strncmp(path, "maildir:", 8) == 0 || strncmp(path, "mbox:", 5) == 0;
    const char *bare = named ? strchr(path, ':') + 1 : path;
    struct files files = {examiner, bare, false, count, error};
    char *cur = paths_join(bare, "cur");
    struct stat stat_of;
    int rc;

    if (stat(bare, &stat_of) != 0) {
        rc = error_errno(error, "%s cannot be read", bare);
    } else {
        files.maildir = cur != NULL && access(cur, F_OK) == 0;
        rc = S_ISDIR(stat_of.st_mode) ? give_folder(&files, bare) : give_file(&files, bare, true);
    }
    free(cur);
    return rc;
}
