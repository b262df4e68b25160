/* SPDX-License-Identifier: ISC
 *
 * Ids that servers put into Received fields and that say when: written, and recognised. */
#ifndef MINTER_STAMP_H
#define MINTER_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include "tokens/kind.h"

#define STAMP 32

/* Postfix's long queue id: seconds and microseconds in base 52, "z", the inode in base 51. */
void stamp_postfix(const struct draw *draw, int64_t time, char text[STAMP]);
/* Is it one, of within a day of that time? */
bool stamp_is_postfix(const char *text, int64_t time);
/* Dovecot's session id: nanoseconds, seconds, process, and a host, by which machines differ. */
void stamp_dovecot(const struct draw *draw, const char *host, int64_t time, char text[STAMP]);
bool stamp_is_dovecot(const char *text, int64_t time);

#endif
