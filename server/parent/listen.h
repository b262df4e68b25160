/* SPDX-License-Identifier: ISC
 *
 * The sockets that the parent binds and hands to sensors. Sockets stay open over a reload, so that no connection is
 * refused meanwhile. "::" takes both address families. */
#ifndef PARENT_LISTEN_H
#define PARENT_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/parent/manager.h"
#include "server/wire/configuration.h"

struct bound {
    char *address;
    uint16_t port;
    int fd;
};

struct listening {
    struct bound *items;
    size_t count;
    struct passed passed;
};

/* Takes the sockets that the service manager passed: a listener at such an address and port uses it. */
void listening_open(struct listening *listening);
/* Binds what the configuration names and is neither bound yet nor passed, waiting up to wait_ms for ports that are in
 * use. On failure nothing was added; the text names address, port and, where it can be told, who has it. */
int listening_bind(struct listening *listening, const struct configuration *configuration, int wait_ms,
                   struct error *error);
/* The socket, or -1. */
int listening_find(const struct listening *listening, const char *address, uint16_t port);
/* Closes what the configuration does not name; what was passed stays open, with a warning. */
void listening_keep(struct listening *listening, const struct configuration *configuration);
void listening_close(struct listening *listening);

#endif
