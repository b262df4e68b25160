/* SPDX-License-Identifier: ISC
 *
 * What a decoy that grants opens. Only the exact login of the form that was sent counts: the sensor says which pair of
 * candidates that was. A session that a planted secret opened carries a seal, which only the keeper can make and read:
 * the sensor puts it where the product has random bytes, and hands it back with each later step. So nobody holds a
 * list, and a session outlives restarts. Codes of the second factor are all wrong; too many lock the account. */
#ifndef KEEPER_GRANT_H
#define KEEPER_GRANT_H

#include "server/keeper/keyring.h"
#include "server/keeper/ledger.h"
#include "server/keeper/lockout.h"
#include "server/keeper/recognise.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

#define GRANT_KIND 40 /* bytes of the longest kind's name, and the NUL */

struct granter {
    const struct configuration *configuration; /* which decoys grant; NULL: none */
    struct ledger *ledger;
    const struct keyring *keyring;
    struct lockout lockout;
};

struct grant {
    char kind[GRANT_KIND]; /* of the token that was let in; "" where nobody was; GRANT_SESSION for a later step,
                              GRANT_LOCKED for any step at an account that is locked */
    unsigned char seal[SESSION_SEAL];
};

/* Marks what in the recognition was let in, or belongs to a session that was, and fills `grant`. Nothing at a decoy
 * that refuses. -1 when the ledger could not be read. */
int grant_judge(struct granter *granter, const struct observation *observation, struct recognition *recognition,
                struct grant *grant, struct error *error);

void grant_seal(const struct keyring *keyring, struct slice decoy, int64_t token, unsigned char seal[SESSION_SEAL]);
/* The token, or 0 where the keeper did not seal that for the decoy. */
int64_t grant_unseal(const struct keyring *keyring, struct slice decoy, struct slice seal);

#endif
