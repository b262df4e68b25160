/* SPDX-License-Identifier: ISC
 *
 * Writing JSON (RFC 8259) into a buffer without a tree. Reading is jansson's. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

/* A quoted string; bytes that are not UTF-8, and 0, become U+FFFD; control characters, U+2028, U+2029 and bidirectional
 * marks (U+202A..E, U+2066..9) are escaped. */
int json_write_string(struct buffer *buffer, struct slice text);
/* Is it UTF-8 throughout, so that every reader of JSON takes it as it stands? */
bool json_is_text(struct slice text);
int json_write_number(struct buffer *buffer, int64_t number);
/* Members: `"name":value`, with a comma before where the buffer's last byte is not '{' or '['. */
int json_member(struct buffer *buffer, const char *name, struct slice text);
int json_member_text(struct buffer *buffer, const char *name, const char *text);
int json_member_null(struct buffer *buffer, const char *name);
/* null in place of "": where there is none. */
int json_member_maybe(struct buffer *buffer, const char *name, const char *text);
int json_member_number(struct buffer *buffer, const char *name, int64_t number);
int json_member_bool(struct buffer *buffer, const char *name, bool value);
/* `"name":` and then what the caller adds ('{', '[', or a value that is JSON already). */
int json_member_open(struct buffer *buffer, const char *name);
/* The same of a name that stands in the code: ASCII of which nothing needs an escape. */
static inline int json_key(struct buffer *buffer, const char *name)
{
    size_t length = strlen(name);
    unsigned char last = buffer->length > 0 ? buffer->data[buffer->length - 1] : '{', *room;
    bool comma = last != '{' && last != '[' && last != ':';

    room = buffer_reserve(buffer, comma + length + 3);
    if (room == NULL)
        return -1;
    *room = ',';
    room += comma;
    room[0] = '"';
    memcpy(room + 1, name, length);
    room[length + 1] = '"';
    room[length + 2] = ':';
    buffer_grow(buffer, comma + length + 3);
    return 0;
}
/* An array's string element, comma as above. */
int json_element(struct buffer *buffer, struct slice text);

/* jansson wipes all that it frees from now on; to be called before anything else of jansson's. What json_dumps() gives
 * is the caller's to wipe, and released by free() as ever. */
void json_wipe_always(void);

#endif
