/* SPDX-License-Identifier: ISC */
#include "server/finder/index.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "server/base/unzeroed.h"

#define BLOCK 4096     /* windows */
#define FILTER_BITS 16 /* for each window */
#define BATCH 128     /* windows of a stream looked at in one go */

struct index_block {
    struct index_block *next;
    size_t count;
    struct window windows[BLOCK];
};

struct pass {
    size_t at;
    uint64_t strong;
};

void index_open(struct index *index, const struct window_keys *keys)
{
    memset(index, 0, sizeof *index);
    index->keys = *keys;
}

static void free_blocks(struct index_lane *lane)
{
    while (lane->blocks != NULL) {
        struct index_block *next = lane->blocks->next;

        sodium_memzero(lane->blocks, sizeof *lane->blocks);
        free(lane->blocks);
        lane->blocks = next;
    }
}

void index_close(struct index *index)
{
    for (int i = 0; i < WINDOW_LANES; i++) {
        struct index_lane *lane = &index->lanes[i];

        free_blocks(lane);
        if (lane->filter != NULL)
            munmap(lane->filter, lane->words * sizeof *lane->filter);
        if (lane->table != NULL)
            munmap(lane->table, lane->slots * sizeof *lane->table);
    }
    sodium_memzero(index, sizeof *index);
}

int index_add(struct index *index, const struct window *window, struct error *error)
{
    struct index_lane *lane = &index->lanes[window->lane];

    if (lane->blocks == NULL || lane->blocks->count == BLOCK) {
        struct index_block *block = malloc(sizeof *block);

        if (block == NULL)
            return error_set(error, "no memory for so many tokens");
        block->count = 0;
        block->next = lane->blocks;
        lane->blocks = block;
    }
    lane->blocks->windows[lane->blocks->count++] = *window;
    lane->count++;
    return 0;
}

/* ---- places ---- */

static inline size_t place(uint64_t hash, size_t count)
{
    return (size_t)(((hash >> 32) * count) >> 32);
}

/* Two bits of one word. */
static inline uint64_t filter_mask(uint64_t hash)
{
    return 1ull << (hash & 63) | 1ull << (hash >> 6 & 63);
}

static inline uint64_t entry_of(const struct window *window)
{
    return window->strong << 48 | (uint64_t)window->token << 21 | (uint64_t)window->form << 18 |
           (uint64_t)window->length << 9 | window->offset;
}

static struct index_hit hit_of(uint64_t entry, size_t at)
{
    return (struct index_hit){at, (uint32_t)(entry >> 21) & WINDOW_TOKENS, entry & 511, entry >> 9 & 511,
                              entry >> 18 & 7};
}

static void put(struct index_lane *lane, const struct window *window)
{
    size_t slot = place(window->strong, lane->slots);

    lane->filter[place(window->quick, lane->words)] |= filter_mask(window->quick);
    while (lane->table[slot] != 0)
        slot = slot + 1 < lane->slots ? slot + 1 : 0;
    lane->table[slot] = entry_of(window);
}

