/* SPDX-License-Identifier: ISC
 *
 * The tree of role processes: who is started with what, who is connected with whom, and what happens when one dies.
 * A role that ends unasked is started again after a pause (0.1 s, doubling to 10 s); whoever starts gets channels to
 * its peers, and so do the peers that live. Every role speaks with the keeper only, so roles wait for a keeper. */
#ifndef PARENT_SUPERVISE_H
#define PARENT_SUPERVISE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/channel.h"
#include "server/base/error.h"
#include "server/parent/news.h"

struct tree;

enum child_state {
    CHILD_DOWN,    /* not running */
    CHILD_STARTED, /* has START, is not READY yet */
    CHILD_READY,
    CHILD_STOPPING, /* was told STOP */
};

struct child_listener {
    char *decoy;
    uint16_t index;
    int fd; /* the parent's; not closed here */
};

struct child {
    struct child *next;
    struct tree *tree;
    const char *program; /* of roles.def */
    char *name;          /* for people: "sensor http" */
    unsigned generation; /* of the configuration; counts reloads */
    uid_t uid;
    gid_t gid;
    struct buffer setup;
    struct child_listener *listeners;
    size_t listener_count;
    enum child_state state;
    bool wanted; /* to be started again when it ends */
    bool asked;  /* its end was asked for */
    bool spawned, reaped;
    int status; /* of waitpid() */
    pid_t pid;
    struct channel *channel;
    unsigned restarts;
    int64_t pause_us, due, ready_since; /* monotonic */
    int64_t pinged;                     /* when PING went out that is not answered yet; 0: none */
    struct ends ends;
    struct event *timer;                /* next start, or the end of patience with a STOP */
    struct error failure;               /* what FAILED said; "" */
};

struct tree_events {
    void (*ready)(struct child *child, void *context);
    /* It has ended, or could not be started; it is DOWN. `failure` holds why, if it said. Not to be freed in here. */
    void (*ended)(struct child *child, void *context);
};

/* control: the listening control socket that keepers get. */
struct tree *tree_new(struct event_base *base, int control, const struct tree_events *events, void *context);
/* Kills what still runs, without waiting. */
void tree_free(struct tree *tree);
/* A new role, DOWN and wanted; the caller fills `setup`, uid and gid. NULL without memory. */
struct child *tree_add(struct tree *tree, const char *program, const char *name, unsigned generation);
int child_listen(struct child *child, const char *decoy, uint16_t index, int fd);
void tree_remove(struct child *child);
struct child *tree_first(const struct tree *tree);
/* Starts every wanted role that is DOWN and due, all together. A role that cannot be started waits and is tried
 * again; the reason is in the log. */
void tree_start(struct tree *tree);
/* Asks it to finish; kills it after patience_s. DOWN ones stay as they are. */
void child_stop(struct child *child, int patience_s);
/* Asks it whether its loop goes round; `pinged` says how long ago, until it has answered. */
void child_ping(struct child *child);
/* To be called at SIGCHLD. */
void tree_reap(struct tree *tree);

#endif
