/* SPDX-License-Identifier: ISC */
#include "server/sensor/wheel.h"

void wheel_init(struct wheel *wheel, int64_t now)
{
    for (int i = 0; i < WHEEL_SLOTS; i++)
        ring_init(&wheel->slots[i]);
    wheel->position = now / WHEEL_SLOT_US;
}

void wheel_remove(struct wheel_entry *entry)
{
    ring_remove(&entry->link);
}

bool wheel_holds(const struct wheel_entry *entry)
{
    return ring_linked(&entry->link);
}

void wheel_put(struct wheel *wheel, struct wheel_entry *entry, int64_t due)
{
    int64_t slot = due / WHEEL_SLOT_US + 1;

    if (slot <= wheel->position)
        slot = wheel->position + 1;
    if (slot >= wheel->position + WHEEL_SLOTS)
        slot = wheel->position + WHEEL_SLOTS - 1;
    entry->due = due < slot * WHEEL_SLOT_US ? due : slot * WHEEL_SLOT_US;
    ring_append(&wheel->slots[slot % WHEEL_SLOTS], &entry->link);
}

/* The slot is emptied first, so that what `fire` puts back is not met again in this turn. */
static void fire_slot(struct ring *slot, int64_t now, void (*fire)(struct wheel_entry *entry, int64_t now))
{
    struct ring ring;

    ring_move(slot, &ring);
    while (!ring_empty(&ring)) {
        struct wheel_entry *entry = RING_OWNER(ring.next, struct wheel_entry, link);

        wheel_remove(entry);
        fire(entry, now);
    }
}

void wheel_turn(struct wheel *wheel, int64_t now, void (*fire)(struct wheel_entry *entry, int64_t now))
{
    int64_t end = now / WHEEL_SLOT_US;

    if (end - wheel->position > WHEEL_SLOTS)
        wheel->position = end - WHEEL_SLOTS;
    while (wheel->position < end) {
        wheel->position++;
        fire_slot(&wheel->slots[wheel->position % WHEEL_SLOTS], now, fire);
    }
}
