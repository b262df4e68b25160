/* SPDX-License-Identifier: ISC
 *
 * Files that hold others' bytes packed: how each is known by its first bytes, and unpacked. */
#ifndef FINDER_UNPACK_H
#define FINDER_UNPACK_H

#include "server/finder/source.h"

#define UNPACK_LOOK 512 /* first bytes by which a format is known */

struct unpacker {
    const char *name;
    bool (*is)(struct slice front);
    /* Each member by source_member(), all else by source_others(); to the end. */
    void (*unpack)(struct source *source, struct input *input);
};

/* NULL: nothing that is known; to be searched as it is. */
const struct unpacker *unpacker_of(struct slice front);

#endif
