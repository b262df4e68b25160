/* SPDX-License-Identifier: ISC
 *
 * A hash table of all digests in secret_index, by fingerprints of 16 bits: which token bears one, if any. Most of what
 * is presented is not planted, and is known not to be by one line of memory; what is found may be another digest of the
 * same fingerprint, and is compared with the token. It is filled in the background after a start; until then, and where
 * several bear a fingerprint, the answer is to ask the index. Nine bytes a digest. */
#ifndef KEEPER_FINGERPRINTS_H
#define KEEPER_FINGERPRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/keeper/keyring.h"

#define FINGERPRINTS_MAXIMUM (512u * 1024 * 1024) /* bytes; where they do not do, the index is always asked */

struct fingerprint_bucket; /* a line of memory */

struct fingerprints {
    struct fingerprint_bucket *buckets;
    size_t count;   /* of buckets; 0: not built */
    uint64_t added; /* digests */
    bool complete;  /* set by who fills it */
    bool overflowed; /* something was left out: the index is asked until it is built anew */
    struct digest reached; /* the scan's place */
    bool scanning;
};

struct bearer {
    int64_t token; /* 0: the index knows */
    uint8_t part;  /* enum token_part */
};

/* Sizes it for that many digests, and begins anew. -1 without memory: it then stays without effect. */
int fingerprints_open(struct fingerprints *fingerprints, uint64_t digests);
void fingerprints_close(struct fingerprints *fingerprints);
/* Tokens' numbers from 1 on; 0: several have the digest. */
void fingerprints_add(struct fingerprints *fingerprints, const struct digest *digest, int64_t token, unsigned part);
/* False: surely not in the index. */
bool fingerprints_find(const struct fingerprints *fingerprints, const struct digest *digest, struct bearer *bearer);
/* More was added than it was sized for: time to build it anew, larger. */
bool fingerprints_crowded(const struct fingerprints *fingerprints);
/* Is there something to fill? */
bool fingerprints_wanting(const struct fingerprints *fingerprints);

#endif
