/* SPDX-License-Identifier: ISC */
#include "server/finder/index.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "server/base/unzeroed.h"

#define BLOCK 4096     /* windows */
#define FILTER_BITS 16 /* for each window */
#define BATCH 256      /* windows of a stream looked at in one go */

#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__
#define CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define CLONES
#endif

/* Bytes are looked at by the vector. */
#define VECTOR 16
#define STRETCH (BATCH * 8 + VECTOR) /* bytes that a batch takes at most, rounded up */
typedef unsigned char vector __attribute__((vector_size(VECTOR)));
union stretch {
    unsigned char one[STRETCH];
    vector some[STRETCH / VECTOR];
};

/* Of a hash: a place of so many, and three bits of one word. */
#define PLACE(hash, count) ((((hash) >> 32) * (count)) >> 32)
#define MASK(hash) (1ull << ((hash) >> 14 & 63) | 1ull << ((hash) >> 20 & 63) | 1ull << ((hash) >> 26 & 63))

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
    if (lane->count == 0 || window->lowest < lane->lowest)
        lane->lowest = window->lowest;
    if (lane->count == 0 || window->highest > lane->highest)
        lane->highest = window->highest;
    lane->count++;
    return 0;
}

/* ---- building ---- */

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
    size_t slot = PLACE(window->strong, lane->slots);

    lane->filter[PLACE(window->quick, lane->words)] |= MASK(window->quick);
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

/* Which of the bytes no window has. */
static inline __attribute__((always_inline)) void find_odd(const struct index_lane *lane, const unsigned char *bytes,
                                                           size_t length, union stretch *odd)
{
    const unsigned char lowest = lane->lowest, span = (unsigned char)(lane->highest - lane->lowest);
    size_t i = 0;

    for (; i < length / VECTOR; i++) {
        vector some;

        memcpy(&some, bytes + i * VECTOR, VECTOR);
        odd->some[i] = (vector)(some - lowest > span);
    }
    for (i *= VECTOR; i < length; i++)
        odd->one[i] = (unsigned char)(bytes[i] - lowest) > span;
}

/* Those of `count` windows that pass: most have a blank or another byte that no secret has; the rest is hashed, all of
 * it first, so that the filter's words are on their way from memory together. No branch for each. */
static inline __attribute__((always_inline)) size_t filter_pass(const struct index *index,
                                                                const struct index_lane *lane,
                                                                const unsigned char *bytes, size_t count, size_t width,
                                                                size_t stride, uint32_t *passed)
{
    const uint64_t *filter = lane->filter;
    const struct window_keys keys = index->keys;
    const size_t words = lane->words;
    union stretch odd UNZEROED;
    uint64_t hashes[BATCH] UNZEROED;
    size_t left = 0, number = 0;

    find_odd(lane, bytes, (count - 1) * stride + width, &odd);
    for (size_t i = 0; i < count; i++) {
        passed[left] = (uint32_t)i;
        left += (window_load(odd.one + i * stride, 8) | window_load(odd.one + i * stride + 8, width - 8)) == 0;
    }
    for (size_t i = 0; i < left; i++) {
        const unsigned char *at = bytes + passed[i] * stride;

        hashes[i] = WINDOW_QUICK(keys.quick, window_load(at, 8), window_load(at + 8, width - 8));
        __builtin_prefetch(&filter[PLACE(hashes[i], words)]);
    }
    for (size_t i = 0; i < left; i++) {
        passed[number] = passed[i];
        number += (MASK(hashes[i]) & ~filter[PLACE(hashes[i], words)]) == 0;
    }
    return number;
}

/* One for each lane, and each for newer processors, too: the dynamic linker chooses. */
CLONES static size_t filter_lane(const struct index *index, int lane, const unsigned char *bytes, size_t count,
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
    size_t slot = PLACE(pass->strong, lane->slots);

    for (; lane->table[slot] != 0; slot = slot + 1 < lane->slots ? slot + 1 : 0) {
        if ((lane->table[slot] ^ pass->strong << 48) >> 48 == 0) {
            struct index_hit found = hit_of(lane->table[slot], pass->at);

            hit(&found, context);
        }
    }
}

/* What passed is looked up when there is much of it: slots, too, come from memory together. */
static void search_lane(const struct index *index, int number, struct slice bytes, size_t from, size_t to,
                        void (*hit)(const struct index_hit *hit, void *context), void *context)
{
    const struct index_lane *lane = &index->lanes[number];
    const size_t width = window_lanes[number].width, stride = window_lanes[number].stride;
    uint32_t passed[BATCH] UNZEROED;
    struct pass passes[2 * BATCH] UNZEROED;
    size_t waiting = 0;

    while (from < to) {
        size_t left = (to - from + stride - 1) / stride, count = left < BATCH ? left : BATCH;
        size_t number_passed = filter_lane(index, number, bytes.data + from, count, passed);

        for (size_t i = 0; i < number_passed; i++) {
            struct pass *pass = &passes[waiting++];

            pass->at = from + passed[i] * stride;
            pass->strong = window_strong(&index->keys, bytes.data + pass->at, width);
            __builtin_prefetch(&lane->table[PLACE(pass->strong, lane->slots)]);
        }
        from += count * stride;
        if (waiting > BATCH || from >= to) {
            for (size_t i = 0; i < waiting; i++)
                look_up(lane, &passes[i], hit, context);
            waiting = 0;
        }
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
