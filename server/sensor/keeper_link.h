/* SPDX-License-Identifier: ISC
 *
 * The way to the keeper: observations out, verdicts in. Presentations are kept until their verdict is there, and go
 * out again, with the same id, to a keeper that was restarted. No judgement is made here. */
#ifndef SENSOR_KEEPER_LINK_H
#define SENSOR_KEEPER_LINK_H

#include <event2/event.h>
#include <stdbool.h>
#include "server/base/buffer.h"
#include "server/wire/message.h"

#define LINK_WAIT_US 5000000               /* how long a client waits for a verdict */
#define LINK_ORPHANS 4096                  /* presentations kept whose client no longer waits */
#define LINK_BYTES (32UL * 1024 * 1024)    /* of kept presentations in all */
#define LINK_ONE_WAY 2048                  /* queued messages past which those without credentials are shed */

struct keeper_link;
struct link_ticket;

struct link_events {
    /* The verdict for what link_present() was given `waiter` with. */
    void (*verdict)(void *waiter, const struct verdict *verdict);
    /* A decoy's keys, new or once more. */
    void (*keys)(void *context, const struct decoy_keys *keys);
    /* The keeper is of another build: this sensor is of no use. */
    void (*mismatch)(void *context);
    void *context;
};

struct keeper_link *link_new(struct event_base *base, const struct link_events *events);
void link_free(struct keeper_link *link);
/* A channel to the keeper, the first or a new one. Takes over fd. `greeted`: HELLO was exchanged already. */
int link_attach(struct keeper_link *link, int fd, bool greeted);
/* Sends the observation (its ticket is set here) and keeps it. NULL when too much is kept already: it was not sent. */
struct link_ticket *link_present(struct keeper_link *link, struct observation *observation, void *waiter);
/* The waiter has gone, or was answered without a verdict; the presentation is still kept for the keeper. */
void link_forget(struct keeper_link *link, struct link_ticket *ticket);
/* One-way: sent, or shed and counted. */
void link_observe(struct keeper_link *link, struct observation *observation);
/* Observations shed since the last call; 0 while no observation could carry the number to the keeper. */
uint64_t link_shed(struct keeper_link *link);
/* Sends what could not be sent before. To be called now and then. */
void link_retry(struct keeper_link *link);
size_t link_waiting(const struct keeper_link *link);
bool link_up(const struct keeper_link *link);

#endif
