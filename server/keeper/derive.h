/* SPDX-License-Identifier: ISC
 *
 * Sighting, actor, incident, alert and deliveries, derived from the observations above the watermark. Deriving the
 * same observation again changes nothing: ids follow from the observation's. */
#ifndef KEEPER_DERIVE_H
#define KEEPER_DERIVE_H

#include "server/keeper/observe.h"
#include "server/wire/configuration.h"

#define DERIVE_ALERTS_HOUR 30   /* alerts of one incident in an hour before the flood rule */
#define DERIVE_ROWS_TICK 64     /* sightings derived in one transaction */

struct derivation {
    struct ledger *ledger;
    const struct keyring *keyring;
    struct observer *observer;
    const struct configuration *configuration; /* routes, organisation, domain */
    struct buffer record;
    uint64_t sightings, alerts;
};

int derivation_open(struct derivation *derivation, struct ledger *ledger, const struct keyring *keyring,
                    struct observer *observer, const struct configuration *configuration, struct error *error);
void derivation_close(struct derivation *derivation);
/* At start: walks everything behind the watermark. */
int derive_behind(struct derivation *derivation, int64_t now, struct error *error);
/* One transaction: up to DERIVE_ROWS_TICK pending observations, due updates, the watermark, and cover writes so that
 * it looks the same when there was nothing. Returns how many sightings were made, or -1. */
int derive_tick(struct derivation *derivation, int64_t now, struct error *error);
/* When the next update falls due, in wall time; INT64_MAX: none. */
int64_t derive_next(struct derivation *derivation);
/* An alert about a failing route on all other routes; in the caller's transaction. */
int derive_route_alert(struct derivation *derivation, const char *route, int64_t failures, const char *text,
                       int64_t now, struct error *error);

enum severity { SEVERITY_CRITICAL, SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW, SEVERITY_INFORMATIONAL };
const char *severity_name(enum severity severity);

#endif
