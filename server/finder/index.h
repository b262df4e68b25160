/* SPDX-License-Identifier: ISC
 *
 * The windows of all planted secrets, as hashes only (server/wire/window.h): a filter that most of a stream does not
 * pass, and a table behind it.
 *
 * What a thief of this process's memory has: the job's keys; for each window some 8 bits of a quick hash, and 16 bits
 * and a place of a strong one, by which guesses of whole windows can be tested until the job's end and after; and the
 * range of all their characters. Windows of a long secret are 16 bytes, of a middle one 12, too many to try all; of a
 * secret of 8 to 14 bytes 8 bytes could be found by trying, as they could from any means of recognising them. No
 * secret, and no token's id, is here. */
#ifndef FINDER_INDEX_H
#define FINDER_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/wire/window.h"

struct index_block;

struct index_lane {
    struct index_block *blocks; /* what was added, until index_build() */
    size_t count;
    uint64_t *filter;
    size_t words;
    unsigned char lowest, highest; /* of the windows' bytes */
    uint64_t *table; /* fingerprint, token, form, length, offset; 0: free */
    size_t slots;
};

struct index {
    struct window_keys keys;
    struct index_lane lanes[WINDOW_LANES];
};

void index_open(struct index *index, const struct window_keys *keys);
/* Wipes the keys. */
void index_close(struct index *index);
int index_add(struct index *index, const struct window *window, struct error *error);
/* After the last one. */
int index_build(struct index *index, struct error *error);
size_t index_memory(const struct index *index);

/* What stands at a window that is known. */
struct index_hit {
    size_t at; /* of the window in the bytes */
    uint32_t token;
    uint16_t offset, length;
    uint8_t form;
};

/* Passes each hit at [from, to) of the bytes to `hit`; windows that reach beyond the bytes are not looked at. Whoever
 * goes on, goes on at `to`. */
void index_search(const struct index *index, struct slice bytes, size_t from, size_t to,
                  void (*hit)(const struct index_hit *hit, void *context), void *context);

#endif
