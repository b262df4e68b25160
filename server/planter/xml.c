/* SPDX-License-Identifier: ISC */
#include "server/planter/xml.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tags ---- */

struct tag {
    struct slice name; /* local */
    struct slice head;
    bool end, empty;
    const unsigned char *start, *behind;
};

static bool next_tag(const unsigned char *at, const unsigned char *end, struct tag *tag)
{
    const unsigned char *start, *close, *colon;

    while (at < end && (start = memchr(at, '<', (size_t)(end - at))) != NULL) {
        close = memchr(start, '>', (size_t)(end - start));
        if (close == NULL)
            return false;
        at = start + 1;
        tag->start = start;
        tag->behind = close + 1;
        tag->end = *at == '/';
        at += tag->end;
        tag->name = (struct slice){at, 0};
        while (at < close && !isspace(*at) && *at != '/')
            at++;
        tag->name.length = (size_t)(at - tag->name.data);
        colon = tag->name.length > 0 ? memchr(tag->name.data, ':', tag->name.length) : NULL;
        if (colon != NULL)
            tag->name = (struct slice){colon + 1, (size_t)(at - colon) - 1};
        tag->empty = close[-1] == '/';
        tag->head = (struct slice){at, (size_t)(close - at)};
        if (tag->name.length > 0 && tag->name.data[0] != '!' && tag->name.data[0] != '?')
            return true;
        at = tag->behind;
    }
    return false;
}

/* The tag that ends the element. */
static bool own_end(const struct tag *begin, const unsigned char *end, struct tag *tag)
{
    const unsigned char *at = begin->behind;
    int depth = 1;

    while (depth > 0 && next_tag(at, end, tag)) {
        at = tag->behind;
        if (slice_equal(tag->name, begin->name))
            depth += tag->end ? -1 : tag->empty ? 0 : 1;
    }
    return depth == 0;
}

bool xml_find(struct slice text, const char *name, struct xml_element *element)
{
    const unsigned char *at = text.data, *end = text.data + text.length;
    struct tag tag, last;

    while (next_tag(at, end, &tag)) {
        at = tag.behind;
        if (tag.end || !slice_is(tag.name, name))
            continue;
        last = tag;
        if (!tag.empty && !own_end(&tag, end, &last))
            return false;
        element->head = tag.head;
        element->content = tag.empty ? SLICE_NONE : (struct slice){at, (size_t)(last.start - at)};
        element->rest = (struct slice){last.behind, (size_t)(end - last.behind)};
        return true;
    }
    return false;
}

/* ---- texts ---- */

static size_t put(char *out, size_t n, size_t size, unsigned long c)
{
    char bytes[4];
    size_t length = 0;

    if (c < 0x80)
        bytes[length++] = (char)c;
    else if (c < 0x800)
        bytes[length++] = (char)(0xc0 | c >> 6);
    else if (c < 0x10000)
        bytes[length++] = (char)(0xe0 | c >> 12);
    else
        bytes[length++] = (char)(0xf0 | (c >> 18 & 7));
    if (c >= 0x10000)
        bytes[length++] = (char)(0x80 | (c >> 12 & 0x3f));
    if (c >= 0x800)
        bytes[length++] = (char)(0x80 | (c >> 6 & 0x3f));
    if (c >= 0x80)
        bytes[length++] = (char)(0x80 | (c & 0x3f));
    if (c == 0 || n + length >= size)
        return n;
    memcpy(out + n, bytes, length);
    return n + length;
}

/* The character that the entity at the front ("amp;…") stands for, and its length; 0 where it is none. */
static unsigned long entity(struct slice text, size_t *length)
{
    static const struct {
        const char *name;
        char c;
    } five[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    char digits[12] = "";
    bool hex;

    for (size_t i = 0; i < sizeof five / sizeof five[0]; i++) {
        *length = strlen(five[i].name);
        if (text.length >= *length && memcmp(text.data, five[i].name, *length) == 0)
            return (unsigned char)five[i].c;
    }
    if (text.length < 3 || text.data[0] != '#')
        return 0;
    hex = text.data[1] == 'x';
    for (*length = 1 + (size_t)hex; *length < text.length && *length < 10 && isxdigit(text.data[*length]); (*length)++)
        digits[*length - 1 - (size_t)hex] = (char)text.data[*length];
    if (*length == text.length || text.data[(*length)++] != ';')
        return 0;
    return strtoul(digits, NULL, hex ? 16 : 10) & 0x1fffff;
}

static void decode(struct slice text, char *out, size_t size)
{
    size_t n = 0, length = 0;

    for (size_t i = 0; i < text.length; i++) {
        unsigned long c = text.data[i] == '&' ? entity((struct slice){text.data + i + 1, text.length - i - 1}, &length) : 0;

        if (c != 0) {
            n = put(out, n, size, c);
            i += length;
        } else if (n + 1 < size && text.data[i] != '\0') {
            out[n++] = (char)text.data[i];
        }
    }
    out[n] = '\0';
}

void xml_attribute(const struct xml_element *element, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    const unsigned char *at = element->head.data, *end = at + element->head.length, *close;

    out[0] = '\0';
    for (; (size_t)(end - at) > length + 3; at++) {
        if (!isspace(at[0]) || memcmp(at + 1, name, length) != 0 || at[length + 1] != '=' ||
            (at[length + 2] != '"' && at[length + 2] != '\''))
            continue;
        close = memchr(at + length + 3, at[length + 2], (size_t)(end - at) - length - 3);
        if (close != NULL)
            decode((struct slice){at + length + 3, (size_t)(close - at) - length - 3}, out, size);
        return;
    }
}

void xml_text(struct slice text, const char *name, char *out, size_t size)
{
    struct xml_element element;

    out[0] = '\0';
    if (xml_find(text, name, &element))
        decode(element.content, out, size);
}

void xml_add(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("<>&\"'", *text) != NULL)
            buffer_add_format(out, "&#%d;", *text);
        else
            buffer_add_char(out, *text);
    }
}
