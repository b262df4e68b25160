/* SPDX-License-Identifier: ISC
 *
 * All that recognition needs to know of tokens, in memory while they are few: what stands in secret_index, and of each
 * token's row what is compared, its secret's first bytes among it. A look-up costs the same for what is there and for
 * what is not. Tokens and their digests are only ever added, so that nothing in it goes stale. */
#ifndef KEEPER_ROSTER_H
#define KEEPER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/keeper/ledger.h"

#define ROSTER_TOKENS 4096   /* at most, */
#define ROSTER_DIGESTS 16384 /* and of these; where there are more it stays empty */

struct roster_token {
    int64_t number;
    struct digest identity;
    unsigned char head[KEYRING_HEAD]; /* of the secret, masked */
    uint16_t length;                  /* of all of it; 0: cannot be opened */
    bool bound, distinctive;
    uint32_t decoy, decoy_length; /* its name: place in roster->names */
};

struct roster_digest {
    struct digest digest;
    int64_t token; /* 0: free */
    uint8_t part;  /* enum token_part */
};

struct roster {
    struct roster_token *tokens; /* by number */
    size_t count, room;
    struct roster_digest *digests; /* open addressing; of several with one digest the newest token */
    size_t places;                 /* a power of two */
    struct buffer names;
    uint64_t loaded; /* ledger->indexed when it was, plus one */
    bool complete;   /* everything is in it */
};

/* Takes what was added since. -1 when the ledger could not be read; without memory it is not complete. */
int roster_load(struct roster *roster, struct ledger *ledger, struct error *error);
/* Wipes and frees; it may be loaded again. */
void roster_close(struct roster *roster);

/* Is there something to load? */
static inline bool roster_behind(const struct roster *roster, const struct ledger *ledger)
{
    return roster->loaded != ledger->indexed + 1;
}

/* NULL: nobody's. Only of a complete one, as the next. */
const struct roster_digest *roster_find(const struct roster *roster, const struct digest *digest);
/* The first token with at least that number, or NULL. */
const struct roster_token *roster_token(const struct roster *roster, int64_t number);
/* Writes the beginning of its secret in clear to `out`, which the caller wipes. */
void roster_secret(const struct keyring *keyring, const struct roster_token *token, unsigned char out[KEYRING_HEAD]);
struct slice roster_decoy(const struct roster *roster, const struct roster_token *token);

#endif
