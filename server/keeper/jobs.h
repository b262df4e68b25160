/* SPDX-License-Identifier: ISC
 *
 * The keeper's link to the minter: JOB out, RESULT and RESULT_DONE back. What can be asked stands in
 * server/minter/job.h. Results that came in pieces are joined here. */
#ifndef KEEPER_JOBS_H
#define KEEPER_JOBS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define JOBS_TIMEOUT_S 30                /* without a word about a job from the minter */
#define JOBS_RESULT (16 * 1024 * 1024)   /* bytes of one joined result */

struct jobs;

struct jobs_events {
    /* One thing made. The slices are gone (and wiped) afterwards. May be NULL. */
    void (*result)(struct slice kind, struct slice name, struct slice data, void *context);
    /* The end of the job, exactly once, unless it was cancelled; never from within jobs_start(). `code` is
     * result_done's, fit for request_done(); `text` says why not and what to do; it is empty when done. The callee may
     * start jobs. */
    void (*done)(unsigned code, struct slice text, void *context);
};

/* NULL without memory. */
struct jobs *jobs_new(struct event_base *base);
void jobs_free(struct jobs *jobs);
/* PEER "minter", the first and each later one; takes fd. Jobs sent to the one before fail; jobs not sent yet go to
 * this one. */
void jobs_peer(struct jobs *jobs, int fd);
/* Is a minter there that has said HELLO? Jobs started before wait for it, within their time. */
bool jobs_ready(const struct jobs *jobs);
/* `parameters` is a JSON object. *number (from 1) serves jobs_cancel(); may be NULL. */
int jobs_start(struct jobs *jobs, const char *what, struct slice parameters, const struct jobs_events *events,
               void *context, uint64_t *number, struct error *error);
/* Its results are dropped from now on and nothing is called. Unknown numbers are ignored. */
void jobs_cancel(struct jobs *jobs, uint64_t number);

#endif
