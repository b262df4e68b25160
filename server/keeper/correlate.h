/* SPDX-License-Identifier: ISC
 *
 * Whose use it was, and what it belongs to (DESIGN 4.3): the actor by the address' prefix, and the open incident of the
 * token, else of the actor. All in the caller's transaction; 0 or -1. */
#ifndef KEEPER_CORRELATE_H
#define KEEPER_CORRELATE_H

#include "server/keeper/sighting.h"

/* The observation's address; all zero where the row has none. */
struct address shown_source(sqlite3_stmt *row);
/* Finds or makes shown->actor, and counts the use. */
int correlate_actor(struct derivation *derivation, struct shown *shown, struct error *error);
/* Finds or makes shown->incident, once the actor is known. */
int correlate_incident(struct derivation *derivation, struct shown *shown, int64_t now, struct error *error);
/* Further uses of that actor, and uses of the token, which is in shown->incident then. */
int correlate_count_actor(struct derivation *derivation, int64_t actor, int64_t sightings, int64_t earliest,
                          int64_t latest, struct error *error);
int correlate_count_token(struct derivation *derivation, const struct shown *shown, int64_t sightings, int64_t latest,
                          struct error *error);

#endif
