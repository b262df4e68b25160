/* SPDX-License-Identifier: ISC
 *
 * Git's packs; see unpack.h. */
#ifndef FINDER_PACK_H
#define FINDER_PACK_H

#include "server/finder/source.h"

/* Loads what names objects, before the cage is shut. */
int pack_prepare(struct error *error);
bool pack_is(struct slice front);
/* Large ones from a descriptor that can seek only. */
void pack_unpack(struct source *source, struct input *input);

#endif
