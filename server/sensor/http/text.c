/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/text.h"

#include <string.h>
#include <strings.h>

size_t text_find(struct slice text, const char *needle)
{
    const unsigned char *hit = text.length == 0 ? NULL : memmem(text.data, text.length, needle, strlen(needle));

    return hit == NULL ? TEXT_NONE : (size_t)(hit - text.data);
}

size_t text_find_nocase(struct slice text, const char *needle)
{
    size_t length = strlen(needle), i;
    unsigned char first = (unsigned char)needle[0] | 0x20;

    for (i = 0; length <= text.length && i <= text.length - length; i++)
        if ((text.data[i] | 0x20) == first && strncasecmp((const char *)text.data + i, needle, length) == 0)
            return i;
    return TEXT_NONE;
}

size_t text_find_char(struct slice text, char c)
{
    const unsigned char *hit = text.length == 0 ? NULL : memchr(text.data, c, text.length);

    return hit == NULL ? TEXT_NONE : (size_t)(hit - text.data);
}

int text_hex(unsigned char digit)
{
    unsigned char low = digit | 0x20;

    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

int text_hex_pair(const unsigned char *digits)
{
    int high = text_hex(digits[0]), low = text_hex(digits[1]);

    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_white(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice text_trim(struct slice text)
{
    while (text.length > 0 && is_white(text.data[0]))
        text = text_from(text, 1);
    while (text.length > 0 && is_white(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct slice text_before(struct slice text, size_t at)
{
    text.length = at < text.length ? at : text.length;
    return text;
}

struct slice text_from(struct slice text, size_t at)
{
    at = at < text.length ? at : text.length;
    if (at > 0) {
        text.data += at;
        text.length -= at;
    }
    return text;
}

bool text_starts_nocase(struct slice text, const char *start)
{
    size_t length = strlen(start);

    return text.length >= length && strncasecmp((const char *)text.data, start, length) == 0;
}

struct slice text_cut(struct slice *rest, char c)
{
    size_t at = text_find_char(*rest, c);
    struct slice part = text_before(*rest, at);

    *rest = at == TEXT_NONE ? text_from(*rest, rest->length) : text_from(*rest, at + 1);
    return part;
}

struct slice text_word(struct slice *rest)
{
    struct slice word;
    size_t length = 0;

    while (rest->length > 0 && is_white(rest->data[0]))
        *rest = text_from(*rest, 1);
    while (length < rest->length && !is_white(rest->data[length]))
        length++;
    word = text_before(*rest, length);
    *rest = text_from(*rest, length);
    return word;
}
