/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_arena.h"

#include <stdalign.h>
#include <stdlib.h>

#define BLOCK 4000

struct arena_block {
    struct arena_block *before;
    size_t used, size;
    alignas(max_align_t) unsigned char data[];
};

void *arena_take(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->last;
    size_t rounded = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);

    if (block == NULL || block->size - block->used < rounded) {
        size_t room = rounded > BLOCK ? rounded : BLOCK;

        block = calloc(1, sizeof *block + room);
        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
        block->size = room;
        block->before = arena->last;
        arena->last = block;
    }
    block->used += rounded;
    return block->data + block->used - rounded;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    unsigned char *copy = arena_take(arena, bytes.length + 1);

    if (copy == NULL)
        return SLICE_NONE;
    if (bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    return (struct slice){copy, bytes.length};
}

void arena_free(struct arena *arena)
{
    struct arena_block *block;

    while ((block = arena->last) != NULL) {
        arena->last = block->before;
        free(block);
    }
    arena->failed = false;
}
