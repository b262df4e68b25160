/* SPDX-License-Identifier: ISC
 *
 * The outbox: which delivery goes to the courier when. At most OUTBOX_FLIGHT of a route are under way; worst severity
 * first, then newest; a failing one never blocks another. Schedule: DESIGN 4.2. Waiting is on the wall clock, so that
 * it outlives a restart; a `next` further ahead than any wait comes from a clock that was set back, and is due. */
#ifndef KEEPER_OUTBOX_H
#define KEEPER_OUTBOX_H

#include "server/keeper/derive.h"

#define OUTBOX_FLIGHT 4
#define OUTBOX_ROUTES 64
#define OUTBOX_ALARM 4 /* failures in a row before a route is alerted on the others */

struct outbox_flight {
    struct id id;   /* of the delivery */
    int64_t number; /* its row; 0: free */
    bool landed;    /* its outcome is in the transaction that is open */
};

struct outbox_route {
    const char *name; /* of the configuration */
    struct outbox_flight flight[OUTBOX_FLIGHT];
};

struct outbox {
    struct ledger *ledger;
    struct derivation *derivation;
    struct outbox_route routes[OUTBOX_ROUTES];
    size_t route_count;
    int64_t running_before; /* running time of earlier lives, microseconds */
    int64_t started;        /* monotonic */
    int64_t saved;          /* monotonic */
    uint64_t delivered, failed, dead;
};

struct outbox_send {
    int (*send)(const struct delivery *delivery, void *context); /* 0, or -1: the courier takes no more now */
    void *context;
};

/* Also makes all waiting deliveries due, and hands over what waits for routes that are gone, in a transaction of its
 * own. */
int outbox_open(struct outbox *outbox, struct ledger *ledger, struct derivation *derivation,
                const struct configuration *configuration, int64_t monotonic, struct error *error);
/* The clock of running time; also given to the derivation. */
int64_t outbox_running(struct outbox *outbox, int64_t monotonic);
/* Hands over what is due; reads only. */
int outbox_dispatch(struct outbox *outbox, const struct outbox_send *send, struct error *error);
/* The courier died: what was under way is due again. */
void outbox_courier_gone(struct outbox *outbox);

/* Does the configuration have a route of that name? */
bool outbox_has(const struct outbox *outbox, struct slice route);

/* After the transaction with outcomes: what landed in it is no longer under way; or, where it failed, still is, so that
 * its outcome can be told again. */
void outbox_settle(struct outbox *outbox, bool committed);

/* ---- in the caller's transaction ---- */

/* What the courier said. Unknown ids are ignored. The delivery stays under way until outbox_settle(). */
int outbox_outcome(struct outbox *outbox, const struct outcome *outcome, int64_t now, struct error *error);
/* Marks as due what has waited long enough. Returns how many, or -1. */
int outbox_promote(struct outbox *outbox, int64_t now, struct error *error);
/* Makes all waiting deliveries of a route (NULL: of all) due. */
int outbox_wake(struct outbox *outbox, const char *route, struct error *error);
/* What waits for routes that the configuration does not have any more (removed, or renamed) goes to all that it has
 * and were not given it yet; the old deliveries are dead and say why. Without any route all stays as it is. */
int outbox_hand_over(struct outbox *outbox, int64_t now, struct error *error);
/* Sets a delivery to waiting and due, with a new 72 h. 1 when there is none with that id, 2 when its route is gone,
 * 3 when its alert was erased. */
int outbox_replay(struct outbox *outbox, struct id delivery, int64_t now, int64_t monotonic, struct error *error);
/* Writes the clock of running time. */
int outbox_save(struct outbox *outbox, int64_t monotonic, struct error *error);

/* Makes the heartbeats that are due: told to those routes that want them (their key `heartbeat`), so that silence is
 * not taken for peace. A route has one at most; while that waits there is no other. */
int outbox_beat(struct outbox *outbox, int64_t now, struct error *error);

/* Is a heartbeat due? */
bool outbox_beat_due(struct outbox *outbox, int64_t now);
/* Is anything waiting whose time has come but is not marked? */
bool outbox_ripe(struct outbox *outbox, int64_t now);
/* The wait before the next try, microseconds: after `failures` in this series (from 1), ±20 % by `random`. */
int64_t outbox_wait(int64_t failures, bool critical, uint32_t retry_after_s, uint32_t random);

#endif
