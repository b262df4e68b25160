/* SPDX-License-Identifier: ISC
 *
 * The parts of an OCSF finding that hold what was seen of the client, and our own facts. Each appends members to an
 * object that is open. */
#ifndef COURIER_EVIDENCE_H
#define COURIER_EVIDENCE_H

#include <jansson.h>
#include "server/base/buffer.h"

void evidence_write(const json_t *record, struct buffer *out);       /* "evidences" */
void evidence_observables(const json_t *record, struct buffer *out); /* "observables" */
void evidence_unmapped(const json_t *record, struct buffer *out);    /* "unmapped":{"sundew":{…}} */

#endif
