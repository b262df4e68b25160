/* SPDX-License-Identifier: ISC
 *
 * What recognition reads of a token: in the roster, or where there are too many tokens for it in the ledger. Whose a
 * digest is, the table of fingerprints says; that token is read, by one statement, and the beginning of its secret is
 * opened and compared. Where that does not show that it bears the digest (a fact, a former secret, another spelling, one
 * that several share, a long one), the index is asked. To read of a token that was presented and of any other is the
 * same work. */
#ifndef KEEPER_KNOWN_H
#define KEEPER_KNOWN_H

#include <stdbool.h>
#include <stdint.h>
#include "server/keeper/keyring.h"

struct observation;
struct probe;
struct recogniser;

struct known {
    int64_t token; /* row's number */
    struct digest identity;
    uint16_t length; /* of its secret */
    uint8_t part;    /* enum token_part: what bears the digest */
    bool bound, distinctive, opens;
    unsigned char head[KEYRING_HEAD]; /* of the secret, in clear; the caller wipes it */
};

/* The newest token that bears the probe's digest. 1; 0 where none does; -1 with the text in `error`. */
int known_find(struct recogniser *recogniser, const struct probe *probe, const struct observation *observation,
               struct known *known, struct error *error);
/* Any token. 0 where there is none at all. */
int known_any(struct recogniser *recogniser, const struct observation *observation, struct known *known,
              struct error *error);

#endif
