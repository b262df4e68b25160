/* SPDX-License-Identifier: ISC
 *
 * Which tokens an observation shows, and how surely (DESIGN 5). The work is the same for hit and miss: one keyed
 * digest per spelling, each asked of the roster, or of the table of fingerprints where there are too many tokens for
 * one; then at least one token, one that was presented or any, is looked up and read (known.h) and compared. Proofs of
 * possession: prove.h. */
#ifndef KEEPER_RECOGNISE_H
#define KEEPER_RECOGNISE_H

#include "server/keeper/keyring.h"
#include "server/keeper/known.h"
#include "server/keeper/ledger.h"
#include "server/keeper/normalise.h"
#include "server/keeper/prove.h"
#include "server/keeper/roster.h"
#include "server/keeper/token.h"
#include "server/wire/message.h"

#define MATCHES 8
#define MATCH_BYTES 16
#define MATCHED_BYTES (MATCHES * MATCH_BYTES)

/* The numbers stand in observations' rows; grade_rank() has the order. */
enum grade { GRADE_NOISE, GRADE_IDENTITY, GRADE_KEY_OFFERED, GRADE_SECRET_ELSEWHERE, GRADE_SECRET, GRADE_BEACON };

const char *grade_name(enum grade grade); /* "identity", "secret-elsewhere", … */
int grade_rank(enum grade grade);         /* higher for what is surer */

enum match_reason {
    MATCH_OTHER_IDENTITY = 1, /* the bound secret came with another identity */
    MATCH_OTHER_DECOY = 2,    /* not the decoy that the token opens */
    MATCH_FORMER = 4,         /* a secret that was rotated out */
    MATCH_NO_IDENTITY = 8,    /* the bound secret came alone */
    MATCH_NEAR = 16,          /* distance and length are set */
    MATCH_DRILL = 32,         /* announced by `sundew drill` (drills.h) */
    MATCH_SESSION = 64,       /* a later step of a session that the secret opened (grant.h) */
    MATCH_GRANTED = 128,      /* the decoy let the secret in */
};

struct match {
    int64_t token; /* row's number */
    uint8_t grade, part, candidate, reasons;
    uint16_t distance; /* edit distance of the presented secret to the planted one; of a proof its number (proofs.def) */
    uint16_t length;   /* of the planted secret */
};

#define RECOGNISE_DISTANCE KEYRING_HEAD /* bytes of either secret that are compared; what is longer counts as different */
/* Levenshtein's distance, within that bound. */
unsigned edit_distance(struct slice a, struct slice b);

struct recognition {
    struct match matches[MATCHES];
    size_t count;
    struct digest digests[OBSERVATION_CANDIDATES]; /* of each candidate's value, for the row */
};

#define RECOGNISE_PROBES (OBSERVATION_CANDIDATES * (NORMALISE_SPELLINGS + 1))
#define RECOGNISE_POOL 16 /* digests and tokens for the work of a miss */

struct probe {
    struct digest digest;
    uint16_t candidate;
    uint8_t tag; /* enum digest_tag */
};

struct recogniser {
    struct ledger *ledger;
    const struct keyring *keyring;
    struct digest nobodys[RECOGNISE_POOL];
    int64_t anybody[RECOGNISE_POOL];
    unsigned char dummy[SEAL_OVERHEAD + 32]; /* unsealed while there is no token at all */
    int64_t last_token;                      /* highest number */
    unsigned turn;
    unsigned until_refresh;
    struct probe probes[RECOGNISE_PROBES];
    size_t probe_count;
    unsigned char plain[TOKEN_SECRET];
    uint64_t opened; /* tokens: at least one per observation */
    struct prover prover;
    struct roster roster; /* loaded by recognise() */
};

/* recogniser_close() frees, also after a failure. */
int recogniser_open(struct recogniser *recogniser, struct ledger *ledger, const struct keyring *keyring,
                    struct error *error);
void recogniser_close(struct recogniser *recogniser);
/* Fills the ledger's table of fingerprints with up to `rows` digests more. 1: there is more to do; 0: complete; -1. */
int recogniser_fill(struct recogniser *recogniser, int rows, struct error *error);
/* -1 when the ledger could not be read. */
int recognise(struct recogniser *recogniser, const struct observation *observation, struct recognition *recognition,
              struct error *error);
/* MATCHED_BYTES, zero-filled behind the last match. */
void recognition_pack(const struct recognition *recognition, unsigned char out[MATCHED_BYTES]);
size_t recognition_unpack(struct slice packed, struct match matches[MATCHES]);

#endif
