/* SPDX-License-Identifier: ISC */
#include "server/keeper/fingerprints.h"

#include <string.h>
#include <sys/mman.h>

#define SLOTS 10
#define SLOTS_FILLED 7  /* of a bucket, on average, when it has as many as it was sized for */
#define SLOTS_CROWDED 8
#define SLOTS_MOST 9    /* so that each search comes to a bucket with room */
#define TOKEN_BITS 28
#define BUCKETS_MOST (FINGERPRINTS_MAXIMUM / sizeof(struct fingerprint_bucket))

/* What does not fit into its bucket lies in the next one that has room. */
struct fingerprint_bucket {
    uint32_t bearers[SLOTS]; /* part and token; 0: several, or one that does not fit */
    uint16_t prints[SLOTS];
    uint16_t used;
    uint16_t unused;
};

_Static_assert(sizeof(struct fingerprint_bucket) == 64, "a line");

int fingerprints_open(struct fingerprints *fingerprints, uint64_t digests)
{
    uint64_t count = digests / SLOTS_FILLED + 128;
    struct fingerprint_bucket *buckets;

    fingerprints_close(fingerprints);
    if (count > BUCKETS_MOST)
        count = BUCKETS_MOST;
    buckets = mmap(NULL, count * sizeof *buckets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buckets == MAP_FAILED)
        return -1;
    fingerprints->buckets = buckets;
    fingerprints->count = count;
    return 0;
}

void fingerprints_close(struct fingerprints *fingerprints)
{
    if (fingerprints->buckets != NULL)
        munmap(fingerprints->buckets, fingerprints->count * sizeof *fingerprints->buckets);
    memset(fingerprints, 0, sizeof *fingerprints);
}

/* Digests are uniform: their bytes serve as hash values. */
static size_t place_of(const struct fingerprints *fingerprints, const struct digest *digest)
{
    uint32_t value;

    memcpy(&value, digest->bytes, sizeof value);
    return (size_t)((uint64_t)value * fingerprints->count >> 32);
}

static uint16_t print_of(const struct digest *digest)
{
    uint16_t print;

    memcpy(&print, digest->bytes + sizeof(uint32_t), sizeof print);
    return print;
}

/* Where it is, or else the bucket that has room for it, with *slot behind its last. */
static struct fingerprint_bucket *search(const struct fingerprints *fingerprints, const struct digest *digest,
                                         unsigned *slot)
{
    size_t at = place_of(fingerprints, digest);
    uint16_t print = print_of(digest);
    struct fingerprint_bucket *bucket;

    for (;; at = at + 1 == fingerprints->count ? 0 : at + 1) {
        bucket = &fingerprints->buckets[at];
        for (*slot = 0; *slot < bucket->used; (*slot)++)
            if (bucket->prints[*slot] == print)
                return bucket;
        if (bucket->used < SLOTS)
            return bucket;
    }
}

void fingerprints_add(struct fingerprints *fingerprints, const struct digest *digest, int64_t token, unsigned part)
{
    uint32_t bearer = token > 0 && token >> TOKEN_BITS == 0 && part < 16 ? (uint32_t)token | part << TOKEN_BITS : 0;
    struct fingerprint_bucket *bucket;
    unsigned slot;

    if (fingerprints->count == 0)
        return;
    bucket = search(fingerprints, digest, &slot);
    if (slot < bucket->used) {
        if (bucket->bearers[slot] != bearer)
            bucket->bearers[slot] = 0;
    } else if (fingerprints->added < fingerprints->count * SLOTS_MOST) {
        bucket->prints[slot] = print_of(digest);
        bucket->bearers[slot] = bearer;
        bucket->used++;
        fingerprints->added++;
    } else {
        fingerprints->overflowed = true;
    }
}

bool fingerprints_find(const struct fingerprints *fingerprints, const struct digest *digest, struct bearer *bearer)
{
    const struct fingerprint_bucket *bucket;
    unsigned slot;

    *bearer = (struct bearer){0, 0};
    if (!fingerprints->complete || fingerprints->overflowed)
        return true;
    bucket = search(fingerprints, digest, &slot);
    if (slot == bucket->used)
        return false;
    bearer->token = bucket->bearers[slot] & ((1u << TOKEN_BITS) - 1);
    bearer->part = (uint8_t)(bucket->bearers[slot] >> TOKEN_BITS);
    return true;
}

bool fingerprints_crowded(const struct fingerprints *fingerprints)
{
    return fingerprints->count > 0 && fingerprints->count < BUCKETS_MOST &&
           fingerprints->added > fingerprints->count * SLOTS_CROWDED;
}

bool fingerprints_wanting(const struct fingerprints *fingerprints)
{
    return (!fingerprints->complete && !fingerprints->overflowed) || fingerprints_crowded(fingerprints);
}
