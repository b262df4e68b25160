/* SPDX-License-Identifier: ISC
 *
 * Undoing the escapes in which credentials travel, each once. */
#include "server/sensor/credential.h"

#include <string.h>

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of `digits` hexadecimal digits at data[at], or -1. */
static long hex_value(struct slice in, size_t at, size_t digits)
{
    long value = 0;

    if (at + digits > in.length)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(in.data[at + i]);

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static bool holds(struct slice in, char c)
{
    return in.length > 0 && memchr(in.data, c, in.length) != NULL;
}

int decode_percent(struct slice in, bool plus_is_space, struct buffer *out)
{
    bool changed = false;

    if (!holds(in, '%') && !(plus_is_space && holds(in, '+')))
        return -1;
    for (size_t i = 0; i < in.length; i++) {
        long value = in.data[i] == '%' ? hex_value(in, i + 1, 2) : -1;
        char c = (char)in.data[i];

        if (value >= 0) {
            c = (char)value;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
            value = 0;
        }
        changed = changed || value >= 0;
        if (buffer_add_char(out, c) < 0)
            return -1;
    }
    return changed ? 0 : -1;
}

/* Of both alphabets. */
static const bool base64_letters[256] = {
    ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['+'] = true,
    ['-'] = true,         ['/'] = true,         ['_'] = true,
};

/* Of one of the letters. */
static unsigned base64_digit(unsigned char c)
{
    if (c >= 'a')
        return c - 'a' + 26u;
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= '0' && c <= '9')
        return c - '0' + 52u;
    return c == '+' || c == '-' ? 62 : 63;
}

/* A last group that is cut short gives the whole bytes that it holds. */
int decode_base64(struct slice in, struct buffer *out)
{
    unsigned bits = 0, held = 0;
    unsigned char *room;
    size_t length;

    while (in.length > 0 && in.data[in.length - 1] == '=')
        in.length--;
    for (size_t i = 0; i < in.length; i++)
        if (!base64_letters[in.data[i]])
            return -1;
    length = in.length / 4 * 3 + in.length % 4 * 3 / 4;
    room = length == 0 ? NULL : buffer_reserve(out, length);
    if (room == NULL)
        return -1;
    for (size_t i = 0; i < in.length; i++) {
        bits = bits << 6 | base64_digit(in.data[i]);
        held += 6;
        if (held >= 8) {
            held -= 8;
            *room++ = (unsigned char)(bits >> held);
        }
    }
    buffer_grow(out, length);
    return 0;
}

