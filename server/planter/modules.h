/* SPDX-License-Identifier: ISC
 *
 * The text of .gitmodules (gitmodules(5)): sections of git-config(5), one for each submodule. */
#ifndef PLANTER_MODULES_H
#define PLANTER_MODULES_H

#include <stdbool.h>
#include "server/base/buffer.h"

#define MODULES_FILE ".gitmodules"
#define MODULES_BYTES (1024 * 1024)

/* The section of the submodule at that path, or of that name, from its head to the next one's. false: there is none. */
bool modules_find(struct slice text, const char *path, struct slice *section);
/* May stand in a section as it is, without quotes? */
bool modules_plain(struct slice value);
/* The text with one more section at its end, indented as the others are. */
void modules_add(struct buffer *out, struct slice text, const char *path, struct slice url);
/* The text without that part of it. */
void modules_remove(struct buffer *out, struct slice text, struct slice section);

#endif
