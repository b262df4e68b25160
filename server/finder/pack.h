/* SPDX-License-Identifier: ISC
 *
 * Git's packs; see unpack.h. */
#ifndef FINDER_PACK_H
#define FINDER_PACK_H

#include "server/finder/source.h"

/* Loads what names objects, before the cage is shut. */
int pack_prepare(struct error *error);
bool pack_is(struct slice front);
/* From a descriptor that can seek. */
int pack_unpack(struct source *source, struct error *error);

#endif
