/* SPDX-License-Identifier: ISC
 *
 * TAR archives: POSIX's ustar and pax, GNU's, and the old one, from whose checksum alone they are known. A header is
 * searched as it is. */
#ifndef FINDER_TAR_H
#define FINDER_TAR_H

#include "server/finder/source.h"

bool tar_is(struct slice front);
void tar_unpack(struct source *source, struct input *input);

#endif
