/* SPDX-License-Identifier: ISC
 *
 * One match of one observation on its way to being a sighting. */
#ifndef KEEPER_SIGHTING_H
#define KEEPER_SIGHTING_H

#include "server/keeper/derive.h"
#include "server/keeper/recognise.h"

/* An observation's columns, as derive.c reads them. */
enum row_column { ROW_SEQ, ROW_ID, ROW_TIME, ROW_DECOY, ROW_SERVICE, ROW_SOURCE, ROW_PORT, ROW_FLOW, ROW_CONTEXT,
                  ROW_PRESENTED, ROW_MATCHED };

struct token_facts {
    struct id id;
    bool retired, rotated, bound, drill, planted;
    int64_t expires;
    int secret_bits;
};

/* One match of one observation on its way to being a sighting. */
struct shown {
    sqlite3_stmt *row;
    int64_t seq, time;
    struct id observation;
    struct match match;
    struct token_facts token;
    int64_t actor, incident, sighting;
    bool opened; /* the incident is new */
    bool drill;
    int step; /* of a session that was let in: the first, the second … of its incident */
};

/* Inserts the row, in the caller's transaction, once its token, actor and incident are known; sets shown->sighting. 1: it
 * is new; 0: it was there; -1. */
int sighting_insert(struct derivation *derivation, struct shown *shown, struct error *error);

#endif