int decode_unicode(unsigned long c, struct buffer *out)
{
    unsigned char bytes[4];
    size_t n;

    if (c < 0x80) {
        bytes[0] = (unsigned char)c;
        n = 1;
    } else if (c < 0x800) {
        bytes[0] = (unsigned char)(0xc0 | c >> 6);
        n = 2;
    } else if (c < 0x10000) {
        bytes[0] = (unsigned char)(0xe0 | c >> 12);
        n = 3;
    } else {
        bytes[0] = (unsigned char)(0xf0 | c >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        bytes[i] = (unsigned char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
    return buffer_add(out, bytes, n);
}

/* The character of the \uXXXX whose digits begin at `at`; a pair of surrogates is one. *used: digits and more. */
static long unicode_escape(struct slice in, size_t at, size_t *used)
{
    long high = hex_value(in, at, 4), low;

    *used = 4;
    if (high < 0xd800 || high > 0xdbff)
        return high;
    if (at + 10 > in.length || in.data[at + 4] != '\\' || in.data[at + 5] != 'u')
        return high;
    low = hex_value(in, at + 6, 4);
    if (low < 0xdc00 || low > 0xdfff)
        return high;
    *used = 10;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The escape behind the backslash at in.data[*at]; moves *at to its last byte. -1 where it is none. */
static int json_escape(struct slice in, size_t *at, struct buffer *out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *known;
    size_t used;
    long c;

    if (*at + 1 >= in.length)
        return -1;
    known = in.data[*at + 1] == '\0' ? NULL : strchr(names, in.data[*at + 1]);
    if (known != NULL) {
        *at += 1;
        return buffer_add_char(out, values[known - names]);
    }
    c = in.data[*at + 1] == 'u' ? unicode_escape(in, *at + 2, &used) : -1;
    if (c < 0)
        return -1;
    *at += 1 + used;
    return decode_unicode((unsigned long)c, out);
}

int decode_json_string(struct slice in, struct buffer *out)
{
    bool changed = false;

    if (!holds(in, '\\'))
        return -1;
    for (size_t i = 0; i < in.length; i++) {
        if (in.data[i] == '\\' && json_escape(in, &i, out) == 0)
            changed = true;
        else if (buffer_add_char(out, (char)in.data[i]) < 0)
            return -1;
    }
    return changed ? 0 : -1;
}

/* The length of the UTF-8 sequence at the front, 0 where it is none (RFC 3629). */
static size_t utf8_sequence(struct slice in)
{
    unsigned char b = in.data[0];
    size_t n = b < 0x80 ? 1 : b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 0;

    if (n > in.length)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((in.data[i] & 0xc0) != 0x80)
            return 0;
    if ((b == 0xe0 && in.data[1] < 0xa0) || (b == 0xed && in.data[1] > 0x9f) || (b == 0xf0 && in.data[1] < 0x90) ||
        (b == 0xf4 && in.data[1] > 0x8f))
        return 0;
    return n;
}

bool text_is_utf8(struct slice in)
{
    while (in.length > 0) {
        size_t n = utf8_sequence(in);

        if (n == 0)
            return false;
        in.data += n;
        in.length -= n;
    }
    return true;
}

static bool ascii(struct slice in)
{
    for (size_t i = 0; i < in.length; i++)
        if (in.data[i] >= 0x80)
            return false;
    return true;
}

static int to_latin1(struct slice in, struct buffer *out)
{
    for (size_t i = 0; i < in.length; i++) {
        unsigned char b = in.data[i];

        if (b > 0xc3)
            return -1;
        if (b >= 0xc2)
            b = (unsigned char)(b << 6 | (in.data[++i] & 0x3f));
        if (buffer_add_char(out, (char)b) < 0)
            return -1;
    }
    return 0;
}

int decode_charset(struct slice in, struct buffer *out)
{
    if (ascii(in))
        return -1;
    if (text_is_utf8(in))
        return to_latin1(in, out);
    for (size_t i = 0; i < in.length; i++)
        if (decode_unicode(in.data[i], out) < 0)
            return -1;
    return 0;
}

/* ---- what is copied along ---- */

/* Bytes at the start of what Unicode has for blanks and quotation marks. */
static size_t mark_at(struct slice in)
{
    static const char *const marks[] = {"\xc2\xa0", "\xe2\x80\x8b", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c",
                                        "\xe2\x80\x9d", "\xef\xbb\xbf"};

    for (size_t i = 0; in.data[0] >= 0x80 && i < sizeof marks / sizeof marks[0]; i++) {
        size_t length = strlen(marks[i]);

        if (in.length >= length && memcmp(in.data, marks[i], length) == 0)
            return length;
    }
    return 0;
}

static bool is_one_of(unsigned char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Bytes to drop at the end. */
static size_t mark_before(struct slice in)
{
    if (is_one_of(in.data[in.length - 1], " \t\r\n\"'`>)}],;."))
        return 1;
    for (size_t length = 2; in.data[in.length - 1] >= 0x80 && length <= 3 && length <= in.length; length++)
        if (mark_at((struct slice){in.data + in.length - length, length}) == length)
            return length;
    return 0;
}

struct slice decode_bare(struct slice in)
{
    size_t drop;

    while (in.length > 0 && (drop = is_one_of(in.data[0], " \t\r\n\"'`<({[") ? 1 : mark_at(in)) > 0) {
        in.data += drop;
        in.length -= drop;
    }
    while (in.length > 0 && (drop = mark_before(in)) > 0)
        in.length -= drop;
    return in;
}
