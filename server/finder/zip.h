/* SPDX-License-Identifier: ISC
 *
 * ZIP archives, and what is one under another name (docx, xlsx, jar): APPNOTE.TXT 6.3. They are read from their local
 * headers, in order, so that they may come through a pipe; the directory at their end is searched as it is. */
#ifndef FINDER_ZIP_H
#define FINDER_ZIP_H

#include "server/finder/source.h"

bool zip_is(struct slice front);
void zip_unpack(struct source *source, struct input *input);

#endif
