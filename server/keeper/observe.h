/* SPDX-License-Identifier: ISC
 *
 * Taking observations: a batch becomes rows in one transaction, and only once they are durable verdicts. */
#ifndef KEEPER_OBSERVE_H
#define KEEPER_OBSERVE_H

#include "server/keeper/chain.h"
#include "server/keeper/drills.h"
#include "server/keeper/grant.h"
#include "server/keeper/recognise.h"
#include "server/wire/configuration.h"

#define BATCH_MESSAGES 96 /* in one transaction: while it is committed the sensor answers the one before */
#define BATCH_BYTES (2 * 1024 * 1024)
#define OBSERVE_RING 4096 /* rows: the last of what is beyond the budgets */
#define OBSERVE_ROW_BYTES (MATCHED_BYTES + 2 * CHAIN_BYTES + 128) /* of a row, beside what may be long */
#define OBSERVE_RECENT 16384 /* ids remembered, to know what was sent again */
#define OBSERVE_URGENT 1024  /* rows with something new in them that wait to be derived ahead of the backlog */
#define OBSERVE_FAMILIAR 4096 /* kinds of matches remembered, to know what is new */
#define OBSERVE_NOISE_ROWS 100000 /* new sources counted in one hour; past it they are counted as one (::) */

/* Messages that wait to be taken together. */
struct batch {
    struct buffer bytes;
    struct {
        uint32_t at, length, ticket;
        bool verdict; /* set by observer_write(): one is due */
        struct grant grant;
        void *from;   /* the caller's */
    } items[BATCH_MESSAGES];
    size_t count;
};

struct recent;
struct sources;

struct observer {
    struct ledger *ledger;
    const struct keyring *keyring;
    struct recogniser recogniser;
    struct granter granter; /* its configuration is the caller's to set */
    struct drills drills;
    struct chain chain;   /* up to the last row written */
    struct chain durable; /* up to the last that a loss of power leaves: what is told to anybody ends here */
    struct recent *recent;
    struct sources *sources;
    int64_t ring_next;    /* slot */
    int64_t noise_bytes;  /* of rows without a match in `observation` */
    int64_t budget_bytes; /* for noise in all */
    int64_t budget_source; /* rows per source and hour */
    int64_t urgent[OBSERVE_URGENT];      /* seq; derivation empties it */
    size_t urgent_count;
    uint64_t familiar[OBSERVE_FAMILIAR]; /* token, grade and source of matches seen, by their hash */
    struct buffer flow, presented;
    struct observation observation;
    struct recognition recognition;
    uint64_t rows, duplicates, surplus, unkept, refused;
};

/* Loads chain, ids and counters from the ledger. observer_close() frees. */
int observer_open(struct observer *observer, struct ledger *ledger, const struct keyring *keyring,
                  int64_t budget_bytes, int64_t budget_source, struct error *error);
void observer_close(struct observer *observer);
/* Writes the whole batch in one transaction. 0: verdicts are due in the order of arrival, but may be sent only once a
 * flush of the ledger that was begun now has ended; then the caller sets observer->durable. -1: nothing was kept, and
 * no verdict may be sent. `now` is the wall clock. */
int observer_write(struct observer *observer, struct batch *batch, int64_t now, struct error *error);
/* In the caller's background transaction: how many bytes noise takes. What came after the last one is counted anew by
 * observer_open(). */
int observer_save(struct observer *observer, struct error *error);

void batch_init(struct batch *batch);
void batch_free(struct batch *batch);
void batch_clear(struct batch *batch);
/* An OBSERVATION's whole datagram. -1 when the batch is full: write it first. */
int batch_add(struct batch *batch, struct slice message, void *from);

/* Digest of a row's columns, for the chain. */
struct observed {
    struct id id;
    int64_t time;
    struct slice decoy, service, source; /* source: 16 bytes */
    uint16_t port;
    struct slice flow, context, presented, matched;
};
void observed_digest(const struct keyring *keyring, const struct observed *row, unsigned char digest[CHAIN_BYTES]);

/* flow: how an observation came. */
struct flow {
    struct address via[OBSERVATION_VIA];
    uint8_t via_count;
    struct address local;
    uint16_t local_port;
    uint64_t connection;
    uint32_t request;
};
int flow_unpack(struct slice packed, struct flow *flow);

/* presented: one entry per candidate. classes: bits of enum. */
enum classes { CLASS_LOWER = 1, CLASS_UPPER = 2, CLASS_DIGIT = 4, CLASS_SPACE = 8, CLASS_PUNCTUATION = 16,
               CLASS_CONTROL = 32, CLASS_HIGH = 64 };
struct presented {
    uint8_t part, pair, classes;
    uint16_t length;
    struct slice where;
    struct digest digest;
};
/* Reads the next entry; false behind the last. */
bool presented_next(struct reader *reader, struct presented *presented);

#endif
