/* SPDX-License-Identifier: ISC */
#include "server/wire/places.h"

#include <string.h>

static const struct place_row rows[] = {
#define PLACE(symbol, scheme, summary, takes, reach) {scheme, summary, takes, reach},
#include "server/wire/tables/places.def"
#undef PLACE
};

const struct place_row *place_row_at(size_t index)
{
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct place_row *place_row(struct slice place)
{
    const unsigned char *colon = place.length > 0 ? memchr(place.data, ':', place.length) : NULL;

    if (colon != NULL)
        place.length = (size_t)(colon - place.data);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (slice_is(place, rows[i].scheme))
            return &rows[i];
    return NULL;
}
