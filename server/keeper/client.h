/* SPDX-License-Identifier: ISC
 *
 * One client of the control socket: its channel, credit, and the command that it waits for. */
#ifndef KEEPER_CLIENT_H
#define KEEPER_CLIENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#define CLIENT_WHO 64
#define CLIENT_ROW_BYTES 60000 /* of a REPLY_ROW's data; longer ones go in pieces */
#define CLIENT_BACKLOG 64      /* rows that may wait before `resume` is called no more */
#define CLIENT_CHANNEL 512     /* messages that may wait in the channel */

struct client;
struct keeper;
struct jobs;

struct client_settings {
    struct event_base *base;
    struct keeper *keeper;
    struct jobs *jobs;
    uid_t uid;
    const char *who;
    void (*gone)(struct client *client, void *context); /* the client is at its end; the callee frees it */
    void *context;
};

/* Takes over fd and says HELLO. NULL without memory: fd is closed. */
struct client *client_new(int fd, const struct client_settings *settings);
/* Ends what it was at. Takes NULL. */
void client_free(struct client *client);
/* A derivation has run; made: there are new sightings. A command that waited for it begins. */
void client_derived(struct client *client, bool made);

#endif
