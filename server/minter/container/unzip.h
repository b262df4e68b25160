/* SPDX-License-Identifier: ISC
 *
 * Reading ZIP archives (PKWARE's APPNOTE 6.3) of anybody's, by their directory. */
#ifndef MINTER_CONTAINER_UNZIP_H
#define MINTER_CONTAINER_UNZIP_H

#include <stdbool.h>
#include <time.h>
#include "server/base/buffer.h"

struct unzip {
    struct slice archive, rest; /* rest: of the directory */
};

struct unzip_member {
    struct slice name, data; /* data: as it is packed; what cannot be found is nothing */
    unsigned method;
    bool locked;     /* by a password */
    struct tm saved; /* in the time of whoever packed it; tm_mday 0 where it does not say */
};

/* False: it is no archive. The archive stays the caller's. */
bool unzip_open(struct unzip *unzip, struct slice archive);
/* False at the end, or where the directory is damaged. */
bool unzip_next(struct unzip *unzip, struct unzip_member *member);
/* Adds as much of it as `out` has room for, and nothing of a way of packing that is not known. -1: not all. */
int unzip_member(const struct unzip_member *member, struct buffer *out);
/* zlib's data (RFC 1950), or with raw (RFC 1951), in the same way. */
int unzip_inflate(struct slice data, bool raw, struct buffer *out);

#endif
