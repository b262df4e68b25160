/* SPDX-License-Identifier: ISC
 *
 * A planter of the caller's own: started, told a job, listened to, and waited for. It makes no connection itself
 * when its place lies on another host: it asks for each one, and gets those that place and account allow. */
#ifndef COMMAND_PLANTER_H
#define COMMAND_PLANTER_H

#include <jansson.h>
#include <pthread.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

struct planter {
    pid_t pid;             /* 0: none */
    int fd;
    struct buffer message; /* the last one; what planter_next() gives points into it */
    const struct account *account; /* what it was handed; NULL: nothing outside */
    char *place;
    pthread_mutex_t *turn; /* the caller's, let go of while the planter is waited for; NULL: it needs none */
    int lease; /* a lock that the planter is to hold as long as the next job lasts; -1: none */
};

/* `planter` is {.fd = -1}, perhaps with a turn. planter_end() is due either way. */
int planter_start(struct planter *planter, struct error *error);
/* Waits until it has ended, as it does when nobody listens any more. */
void planter_end(struct planter *planter);

/* Hands it the account that opens this place, its files opened by us; nothing where the place lies on this machine.
 * The configuration must stay. */
int planter_reach(struct planter *planter, const struct configuration *configuration, const char *place,
                  struct error *error);
int planter_tell(struct planter *planter, const char *action, const char *place, json_t *options, json_t *meta,
                 struct error *error);
int planter_file(struct planter *planter, const char *name, struct slice data, struct error *error);
int planter_go(struct planter *planter, struct error *error);
/* Waits for the next message, while connections that it asks for are made, and reads its type; -1 with why there is none. */
int planter_next(struct planter *planter, struct reader *reader, uint16_t *type, struct error *error);

#endif
