/* SPDX-License-Identifier: ISC
 *
 * The outbox: which delivery goes to the courier when. At most OUTBOX_FLIGHT of a route are under way; worst severity
 * first, then newest; a failing one never blocks another. Schedule: DESIGN 4.2. */
#ifndef KEEPER_OUTBOX_H
#define KEEPER_OUTBOX_H

#include "server/keeper/derive.h"

#define OUTBOX_FLIGHT 4
#define OUTBOX_ROUTES 64
#define OUTBOX_RUNNING_US (72LL * 3600 * 1000000) /* running time after which a delivery is dead */
#define OUTBOX_ALARM 4                            /* failures in a row before a route is alerted on the others */

struct outbox_route {
    const char *name;
    struct {
        struct id delivery; /* of the table */
        int64_t number;     /* 0: free */
    } flight[OUTBOX_FLIGHT];
};

struct outbox {
    struct ledger *ledger;
    struct derivation *derivation;
    struct outbox_route routes[OUTBOX_ROUTES];
    size_t route_count;
    int64_t running;       /* running time of all lives so far, microseconds */
    int64_t running_since; /* monotonic */
    uint64_t delivered, failed, dead;
};

struct outbox_send {
    int (*send)(const struct delivery *delivery, void *context); /* 0, or -1: the courier takes no more now */
    void *context;
};

/* Also makes all waiting deliveries due. */
int outbox_open(struct outbox *outbox, struct ledger *ledger, struct derivation *derivation,
                const struct configuration *configuration, int64_t now, int64_t monotonic, struct error *error);
/* Hands over what is due. */
int outbox_dispatch(struct outbox *outbox, const struct outbox_send *send, int64_t now, struct error *error);
/* What the courier said; in its own transaction. Unknown ids are ignored. */
int outbox_outcome(struct outbox *outbox, const struct outcome *outcome, int64_t now, int64_t monotonic,
                   struct error *error);
/* The courier died: what was under way is due again. */
void outbox_courier_gone(struct outbox *outbox);
/* Makes all waiting deliveries of a route (NULL: of all) due. */
int outbox_wake(struct outbox *outbox, const char *route, int64_t now, struct error *error);
/* Sets a delivery to waiting and due, with a new 72 h. 0, 1 when there is none with that id, -1. */
int outbox_replay(struct outbox *outbox, struct id delivery, int64_t now, int64_t monotonic, struct error *error);
/* Writes the clock of running time. */
int outbox_save(struct outbox *outbox, int64_t monotonic, struct error *error);
/* When the next delivery falls due, in wall time; INT64_MAX: none. */
int64_t outbox_next(struct outbox *outbox);
/* The wait before the next try, microseconds: step (failures before this one), jitter by `random`. */
int64_t outbox_wait(int64_t step, bool critical, uint32_t retry_after_s, uint32_t random);

#endif
