/* SPDX-License-Identifier: ISC
 *
 * For pack.c and pack_read.c alone. */
#ifndef FINDER_PACK_DATA_H
#define FINDER_PACK_DATA_H

#include "server/finder/source.h"

#define PACK_NAME 20 /* bytes: SHA-1 */

enum object_type { OBJECT_COMMIT = 1, OBJECT_TREE, OBJECT_BLOB, OBJECT_TAG, OBJECT_OFFSET = 6, OBJECT_NAME };

struct object {
    uint64_t start; /* of its head in the pack */
    uint64_t data;  /* of what is compressed */
    uint64_t size;  /* inflated */
    uint64_t base;  /* OBJECT_OFFSET: where it starts */
    unsigned char name[PACK_NAME]; /* OBJECT_NAME: of the base */
    unsigned char type;
    bool tried; /* a difference that was made, or that does not come out */
};

/* An object whose differences are being made. */
struct level {
    unsigned char *bytes;
    size_t length;
    unsigned char type;
    size_t offsets, names; /* the next difference on it in each list */
    uint64_t start;
    unsigned char name[PACK_NAME];
};

struct pack {
    struct source *source;
    struct input *input;
    off_t origin;        /* where in the file it begins; -1: not in one */
    unsigned char *copy; /* where it is not in a file: its beginning */
    size_t copied;
    char name[48]; /* of a member */
    struct object *objects;
    size_t count, capacity;
    struct object **by_offset, **by_name; /* differences, in order of their bases */
    size_t offset_count, name_count;
    struct level *levels;
    size_t depth;
    size_t held;
    size_t made;    /* differences that came out */
    uint64_t bytes; /* of what they make */
};

extern const char *const pack_type_names[]; /* of those up to OBJECT_TAG */

/* The name of a member, in pack->name. */
struct slice pack_name_member(struct pack *pack, const char *type, uint64_t start);
/* Fills pack->objects, and searches those that are stored whole, up to where the pack is damaged. */
void pack_read(struct pack *pack);

#endif
