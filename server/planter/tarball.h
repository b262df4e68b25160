/* SPDX-License-Identifier: ISC
 *
 * Packages as npm packs them: a tar archive (POSIX 1003.1, ustar) in gzip (RFC 1952), each file below "package/" and of
 * npm's one date, without an owner, so that the same files are the same archive. */
#ifndef PLANTER_TARBALL_H
#define PLANTER_TARBALL_H

#include <stdbool.h>
#include <stddef.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

struct tarball_file {
    const char *name; /* at most 90 bytes */
    struct slice data;
    bool program;
};

/* Adds the archive to `out`, with the files in npm's order, into which they are brought. Wipes what it made on the way.
 * 0 or -1. */
int tarball_write(struct tarball_file *files, size_t count, struct buffer *out, struct error *error);

#endif
