/* SPDX-License-Identifier: ISC
 *
 * The way to the keeper: the running daemon's control socket, or, where no daemon runs, a keeper and a minter of our
 * own on the same state. */
#ifndef COMMAND_CONNECT_H
#define COMMAND_CONNECT_H

#include <stdbool.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

struct link {
    int fd;
    struct own_role {
        pid_t pid; /* 0: none */
        int fd;
    } keeper, minter;
    bool lost; /* the keeper went away, before it greeted or in the middle of a command */
};

/* -1 with what to do. link_close() is due either way. */
int link_open(struct link *link, const struct configuration *configuration, struct error *error);
/* As link_open(), where a daemon runs, or is just starting; else -1. */
int link_open_daemon(struct link *link, const struct configuration *configuration, struct error *error);
/* As link_open(), without looking for a daemon: for `init`. */
int link_open_own(struct link *link, const struct configuration *configuration, struct error *error);
/* Waits until our own roles have ended, so that the state is free. */
void link_close(struct link *link);

/* A row's pieces come joined. 0 to go on; -1 ends the command (the rest is dropped). */
struct link_rows {
    int (*row)(struct slice kind, struct slice name, struct slice data, void *context);
    void *context;
    void (*idle)(void *context); /* called a few times a second while nothing comes; may be NULL */
};

/* Sends a command and passes on its rows. The exit status that the keeper gives, with its text in error->text (""
 * when it has none); 3 when the keeper cannot be reached any more. */
int link_command(struct link *link, const struct command *command, const struct link_rows *rows, struct error *error);

/* Adds an argument; the texts must stay. -1: too many. */
int command_put(struct command *command, const char *name, const char *value);

/* The state folder's run folder as a descriptor, or -1 with errno. */
int run_folder(const struct configuration *configuration);

#endif
