/* SPDX-License-Identifier: ISC
 *
 * Takes a file away piece by piece, one a turn of the loop: whoever lets go of a long one at once waits until the kernel
 * has freed all of it. */
#ifndef KEEPER_SHRINK_H
#define KEEPER_SHRINK_H

#include <event2/event.h>
#include <stdint.h>
#include "server/base/error.h"

#define SHRINK_BYTES (8 * 1024 * 1024) /* freed in one turn */

struct shrink {
    struct event *event; /* NULL: there is no loop; files go at once */
    int fd;              /* of the file that is under way, or -1 */
    int64_t size;        /* what is left of it */
};

int shrink_open(struct shrink *shrink, struct event_base *base, struct error *error);
/* What is under way goes at once. May be called on a zeroed one. */
void shrink_close(struct shrink *shrink);
/* Removes the file's name now, and what it takes bit by bit. */
void shrink_file(struct shrink *shrink, const char *path);

#endif
