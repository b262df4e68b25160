/* SPDX-License-Identifier: ISC
 *
 * The table of places (places.def) for those who plant nothing. */
#ifndef WIRE_PLACES_H
#define WIRE_PLACES_H

#include "server/base/buffer.h"

struct place_row {
    const char *scheme, *summary;
    const char *takes; /* mail | repository | directory | text */
    const char *reach; /* "HOST:PORT …"; "": it lies on this machine */
};

/* NULL behind the last. */
const struct place_row *place_row_at(size_t index);
/* Of "SCHEME" or "SCHEME:…"; NULL for an unknown one. */
const struct place_row *place_row(struct slice place);

#endif
