/* SPDX-License-Identifier: ISC
 *
 * Time: wall clock in microseconds since 1970 for evidence, monotonic microseconds for waiting. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT 32

int64_t clock_wall(void);
int64_t clock_monotonic(void);
/* RFC 3339 in UTC with six fraction digits: 2026-11-23T09:14:03.217000Z */
const char *clock_text(int64_t wall_us, char text[CLOCK_TEXT]);
/* Reads RFC 3339, or a bare date (midnight UTC). 0 or -1. */
int clock_parse(const char *text, int64_t *wall_us);

#endif
