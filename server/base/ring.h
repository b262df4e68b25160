/* SPDX-License-Identifier: ISC
 *
 * Doubly linked rings whose links lie inside what they link. A head is a link of its own: an empty ring is a head that
 * leads to itself. A link that is zeroed, or was removed, is in no ring. */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring {
    struct ring *next, *previous;
};

/* The struct of this type whose member is this link. */
#define RING_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void ring_init(struct ring *head)
{
    head->next = head->previous = head;
}

static inline bool ring_empty(const struct ring *head)
{
    return head->next == head;
}

static inline bool ring_linked(const struct ring *link)
{
    return link->next != NULL;
}

static inline void ring_remove(struct ring *link)
{
    if (!ring_linked(link))
        return;
    link->next->previous = link->previous;
    link->previous->next = link->next;
    link->next = link->previous = NULL;
}

/* Puts the link at the ring's end; it may be in any ring before. */
static inline void ring_append(struct ring *head, struct ring *link)
{
    ring_remove(link);
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

/* Moves all that is in the ring to another head, which is initialised by this. */
static inline void ring_move(struct ring *head, struct ring *to)
{
    ring_init(to);
    if (ring_empty(head))
        return;
    to->next = head->next;
    to->previous = head->previous;
    to->next->previous = to->previous->next = to;
    ring_init(head);
}

#endif
