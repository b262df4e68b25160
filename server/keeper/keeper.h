/* SPDX-License-Identifier: ISC
 *
 * The keeper: holds the ledger and the master key; takes observations, derives alerts, hands out deliveries.
 * control.c and jobs.c (operators' commands and the minter) stand on this header. */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include <event2/event.h>
#include "server/base/channel.h"
#include "server/base/role.h"
#include "server/keeper/chain.h"
#include "server/keeper/control.h"
#include "server/keeper/derive.h"
#include "server/keeper/jobs.h"
#include "server/keeper/keyring.h"
#include "server/keeper/ledger.h"
#include "server/keeper/observe.h"
#include "server/keeper/outbox.h"
#include "server/wire/configuration.h"

#define KEEPER_SENSORS 64
#define KEEPER_TICK_US 5000

struct keeper;

struct keeper_sensor {
    struct keeper *keeper;
    struct channel *channel; /* NULL: the place is free */
    bool greeted;
};

struct keeper_counts {
    uint64_t presentations, batches, shed, duplicates, refused, ticks;
};

struct keeper {
    struct role *role;
    struct event_base *base;
    struct configuration *configuration;
    struct keyring keyring;
    struct ledger ledger;
    bool open; /* key and ledger are there; false only in an operator's keeper before "init" */
    struct observer observer;
    struct derivation derivation;
    struct outbox outbox;
    struct keeper_sensor sensors[KEEPER_SENSORS];
    struct channel *courier; /* NULL while there is none */
    bool courier_greeted;
    struct event *tick, *slow;
    bool stirred; /* a presentation or an outcome came since the last tick */
    struct keeper_counts counts;
    struct control *control; /* NULL in tests of the heart */
    struct jobs *jobs;
};

/* Opens key and ledger and derives what is behind. With `create` makes both where neither is there (command "init"),
 * and refuses where one is. Sets keeper->open. */
int keeper_open(struct keeper *keeper, bool create, struct error *error);
/* Sends all decoys' keys to all sensors again; after the table `decoy` changed. */
void keeper_send_keys(struct keeper *keeper);
/* Has the next tick derive, look at folds and dispatch deliveries. After a change to alerts or deliveries. */
void keeper_stir(struct keeper *keeper);

#endif
