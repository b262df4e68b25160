/* SPDX-License-Identifier: ISC */
#include "server/planter/imap_parse.h"
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NESTING 16
#define DATE_TEXT 64

/* ---- whole responses ---- */

/* The n of "{n}" or "{n+}" right before `end`; -1 where there is none. */
static int64_t literal_before(struct slice input, size_t start, size_t end)
{
    int64_t size = 0, unit = 1;
    size_t at = end;

    if (at > start && input.data[at - 1] == '\r')
        at--;
    if (at - start < 3 || input.data[--at] != '}')
        return -1;
    if (input.data[at - 1] == '+')
        at--;
    for (; at > start && isdigit(input.data[at - 1]) && unit <= IMAP_RESPONSE; at--, unit *= 10)
        size += (input.data[at - 1] - '0') * unit;
    return unit > 1 && at > start && input.data[at - 1] == '{' ? size : -1;
}

int64_t imap_whole(struct slice input, struct imap_scan *scan)
{
    while (scan->at < input.length) {
        const unsigned char *found = memchr(input.data + scan->at, '\n', input.length - scan->at);
        size_t end = found != NULL ? (size_t)(found - input.data) : input.length;
        int64_t literal;

        if (end > IMAP_RESPONSE)
            return -1;
        scan->at = end;
        if (found == NULL)
            return 0;
        literal = literal_before(input, scan->line, end);
        if (literal < 0)
            return (int64_t)end + 1;
        if ((int64_t)end + literal > IMAP_RESPONSE)
            return -1;
        scan->line = scan->at = end + 1 + (size_t)literal;
    }
    return scan->at > IMAP_RESPONSE ? -1 : 0;
}

/* ---- values ---- */

struct imap_cursor imap_cursor(struct slice response)
{
    return (struct imap_cursor){response.data, response.data + response.length};
}

static void skip_space(struct imap_cursor *cursor)
{
    if (cursor->at < cursor->end && *cursor->at == ' ')
        cursor->at++;
}

bool imap_take(struct imap_cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != (unsigned char)c)
        return false;
    cursor->at++;
    skip_space(cursor);
    return true;
}

struct slice imap_atom(struct imap_cursor *cursor)
{
    const unsigned char *start = cursor->at;
    struct slice atom;
    bool section = false;

    for (; cursor->at < cursor->end && *cursor->at > ' ' && *cursor->at != 0x7f; cursor->at++) {
        unsigned char c = *cursor->at;

        if (c == '(' || c == ')' || c == '"' || (c == ']' && !section))
            break;
        section = c == '[' ? cursor->at > start : section && c != ']';
    }
    atom = (struct slice){start, (size_t)(cursor->at - start)};
    skip_space(cursor);
    return atom;
}

bool imap_word(struct imap_cursor *cursor, const char *word)
{
    struct imap_cursor before = *cursor;

    if (slice_is_nocase(imap_atom(cursor), word))
        return true;
    *cursor = before;
    return false;
}

bool imap_number(struct imap_cursor *cursor, uint32_t *number)
{
    struct imap_cursor before = *cursor;
    struct slice atom = imap_atom(cursor);
    uint64_t value = 0;

    for (size_t i = 0; i < atom.length && value <= UINT32_MAX; i++)
        value = isdigit(atom.data[i]) ? value * 10 + (atom.data[i] - '0') : (uint64_t)UINT32_MAX + 1;
    if (atom.length > 0 && value <= UINT32_MAX) {
        *number = (uint32_t)value;
        return true;
    }
    *cursor = before;
    return false;
}

static int take_quoted(struct imap_cursor *cursor, struct buffer *out)
{
    for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++) {
        if (*cursor->at == '\\' && cursor->at + 1 < cursor->end)
            cursor->at++;
        if (buffer_add(out, cursor->at, 1) != 0)
            return -1;
    }
    if (cursor->at == cursor->end)
        return -1;
    cursor->at++;
    skip_space(cursor);
    return 0;
}

static int take_literal(struct imap_cursor *cursor, struct buffer *out)
{
    const unsigned char *end = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));
    struct slice left = {cursor->at, (size_t)(cursor->end - cursor->at)};
    int64_t size = end != NULL ? literal_before(left, 0, (size_t)(end - cursor->at)) : -1;

    if (size < 0 || size > cursor->end - end - 1 || buffer_add(out, end + 1, (size_t)size) != 0)
        return -1;
    cursor->at = end + 1 + size;
    skip_space(cursor);
    return 0;
}

int imap_string(struct imap_cursor *cursor, struct buffer *out)
{
    struct slice atom;

    if (cursor->at < cursor->end && *cursor->at == '"')
        return take_quoted(cursor, out);
    if (cursor->at < cursor->end && *cursor->at == '{')
        return take_literal(cursor, out);
    atom = imap_atom(cursor);
    if (atom.length == 0)
        return -1;
    return slice_is_nocase(atom, "NIL") ? 0 : buffer_add_slice(out, atom);
}

