/* SPDX-License-Identifier: ISC
 *
 * How a lure lies in a repository or at its forge: what --as says (server/wire/tables/shapes.def). */
#ifndef KEEPER_SHAPE_H
#define KEEPER_SHAPE_H

#include <stdbool.h>
#include "server/base/buffer.h"

struct shape {
    const char *name, *places, *takes;
    bool commits;
};

/* The shape of that name (data NULL: the default one) in places of that scheme; NULL: there is none. */
const struct shape *shape_find(const char *scheme, struct slice name);
/* Adds the names of those that there are, with ", " between them. */
void shape_list(const char *scheme, struct buffer *out);

#endif
