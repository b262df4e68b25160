/* SPDX-License-Identifier: ISC */
#include "server/keeper/filter.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_WORDS 8
#define BITS_EACH 12 /* per digest */
#define PROBES 5

int filter_open(struct filter *filter, uint64_t digests)
{
    size_t blocks = 128;

    filter_close(filter);
    while (blocks * BLOCK_WORDS * 64 < digests * BITS_EACH && blocks * BLOCK_WORDS * 8 < FILTER_MAXIMUM)
        blocks *= 2;
    filter->words = calloc(blocks, BLOCK_WORDS * sizeof *filter->words);
    if (filter->words == NULL)
        return -1;
    filter->blocks = blocks;
    return 0;
}

void filter_close(struct filter *filter)
{
    free(filter->words);
    memset(filter, 0, sizeof *filter);
}

/* Digests are uniform: their bytes serve as hash values. */
static uint64_t *block_of(const struct filter *filter, const struct digest *digest, uint64_t *bits)
{
    uint64_t place;

    memcpy(&place, digest->bytes, sizeof place);
    memcpy(bits, digest->bytes + sizeof place, sizeof *bits);
    return filter->words + (place & (filter->blocks - 1)) * BLOCK_WORDS;
}

void filter_add(struct filter *filter, const struct digest *digest)
{
    uint64_t *block, bits;
    int i;

    if (filter->blocks == 0)
        return;
    block = block_of(filter, digest, &bits);
    for (i = 0; i < PROBES; i++, bits >>= 9)
        block[bits >> 6 & 7] |= 1ull << (bits & 63);
    filter->added++;
}

bool filter_maybe(const struct filter *filter, const struct digest *digest)
{
    uint64_t *block, bits;
    int i, set = 0;

    if (!filter->complete)
        return true;
    block = block_of(filter, digest, &bits);
    for (i = 0; i < PROBES; i++, bits >>= 9)
        set += (int)(block[bits >> 6 & 7] >> (bits & 63) & 1);
    return set == PROBES;
}

bool filter_crowded(const struct filter *filter)
{
    size_t bytes = filter->blocks * BLOCK_WORDS * 8;

    return filter->blocks > 0 && bytes < FILTER_MAXIMUM && filter->added * BITS_EACH > bytes * 8 * 2;
}
