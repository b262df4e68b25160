/* SPDX-License-Identifier: ISC
 *
 * The alert in plain words, in the order in which an analyst needs them; its first three lines stand alone on a
 * phone. Text that came from outside is quoted and made harmless: control, bidirectional and invisible characters,
 * quotes, angle brackets and broken UTF-8 as escapes; links defanged. */
#ifndef COURIER_TEXT_H
#define COURIER_TEXT_H

#include <jansson.h>
#include "server/base/buffer.h"

/* All below append, and return -1 when `out` is full. */

/* Somebody else's words, at most `most` characters of them, with … where cut. */
int text_foreign(struct buffer *out, const char *words, size_t most);
/* The operator's own words: as text_foreign(), but links and dots stay. */
int text_own(struct buffer *out, const char *words, size_t most);
/* One sentence or two. */
int text_message(struct buffer *out, const json_t *record);
/* The whole. */
int text_full(struct buffer *out, const json_t *record);
/* What to do now, numbered, one step a line. */
int text_steps(struct buffer *out, const json_t *record);

#endif
