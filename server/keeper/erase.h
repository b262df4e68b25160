/* SPDX-License-Identifier: ISC
 *
 * Retention (`retention:`): what is old loses its addresses and what came from outside, in small steps between other
 * work. A sweep goes through all of it about once a day:
 *
 * - observations in which nothing was recognised, those beyond the budgets and the counters of sources: older than
 *   `noise` (the counters of an actor: than `observations`);
 * - observations in which a token was, sightings, alerts, actors, and notes on incidents that are closed: older than
 *   `observations`. That they happened stays: when, which token, grade, decoy, incident.
 *
 * An observation's digest and link stay, so that the chain still checks; the oldest ones that have nothing else left are
 * dropped behind a checkpoint. Not erased are: an alert that waits to be delivered; the last alert of an incident that
 * is open; a sighting that an alert has yet to tell; what is not derived yet; the actor that drills are; and what
 * operators did. Each sweep that erased something is an operation in the chain. */
#ifndef KEEPER_ERASE_H
#define KEEPER_ERASE_H

#include "server/keeper/derive.h"

#define ERASE_ROWS 64 /* looked at or erased in one step */

enum erasure {
    ERASE_NOISE,    /* content of observations without a match */
    ERASE_EVIDENCE, /* … with one */
    ERASE_DROPPED,  /* whole observations, from the first on */
    ERASE_SURPLUS,
    ERASE_COUNTERS,
    ERASE_SIGHTINGS,
    ERASE_ALERTS,
    ERASE_ACTORS,
    ERASE_NOTES,
    ERASURES
};

struct eraser {
    struct derivation *derivation;
    int64_t noise_us, observations_us; /* how long each is kept */
    bool watched;                      /* the clock was looked at before */
    int64_t drift, steady;             /* wall clock less monotonic one, when last looked at; monotonic: believed from then */
    int64_t swept;                     /* monotonic: end of the last sweep; 0: none yet */
    bool sweeping;
    int64_t now;                       /* the sweep's time: what is old is what was old when it began */
    enum erasure at;
    int64_t evidence;                  /* sightings and actors before this are old; INT64_MIN: not found yet */
    int64_t actor;                     /* looked at up to here, in this sweep */
    unsigned char prefix[ADDRESS_BYTES];
    size_t prefix_length; /* 0: none yet */
};

void eraser_init(struct eraser *eraser, struct derivation *derivation, const struct configuration *configuration);
/* To be called often: is a sweep under way, or due? `wall` is leap_believed(); when it leapt, it is not believed for an
 * hour (a hundredth of what is kept, where that is less). */
bool eraser_due(struct eraser *eraser, int64_t wall, int64_t monotonic);
/* One step, in a transaction of its own. 1: there is more; 0: that was the sweep's end; 2: the same, and something was
 * erased, whose former bytes may stand in the log still (ledger_settle()); -1: nothing of this step was done. */
int eraser_step(struct eraser *eraser, int64_t monotonic, struct error *error);

#endif
