/* SPDX-License-Identifier: ISC
 *
 * Drills on their way: uses of a token by `sundew drill`, announced before the secret is sent. Only what equals an
 * announcement in token, decoy, client's address and port and the listener's port is a drill, once, and only for
 * DRILLS_US; all else is an attack. Kept in memory: what is forgotten by a restart alerts as a real use. */
#ifndef KEEPER_DRILLS_H
#define KEEPER_DRILLS_H

#include "server/keeper/recognise.h"

#define DRILLS 32
#define DRILLS_US 30000000 /* between announcement and use */
#define DRILLS_DECOY 64

struct drill {
    int64_t token; /* row's number; 0: free */
    char decoy[DRILLS_DECOY];
    struct address source;
    uint16_t port, local_port;
    int64_t deadline; /* monotonic */
    struct id used;   /* the observation that it was used by; the same one may come again */
    bool spent;
};

struct drills {
    struct drill items[DRILLS];
    size_t count; /* places in use: the first ones */
};

/* -1 when too many are on their way. `now` is monotonic, as below. */
int drills_announce(struct drills *drills, const struct drill *drill, int64_t now, struct error *error);
/* Marks what the observation matched with MATCH_DRILL where it was announced. */
void drills_mark(struct drills *drills, const struct observation *observation, int64_t now,
                 struct recognition *recognition);

#endif
