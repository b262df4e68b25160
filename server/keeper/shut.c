/* SPDX-License-Identifier: ISC
 *
 * The part of keeper.h that is the cage. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/cage.h"
#include "server/keeper/keeper.h"

/* What SQLite, the flusher, the reserve, the lock and the control socket need beside the basic calls. */
static const char *const calls[] = {
    "open",       "openat",    "pread64",    "pwrite64",  "fdatasync", "fsync",      "ftruncate", "fallocate",
    "lseek",      "unlink",    "unlinkat",   "access",    "faccessat", "faccessat2", "mkdir",     "mkdirat",
    "flock",      "stat",      "lstat",      "fstat",     "newfstatat", "statx",     "statfs",    "fstatfs",
    "readlink",   "readlinkat", "getcwd",    "fchmod",    "fchown",    "umask",      "rename",    "accept",
    "accept4",    "getpeername", "getsockname", "mlock",  "munlock",   "msync",      "utimensat", "io_submit",
    "io_getevents", "io_destroy", NULL};

#define PATHS 512

struct readable {
    struct cage_path paths[PATHS + 3];
    char *folders[PATHS];
    size_t count, folder_count;
};

static void add_folder(struct readable *readable, char *path)
{
    char *slash = path == NULL ? NULL : strrchr(path, '/');

    if (slash == NULL || readable->folder_count == PATHS) {
        free(path);
        return;
    }
    slash[slash == path ? 1 : 0] = '\0';
    readable->folders[readable->folder_count++] = path;
    readable->paths[readable->count++] = (struct cage_path){path, false};
}

/* Where the name is, and where the file is that it leads to: programs that renew certificates change links. */
static void add_file(struct readable *readable, const char *file)
{
    if (file[0] != '/' || access(file, F_OK) != 0)
        return;
    add_folder(readable, strdup(file));
    add_folder(readable, realpath(file, NULL));
}

int keeper_shut(const struct keeper *keeper, const char *key_folder, struct error *error)
{
    const struct configuration *configuration = keeper->configuration;
    struct readable *readable = calloc(1, sizeof *readable);
    struct cage cage = {"keeper", calls, NULL};
    int result;

    if (readable == NULL)
        return error_set(error, "out of memory");
    cage.paths = readable->paths;
    readable->paths[readable->count++] = (struct cage_path){configuration->state, true};
    if (!keeper->open)
        readable->paths[readable->count++] = (struct cage_path){key_folder, true};
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        add_file(readable, configuration->decoys[i].certificate);
        add_file(readable, configuration->decoys[i].key);
    }
    result = cage_shut(&cage, error);
    while (readable->folder_count > 0)
        free(readable->folders[--readable->folder_count]);
    free(readable);
    return result;
}
