/* SPDX-License-Identifier: ISC
 *
 * The artifact that a lure carries: a file beside a mail or in a change, or its lines in the text. */
#ifndef MINTER_CARRIED_H
#define MINTER_CARRIED_H

#include "server/minter/lure.h"

/* The artifact called so; of an empty name the one that work->path asks for, else the first that can stand alone. NULL
 * when there is none. */
const struct artifact *carried_named(const struct lure_work *work, const char *name, struct error *error);
/* Adds it to `out`; `*line` is where the secret stands, never 0. */
int carried_render(const struct lure_work *work, const struct artifact *artifact, struct buffer *out, size_t *line,
                   struct error *error);
/* Is there one that this lure can carry, if it carries any? */
bool carried_fits(const struct lure_work *work, const struct lure *lure);
/* Draws the one that work->lure carries, if it does, into work->carried, and shows it to templates as {{artifact.*}}.
 * carried_free() in any case. */
int carried_make(struct lure_work *work, struct error *error);
void carried_free(struct lure_work *work);
/* Its file's name, without folders. */
const char *carried_name(const struct lure_work *work);

#endif
