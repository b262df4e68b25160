/* SPDX-License-Identifier: ISC
 *
 * The folder state/run: the lock that makes one sundewd the only one on a state folder, the control socket, and the
 * file `status`, by which `sundew reload` sees what became of it. */
#ifndef PARENT_RUNTIME_H
#define PARENT_RUNTIME_H

#include <stdbool.h>
#include "server/base/error.h"
#include "server/wire/configuration.h"

struct runtime {
    int folder;  /* state/run */
    int lock;    /* sundewd.pid, locked */
    int control; /* listening SOCK_SEQPACKET */
};

/* Checks the state folder, makes state/run, waits up to wait_ms for the lock, binds the control socket. */
int runtime_open(struct runtime *runtime, const struct configuration *configuration, int wait_ms, struct error *error);
/* Lets the group that `operators:` names through the state folder to the control socket, or nobody; again where that has
 * changed. */
int runtime_operators(const struct runtime *runtime, const struct configuration *configuration, struct error *error);
/* One line: number of (re)loads, "ok" or "failed", text. Replaced as a whole. */
void runtime_status(const struct runtime *runtime, unsigned loads, bool ok, const char *text);
/* Removes the socket; the lock goes with its descriptor. */
void runtime_close(struct runtime *runtime);

#endif
