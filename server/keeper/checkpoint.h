/* SPDX-License-Identifier: ISC
 *
 * Where the chain of observations begins once its oldest rows were dropped: the last of them by number and link, under
 * a keyed digest that only the keeper can make. There is one at most; the next one takes its place. */
#ifndef KEEPER_CHECKPOINT_H
#define KEEPER_CHECKPOINT_H

#include "server/keeper/chain.h"

struct checkpoint {
    struct chain chain; /* the last row dropped, and so how many were; sequence 0: none was */
    int64_t time;       /* when it was dropped */
};

/* 0; 1 when the row is there and not the keeper's: then *checkpoint is as it stands there; -1 when the ledger cannot be
 * read. */
int checkpoint_load(struct ledger *ledger, const struct keyring *keyring, struct checkpoint *checkpoint,
                    struct error *error);
/* In the caller's transaction. */
int checkpoint_save(struct ledger *ledger, const struct keyring *keyring, const struct checkpoint *checkpoint,
                    struct error *error);

#endif
