/* SPDX-License-Identifier: ISC
 *
 * ZIP archives, and what is one under another name (docx, xlsx, jar): APPNOTE.TXT 6.3. They are read from their local
 * headers, in order, so that they may come through a pipe; the directory at their end is searched as it is. Where a program
 * stands in front (a self-extracting archive, a zipapp), that directory says where they begin. */
#ifndef FINDER_ZIP_H
#define FINDER_ZIP_H

#include "server/finder/source.h"

bool zip_is(struct slice front);
void zip_unpack(struct source *source, struct input *input);
/* Is there an archive behind what the file begins with? *before: bytes from the front on to its first header. A file that
 * cannot be read at any place has none. */
bool zip_is_behind(struct input *file, uint64_t *before);

#endif
