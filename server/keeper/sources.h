/* SPDX-License-Identifier: ISC
 *
 * How often each source came to each decoy in the running hour: gathered for one batch, then written to the table
 * `noise` with one upsert per source and decoy, hit or miss. */
#ifndef KEEPER_SOURCES_H
#define KEEPER_SOURCES_H

#include "server/base/address.h"
#include "server/keeper/ledger.h"

struct sources;

struct source {
    struct address prefix;
    char decoy[64];
    uint64_t count, kept;  /* in this batch */
    int64_t kept_before;   /* rows kept in this hour, all decoys */
    int64_t first, last;   /* as sensors saw */
};

struct sources *sources_new(void);
void sources_free(struct sources *sources);
/* Starts a batch. `now`: wall clock. */
void sources_begin(struct sources *sources, int64_t now);
/* The entry of the source at this decoy; NULL with the error's text. Reads what is there at the first call. */
struct source *sources_get(struct sources *sources, struct ledger *ledger, const struct address *prefix,
                           struct slice decoy, int64_t time, struct error *error);
/* Writes all counters of the batch. */
int sources_write(struct sources *sources, struct ledger *ledger, struct error *error);

#endif
