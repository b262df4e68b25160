/* SPDX-License-Identifier: ISC
 *
 * A timer wheel for many deadlines that mostly move: entries sit in slots of a quarter of a second, and are passed to
 * `fire` when their slot is due. An entry beyond the horizon, or one whose owner has moved its deadline since, is
 * simply put back by `fire`: moving a deadline to later costs nothing. */
#ifndef SENSOR_WHEEL_H
#define SENSOR_WHEEL_H

#include <stdint.h>
#include "server/base/ring.h"

#define WHEEL_SLOTS 256
#define WHEEL_SLOT_US 250000

struct wheel_entry {
    struct ring link; /* in a slot */
    int64_t due;      /* monotonic microseconds; when `fire` is called at the latest */
};

struct wheel {
    struct ring slots[WHEEL_SLOTS];
    int64_t position; /* the slot number up to which all have fired */
};

void wheel_init(struct wheel *wheel, int64_t now);
/* Puts the entry into the slot for `due`, or of the horizon, whichever is earlier. It may be in a slot already. */
void wheel_put(struct wheel *wheel, struct wheel_entry *entry, int64_t due);
void wheel_remove(struct wheel_entry *entry);
/* Is it in a slot? */
bool wheel_holds(const struct wheel_entry *entry);
/* Takes out each entry whose slot has passed and calls fire, which may put or remove any entry. */
void wheel_turn(struct wheel *wheel, int64_t now, void (*fire)(struct wheel_entry *entry, int64_t now));

#endif
