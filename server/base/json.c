/* SPDX-License-Identifier: ISC */
#include "server/base/json.h"

#include <stdio.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the UTF-8 sequence at the front (RFC 3629: shortest form, no surrogates), 0 when it is none. */
static size_t sequence(struct slice text, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = text.data[0];
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

    if (length == 0 || length > text.length)
        return 0;
    *point = length == 1 ? first : first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (text.data[i] & 0x3f);
    }
    return *point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000) ? 0 : length;
}

static bool misleads(uint32_t point)
{
    return point == 0x7f || (point >= 0x80 && point < 0xa0) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0x200e || point == 0x200f || point == 0xfeff;
}

/* \u0000 is valid JSON, but many readers refuse it and with it the whole text. */
static int write_point(struct buffer *buffer, struct slice bytes, uint32_t point)
{
    if (point == 0)
        return buffer_add_text(buffer, REPLACEMENT);
    if (point == '"' || point == '\\')
        return buffer_add_format(buffer, "\\%c", (char)point);
    if (point == '\n')
        return buffer_add_text(buffer, "\\n");
    if (point < 0x20 || misleads(point))
        return buffer_add_format(buffer, "\\u%04x", point);
    return buffer_add_slice(buffer, bytes);
}

#define EACH(byte) (UINT64_MAX / 255 * (byte))

/* Of eight bytes, is any no printable ASCII, a quote or a backslash? Exact in that, not in which. */
static inline bool needs_escape(const unsigned char *bytes)
{
    uint64_t eight, quote, slash;

    memcpy(&eight, bytes, sizeof eight);
    quote = eight ^ EACH('"');
    slash = eight ^ EACH('\\');
    return ((eight | (eight + EACH(1)) | (eight - EACH(0x20)) | (quote - EACH(1)) | (slash - EACH(1))) & EACH(0x80)) !=
           0;
}

/* Printable ASCII but quote and backslash. */
static const bool plain_bytes[256] = {
    [0x20 ... '"' - 1] = true,
    ['"' + 1 ... '\\' - 1] = true,
    ['\\' + 1 ... 0x7e] = true,
};

/* The run of plain ASCII at the front that needs no escape. */
static size_t plain_run(struct slice text, size_t from)
{
    size_t i = from;

    while (text.length - i >= 8 && !needs_escape(text.data + i))
        i += 8;
    if (text.length - from >= 8 && text.length - i < 8 && !needs_escape(text.data + text.length - 8))
        i = text.length;
    while (i < text.length && plain_bytes[text.data[i]])
        i++;
    return i - from;
}

static int write_plain(struct buffer *buffer, struct slice text)
{
    unsigned char *room = buffer_reserve(buffer, text.length + 2);

    if (room == NULL)
        return -1;
    *room++ = '"';
    if (text.length > 0)
        memcpy(room, text.data, text.length);
    room[text.length] = '"';
    buffer_grow(buffer, text.length + 2);
    return 0;
}

int json_write_string(struct buffer *buffer, struct slice text)
{
    size_t before = buffer->length, plain = plain_run(text, 0);
    int result;

    if (plain == text.length)
        return write_plain(buffer, text);
    result = buffer_add_char(buffer, '"');
    for (size_t i = 0; i < text.length && result == 0;) {
        struct slice rest = {text.data + i, text.length - i};
        size_t length = plain_run(text, i);
        uint32_t point = 0;

        if (length > 0) {
            result = buffer_add(buffer, rest.data, length);
        } else if ((length = sequence(rest, &point)) > 0) {
            result = write_point(buffer, (struct slice){rest.data, length}, point);
        } else {
            result = buffer_add_text(buffer, REPLACEMENT);
            length = 1;
        }
        i += length;
    }
    if (result == 0)
        result = buffer_add_char(buffer, '"');
    if (result < 0)
        buffer->length = before;
    return result;
}

bool json_is_text(struct slice text)
{
    uint32_t point;

    for (size_t i = 0, length; i < text.length; i += length) {
        length = plain_run(text, i);
        if (length == 0 && (length = sequence((struct slice){text.data + i, text.length - i}, &point)) == 0)
            return false;
    }
    return true;
}

static void comma(struct buffer *buffer)
{
    if (buffer->length > 0 && buffer->data[buffer->length - 1] != '{' && buffer->data[buffer->length - 1] != '[' &&
        buffer->data[buffer->length - 1] != ':')
        buffer_add_char(buffer, ',');
}

int json_member_open(struct buffer *buffer, const char *name)
{
    comma(buffer);
    json_write_string(buffer, slice_of(name));
    return buffer_add_char(buffer, ':') < 0 || buffer->failed ? -1 : 0;
}

int json_member(struct buffer *buffer, const char *name, struct slice text)
{
    return json_member_open(buffer, name) < 0 ? -1 : json_write_string(buffer, text);
}

int json_member_text(struct buffer *buffer, const char *name, const char *text)
{
    return json_member(buffer, name, slice_of(text));
}

int json_member_null(struct buffer *buffer, const char *name)
{
    (void)json_member_open(buffer, name);
    return buffer_add_text(buffer, "null");
}

int json_member_maybe(struct buffer *buffer, const char *name, const char *text)
{
    return text[0] != '\0' ? json_member_text(buffer, name, text) : json_member_null(buffer, name);
}

int json_write_number(struct buffer *buffer, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        digits[--at] = '-';
    return buffer_add(buffer, digits + at, sizeof digits - at);
}

int json_member_number(struct buffer *buffer, const char *name, int64_t number)
{
    return json_member_open(buffer, name) < 0 ? -1 : json_write_number(buffer, number);
}

int json_member_bool(struct buffer *buffer, const char *name, bool value)
{
    return json_member_open(buffer, name) < 0 ? -1 : buffer_add_text(buffer, value ? "true" : "false");
}

int json_element(struct buffer *buffer, struct slice text)
{
    comma(buffer);
    return json_write_string(buffer, text);
}
