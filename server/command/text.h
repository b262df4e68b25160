/* SPDX-License-Identifier: ISC
 *
 * Text as a terminal shows it: what it may be sent, and how many columns that takes. */
#ifndef COMMAND_TEXT_H
#define COMMAND_TEXT_H

#include "server/base/buffer.h"

/* Has characters counted as UTF-8, whatever the locale; before all that follows. */
void text_open(void);
/* Adds text that cannot move the cursor or turn the direction of writing: control, format and unassigned characters
 * become '?', as does every combining mark behind the second; ends of lines become one blank, or nothing at the end. */
void text_clean(struct buffer *buffer, const char *text);
/* Writes a message to standard error, cleaned, behind "sundew: "; its ends of lines stay. */
void text_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Columns: wide characters take two, combining marks none. */
size_t text_width(struct slice text);
/* Adds what fits into `width` columns, the last one an ellipsis where not all does. */
void text_cut(struct buffer *buffer, struct slice text, size_t width);

#endif
