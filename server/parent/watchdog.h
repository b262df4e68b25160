/* SPDX-License-Identifier: ISC
 *
 * The sign of life that the service manager's watchdog wants (sd_watchdog_enabled(3)). It is given only while each role
 * that is ready has answered a PING within half of the watchdog's time: so one that hangs has the service started
 * again, as one that dies has itself. */
#ifndef PARENT_WATCHDOG_H
#define PARENT_WATCHDOG_H

#include <event2/event.h>
#include "server/parent/supervise.h"

struct watchdog;

/* microseconds: of manager_watchdog(). NULL without memory. */
struct watchdog *watchdog_new(struct event_base *base, struct tree *tree, uint64_t microseconds);
void watchdog_free(struct watchdog *watchdog);

#endif