/* Zeroed, in large pages where there are some: each look goes to another page. */
static uint64_t *allocate(size_t count)
{
    void *memory = mmap(NULL, count * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    (void)madvise(memory, count * sizeof(uint64_t), MADV_HUGEPAGE);
    return memory;
}

static int build(struct index_lane *lane, struct error *error)
{
    lane->words = lane->count * FILTER_BITS / 64 + 1;
    lane->slots = lane->count + lane->count / 3 + 1;
    lane->filter = allocate(lane->words);
    lane->table = allocate(lane->slots);
    if (lane->filter == NULL || lane->table == NULL)
        return error_set(error, "no memory for so many tokens");
    while (lane->blocks != NULL) {
        struct index_block *block = lane->blocks;

        for (size_t i = 0; i < block->count; i++)
            put(lane, &block->windows[i]);
        lane->blocks = block->next;
        sodium_memzero(block, sizeof *block);
        free(block);
    }
    return 0;
}

int index_build(struct index *index, struct error *error)
{
    for (int i = 0; i < WINDOW_LANES; i++)
        if (index->lanes[i].count > 0 && build(&index->lanes[i], error) < 0)
            return -1;
    return 0;
}

size_t index_memory(const struct index *index)
{
    size_t words = 0;

    for (int i = 0; i < WINDOW_LANES; i++)
        words += index->lanes[i].words + index->lanes[i].slots;
    return words * sizeof(uint64_t);
}

/* ---- searching ---- */

/* Those of `count` windows that pass the filter. All hashes first: their words are then on their way from memory
 * together. No branch for each. */
static inline __attribute__((always_inline)) size_t filter_pass(const struct index *index,
                                                                const struct index_lane *lane,
                                                                const unsigned char *bytes, size_t count, size_t width,
                                                                size_t stride, uint32_t *passed)
{
    const uint64_t *filter = lane->filter;
    const size_t words = lane->words;
    uint64_t hashes[BATCH] UNZEROED;
    size_t number = 0;

    for (size_t i = 0; i < count; i++) {
        hashes[i] = window_quick(&index->keys, bytes + i * stride, width);
        __builtin_prefetch(&filter[place(hashes[i], words)]);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t mask = filter_mask(hashes[i]);

        passed[number] = (uint32_t)i;
        number += (filter[place(hashes[i], words)] & mask) == mask;
    }
    return number;
}

static size_t filter_lane(const struct index *index, int lane, const unsigned char *bytes, size_t count,
                          uint32_t *passed)
{
    switch (lane) {
    case 0:
        return filter_pass(index, &index->lanes[0], bytes, count, 16, 8, passed);
    case 1:
        return filter_pass(index, &index->lanes[1], bytes, count, 12, 4, passed);
    default:
        return filter_pass(index, &index->lanes[2], bytes, count, 8, 1, passed);
    }
}

static void look_up(const struct index_lane *lane, const struct pass *pass,
                    void (*hit)(const struct index_hit *hit, void *context), void *context)
{
    size_t slot = place(pass->strong, lane->slots);

    for (; lane->table[slot] != 0; slot = slot + 1 < lane->slots ? slot + 1 : 0) {
        if ((lane->table[slot] ^ pass->strong << 48) >> 48 == 0) {
            struct index_hit found = hit_of(lane->table[slot], pass->at);

            hit(&found, context);
        }
    }
}

static void search_lane(const struct index *index, int number, struct slice bytes, size_t from, size_t to,
                        void (*hit)(const struct index_hit *hit, void *context), void *context)
{
    const struct index_lane *lane = &index->lanes[number];
    const size_t width = window_lanes[number].width, stride = window_lanes[number].stride;
    uint32_t passed[BATCH] UNZEROED;
    struct pass passes[BATCH] UNZEROED;

    while (from < to) {
        size_t left = (to - from + stride - 1) / stride, count = left < BATCH ? left : BATCH;
        size_t number_passed = filter_lane(index, number, bytes.data + from, count, passed);

        for (size_t i = 0; i < number_passed; i++) {
            passes[i].at = from + passed[i] * stride;
            passes[i].strong = window_strong(&index->keys, bytes.data + passes[i].at, width);
            __builtin_prefetch(&lane->table[place(passes[i].strong, lane->slots)]);
        }
        for (size_t i = 0; i < number_passed; i++)
            look_up(lane, &passes[i], hit, context);
        from += count * stride;
    }
}

void index_search(const struct index *index, struct slice bytes, size_t from, size_t to,
                  void (*hit)(const struct index_hit *hit, void *context), void *context)
{
    for (int i = 0; i < WINDOW_LANES; i++) {
        size_t width = window_lanes[i].width, end = bytes.length < width ? 0 : bytes.length - width + 1;

        if (index->lanes[i].count > 0)
            search_lane(index, i, bytes, from, to < end ? to : end, hit, context);
    }
}
