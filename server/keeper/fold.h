/* SPDX-License-Identifier: ISC
 *
 * When an alert goes out (DESIGN 4.3): what is new at once; the same token, actor and grade folded into updates; and
 * beyond DERIVE_ALERTS_HOUR of one incident, one update a minute that lists all. */
#ifndef KEEPER_FOLD_H
#define KEEPER_FOLD_H

#include "server/keeper/derive.h"

struct folded {
    int64_t incident, token, actor, sighting; /* rows' numbers */
    int64_t count, first, last;               /* uses, when; more than one only of what is not new */
    const char *grade;
    enum severity severity;
    bool opened; /* the incident is new */
};

/* Counts sightings, and alerts where they are new. In the caller's transaction, as below. */
int fold_add(struct derivation *derivation, const struct folded *folded, int64_t now, struct error *error);
/* Sends the updates that are due. */
int fold_due(struct derivation *derivation, int64_t now, struct error *error);

#endif
