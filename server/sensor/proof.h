/* SPDX-License-Identifier: ISC
 *
 * Proofs of possession among what a request presented: candidates of part CANDIDATE_PROOF, in a pair with the
 * identities under which the keeper looks for the secret. */
#ifndef SENSOR_PROOF_H
#define SENSOR_PROOF_H

#include "server/sensor/credential.h"
#include "server/wire/transcript.h"

/* Adds the proof and returns its pair's number, under which the caller adds identities. 0: it is there already, or does
 * not fit. */
uint8_t proof_add(struct credentials *credentials, uint8_t rank, const char *where,
                  const struct transcript *transcript);
/* Where the value is a signed JWT (RFC 7515, compact): its signature as a proof, with who it says that signed (iss, sub,
 * client_id, azp, kid). Whatever else the value is, nothing happens. */
void proof_add_jwt(struct credentials *credentials, uint8_t rank, const char *where, struct slice value);

#endif
