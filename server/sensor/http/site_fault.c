/* SPDX-License-Identifier: ISC
 *
 * Faults of a site as they are found, each told at once, so that one run finds all. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int site_note(struct site *site, int result)
{
    struct site_faults *faults = site->faults;

    if (result == 0)
        return 0;
    if (faults->count++ == 0)
        faults->first = faults->now;
    if (faults->tell != NULL)
        faults->tell(faults->now.text, faults->context);
    return result;
}

void site_keys(struct site *site, const struct yaml *map, const char *const *allowed)
{
    if (map->type != YAML_MAP)
        site_note(site, yaml_only(map, allowed, &site->faults->now));
    for (size_t i = 0; map->type == YAML_MAP && i < map->count; i++)
        site_note(site, yaml_key(map, i, allowed, &site->faults->now));
}

int site_fault(struct site *site, const struct yaml *at, const char *format, ...)
{
    char text[sizeof site->faults->now.text];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return site_note(site, yaml_fault(at, &site->faults->now, "%s", text));
}

int site_fault_at(struct site *site, const char *file, size_t line, size_t column, const char *format, ...)
{
    char text[sizeof site->faults->now.text];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return site_note(site, error_set(&site->faults->now, "%s:%zu:%zu: %s", file, line, column, text));
}

/* How far a line of site.yaml is indented. */
static size_t indent_of(struct slice text, size_t line)
{
    const unsigned char *at = text.data, *end = at + text.length;
    size_t indent = 0;

    while (line-- > 1 && (at = memchr(at, '\n', (size_t)(end - at))) != NULL)
        at++;
    while (at != NULL && at + indent < end && at[indent] == ' ')
        indent++;
    return indent;
}

/* A block's lines are the file's; else only the first line of a text is where it seems to be. */
static void place(const struct site *site, const struct yaml *at, size_t *line, size_t *column)
{
    if (at->block) {
        *column += indent_of(site->faults->text, (size_t)at->line + 1) + 1;
        *line += (size_t)at->line + 1;
    } else {
        *column = (size_t)at->column + (*line == 0 ? *column + at->quoted : 0);
        *line = (size_t)at->line;
    }
}

int site_fault_in(struct site *site, const struct yaml *at, size_t line, size_t column, const char *format, ...)
{
    char text[sizeof site->faults->now.text];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    place(site, at, &line, &column);
    return site_fault_at(site, at->file, line, column, "%s", text);
}

struct template *site_template(struct site *site, const struct yaml *at, struct slice text, size_t from)
{
    struct template *t = NULL;
    struct error why = {""};
    size_t line = 1, column = 1;
    int skip = 0;

    if (template_parse(text, "", &t, &why) == 0)
        return t;
    if (sscanf(why.text, ":%zu:%zu: %n", &line, &column, &skip) < 2)
        skip = 0;
    site_fault_in(site, at, from + line - 1, column - 1, "%s", why.text + skip);
    return NULL;
}
