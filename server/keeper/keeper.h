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
#include "server/keeper/erase.h"
#include "server/keeper/jobs.h"
#include "server/keeper/keyring.h"
#include "server/keeper/leap.h"
#include "server/keeper/ledger.h"
#include "server/keeper/observe.h"
#include "server/keeper/outbox.h"
#include "server/keeper/shrink.h"
#include "server/wire/configuration.h"

#define KEEPER_SENSORS 64
#define KEEPER_OUTCOMES (OUTBOX_ROUTES * OUTBOX_FLIGHT)
#define KEEPER_TICK_US 5000    /* the grid on which background work happens */
#define KEEPER_BUSY_US 20000   /* the same while observations are being written */
#define KEEPER_SLOW_MS 250     /* how often what falls due by itself is looked for */
#define KEEPER_SAVE_US 60000000 /* how often the clock of running time is written */
#define KEEPER_BACKLOG 500000  /* observations not derived yet, past which taking makes room first */

struct keeper;

struct keeper_sensor {
    struct keeper *keeper;
    struct channel *channel; /* NULL: the place is free */
    bool greeted;
};

/* A batch that is written and not durable yet, and the verdicts that wait for that. */
struct keeper_flight {
    struct chain chain; /* up to its last row */
    struct {
        struct keeper_sensor *sensor; /* NULL: it is gone */
        uint32_t ticket;
        struct grant grant;
    } verdicts[BATCH_MESSAGES];
    size_t count;
};

/* What the courier said, kept until the next tick. */
struct keeper_outcome {
    struct id delivery;
    uint8_t result;
    uint16_t status, length;
    uint32_t retry_after;
    char text[300];
};

struct keeper_counts {
    uint64_t presentations, batches, failures, ticks;
};

struct keeper {
    struct role *role; /* NULL in tests */
    struct event_base *base;
    struct configuration *configuration;
    struct keyring keyring;
    struct ledger ledger;
    bool open;  /* key and ledger are there; false only in an operator's keeper before "init" */
    bool ready; /* decoys' keys may be handed out */
    struct observer observer;
    struct derivation derivation;
    struct outbox outbox;
    struct eraser eraser;
    struct leap leap;
    struct batch batch; /* `from` is a keeper_sensor */
    struct keeper_flight flights[FLUSHER_DEPTH]; /* the oldest first */
    size_t flight_count;
    struct keeper_sensor sensors[KEEPER_SENSORS];
    struct channel *courier; /* NULL while there is none */
    bool courier_greeted;
    struct keeper_outcome outcomes[KEEPER_OUTCOMES];
    size_t outcome_count;
    struct event *tick, *slow, *fill, *erase;
    struct shrink shrink; /* of what a backup leaves */
    struct event *ended, *due; /* a flush is over; what was gathered meanwhile is written. NULL in tests of the heart */
    bool stirred;    /* a tick is on its way */
    bool mismatched; /* a peer of another build: the tree must start again */
    bool broken;     /* the disk failed: nothing is answered any more */
    int64_t backlog; /* KEEPER_BACKLOG, or fewer in tests */
    int64_t complained; /* monotonic: last time a failure was logged */
    struct keeper_counts counts;
    struct control *control; /* NULL in tests of the heart */
    struct jobs *jobs;
    struct watch *watch; /* of certificates; NULL in tests and in an operator's keeper */
};

/* Opens key and ledger and derives what is behind. With `create` makes both where neither is there (command "init"),
 * and refuses where one is. Sets keeper->open. LEDGER_BUSY where another keeper has the ledger. */
int keeper_open(struct keeper *keeper, bool create, struct error *error);
void keeper_close(struct keeper *keeper);
/* Timers of the loop; after keeper->base was set. */
int keeper_start(struct keeper *keeper, struct error *error);
/* One tick: derivation, outcomes, what falls due, in one transaction; then deliveries go to the courier. */
int keeper_tick(struct keeper *keeper, int64_t now, int64_t monotonic, struct error *error);
/* Is more to be derived than may lie there? */
bool keeper_is_behind(const struct keeper *keeper);
/* Has the next tick derive, look at updates and dispatch deliveries. After a change to alerts or deliveries. */
void keeper_stir(struct keeper *keeper);
/* Writes a failure to the log, at most one a second. */
void keeper_complain(struct keeper *keeper, const struct error *error);

/* ---- take.c ---- */

/* Writes keeper->batch, which is empty afterwards, and has it made durable beside us; its verdicts are sent when it is.
 * Where no loop runs, that is waited for. */
void keeper_take(struct keeper *keeper);
/* As keeper_take() once there is nothing under way, or the batch is full: what comes meanwhile goes together. */
void keeper_take_soon(struct keeper *keeper);
/* Waits until all that was written is durable. */
void keeper_settle(struct keeper *keeper);
/* No verdict goes to this sensor any more. */
void keeper_forget(struct keeper *keeper, const struct keeper_sensor *sensor);
/* Has the loop hear of what became durable. After keeper_open() and once there is a loop. */
int keeper_await(struct keeper *keeper, struct error *error);

/* ---- shut.c ---- */

/* The cage: the state folder is all that may be opened or written, and, while there is no ledger yet, the key's folder;
 * the folders of operators' own certificates may be read. No socket is made, nothing is run. */
int keeper_shut(const struct keeper *keeper, const char *key_folder, struct error *error);

/* ---- peers.c ---- */

/* A PEER "sensor" or "courier"; takes fd. -1 for another name: then fd is still the caller's. */
int keeper_peer(struct keeper *keeper, const char *name, int fd);
/* Sends all decoys' keys to all sensors again; after the table `decoy` changed. */
void keeper_send_keys(struct keeper *keeper);
/* Hands due deliveries to the courier. */
void keeper_dispatch(struct keeper *keeper);
void keeper_peers_close(struct keeper *keeper);

#endif
