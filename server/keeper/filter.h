/* SPDX-License-Identifier: ISC
 *
 * A blocked Bloom filter over the digests in secret_index: most of what is presented is not planted, and is known not
 * to be without touching the disk. It is filled in the background after a start; until then it says "maybe". */
#ifndef KEEPER_FILTER_H
#define KEEPER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/keeper/keyring.h"

#define FILTER_MAXIMUM (32u * 1024 * 1024) /* bytes */

struct filter {
    uint64_t *words;
    size_t blocks; /* of 8 words, a power of two; 0: not built */
    uint64_t added;
    bool complete;
    struct digest reached; /* the scan's place */
    bool scanning;
};

/* Sizes it for that many digests, and begins anew. -1 without memory: it then stays without effect. */
int filter_open(struct filter *filter, uint64_t digests);
void filter_close(struct filter *filter);
void filter_add(struct filter *filter, const struct digest *digest);
/* False: surely not in the index. */
bool filter_maybe(const struct filter *filter, const struct digest *digest);
/* More was added than it was sized for: time to build it anew, larger. */
bool filter_crowded(const struct filter *filter);

#endif
