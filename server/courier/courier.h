/* SPDX-License-Identifier: ISC
 *
 * The courier's heart: takes DELIVERYs, formats, signs and sends them over its routes, and tells the OUTCOMEs. Many
 * routes at once, at most COURIER_AT_ONCE parcels on each, so that none blocks another. What to try again, and when,
 * is the keeper's to say. */
#ifndef COURIER_COURIER_H
#define COURIER_COURIER_H

#include <event2/event.h>
#include "server/base/error.h"
#include "server/courier/carrier.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

#define COURIER_AT_ONCE 4
#define COURIER_QUEUE (32 * 1024 * 1024) /* bytes of alerts that wait here; past that: OUTCOME_AGAIN at once */

struct courier;

struct courier_events {
    /* 0, or -1 when the outcome could not be told; it is kept and told by courier_tell(). */
    int (*outcome)(const struct outcome *outcome, void *context);
};

/* Reads each route's signing keys and PEM files. The configuration must outlive the courier. A route that cannot be
 * used is logged, and its deliveries are refused with that text; the others work. NULL without memory. */
struct courier *courier_new(struct event_base *base, const struct configuration *configuration,
                            const struct carrier_limits *limits, const struct courier_events *events, void *context);
void courier_free(struct courier *courier);
/* One delivery; the slices are copied. One that is under way already is left alone. */
void courier_take(struct courier *courier, const struct delivery *delivery);
/* Tells the outcomes that could not be told. */
void courier_tell(struct courier *courier);

#endif
