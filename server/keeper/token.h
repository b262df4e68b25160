/* SPDX-License-Identifier: ISC
 *
 * Tokens in the ledger: how one is stored so that recognise.h finds it. */
#ifndef KEEPER_TOKEN_H
#define KEEPER_TOKEN_H

#include "server/keeper/ledger.h"
#include "server/wire/message.h"

#define TOKEN_SECRET 16384 /* bytes of the longest secret */

/* Parts of a token in secret_index; those that facts can have bear the same number there (server/base/facts.h). */
enum token_part {
    PART_IDENTITY = FACT_IDENTITY,
    PART_SECRET = FACT_SECRET,
    PART_FORMER = 3, /* a secret that was rotated out */
    PART_PUBLIC = FACT_PUBLIC,
    PART_ADDRESS = FACT_ADDRESS,
    PART_TRIAL = 6, /* under token_trial(): its secret is one of those tried for a proof that names nobody */
};

struct token_details {
    struct id id;
    struct slice decoy; /* empty: opens none of ours */
    struct slice owner, contact, memo;
    int64_t minted;
    int64_t expires; /* 0: never */
    int64_t beside;  /* row of the token in whose artifacts it lies; 0: none */
    bool drill;
};

/* Stores the token, its sealed secret and facts, and the digests of all that is recognised: its secret, its identity's
 * spellings, and of its facts those with such a role. In the caller's
 * transaction. *number becomes the row's. */
int token_insert(struct ledger *ledger, const struct keyring *keyring, const struct token_result *token,
                 const struct token_details *details, int64_t *number, struct error *error);
/* Adds the secret in clear to `out`, which the caller wipes. */
int token_secret(struct ledger *ledger, const struct keyring *keyring, int64_t number, struct buffer *out,
                 struct error *error);
/* The same for its facts, a packed list. */
int token_facts(struct ledger *ledger, const struct keyring *keyring, int64_t number, struct buffer *out,
                struct error *error);
/* Under which digest those stand that a proof by trial is tried against; fact: the name of the verifier's. */
struct digest token_trial(const struct keyring *keyring, struct slice fact);
/* The row's number; 0 when there is none; -1 on failure. */
int64_t token_number(struct ledger *ledger, struct id id, struct error *error);

#endif
