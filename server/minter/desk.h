/* SPDX-License-Identifier: ISC
 *
 * The organisation's help desk: whom people ask when a login fails. A part of the persona. */
#ifndef MINTER_DESK_H
#define MINTER_DESK_H

#include <jansson.h>
#include "tokens/kind.h"

/* A new object {"name","mail","phone","hours","room","remote"}: phone is a short one of the house, remote the host of
 * remote access. Texts are of the language. NULL when memory ran out. */
json_t *desk_draw(const char *domain, const char *language, const struct draw *draw);
/* Gives a persona that was drawn before there were help desks the one that its seeds make, always the same. */
int desk_complete(json_t *persona);

#endif
