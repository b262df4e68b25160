/* SPDX-License-Identifier: ISC
 *
 * Carries signed bodies to one route by HTTP POST (libcurl in a libevent loop). One carrier for each route, with its
 * own connections, so that a slow route never holds up another and no connection is shared between allow lists.
 * No redirects, no proxy, http and https only, TLS 1.2 or later, answers read up to CARRIER_ANSWER bytes. */
#ifndef COURIER_CARRIER_H
#define COURIER_CARRIER_H

#include <event2/event.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

#define CARRIER_ANSWER (20 * 1024)

struct carrier_limits {
    long connect_ms, total_ms;
};

extern const struct carrier_limits carrier_limits_default; /* 5 s and 15 s */

struct carrier_header {
    const char *name;
    struct slice value; /* without line breaks */
};

struct carrier_answer {
    enum outcome_result result;
    uint16_t status;      /* HTTP, 0 when none came */
    uint32_t retry_after; /* seconds, 0 when not said */
    char text[320];       /* for people */
};

typedef void carrier_done(const struct carrier_answer *answer, void *context);

struct carrier;

/* To be called once in a process, before any cage. */
int carrier_library(struct error *error);
/* Reads the route's CA, client certificate and key now. `route` must outlive the carrier. */
struct carrier *carrier_new(struct event_base *base, const struct route *route, const struct carrier_limits *limits,
                            struct error *error);
/* Ends what is under way without calling `done`. Takes NULL. */
void carrier_free(struct carrier *carrier);
/* Copies headers and body. `done` is called exactly once, from the loop, unless -1 was returned. */
int carrier_send(struct carrier *carrier, const struct carrier_header *headers, size_t header_count, struct slice body,
                 carrier_done *done, void *context);
size_t carrier_under_way(const struct carrier *carrier);
/* 2xx delivered; 408, 425, 429, 5xx again; every other status refused. */
enum outcome_result carrier_classify(long status);

#endif
