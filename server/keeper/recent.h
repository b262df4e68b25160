/* SPDX-License-Identifier: ISC
 *
 * The ids of the last OBSERVE_RECENT observations: by them an observation that was sent again is known. */
#ifndef KEEPER_RECENT_H
#define KEEPER_RECENT_H

#include <stdbool.h>
#include "server/base/id.h"

struct recent;

struct recent *recent_new(void);
void recent_free(struct recent *recent);
bool recent_has(const struct recent *recent, const struct id *id);
/* Forgets the oldest when full. */
void recent_add(struct recent *recent, const struct id *id);
/* Takes back the last `count` added (a transaction that failed). */
void recent_undo(struct recent *recent, size_t count);

#endif