int imap_skip(struct imap_cursor *cursor)
{
    struct buffer dropped;
    int depth = 0, rc = 0;

    buffer_init(&dropped, IMAP_RESPONSE);
    do {
        if (imap_take(cursor, '('))
            depth++;
        else if (depth > 0 && imap_take(cursor, ')'))
            depth--;
        else
            rc = imap_string(cursor, &dropped);
        buffer_clear(&dropped);
    } while (rc == 0 && depth > 0 && depth <= NESTING);
    buffer_free(&dropped);
    return depth > 0 ? -1 : rc;
}

int imap_list(struct imap_cursor *cursor, struct imap_cursor *inside)
{
    const unsigned char *start = cursor->at, *end;

    if (start == cursor->end || *start != '(' || imap_skip(cursor) != 0)
        return -1;
    for (end = cursor->at - 1; *end != ')'; end--)
        continue;
    *inside = (struct imap_cursor){start + 1, end};
    skip_space(inside);
    return 0;
}

/* ---- names ---- */

static int add_utf8(struct buffer *out, uint32_t c)
{
    if (c < 0x20 || c == 0x7f || (c >= 0xd800 && c < 0xe000))
        return -1;
    if (c < 0x80)
        return buffer_add_char(out, (char)c);
    if (c < 0x800)
        buffer_add_char(out, (char)(0xc0 | c >> 6));
    else if (c < 0x10000)
        buffer_add_char(out, (char)(0xe0 | c >> 12));
    else
        buffer_add_char(out, (char)(0xf0 | c >> 18));
    if (c >= 0x10000)
        buffer_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
    if (c >= 0x800)
        buffer_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
    return buffer_add_char(out, (char)(0x80 | (c & 0x3f)));
}

/* UTF-16, big endian. */
static int add_utf16(struct buffer *out, const unsigned char *data, size_t length)
{
    int rc = length % 2 == 0 && length > 0 ? 0 : -1;

    for (size_t i = 0; i + 1 < length && rc == 0; i += 2) {
        uint32_t c = (uint32_t)data[i] << 8 | data[i + 1], low;

        if (c >= 0xd800 && c < 0xdc00 && i + 3 < length) {
            low = (uint32_t)data[i + 2] << 8 | data[i + 3];
            if (low < 0xdc00 || low > 0xdfff)
                return -1;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        }
        rc = add_utf8(out, c);
    }
    return rc;
}

/* What stands between '&' and '-': base64 with ',' for '/'. */
static int add_shifted(struct buffer *out, const unsigned char *data, size_t length)
{
    char text[512];
    unsigned char plain[sizeof text];
    size_t size = 0;

    if (length == 0)
        return buffer_add_char(out, '&');
    if (length >= sizeof text)
        return -1;
    for (size_t i = 0; i < length; i++)
        text[i] = data[i] == ',' ? '/' : (char)data[i];
    if (sodium_base642bin(plain, sizeof plain, text, length, NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return -1;
    return add_utf16(out, plain, size);
}

int imap_folder_name(struct slice name, struct buffer *out)
{
    int rc = 0;

    for (size_t i = 0; i < name.length && rc == 0; i++) {
        const unsigned char *end;

        if (name.data[i] != '&') {
            rc = buffer_add(out, name.data + i, 1);
            continue;
        }
        end = memchr(name.data + i, '-', name.length - i);
        if (end == NULL)
            return -1;
        rc = add_shifted(out, name.data + i + 1, (size_t)(end - name.data) - i - 1);
        i = (size_t)(end - name.data);
    }
    return rc;
}

/* ---- times ---- */

/* The first field of that name with what is folded below it. */
static struct slice field_of(struct slice message, const char *name)
{
    size_t at = 0, length = strlen(name);

    while (at < message.length && message.data[at] != '\n' && message.data[at] != '\r') {
        size_t end = at;
        const unsigned char *line;

        do {
            line = memchr(message.data + end, '\n', message.length - end);
            end = line != NULL ? (size_t)(line - message.data) + 1 : message.length;
        } while (end < message.length && (message.data[end] == ' ' || message.data[end] == '\t'));
        if (end - at > length && strncasecmp((const char *)message.data + at, name, length) == 0)
            return (struct slice){message.data + at, end - at};
        at = end;
    }
    return SLICE_NONE;
}

int imap_received(struct slice message, int64_t *seconds, int *offset)
{
    struct slice field = field_of(message, "Received:");
    const unsigned char *colon = field.length > 0 ? memrchr(field.data, ';', field.length) : NULL;
    char text[DATE_TEXT] = "", *at = text, *comma;
    struct tm tm = {0};
    size_t length;

    if (colon == NULL)
        return -1;
    length = (size_t)(field.data + field.length - colon) - 1;
    memcpy(text, colon + 1, length < sizeof text - 1 ? length : sizeof text - 1);
    comma = strchr(text, ',');
    at = comma != NULL ? comma + 1 : text;
    at += strspn(at, " \t\r\n");
    if (strptime(at, "%d %b %Y %H:%M:%S %z", &tm) == NULL)
        return -1;
    *offset = (int)(tm.tm_gmtoff / 60);
    *seconds = (int64_t)timegm(&tm) - (int64_t)*offset * 60;
    return 0;
}
