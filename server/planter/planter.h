/* SPDX-License-Identifier: ISC
 *
 * The planter's heart: one whole task carried out. */
#ifndef PLANTER_PLANTER_H
#define PLANTER_PLANTER_H

#include "server/planter/place.h"

/* -1 with why not; the place is then as it was. `result` is initialised by the caller. */
int planter_run(const struct task *task, struct place_result *result, struct error *error);

#endif
