/* SPDX-License-Identifier: ISC */
#include "server/sensor/wheel.h"

#include <stddef.h>

void wheel_init(struct wheel *wheel, int64_t now)
{
    for (int i = 0; i < WHEEL_SLOTS; i++)
        wheel->slots[i].next = wheel->slots[i].previous = &wheel->slots[i];
    wheel->position = now / WHEEL_SLOT_US;
}

void wheel_remove(struct wheel_entry *entry)
{
    if (entry->next == NULL)
        return;
    entry->next->previous = entry->previous;
    entry->previous->next = entry->next;
    entry->next = entry->previous = NULL;
}

static void join(struct wheel_entry *head, struct wheel_entry *entry)
{
    entry->next = head;
    entry->previous = head->previous;
    head->previous->next = entry;
    head->previous = entry;
}

void wheel_put(struct wheel *wheel, struct wheel_entry *entry, int64_t due)
{
    int64_t slot = due / WHEEL_SLOT_US + 1;

    if (slot <= wheel->position)
        slot = wheel->position + 1;
    if (slot >= wheel->position + WHEEL_SLOTS)
        slot = wheel->position + WHEEL_SLOTS - 1;
    wheel_remove(entry);
    entry->due = due < slot * WHEEL_SLOT_US ? due : slot * WHEEL_SLOT_US;
    join(&wheel->slots[slot % WHEEL_SLOTS], entry);
}

/* The slot's ring is moved away first, so that what `fire` puts back is not met again in this turn. */
static void fire_slot(struct wheel_entry *head, int64_t now, void (*fire)(struct wheel_entry *entry, int64_t now))
{
    struct wheel_entry ring;

    if (head->next == head)
        return;
    ring.next = head->next;
    ring.previous = head->previous;
    ring.next->previous = ring.previous->next = &ring;
    head->next = head->previous = head;
    while (ring.next != &ring) {
        struct wheel_entry *entry = ring.next;

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
