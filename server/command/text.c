/* SPDX-License-Identifier: ISC */
#include "server/command/text.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ELLIPSIS "\xe2\x80\xa6"
#define MARKS 2 /* on one character */
#define TOLD (64 * 1024)

void text_open(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        setlocale(LC_CTYPE, "");
}

/* The character at the front and its bytes; 0xfffd and one byte where there is none. */
static wchar_t take(const char *text, size_t length, size_t *used)
{
    mbstate_t state;
    wchar_t character = 0;

    memset(&state, 0, sizeof(state));
    *used = mbrtowc(&character, text, length, &state);
    if (*used != 0 && *used <= length)
        return character;
    *used = 1;
    return 0xfffd;
}

/* Unicode's format characters: joiners, marks and overrides of direction, separators of lines, tags. */
static bool is_format(wchar_t c)
{
    return c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

void text_clean(struct buffer *buffer, const char *text)
{
    size_t left = strlen(text), used, marks = 0;

    for (; left > 0; text += used, left -= used) {
        wchar_t c = take(text, left, &used);
        size_t ends = strspn(text, "\r\n");
        int width = wcwidth(c);

        marks = width == 0 ? marks + 1 : 0;
        used = ends > 0 ? ends : used;
        if (ends > 0 && ends < left)
            buffer_add_char(buffer, ' ');
        else if (ends == 0 && (width < 0 || is_format(c) || marks > MARKS))
            buffer_add_char(buffer, '?');
        else if (ends == 0)
            buffer_add(buffer, text, used);
    }
}

void text_tell(const char *format, ...)
{
    struct buffer shown;
    char *text = NULL, *rest;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    rest = length < 0 ? NULL : text;
    buffer_init(&shown, TOLD);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        text_clean(&shown, line);
        buffer_add_char(&shown, '\n');
    }
    fprintf(stderr, "sundew: %s", buffer_text(&shown));
    buffer_free(&shown);
    if (length >= 0)
        free(text);
}

size_t text_width(struct slice text)
{
    size_t width = 0, used;

    for (size_t at = 0; at < text.length; at += used) {
        int columns = wcwidth(take((const char *)text.data + at, text.length - at, &used));

        width += columns > 0 ? (size_t)columns : 0;
    }
    return width;
}

void text_cut(struct buffer *buffer, struct slice text, size_t width)
{
    size_t used, taken = 0, at = 0;

    if (text_width(text) <= width) {
        buffer_add_slice(buffer, text);
        return;
    }
    while (at < text.length) {
        int columns = wcwidth(take((const char *)text.data + at, text.length - at, &used));

        if (columns > 0 && taken + (size_t)columns + 1 > width)
            break;
        taken += columns > 0 ? (size_t)columns : 0;
        at += used;
    }
    buffer_add(buffer, text.data, at);
    buffer_add_text(buffer, ELLIPSIS);
}
