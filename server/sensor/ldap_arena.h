/* SPDX-License-Identifier: ISC
 *
 * Memory that is freed all at once: a filter's nodes, a directory's values. */
#ifndef SENSOR_LDAP_ARENA_H
#define SENSOR_LDAP_ARENA_H

#include "server/base/buffer.h"

struct arena_block;

struct arena {
    struct arena_block *last;
    bool failed; /* memory ran out; sticky */
};

/* Zeroed, aligned for anything; NULL without memory. */
void *arena_take(struct arena *arena, size_t size);
/* A copy; its data is never NULL unless memory ran out. */
struct slice arena_copy(struct arena *arena, struct slice bytes);
void arena_free(struct arena *arena);

#endif
