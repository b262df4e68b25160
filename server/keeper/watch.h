/* SPDX-License-Identifier: ISC
 *
 * Certificates that change while the keeper runs: the operator's files are looked at every few seconds, and what the
 * installation signed is renewed before it ends. New ones are verified by the minter, kept in the ledger, and sent to
 * the sensors, whose connections go on. */
#ifndef KEEPER_WATCH_H
#define KEEPER_WATCH_H

#include <stdint.h>
#include "server/base/error.h"

struct keeper;
struct watch;

#define WATCH_MS 500            /* between two looks at the operator's files */
#define WATCH_EACH_US 5000000   /* between two looks at what is to be renewed */
#define WATCH_RETRY_US 60000000 /* after a failure, before the next try */

/* Begins to watch; keeper->base, control and jobs are set and live longer. NULL with the error's text. */
struct watch *watch_new(struct keeper *keeper, struct error *error);
void watch_free(struct watch *watch);
/* One look. `monotonic` in microseconds. */
void watch_turn(struct watch *watch, int64_t monotonic);

#endif
