/* SPDX-License-Identifier: ISC */
#include "server/planter/modules.h"
#include <stdio.h>

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next line off the text, without its end and the blanks around it. */
static struct slice next_line(struct slice *text)
{
    const unsigned char *end = memchr(text->data, '\n', text->length);
    struct slice line = {text->data, end != NULL ? (size_t)(end - text->data) : text->length};
    size_t whole = line.length + (end != NULL);

    text->data += whole;
    text->length -= whole;
    while (line.length > 0 && is_blank(line.data[line.length - 1]))
        line.length--;
    while (line.length > 0 && is_blank(line.data[0])) {
        line.data++;
        line.length--;
    }
    return line;
}

/* Is the line "path = PATH"? */
static bool is_path(struct slice line, const char *path)
{
    size_t at = 4;

    if (line.length < 5 || !slice_is_nocase((struct slice){line.data, 4}, "path"))
        return false;
    while (at < line.length && is_blank(line.data[at]))
        at++;
    if (at == line.length || line.data[at] != '=')
        return false;
    for (at++; at < line.length && is_blank(line.data[at]);)
        at++;
    line = (struct slice){line.data + at, line.length - at};
    if (line.length >= 2 && line.data[0] == '"' && line.data[line.length - 1] == '"')
        line = (struct slice){line.data + 1, line.length - 2};
    return slice_is(line, path);
}

static bool is_head(struct slice line, const char *path)
{
    char head[1200];

    snprintf(head, sizeof head, "[submodule \"%s\"]", path);
    return slice_is(line, head);
}

bool modules_find(struct slice text, const char *path, struct slice *section)
{
    struct slice found = SLICE_NONE;
    bool ours = false;

    while (text.length > 0) {
        const unsigned char *start = text.data;
        struct slice line = next_line(&text);

        if (line.length > 0 && line.data[0] == '[') {
            if (ours)
                break;
            found.data = start;
            ours = is_head(line, path);
        }
        ours = ours || (found.data != NULL && is_path(line, path));
        if (found.data != NULL)
            found.length = (size_t)(text.data - found.data);
    }
    if (ours)
        *section = found;
    return ours;
}

bool modules_plain(struct slice value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.data[i] <= ' ' || value.data[i] == 0x7f || strchr("\"\\#;[]", value.data[i]) != NULL)
            return false;
    return value.length > 0 && value.length <= 1024;
}

/* What the first line that is indented begins with. */
static struct slice indent_of(struct slice text)
{
    while (text.length > 0) {
        const unsigned char *start = text.data;
        struct slice line = next_line(&text);

        if (line.length > 0 && line.data > start && *start != '\r')
            return (struct slice){start, (size_t)(line.data - start)};
    }
    return slice_of("\t");
}

void modules_add(struct buffer *out, struct slice text, const char *path, struct slice url)
{
    struct slice indent = indent_of(text);

    buffer_add_slice(out, text);
    if (text.length > 0 && text.data[text.length - 1] != '\n')
        buffer_add_char(out, '\n');
    buffer_add_format(out, "[submodule \"%s\"]\n", path);
    buffer_add_slice(out, indent);
    buffer_add_format(out, "path = %s\n", path);
    buffer_add_slice(out, indent);
    buffer_add_text(out, "url = ");
    buffer_add_slice(out, url);
    buffer_add_char(out, '\n');
}

void modules_remove(struct buffer *out, struct slice text, struct slice section)
{
    size_t before = (size_t)(section.data - text.data), after = before + section.length;

    buffer_add(out, text.data, before);
    buffer_add(out, text.data + after, text.length - after);
}
