/* SPDX-License-Identifier: ISC */
#include "server/keeper/drills.h"

#include <string.h>

static void forget_old(struct drills *drills, int64_t now)
{
    size_t kept = 0;

    for (size_t i = 0; i < drills->count; i++)
        if (drills->items[i].deadline > now)
            drills->items[kept++] = drills->items[i];
    drills->count = kept;
}

int drills_announce(struct drills *drills, const struct drill *drill, int64_t now, struct error *error)
{
    forget_old(drills, now);
    if (drills->count == DRILLS)
        return error_set(error, "%d drills are on their way already; try again in half a minute", DRILLS);
    drills->items[drills->count] = *drill;
    drills->items[drills->count].deadline = now + DRILLS_US;
    drills->items[drills->count++].spent = false;
    return 0;
}

static bool comes_from(const struct drill *drill, const struct observation *observation)
{
    return memcmp(&drill->source, &observation->source, sizeof drill->source) == 0 &&
           drill->port == observation->source_port && drill->local_port == observation->local_port &&
           slice_is(observation->decoy, drill->decoy);
}

static bool is_its_own(const struct drill *drill, const struct observation *observation)
{
    return !drill->spent || memcmp(&drill->used, &observation->id, sizeof drill->used) == 0;
}

void drills_mark(struct drills *drills, const struct observation *observation, int64_t now,
                 struct recognition *recognition)
{
    for (size_t i = 0; i < drills->count; i++) {
        struct drill *drill = &drills->items[i];

        if (drill->deadline <= now || !comes_from(drill, observation) || !is_its_own(drill, observation))
            continue;
        for (size_t k = 0; k < recognition->count; k++) {
            if (recognition->matches[k].token != drill->token)
                continue;
            recognition->matches[k].reasons |= MATCH_DRILL;
            drill->used = observation->id;
            drill->spent = true;
        }
    }
}
