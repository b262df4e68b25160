/* SPDX-License-Identifier: ISC
 *
 * Which process listens on a TCP port, by /proc (proc(5): net/tcp, PID/fd). For fault texts only. */
#ifndef PARENT_HOLDER_H
#define PARENT_HOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The process, and its name; 0 when it cannot be told (somebody else's). */
pid_t holder_find(uint16_t port, char *name, size_t size);

#endif
