/* SPDX-License-Identifier: ISC
 *
 * Digests of new tokens that wait for their transaction's end, to be put into secret_index in the index's own order:
 * in any other, each would cost a page. */
#ifndef KEEPER_PENDING_H
#define KEEPER_PENDING_H

#include <stddef.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/keeper/keyring.h"

#define PENDING_MOST 131072 /* entries; then they are written at once */

struct ledger;

struct pending_digest {
    struct digest digest;
    int64_t token;
    int part;
};

struct pending_digests {
    struct pending_digest *items;
    size_t count, capacity;
};

/* Outside a transaction it is written at once. */
int pending_add(struct ledger *ledger, const struct digest *digest, int64_t token, int part, struct error *error);
int pending_write(struct ledger *ledger, struct error *error);
/* Forgets what was not written, and frees. */
void pending_clear(struct pending_digests *pending);

#endif
