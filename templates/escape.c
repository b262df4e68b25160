/* SPDX-License-Identifier: ISC
 *
 * Values made safe for the text around them: HTML, JSON and YAML between double quotes, a POSIX shell's word, and a
 * part of a URL (RFC 3986, 2.3). */
#include <string.h>
#include "server/base/json.h"
#include "templates/render.h"

static const char *html_entity(unsigned char c)
{
    const char *entity = NULL;

    switch (c) {
    case '&':
        entity = "&amp;";
        break;
    case '<':
        entity = "&lt;";
        break;
    case '>':
        entity = "&gt;";
        break;
    case '"':
        entity = "&quot;";
        break;
    case '\'':
        entity = "&#39;";
        break;
    default:
        break;
    }
    return entity;
}

static int add_html(struct buffer *out, struct slice text)
{
    size_t from = 0, at;
    const char *entity;
    int result = 0;

    for (at = 0; result == 0 && at < text.length; at++) {
        entity = html_entity(text.data[at]);
        if (entity == NULL)
            continue;
        result = buffer_add(out, text.data + from, at - from) != 0 ? -1 : buffer_add_text(out, entity);
        from = at + 1;
    }
    return result != 0 || from == text.length ? result : buffer_add(out, text.data + from, text.length - from);
}

/* What json_write_string() writes, without its quotes. */
static int add_json(struct buffer *out, struct slice text)
{
    size_t start = out->length;

    if (json_write_string(out, text) != 0)
        return -1;
    memmove(out->data + start, out->data + start + 1, out->length - start - 1);
    out->length -= 2;
    return 0;
}

static bool is_alphanumeric(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_plain_word(struct slice text)
{
    bool plain = text.length > 0;

    for (size_t i = 0; plain && i < text.length; i++)
        plain = is_alphanumeric(text.data[i]) || (text.data[i] != '\0' && strchr("_@%+=:,./-", text.data[i]) != NULL);
    return plain;
}

static int add_shell(struct buffer *out, struct slice text)
{
    int result;

    if (is_plain_word(text))
        return buffer_add_slice(out, text);
    result = buffer_add_char(out, '\'');
    for (size_t i = 0; result == 0 && i < text.length; i++)
        result = text.data[i] == '\'' ? buffer_add_text(out, "'\\''") : buffer_add_char(out, (char)text.data[i]);
    return result != 0 ? result : buffer_add_char(out, '\'');
}

static int add_url(struct buffer *out, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    int result = 0;

    for (size_t i = 0; result == 0 && i < text.length; i++) {
        unsigned char c = text.data[i];

        if (is_alphanumeric(c) || (c != '\0' && strchr("-._~", c) != NULL))
            result = buffer_add_char(out, (char)c);
        else
            result = buffer_add(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
    }
    return result;
}

int render_escaped(struct buffer *out, struct slice text, enum render_escape escape)
{
    int result = -1;

    if (text.length == 0 && escape != RENDER_SHELL)
        return 0;
    switch (escape) {
    case RENDER_PLAIN:
        result = buffer_add_slice(out, text);
        break;
    case RENDER_HTML:
        result = add_html(out, text);
        break;
    case RENDER_JSON:
    case RENDER_YAML:
        result = add_json(out, text);
        break;
    case RENDER_SHELL:
        result = add_shell(out, text);
        break;
    case RENDER_URL:
        result = add_url(out, text);
        break;
    }
    return result;
}
