/* SPDX-License-Identifier: ISC
 *
 * A folder for copies of what lies on other hosts, that goes when the planter does, however it ends. */
#ifndef PLANTER_SCRATCH_H
#define PLANTER_SCRATCH_H

#include "server/base/error.h"

/* Makes one, private, in $TMPDIR or /tmp. To be freed; NULL with what to do. A child stays behind, outside the cage,
 * that removes it once this process is gone. */
char *scratch_make(struct error *error);
/* Removes all that is in it. */
void scratch_empty(const char *folder);

#endif
