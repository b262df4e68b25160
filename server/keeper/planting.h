/* SPDX-License-Identifier: ISC
 *
 * One `sundew plant` while it runs: what was asked for is read (planting_read.c), the minter makes token and lure
 * (command_plant.c), the ledger keeps the intent and the client is sent the planter's material (planting_store.c). */
#ifndef KEEPER_PLANTING_H
#define KEEPER_PLANTING_H

#include <jansson.h>
#include "server/base/clock.h"
#include "server/keeper/order.h"
#include "server/keeper/request.h"
#include "server/keeper/shape.h"
#include "server/wire/places.h"

#define LURE_FILES 64

struct lure_file {
    struct buffer name, data;
};

struct planting {
    struct request *request;
    struct order order;
    struct made_list made; /* one token where a kind was named */
    char *place;
    const struct place_row *row; /* of the place */
    const struct shape *shape;
    char at[CLOCK_TEXT]; /* "" where not given */
    bool buried, enable, dry_run;
    struct id placement;
    struct id before; /* the placement that this one takes over from, or that is planted again */
    bool rotates, again;
    char *replaces; /* where `before` lies in a file that one change can write anew, as JSON; NULL: it cannot */
    json_t *meta;
    struct buffer meta_text;
    struct lure_file files[LURE_FILES];
    size_t file_count;
    bool failed;
    uint64_t job;
};

/* Options of places that keep a history, beside --buried; ends with NULL. */
extern const char *const planting_in_history[];

/* Fills place, options and order from the request. 0, or -1 where the request was ended, told what is wrong. */
int planting_read(struct planting *planting);

/* The request's option as a member; nothing where it was not given. */
void planting_option(const struct planting *planting, struct buffer *json, const char *name);

/* Of one that takes over from what lies in a repository's file: adds the member "former" for the minter, and sets
 * `replaces`. */
int planting_former(struct planting *planting, struct buffer *json, struct error *error);

/* The token (where it was minted for this), the placement as planned and the operation, in one transaction; of a dry
 * run the operation alone. Sets `placement`. */
int planting_store(struct planting *planting, struct error *error);

/* Sends the planter's job and the lure's files, and ends the request. */
void planting_send(struct planting *planting);

#endif
