/* SPDX-License-Identifier: ISC
 *
 * The cage: what a process gives up before it meets hostile input. Kernel features that are missing are reported,
 * not fatal; a refusal of one that is there is. Built with --without-sandbox, cage_shut() only logs a warning. */
#ifndef BASE_CAGE_H
#define BASE_CAGE_H

#include <stdbool.h>
#include <sys/types.h>
#include "server/base/error.h"

struct cage_path {
    const char *path;
    bool write; /* also create, remove and truncate below it */
};

struct cage {
    const char *role;
    const char *const *calls;      /* names of allowed system calls, NULL-ended, beside cage_basics */
    const struct cage_path *paths; /* ended by NULL; Landlock. NULL: no file may be opened by name */
};

/* Calls that every role has: read, write, poll, memory, time, exit, futex, random numbers. NULL-ended. */
extern const char *const cage_basics[];

/* Becomes the user without any capability, supplementary groups dropped. uid 0 stays 0 with every capability
 * cleared. Where this process is not root: nothing to do. */
int cage_drop(uid_t uid, gid_t gid, struct error *error);
/* No new privileges, no core dumps, not traceable, Landlock, then seccomp with EPERM for what is not allowed. */
int cage_shut(const struct cage *cage, struct error *error);

#endif
