/* SPDX-License-Identifier: ISC */
#include "server/keeper/recent.h"

#include <stdlib.h>
#include <string.h>
#include "server/keeper/observe.h"

#define CHAINS (OBSERVE_RECENT * 2)
#define NONE UINT32_MAX

/* A ring of ids, each in the chain of its hash. */
struct recent {
    struct id ids[OBSERVE_RECENT];
    uint32_t following[OBSERVE_RECENT];
    uint32_t first[CHAINS];
    size_t next, count;
};

/* The last bytes of an id are random; an attacker does not choose them. */
static uint32_t hash(const struct id *id)
{
    uint32_t value;

    memcpy(&value, id->bytes + ID_BYTES - sizeof value, sizeof value);
    return value % CHAINS;
}

struct recent *recent_new(void)
{
    struct recent *recent = calloc(1, sizeof *recent);

    if (recent != NULL)
        memset(recent->first, 0xff, sizeof recent->first);
    return recent;
}

void recent_free(struct recent *recent)
{
    free(recent);
}

bool recent_has(const struct recent *recent, const struct id *id)
{
    uint32_t at;

    for (at = recent->first[hash(id)]; at != NONE; at = recent->following[at]) {
        if (memcmp(&recent->ids[at], id, sizeof *id) == 0)
            return true;
    }
    return false;
}

static void unlink_slot(struct recent *recent, uint32_t slot)
{
    uint32_t *at = &recent->first[hash(&recent->ids[slot])];

    while (*at != NONE && *at != slot)
        at = &recent->following[*at];
    if (*at == slot)
        *at = recent->following[slot];
}

void recent_add(struct recent *recent, const struct id *id)
{
    uint32_t slot = (uint32_t)recent->next, *first = &recent->first[hash(id)];

    if (recent->count == OBSERVE_RECENT)
        unlink_slot(recent, slot);
    else
        recent->count++;
    recent->ids[slot] = *id;
    recent->following[slot] = *first;
    *first = slot;
    recent->next = (recent->next + 1) % OBSERVE_RECENT;
}

void recent_undo(struct recent *recent, size_t count)
{
    for (; count > 0 && recent->count > 0; count--) {
        recent->next = (recent->next + OBSERVE_RECENT - 1) % OBSERVE_RECENT;
        unlink_slot(recent, (uint32_t)recent->next);
        recent->count--;
    }
}
