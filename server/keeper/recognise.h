/* SPDX-License-Identifier: ISC
 *
 * Which tokens an observation shows, and how surely (DESIGN 5). The work is the same for hit and miss: one keyed
 * digest per spelling, one look-up each, and always one token read, unsealed and compared. */
#ifndef KEEPER_RECOGNISE_H
#define KEEPER_RECOGNISE_H

#include "server/keeper/keyring.h"
#include "server/keeper/ledger.h"
#include "server/wire/message.h"

#define MATCHES 8
#define MATCH_BYTES 20
#define MATCHED_BYTES (MATCHES * MATCH_BYTES)

enum grade { GRADE_NOISE, GRADE_IDENTITY, GRADE_KEY_OFFERED, GRADE_SECRET_ELSEWHERE, GRADE_SECRET };

const char *grade_name(enum grade grade); /* "identity", "secret-elsewhere", … */

enum match_reason {
    MATCH_OTHER_IDENTITY = 1, /* the bound secret came with another identity */
    MATCH_OTHER_DECOY = 2,    /* not the decoy that the token opens */
    MATCH_FORMER = 4,         /* a secret that was rotated out */
    MATCH_NO_IDENTITY = 8,    /* the bound secret came alone */
    MATCH_NEAR = 16,          /* distance and length are set */
};

struct match {
    int64_t token; /* row's number */
    uint8_t grade, part, candidate, reasons;
    uint16_t distance; /* edit distance of the presented secret to the planted one, at most RECOGNISE_DISTANCE */
    uint16_t length;   /* of the planted secret */
};

#define RECOGNISE_DISTANCE 64 /* bytes of either secret that are compared */

struct recognition {
    struct match matches[MATCHES];
    size_t count;
    struct digest digests[OBSERVATION_CANDIDATES]; /* of each candidate's value, for the row */
};

/* The dummy that is unsealed where no token is known; drawn at start. */
struct recogniser {
    struct ledger *ledger;
    const struct keyring *keyring;
    unsigned char dummy[SEAL_OVERHEAD + 32];
    uint64_t unseals; /* how many were done: one per observation */
};

int recogniser_open(struct recogniser *recogniser, struct ledger *ledger, const struct keyring *keyring);
int recognise(struct recogniser *recogniser, const struct observation *observation, struct recognition *recognition,
              struct error *error);
/* MATCHED_BYTES, zero-filled behind the last match. */
void recognition_pack(const struct recognition *recognition, unsigned char out[MATCHED_BYTES]);
size_t recognition_unpack(struct slice packed, struct match matches[MATCHES]);

#endif
