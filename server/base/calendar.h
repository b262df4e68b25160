/* SPDX-License-Identifier: ISC
 *
 * On which days people are at work. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <time.h>

bool calendar_is_weekend(const struct tm *day);
/* Does some country that lures are written for rest on it? It costs little to rest with it. */
bool calendar_is_holiday(const struct tm *day);

#endif
