/* SPDX-License-Identifier: ISC
 *
 * libgit2's connections, made by `sundew` and trusted as the visit says. */
#ifndef PLANTER_GIT_STREAM_H
#define PLANTER_GIT_STREAM_H

#include "server/planter/visit.h"

/* To be called once; the visit must live as long as libgit2 is used. */
int git_stream_use(struct visit *visit, struct error *error);

#endif
