/* SPDX-License-Identifier: ISC
 *
 * Blocks of base64 (RFC 2045, 6.8) in a text, such as what a mail brings: decoded where something packed or a text is in
 * them. A block begins behind an empty line, or with the text, or with a string of JSON (RFC 8259, 7), which writes '/' and
 * line breaks in its own way. What else is in it is searched as it stands there: base64 is one of a secret's forms, so
 * that the first of a block is searched in both ways. */
#ifndef FINDER_BLOCK_H
#define FINDER_BLOCK_H

#include "server/finder/source.h"

/* Searches the text to its end. */
void blocks_search(struct source *source, struct input *input);

#endif
