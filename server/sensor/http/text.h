/* SPDX-License-Identifier: ISC
 *
 * Small bounded readings of bytes that the HTTP engine's parts share. */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "server/base/buffer.h"

#define TEXT_NONE SIZE_MAX

/* Where `needle` begins, or TEXT_NONE. */
size_t text_find(struct slice text, const char *needle);
size_t text_find_nocase(struct slice text, const char *needle);
/* Where the byte stands, or TEXT_NONE. */
static inline size_t text_find_char(struct slice text, char c)
{
    const unsigned char *hit = text.length == 0 ? NULL : memchr(text.data, c, text.length);

    return hit == NULL ? TEXT_NONE : (size_t)(hit - text.data);
}
/* Two hexadecimal digits as a number, or -1. */
int text_hex_pair(const unsigned char *digits);
int text_hex(unsigned char digit);
/* Adds what the entity at the front of `text` ("&amp;", "&#38;", "&#x26;") stands for, or the '&' itself, and returns
 * what is behind it. Never more bytes than it took. */
struct slice text_entity(struct slice text, struct buffer *out);
static inline bool text_is_white(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
/* Without spaces and tabs (and CR, LF) around it. */
static inline struct slice text_trim(struct slice text)
{
    while (text.length > 0 && text_is_white(text.data[text.length - 1]))
        text.length--;
    while (text.length > 0 && text_is_white(*text.data))
        text = (struct slice){text.data + 1, text.length - 1};
    return text;
}
/* The first `at` bytes, and what is behind them; `at` beyond the end counts as the end. */
static inline struct slice text_before(struct slice text, size_t at)
{
    text.length = at < text.length ? at : text.length;
    return text;
}
static inline struct slice text_from(struct slice text, size_t at)
{
    at = at < text.length ? at : text.length;
    if (at > 0) {
        text.data += at;
        text.length -= at;
    }
    return text;
}
static inline bool text_starts_nocase(struct slice text, const char *start)
{
    size_t length = strlen(start);

    return text.length >= length &&
           (length == 0 || ((text.data[0] | 0x20) == ((unsigned char)start[0] | 0x20) &&
                            strncasecmp((const char *)text.data, start, length) == 0));
}
/* Cuts off and returns what stands before the next `c` (which is dropped), or all. */
static inline struct slice text_cut(struct slice *rest, char c)
{
    size_t at = text_find_char(*rest, c);
    struct slice part = text_before(*rest, at);

    *rest = text_from(*rest, at == TEXT_NONE ? at : at + 1);
    return part;
}
/* As text_cut(), at white space; leading white space is passed over. Empty when nothing is left. */
struct slice text_word(struct slice *rest);

#endif
