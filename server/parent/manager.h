/* SPDX-License-Identifier: ISC
 *
 * The service manager's side, by libsystemd: sockets that it passed (sd_listen_fds(3)), what it is told (sd_notify(3)).
 * Without one everything here does nothing. */
#ifndef PARENT_MANAGER_H
#define PARENT_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

struct passed {
    int first, count; /* descriptors */
};

/* Takes what was passed over: closed for roles, non-blocking. They are never closed, for they cannot be had again. */
void passed_take(struct passed *passed);
/* The listening stream socket at that address and port, or -1. "::" is the wildcard of both families. */
int passed_find(const struct passed *passed, const char *address, uint16_t port);
bool passed_holds(const struct passed *passed, int fd);
/* The n-th's address and port, as "[::]:443"; "" for what is no listening TCP socket. */
const char *passed_name(const struct passed *passed, int n, char *text, unsigned size);
/* They stay open over an execve() of this process, which then takes them again. */
void passed_keep(const struct passed *passed);

/* "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…"; several are separated by newlines. */
void manager_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often a sign of life is wanted, in microseconds; 0: never. */
uint64_t manager_watchdog(void);

#endif
