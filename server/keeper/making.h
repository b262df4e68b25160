/* SPDX-License-Identifier: ISC
 *
 * An alert between its facts (alert.c) and its record as JSON (record.c). */
#ifndef KEEPER_MAKING_H
#define KEEPER_MAKING_H

#include "server/keeper/record.h"

/* Columns of the facts on a sighting. */
enum fact {
    S_ID, S_OBSERVATION, S_TIME, S_DECOY, S_SERVICE, S_GRADE, S_DISTANCE, S_LENGTH, S_PART, S_FOUND_IN, S_REASON,
    S_SOURCE, S_PORT, S_VIA, S_CLIENT, S_CONTEXT, S_DRILL, S_TOKEN, S_ACTOR, S_INCIDENT,
    T_ID, T_KIND, T_FORM, T_IDENTITY, T_BOUND, T_STATE, T_MINTED, T_EXPIRES, T_OWNER, T_CONTACT, T_MEMO, T_BITS,
    T_FIRST_USED, C_ID, C_ADDRESS, C_FIRST_SEEN, C_SIGHTINGS, I_ID,
    P_ID, P_PLACE, P_LOCATION, P_PLANTED, P_STATE, P_LURE, P_OWNER, P_UPROOTED, P_SHARED, P_ROTATED, P_SUCCESSOR,
    P_DEPARTMENT, P_MANAGER
};

/* An alert on its way into the table. */
struct making {
    struct derivation *derivation;
    struct buffer *out;
    sqlite3_stmt *facts; /* NULL for types route and heartbeat */
    const struct told *told;
    struct id id;
    int64_t number; /* of the row; a heartbeat's is below 0 */
    int64_t sequence, now; /* sequence: what the record says, the number or, in a heartbeat, the last alert's */
    enum severity severity;
    char title[256], grade[24];
    size_t most; /* bytes of any one text, where the whole does not fit otherwise; 0: as they are */
};

/* Write the whole record into making->out. */
int making_sighting(struct making *making, struct error *error);
void making_route(struct making *making, const char *route, int64_t failures, const char *text);
int making_heartbeat(struct making *making, const struct route *route, struct error *error);

#endif
