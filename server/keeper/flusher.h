/* SPDX-License-Identifier: ISC
 *
 * Makes the ledger's log durable while its writer goes on: each flush is an fdatasync() that the kernel does beside us
 * (Linux AIO); a descriptor tells of its end. Where the kernel has no AIO, a flush has ended when it begins. */
#ifndef KEEPER_FLUSHER_H
#define KEEPER_FLUSHER_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include "server/base/error.h"

#define FLUSHER_DEPTH 2 /* flushes at once: the disk is never without one while there is something to write */

struct flusher {
    aio_context_t context; /* 0: no AIO here */
    int log, ended;        /* the log's file; an eventfd */
    size_t under_way;      /* of the kernel's */
    size_t over;           /* ended when they began, and not yet told of */
};

/* Opens the log `name` in `folder`, and makes durable what an earlier writer left in it. flusher_close() waits for what
 * is under way; it may be called on what was never opened, if log and ended are -1. */
int flusher_open(struct flusher *flusher, int folder, const char *name, struct error *error);
void flusher_close(struct flusher *flusher);
/* What has been written to the log by now is durable when this flush, or a later one, has ended. At most FLUSHER_DEPTH
 * may be under way. */
int flusher_begin(struct flusher *flusher, struct error *error);
/* How many have ended since it was last asked; with `wait` at least one where any is under way. They count as ended in
 * the order in which they were begun. -1: the disk failed, and what was written may be lost. */
int flusher_end(struct flusher *flusher, bool wait, struct error *error);

#endif
