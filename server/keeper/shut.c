/* SPDX-License-Identifier: ISC
 *
 * The part of keeper.h that is the cage. */
#include "server/base/cage.h"
#include "server/keeper/keeper.h"

/* What SQLite, the reserve, the lock and the control socket need beside the basic calls. */
static const char *const calls[] = {
    "open",       "openat",    "pread64",    "pwrite64",  "fdatasync", "fsync",      "ftruncate", "fallocate",
    "lseek",      "unlink",    "unlinkat",   "access",    "faccessat", "faccessat2", "mkdir",     "mkdirat",
    "flock",      "stat",      "lstat",      "fstat",     "newfstatat", "statx",     "statfs",    "fstatfs",
    "readlink",   "readlinkat", "getcwd",    "fchmod",    "fchown",    "umask",      "rename",    "accept",
    "accept4",    "getpeername", "getsockname", "mlock",  "munlock",   "msync",      "utimensat", NULL};

int keeper_shut(const struct keeper *keeper, const char *key_folder, struct error *error)
{
    const struct cage_path paths[] = {
        {keeper->configuration->state, true},
        {keeper->open ? NULL : key_folder, true},
        {NULL, false},
    };
    const struct cage cage = {"keeper", calls, paths};

    return cage_shut(&cage, error);
}
