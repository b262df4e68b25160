/* SPDX-License-Identifier: ISC
 *
 * What each grade means, in words: an analyst who is told of a theft acts otherwise than one who is told that an
 * address was fetched. */
#ifndef COURIER_GRADE_H
#define COURIER_GRADE_H

#include <jansson.h>

enum grade_shows {
    SHOWS_READ,   /* the place, or a copy of it, was read */
    SHOWS_LIKELY, /* it has likely been */
    SHOWS_FETCHED, /* by a person, or by a program that opens what comes by */
};

struct grade {
    const char *verb;      /* "planted password was USED" */
    const char *certainty; /* a sentence without its full stop */
    const char *part;      /* of the token, that lay in the place: begins a sentence */
    const char *type;      /* of an OCSF finding */
    enum grade_shows shows;
};

/* Of a sighting's record; where a proof was shown, or an identity without a secret, what is true of that. */
const struct grade *grade_of(const json_t *record);

#endif
