/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/text.h"

#include <string.h>

#define SHORT 256

/* In short texts, going from one first character to the next beats memmem()'s preparations. */
static size_t find_short(struct slice text, const char *needle, size_t length)
{
    const unsigned char *at = text.data, *end = text.data + text.length;

    while ((size_t)(end - at) >= length) {
        at = memchr(at, needle[0], (size_t)(end - at) - length + 1);
        if (at == NULL)
            break;
        if (memcmp(at, needle, length) == 0)
            return (size_t)(at - text.data);
        at++;
    }
    return TEXT_NONE;
}

size_t text_find(struct slice text, const char *needle)
{
    size_t length = strlen(needle);
    const unsigned char *hit;

    if (text.length == 0)
        return TEXT_NONE;
    if (text.length <= SHORT && length > 0)
        return find_short(text, needle, length);
    hit = memmem(text.data, text.length, needle, length);
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

struct slice text_word(struct slice *rest)
{
    struct slice word;
    size_t length = 0;

    while (rest->length > 0 && text_is_white(rest->data[0]))
        *rest = text_from(*rest, 1);
    while (length < rest->length && !text_is_white(rest->data[length]))
        length++;
    word = text_before(*rest, length);
    *rest = text_from(*rest, length);
    return word;
}

/* The number of "#38" or "#x26", or -1; below 128. */
static int entity_number(struct slice name)
{
    int base = name.length > 1 && (name.data[1] | 0x20) == 'x' ? 16 : 10, number = 0;
    size_t i = base == 16 ? 2 : 1;

    if (i >= name.length)
        return -1;
    for (; i < name.length; i++) {
        int digit = text_hex(name.data[i]);

        if (digit < 0 || digit >= base || (number = number * base + digit) > 126)
            return -1;
    }
    return number >= ' ' ? number : -1;
}

struct slice text_entity(struct slice text, struct buffer *out)
{
    static const struct {
        const char *name;
        char c;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    size_t end = text_find_char(text_before(text, 8), ';');
    struct slice name = text_from(text_before(text, end), 1);
    int c = -1;

    if (end != TEXT_NONE && name.length > 1 && name.data[0] == '#')
        c = entity_number(name);
    for (size_t i = 0; end != TEXT_NONE && i < sizeof(named) / sizeof(named[0]); i++)
        if (slice_is(name, named[i].name))
            c = named[i].c;
    (void)buffer_add_char(out, c >= 0 ? (char)c : '&');
    return text_from(text, c >= 0 ? end + 1 : 1);
}
