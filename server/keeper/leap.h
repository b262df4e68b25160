/* SPDX-License-Identifier: ISC
 *
 * A wall clock that leaps: it was set, or the host slept. What waits for its time is put right, and people are told: in
 * the log, by an operation "clock" in the chain, and so by `sundew check`. */
#ifndef KEEPER_LEAP_H
#define KEEPER_LEAP_H

#include "server/keeper/keyring.h"
#include "server/keeper/outbox.h"

#define LEAP_LEAST_US 5000000 /* less is a step as clocks are set by */
#define LEAP_TOLD 20          /* in an hour; of more only the number is told, with the next hour's first */

struct leap {
    bool watched;
    int64_t drift; /* wall clock less monotonic one, when last looked at */
    int64_t hour;  /* monotonic: begin of the hour in which `told` were told */
    unsigned told, untold;
};

/* To be called often. By how much the wall clock leapt since the last look, in microseconds; 0: not. */
int64_t leap_look(struct leap *leap, int64_t wall, int64_t monotonic);
/* What it means: deliveries are due, updates wait as long as they would have. In a transaction of its own. */
int leap_take(struct leap *leap, struct outbox *outbox, const struct keyring *keyring, int64_t by, int64_t wall,
              int64_t monotonic, struct error *error);
/* At the start: a clock that was set back meanwhile is told of. */
int leap_open(struct outbox *outbox, const struct keyring *keyring, int64_t wall, struct error *error);
/* Keeps for leap_open() what time it is. */
int leap_save(struct ledger *ledger, int64_t wall, struct error *error);

#endif
