/* SPDX-License-Identifier: ISC
 *
 * How a role's program is started and lives: descriptor 3 is a channel to whoever started it (sundewd or sundew).
 *
 *   starter: SETUP (build id, user, group, the role's part of the configuration), LISTEN and PEER with descriptors,
 *            then START          role: READY, or FAILED with text and exit 1
 *
 * Later a PEER replaces one that died, and each PING gets a PONG. The role exits when the channel closes. */
#ifndef BASE_ROLE_H
#define BASE_ROLE_H

#include <event2/event.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/channel.h"
#include "server/base/error.h"

#define ROLE_FD 3
#define ROLE_DESCRIPTORS 256

enum role_message {
    ROLE_SETUP = 1, /* bytes build, u32 uid, u32 gid, bytes setup */
    ROLE_LISTEN,    /* string decoy, u16 listener's index; fd */
    ROLE_PEER,      /* string role; fd */
    ROLE_START,
    ROLE_READY,
    ROLE_FAILED, /* string text */
    ROLE_STOP,   /* finish what is under way, then exit 0 */
    ROLE_PING,   /* are you there? */
    ROLE_PONG,   /* the role's loop goes round */
    ROLE_NEWS,   /* u64 number, string subject, bytes details: for the keeper to keep (server/parent/news.h) */
    ROLE_NOTED,  /* u64 number: it has */
    ROLE_RELOAD, /* of the keeper: an operator wants the configuration to be read again */
};

struct role_descriptor {
    char *name;     /* decoy of a listener, role of a peer ("keeper", "control", "operator", …) */
    uint16_t index; /* listener */
    int fd;
};

struct role {
    const char *name;
    struct event_base *base;
    struct buffer setup; /* packed configuration; see server/wire/configuration.h */
    struct role_descriptor listeners[ROLE_DESCRIPTORS];
    size_t listener_count;
    struct role_descriptor peers[ROLE_DESCRIPTORS];
    size_t peer_count;
    struct channel *parent;
    /* Set by the role before role_attach() or role_run(); context is passed back. May be NULL. */
    void (*peer)(struct role *role, const char *name, int fd); /* a PEER that came later; fd belongs to the callee */
    void (*stop)(struct role *role);                           /* default: leave the loop */
    /* 0: it is kept, and the starter is told so. */
    int (*news)(struct role *role, const char *subject, struct slice details);
    void *context;
};

/* In the role's main(): opens the log, takes SETUP, drops the user, takes LISTEN and PEER up to START, blocking.
 * Ignores SIGPIPE and SIGINT. On failure the text has been sent to the starter. */
int role_begin(struct role *role, const char *name, struct error *error);
/* For a role whose loop goes round before it is READY: from now on PEER, STOP, PING and the channel's end are heeded.
 * -1 without memory. */
int role_attach(struct role *role);
/* Tells the starter READY and runs the loop until STOP, the end of the channel, or event_base_loopbreak(). */
int role_run(struct role *role);
/* Asks the starter to read its configuration again. -1 where it cannot be asked. */
int role_ask_reload(struct role *role);
/* Tells the starter FAILED (also in the log). Returns 1, for main() to return. */
int role_fail(struct role *role, const struct error *error);
void role_end(struct role *role);

/* The starter's side. Forks and executes PROGRAM of paths_libexec() with a channel on descriptor 3 and nothing else
 * but standard error. *fd is the starter's end. */
int role_spawn(const char *program, pid_t *pid, int *fd, struct error *error);
int role_setup(int fd, uid_t uid, gid_t gid, struct slice setup, struct error *error);
int role_listen(int fd, const char *decoy, uint16_t index, int listener, struct error *error);
int role_peer(int fd, const char *name, int peer, struct error *error);
int role_start(int fd, struct error *error);
/* Waits for READY; FAILED and an early exit become the error's text. */
int role_ready(int fd, int timeout_ms, struct error *error);

/* Identifies this build; compared at each channel's opening. */
const char *role_build(void);

#endif
