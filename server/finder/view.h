/* SPDX-License-Identifier: ISC
 *
 * The ways in which others write a secret that they pass on. Each view turns one way's escapes back, and leaves all
 * else as it is. A view makes nothing of text without its escapes. */
#ifndef FINDER_VIEW_H
#define FINDER_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include "server/base/buffer.h"

#define VIEW_MADE 4 /* bytes that one escape stands for, at most */

/* One escape at a place. */
struct escape {
    size_t before;   /* bytes in front of it that go with it */
    size_t consumed; /* from the place on; 0: no escape */
    unsigned char made[VIEW_MADE];
    size_t made_length;
};

struct view {
    const char *name;
    unsigned char trigger; /* each escape has this byte at its place */
    void (*read)(struct slice bytes, size_t at, struct escape *escape);
    bool last; /* is there in nearly all text: other views are not looked through within it, as it is within them */
};

#define VIEWS 6
/* percent (RFC 3986), quoted-printable (RFC 2045), backslash (JSON, C, shells), html (character references), folded
 * (lines broken anywhere), utf-16. */
extern const struct view views[VIEWS];

/* The place of the first escape at or behind `from`, or the length. */
size_t view_next(const struct view *view, struct slice bytes, size_t from, struct escape *escape);

#endif
