/* SPDX-License-Identifier: ISC
 *
 * Sighting, actor, incident, alert and deliveries, derived from the observations above the watermark. Deriving the
 * same observation again changes nothing: ids follow from the observation's. */
#ifndef KEEPER_DERIVE_H
#define KEEPER_DERIVE_H

#include "server/keeper/observe.h"
#include "server/wire/configuration.h"

#define DERIVE_ALERTS_HOUR 30 /* alerts of one incident in an hour before the flood rule */
#define DERIVE_SIGHTINGS 48   /* observations with a match derived in one transaction */
#define DERIVE_BUSY 16        /* of a backlog, while observations are being written */
#define DERIVE_ROWS 4096      /* observations looked at in one transaction */
#define DERIVE_LISTED 100     /* lines of one page of an update that lists all */
#define DERIVE_PAGES 4        /* such pages made in one transaction */
#define DERIVE_COVER 8        /* rows written where nothing was derived */
#define DERIVE_KEPT_US (72LL * 3600 * 1000000) /* running time after which a delivery is dead */

struct derivation {
    struct ledger *ledger;
    const struct keyring *keyring;
    struct observer *observer;
    const struct configuration *configuration; /* routes, organisation, domain */
    struct buffer record, scratch;
    int64_t watermark; /* observations up to this one are derived */
    int64_t running;   /* clock of running time, for the deadline of deliveries */
    int share;         /* observations with a match that a step derives from the watermark on: DERIVE_SIGHTINGS, or fewer */
    uint64_t sightings, alerts;
};

int derivation_open(struct derivation *derivation, struct ledger *ledger, const struct keyring *keyring,
                    struct observer *observer, const struct configuration *configuration, struct error *error);
void derivation_close(struct derivation *derivation);
/* At start: walks everything behind the watermark, in transactions of its own. */
int derive_behind(struct derivation *derivation, int64_t now, struct error *error);
/* In the caller's transaction: pending observations within the limits above, updates that are due, the watermark.
 * Returns how many sightings were made, or -1; then the caller rolls back and calls derive_undo(). */
int derive_step(struct derivation *derivation, int64_t now, struct error *error);
void derive_undo(struct derivation *derivation);
/* Writes that make a transaction look as if something had been derived. */
int derive_cover(struct derivation *derivation, struct error *error);
/* Observations not derived yet. */
int64_t derive_backlog(const struct derivation *derivation);
/* Is an update due? */
bool derive_due(struct derivation *derivation, int64_t now);
/* An alert about a failing route on all other routes; in the caller's transaction. */
int derive_route_alert(struct derivation *derivation, const char *route, int64_t failures, const char *text,
                       int64_t now, struct error *error);

/* A heartbeat on that route alone; in the caller's transaction. Its number is below 0: no receiver misses one in the
 * alerts' sequence. */
int derive_heartbeat(struct derivation *derivation, const struct route *route, int64_t now, struct error *error);

enum severity { SEVERITY_CRITICAL, SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW, SEVERITY_INFORMATIONAL };
const char *severity_name(enum severity severity);
/* The other way; SEVERITY_INFORMATIONAL for what is unknown. */
enum severity severity_of(struct slice name);

#endif
