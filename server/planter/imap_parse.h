/* SPDX-License-Identifier: ISC
 *
 * What an IMAP server says (RFC 9051, RFC 3501), taken apart. Nothing here reads or sends. */
#ifndef PLANTER_IMAP_PARSE_H
#define PLANTER_IMAP_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

#define IMAP_RESPONSE (24 * 1024 * 1024)

/* How far a response at the front of the input was looked at; zero it for each. */
struct imap_scan {
    size_t line, at;
};

/* The response's length, its line's end and the bytes of its literals included; 0: more must come; -1: it is longer
 * than IMAP_RESPONSE. */
int64_t imap_whole(struct slice input, struct imap_scan *scan);

/* A response is read from front to back. The calls take what they name and the space behind it; where it is not there
 * they take nothing. */
struct imap_cursor {
    const unsigned char *at, *end;
};

struct imap_cursor imap_cursor(struct slice response);
bool imap_take(struct imap_cursor *cursor, char c);
/* Up to a space, a parenthesis, a bracket that closes, or the line's end; "[]" within it is part of it. */
struct slice imap_atom(struct imap_cursor *cursor);
bool imap_word(struct imap_cursor *cursor, const char *word); /* an atom, ASCII letters of either case */
bool imap_number(struct imap_cursor *cursor, uint32_t *number);
/* A quoted string, a literal or an atom; NIL is empty. Adds to `out`. 0 or -1. */
int imap_string(struct imap_cursor *cursor, struct buffer *out);
/* One value, a list with all that is in it included. 0 or -1. */
int imap_skip(struct imap_cursor *cursor);
/* The inside of a list, without its parentheses. 0 or -1. */
int imap_list(struct imap_cursor *cursor, struct imap_cursor *inside);

/* A folder's name from modified UTF-7 (RFC 3501, 5.1.3). 0, or -1 where it is none. */
int imap_folder_name(struct slice name, struct buffer *out);
/* The time of a line such as "Received: …; Tue, 2 Jun 2026 10:15:01 +0200", behind its last ';': seconds since 1970,
 * and minutes east of Greenwich. 0 or -1. */
int imap_received(struct slice message, int64_t *seconds, int *offset);

#endif
