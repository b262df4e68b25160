/* SPDX-License-Identifier: ISC
 *
 * Proofs of possession (tokens/proof/) among an observation's candidates: whose secret do they show knowledge of? The
 * work is the same for hit and miss: each of at most PROVE_MOST proofs is verified against PROVE_TOKENS tokens, those
 * that bear an identity (or a public key) of its pair and, where there are fewer, any others; of those whose verifier is
 * derived at some cost (SCRAM) the youngest PROVE_DERIVED, and no more proofs than there is a budget for, whoever they are
 * of: beyond it, a proof shows no more than its name does. A proof that comes without
 * a name is verified against all secrets that can be proven so, at most PROVE_TRIALS: those of armed tokens before
 * retired ones', and the youngest of each. */
#ifndef KEEPER_PROVE_H
#define KEEPER_PROVE_H

#include "server/base/facts.h"
#include "server/keeper/ledger.h"
#include "server/wire/message.h"

#define PROVE_MOST 4
#define PROVE_TOKENS 4
#define PROVE_TRIALS 256
#define PROVE_DERIVED 2         /* tokens: each costs 1 to 2 ms */
#define PROVE_ROUNDS 16384      /* at most */
#define PROVE_BURST 16          /* derived proofs one after the other, */
#define PROVE_REFILL_US 125000  /* and one more after each such time */
#define PROVEN_MOST (PROVE_MOST * PROVE_TOKENS)

struct recogniser;

/* A secret that is tried because nothing says whose a proof is. */
struct trial {
    int64_t token;
    uint8_t number; /* of the proof */
    struct buffer verifier;
};

struct prover {
    struct trial trials[PROVE_TRIALS];
    size_t trial_count;
    uint64_t loaded; /* ledger->trials when they were */
    unsigned char dummy[SEAL_OVERHEAD + FACTS_BYTES / 4]; /* unsealed where a token has no facts */
    unsigned char facts[FACTS_BYTES];
    uint64_t verified; /* how many verifications were done */
    unsigned derived;  /* proofs of the budget that are spent */
    int64_t refilled;  /* monotonic */
};

struct proven {
    int64_t token;
    uint16_t candidate; /* the proof */
    uint8_t number;
    bool opens; /* the decoy where it was seen */
};

int prover_open(struct prover *prover, const struct keyring *keyring, struct error *error);
void prover_close(struct prover *prover);
/* May one more verifier be derived at that time? Then it is counted. */
bool prover_spend(struct prover *prover, int64_t now);
/* Fills `proven`; how many, or -1. Uses the probes of recognise(). */
int prove(struct recogniser *recogniser, const struct observation *observation, struct proven proven[PROVEN_MOST],
          struct error *error);

#endif
