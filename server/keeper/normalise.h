/* SPDX-License-Identifier: ISC
 *
 * The spellings under which one identity is known: trimmed and lower-cased (ASCII) whole, then without DOMAIN\ before
 * it, without @domain behind it, and the value of a DN's first RDN (RFC 4514, escapes undone). Used when a token is
 * minted and when one is recognised. */
#ifndef KEEPER_NORMALISE_H
#define KEEPER_NORMALISE_H

#include "server/base/buffer.h"

#define NORMALISE_SPELLINGS 4
#define NORMALISE_BYTES 512 /* longer identities are cut */

struct spellings {
    struct slice items[NORMALISE_SPELLINGS]; /* into `bytes`; no two alike; the whole one first */
    size_t count;
    unsigned char bytes[NORMALISE_SPELLINGS * NORMALISE_BYTES];
};

void normalise_identity(struct slice identity, struct spellings *spellings);
/* A secret has one spelling: without white space around it. */
struct slice normalise_secret(struct slice secret);

#endif
