/* SPDX-License-Identifier: ISC
 *
 * Writing mail (RFC 5322, 2045, 2047), lines ended by LF, as mail programs write it, with no line broken within what
 * must stand unbroken. */
#ifndef MINTER_MIME_H
#define MINTER_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define MIME_LINE 998 /* bytes, without the end (RFC 5322, section 2.1.1) */
#define MIME_FOLD 78

/* "Name: value" folded before spaces where it is longer than MIME_FOLD; the value is ASCII already. Control
 * characters become spaces, so that no value can begin a header of its own. All return 0, or -1 when out is full. */
int mime_header(struct buffer *out, const char *name, const char *value);
/* The same for any UTF-8: words beyond ASCII become encoded-words of at most 75 characters. */
int mime_header_text(struct buffer *out, const char *name, const char *text);
/* Name: display name <mail>. Without a display name only the mail. */
int mime_header_address(struct buffer *out, const char *name, const char *display, const char *mail);
/* The same with an ASCII display name in quotes whether it needs them or not. */
int mime_header_quoted(struct buffer *out, const char *name, const char *display, const char *mail);
/* Adds the text with its long lines broken at spaces behind at most `width` characters. Lines that begin with a space
 * stay as they are; what stands behind "> " is broken and marked so again. No line is broken within one of the
 * `keep`. -1 with the error's text when a line is still longer than MIME_LINE bytes, or out is full. */
int mime_fill(struct buffer *out, struct slice text, size_t width, const struct slice *keep, size_t keep_count,
              struct error *error);
/* Quoted-printable (RFC 2045, section 6.7): no soft line break within one of the `keep`, which mime_quotable() says can
 * stand in it as they are. */
bool mime_quotable(const struct slice *keep, size_t keep_count);
int mime_quoted(struct buffer *out, struct slice text, const struct slice *keep, size_t keep_count);
/* Is it ASCII alone? Then it may go as 7bit. */
bool mime_ascii(struct slice text);

#endif
