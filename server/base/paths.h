/* SPDX-License-Identifier: ISC
 *
 * Where the installed parts are: the role programs and the data. SUNDEW_LIBEXECDIR and SUNDEW_DATADIR override
 * (for use from a build tree); they are ignored where the kernel marks the start as privileged (AT_SECURE). */
#ifndef BASE_PATHS_H
#define BASE_PATHS_H

#include <stddef.h>
#include "server/base/error.h"

const char *paths_libexec(void); /* holds sensor, keeper, minter, courier, planter, finder, sink */
const char *paths_data(void);    /* holds file/ mail/ repository/ site/ */
/* dir + "/" + name, to be freed. NULL without memory. An absolute name is returned alone. */
char *paths_join(const char *dir, const char *name);
/* The whole of a small file, at most `maximum` bytes. */
struct buffer;
int paths_read(const char *path, struct buffer *content, struct error *error);
/* Writes a new file with the mode, synced with its folder; fails if it is there. */
int paths_create(const char *path, const void *data, size_t length, unsigned mode, struct error *error);

#endif
