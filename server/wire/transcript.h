/* SPDX-License-Identifier: ISC
 *
 * What a sensor cut out of a conversation for a proof of possession (tables/proofs.def), packed as the value of a
 * candidate whose part is CANDIDATE_PROOF: u8 number, then each field as bytes. */
#ifndef WIRE_TRANSCRIPT_H
#define WIRE_TRANSCRIPT_H

#include <stddef.h>
#include "server/base/buffer.h"

#define TRANSCRIPT_FIELDS 10

enum proof_number {
#define PROOF(number, symbol, name, summary, fields, find, stored) PROOF_##number,
#include "server/wire/tables/proofs.def"
#undef PROOF
    PROOF_NUMBERS
};

struct transcript {
    enum proof_number number;
    struct slice fields[TRANSCRIPT_FIELDS];
    size_t count;
};

int transcript_add(struct buffer *buffer, const struct transcript *transcript);
/* The slices point into `packed`. -1 when it is damaged. */
int transcript_get(struct slice packed, struct transcript *transcript);
/* "sigv4" */
const char *transcript_name(enum proof_number number);

#endif
