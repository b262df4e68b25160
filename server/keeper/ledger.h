/* SPDX-License-Identifier: ISC
 *
 * The ledger: one SQLite file (schema.sql), WAL, synchronous=FULL, one keeper at a time by a lock file beside it.
 * Single thread; a transaction never stays open across a turn of the event loop.
 *
 * SQL functions: id_text(letter, id), time_text(us), address_text(address): texts as in listings, NULL for NULL.
 * digest_text(digest): of a placement, unsealed; as it is where a version before 8 wrote it; NULL where damaged. */
#ifndef KEEPER_LEDGER_H
#define KEEPER_LEDGER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/base/id.h"
#include "server/keeper/fingerprints.h"
#include "server/keeper/flusher.h"
#include "server/keeper/keyring.h"
#include "server/keeper/pending.h"

#define LEDGER_APPLICATION 0x53554e44
#define LEDGER_VERSION 9
#define LEDGER_STATEMENTS 512
#define LEDGER_COPY "backup" /* in the state folder, while a backup is on its way; removed when the ledger is opened */
#define LEDGER_RESERVE (32 * 1024 * 1024)

struct ledger {
    sqlite3 *db;
    const struct keyring *keyring;
    int lock;           /* descriptor of the lock file, or -1 */
    int folder;         /* descriptor of the state folder, or -1 */
    char *path;
    int code;           /* SQLite's extended code of the last failure */
    bool full;          /* the disk was full: the reserve is spent, noise is not stored */
    int64_t full_since; /* monotonic */
    bool hasty;         /* commits do not wait for the disk, until ledger_step() meets one that has to */
    struct flusher flusher; /* of the log, for hasty commits */
    struct fingerprints fingerprints; /* of secret_index; recognise.h fills it */
    struct pending_digests pending; /* written by ledger_commit() */
    uint64_t indexed; /* digests that were added, or may have been (roster.h) */
    uint64_t trials; /* how often what is tried for a proof may have changed (prove.h) */
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } statements[LEDGER_STATEMENTS]; /* open addressing by the text's address */
};

#define LEDGER_BUSY (-2)

/* Opens state/ledger.db. With `create` an absent one is made (and the folder, mode 0700), else absence is an error.
 * Waits up to 5 s for another keeper's lock; LEDGER_BUSY where it still has it then. Migrates older schemas. The key is
 * checked against the ledger's check value, and must outlive the ledger. What an earlier keeper left in the log is
 * written anew: where its flush failed it may stand in the kernel's memory only, and the kernel tells of that once.
 * Errors say what to do. */
int ledger_open(struct ledger *ledger, const char *state, const struct keyring *keyring, bool create,
                struct error *error);
void ledger_close(struct ledger *ledger);
/* Is there a ledger file in the state folder? */
bool ledger_exists(const char *state);

/* Transactions: BEGIN IMMEDIATE; a commit that fails has been rolled back. */
int ledger_begin(struct ledger *ledger, struct error *error);
/* As ledger_begin(), but this commit does not wait for the disk: for what can be made again from what was committed
 * before, or is told to nobody until a flush of ledger->flusher has ended. What it wrote outlives the process, and a
 * loss of power from the next flush or ordinary commit on; never in part. */
int ledger_begin_hasty(struct ledger *ledger, struct error *error);
int ledger_commit(struct ledger *ledger, struct error *error);
void ledger_rollback(struct ledger *ledger);

/* Copies the log into the ledger, and cuts it: nothing older is left in it. Not within a transaction;
 * statements are reset. */
int ledger_settle(struct ledger *ledger, struct error *error);

/* A prepared statement, reset and without bindings, kept for good and owned by the ledger. `sql` must be a literal
 * (it is known by its address). NULL on failure, with the text in `error`. */
sqlite3_stmt *ledger_statement(struct ledger *ledger, const char *sql, struct error *error);
/* 1: a row; 0: done (and reset); -1: failed (and reset). */
int ledger_step(struct ledger *ledger, sqlite3_stmt *statement, struct error *error);
/* Steps a statement that yields no row. */
int ledger_run(struct ledger *ledger, sqlite3_stmt *statement, struct error *error);
/* ledger_statement() and ledger_run() for texts without parameters. */
int ledger_execute(struct ledger *ledger, const char *sql, struct error *error);

/* Binding, from 1. The bytes must stay until the statement is reset. A slice with data NULL binds NULL for text and
 * an empty blob for blob. */
void ledger_bind_text(sqlite3_stmt *statement, int index, struct slice text);
void ledger_bind_blob(sqlite3_stmt *statement, int index, struct slice blob);
void ledger_bind_id(sqlite3_stmt *statement, int index, const struct id *id);
/* Columns, from 0. Slices hold until the next step. */
struct slice ledger_column(sqlite3_stmt *statement, int index);
struct id ledger_column_id(sqlite3_stmt *statement, int index);

/* A whole number from the table `setting`; `otherwise` when it is not there. */
int64_t ledger_setting(struct ledger *ledger, const char *name, int64_t otherwise);
int ledger_set(struct ledger *ledger, const char *name, int64_t value, struct error *error);

/* Did the last failure look like a full disk? */
bool ledger_was_full(const struct ledger *ledger);
/* The reserve file (state/reserve). make: true when it is there; but the first time it is made only where there is twice
 * its room, so that nothing takes away again what was given back. free: after SQLITE_FULL, gives the bytes back and sets
 * ledger->full; false when there was none. restore: makes it again once there is room, and ends `full`. */
bool ledger_reserve_make(struct ledger *ledger, bool first, struct error *error);
bool ledger_reserve_free(struct ledger *ledger);
void ledger_reserve_restore(struct ledger *ledger);

#endif
