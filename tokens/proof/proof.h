/* SPDX-License-Identifier: ISC
 *
 * Proofs of possession: what a client sends in place of a secret, and what shows that it knows it. Bytes in, bytes
 * out; no I/O, no clock, no randomness. The minter makes verifiers; the keeper, which links nothing else of tokens/,
 * verifies; sensors only cut out a transcript's fields (server/wire/tables/proofs.def names them). What a verification
 * costs depends on the transcript, not on the verifier nor on the outcome. */
#ifndef TOKENS_PROOF_PROOF_H
#define TOKENS_PROOF_PROOF_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

#define PROOF_FIELDS 10   /* most that a transcript has */
#define PROOF_VERIFIER 4096 /* bytes of the longest verifier */

/* What a verifier is made of. */
struct proof_secret {
    struct slice identity; /* user name, where the proof's verifier depends on it */
    struct slice secret;   /* password or shared key; of a key pair either half: PEM, SubjectPublicKeyInfo, or an SSH
                            * public key's blob */
    struct slice salt;     /* SCRAM */
    uint32_t rounds;       /* SCRAM */
};

enum proof_stored { PROOF_KEPT, PROOF_MADE, PROOF_DERIVED }; /* as in proofs.def */

struct proof {
    const char *name;
    const char *fact; /* name of the token's fact that holds the verifier as base64, where it is stored */
    const char *fields; /* names of a transcript's, separated by spaces */
    enum proof_stored stored;
    /* Adds the verifier. -1 when it cannot be made of this secret, or `verifier` is full. */
    int (*make)(const struct proof_secret *secret, struct buffer *verifier);
    /* Do the fields prove knowledge of the secret? False for whatever is malformed, and for an empty verifier. */
    bool (*verify)(struct slice verifier, const struct slice *fields);
};

/* Loads what libcrypto loads when first used; once, before a cage is shut. */
void proof_prepare(void);
/* By proofs.def's order; NULL behind the last. */
const struct proof *proof_at(size_t number);
const struct proof *proof_named(struct slice name);
/* What a derived verifier is made with, as the fields say. -1: they do not. */
int proof_terms(const struct proof *proof, const struct slice *fields, size_t count, struct proof_secret *secret);
/* verify(), and false where `count` is not what the proof has. */
bool proof_verify(const struct proof *proof, struct slice verifier, const struct slice *fields, size_t count);

#define PROOF(number, symbol, title, summary, names, find, keep)                                                        \
    int proof_##symbol##_make(const struct proof_secret *secret, struct buffer *verifier);                             \
    bool proof_##symbol##_verify(struct slice verifier, const struct slice *fields);
#include "server/wire/tables/proofs.def"
#undef PROOF

#endif
