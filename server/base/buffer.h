/* SPDX-License-Identifier: ISC
 *
 * The one growing buffer, with a maximum, and the one bounded reader. All bytes from outside go through these. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Bytes that somebody else owns. */
struct slice {
    const unsigned char *data;
    size_t length;
};

#define SLICE_NONE ((struct slice){NULL, 0})

static inline struct slice slice_of(const char *text)
{
    return (struct slice){(const unsigned char *)text, text == NULL ? 0 : strlen(text)};
}
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}
static inline bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}
/* As slice_is(), ASCII letters of either case. */
static inline bool slice_is_nocase(struct slice a, const char *text)
{
    return a.length == strlen(text) &&
           (a.length == 0 || ((a.data[0] | 0x20) == ((unsigned char)text[0] | 0x20) &&
                              strncasecmp((const char *)a.data, text, a.length) == 0));
}
/* What is left behind `length` bytes; nothing where there are fewer. */
static inline struct slice slice_behind(struct slice a, size_t length)
{
    return length < a.length ? (struct slice){a.data + length, a.length - length} : SLICE_NONE;
}
/* Where the text, which is not empty, begins first in it; its length: nowhere. */
size_t slice_find(struct slice a, const char *text);
/* A copy ended by NUL, to be freed by the caller; NULL without memory. Bytes of value 0 stay in it. */
char *slice_copy(struct slice a);
/* How many of its first bytes to take, at most `most`, so that no character of UTF-8 is cut in two. */
size_t slice_cut(struct slice text, size_t most);

/* Bytes [0, length) of data are the content. data is NULL until something was added. */
struct buffer {
    unsigned char *data;
    size_t length;
    size_t capacity;
    size_t maximum;
    bool failed; /* an add did not fit or memory ran out; sticky until buffer_clear() */
};

/* maximum in bytes. Nothing is allocated yet. */
static inline void buffer_init(struct buffer *buffer, size_t maximum)
{
    *buffer = (struct buffer){.maximum = maximum};
}
/* Wipes and frees; the buffer can be used again. Takes NULL. */
void buffer_free(struct buffer *buffer);
/* Drops the first `length` bytes, and wipes what they leave free. */
void buffer_consume(struct buffer *buffer, size_t length);
/* Wipes the content, keeps the memory. */
static inline void buffer_clear(struct buffer *buffer)
{
    if (buffer->length > 0)
        buffer_consume(buffer, buffer->length);
    buffer->failed = false;
}
/* As buffer_reserve(), where there is no room yet. */
unsigned char *buffer_enlarge(struct buffer *buffer, size_t length);
/* Room for `length` more bytes behind the content, to be taken with buffer_grow(); NULL when it does not fit. One byte
 * beyond the content is always kept, for the NUL of buffer_text(). */
static inline unsigned char *buffer_reserve(struct buffer *buffer, size_t length)
{
    return length < buffer->capacity - buffer->length && length <= buffer->maximum - buffer->length
               ? buffer->data + buffer->length
               : buffer_enlarge(buffer, length);
}
static inline void buffer_grow(struct buffer *buffer, size_t length)
{
    buffer->length += length;
}
/* All buffer_add functions: 0, or -1 when it does not fit or memory ran out: nothing was added, `failed` is set. */
static inline int buffer_add(struct buffer *buffer, const void *data, size_t length)
{
    unsigned char *room = buffer_reserve(buffer, length);

    if (room == NULL)
        return -1;
    if (length > 0)
        memcpy(room, data, length);
    buffer->length += length;
    return 0;
}
static inline int buffer_add_text(struct buffer *buffer, const char *text)
{
    return buffer_add(buffer, text, strlen(text));
}
static inline int buffer_add_slice(struct buffer *buffer, struct slice slice)
{
    return buffer_add(buffer, slice.data, slice.length);
}
static inline int buffer_add_char(struct buffer *buffer, char c)
{
    return buffer_add(buffer, &c, 1);
}
int buffer_add_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The content as text ended by NUL, owned by the buffer; "" when empty or without memory. */
const char *buffer_text(struct buffer *buffer);
static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){buffer->data, buffer->length};
}

/* Packed messages: integers big endian; bytes with a 32-bit length before them. Same results as above. */
static inline int buffer_add_u8(struct buffer *buffer, uint8_t value)
{
    return buffer_add(buffer, &value, sizeof value);
}
static inline int buffer_add_u16(struct buffer *buffer, uint16_t value)
{
    value = htobe16(value);
    return buffer_add(buffer, &value, sizeof value);
}
static inline int buffer_add_u32(struct buffer *buffer, uint32_t value)
{
    value = htobe32(value);
    return buffer_add(buffer, &value, sizeof value);
}
static inline int buffer_add_u64(struct buffer *buffer, uint64_t value)
{
    value = htobe64(value);
    return buffer_add(buffer, &value, sizeof value);
}
int buffer_add_bytes(struct buffer *buffer, struct slice bytes);
int buffer_add_string(struct buffer *buffer, const char *text); /* NULL is packed as "" */

/* Reads what the functions above packed. After the first read past the end it yields zeros and empty slices. */
struct reader {
    const unsigned char *data;
    size_t left;
    bool failed;
};

struct reader reader_of(struct slice slice);
uint8_t reader_u8(struct reader *reader);
uint16_t reader_u16(struct reader *reader);
uint32_t reader_u32(struct reader *reader);
uint64_t reader_u64(struct reader *reader);
/* `length` raw bytes, without a length before them. */
struct slice reader_raw(struct reader *reader, size_t length);
/* Bytes with their length; more than `maximum` fails. */
struct slice reader_bytes(struct reader *reader, size_t maximum);
/* As reader_bytes(), copied, ended by NUL, to be freed; a NUL inside fails. NULL when failed. */
char *reader_string(struct reader *reader, size_t maximum);
/* 0 when every read was good and nothing is left over, else -1. */
int reader_end(const struct reader *reader);

#endif
