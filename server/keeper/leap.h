/* SPDX-License-Identifier: ISC
 *
 * A wall clock that leaps: it was set, or the host slept. What waits for its time is put right, and people are told: in
 * the log, by an operation "clock" in the chain, and so by `sundew check`.
 *
 * What cannot be made good again must not go by a clock that is wrong: for erasing, a leap forward by more than a day is
 * doubted for as long as it was long, at most 30 days (less where evidence is kept for less than two years), of running
 * time. Until then somebody may set the clock right. A host that was off looks the same, and what is old stays on it for
 * as long. Doubts outlive a restart. */
#ifndef KEEPER_LEAP_H
#define KEEPER_LEAP_H

#include "server/keeper/keyring.h"
#include "server/keeper/outbox.h"

#define LEAP_SPAN 48 /* of a text that says how long */
#define LEAP_LEAST_US 5000000 /* less is a step as clocks are set by */
#define LEAP_TOLD 20          /* in an hour; of more only the number is told, with the next hour's first */
#define LEAP_DOUBTED_US 86400000000LL
#define LEAP_DOUBT_US (30 * LEAP_DOUBTED_US)

struct leap {
    bool watched;
    int64_t drift; /* wall clock less monotonic one, when last looked at */
    int64_t hour;  /* monotonic: begin of the hour in which `told` were told */
    unsigned told, untold;
    int64_t most;   /* how long a leap is doubted at most */
    int64_t ahead;  /* by how much it leapt forward that is doubted; 0: all is believed; below 0: it leapt back */
    int64_t rest;   /* running time for which it still is */
    int64_t looked; /* monotonic: when last looked at */
};

/* Doubts nothing yet. kept: how long evidence is kept, in microseconds. */
void leap_init(struct leap *leap, int64_t kept);

/* To be called often. By how much the wall clock leapt since the last look, in microseconds; 0: not. */
int64_t leap_look(struct leap *leap, int64_t wall, int64_t monotonic);
/* What time it is for erasing. */
int64_t leap_believed(const struct leap *leap, int64_t wall);
/* What it means: deliveries are due, updates wait as long as they would have. In a transaction of its own; where that
 * fails, the next look finds the same leap. */
int leap_take(struct leap *leap, struct outbox *outbox, const struct keyring *keyring, int64_t by, int64_t wall,
              int64_t monotonic, struct error *error);
/* At the start: a clock that was set back meanwhile is told of, and one that leapt forward is doubted. */
int leap_open(struct leap *leap, struct outbox *outbox, const struct keyring *keyring, int64_t wall,
              struct error *error);
/* Keeps for leap_open() what time it is, and what is doubted. */
int leap_save(const struct leap *leap, struct ledger *ledger, int64_t wall, struct error *error);
/* "3 days 4:05:06", without its sign. */
const char *leap_span(int64_t us, char text[LEAP_SPAN]);

#endif
