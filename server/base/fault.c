/* SPDX-License-Identifier: ISC */
#include "server/base/fault.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json.h"

/* ":12:3: " at `at`? Then the numbers, and where the text goes on. */
static const char *numbers(const char *at, long *line, long *column)
{
    long numbers[2];
    char *end = (char *)(uintptr_t)at;

    for (size_t i = 0; i < 2; i++) {
        if (end[0] != ':' || !isdigit((unsigned char)end[1]))
            return NULL;
        numbers[i] = strtol(end + 1, &end, 10);
    }
    if (strncmp(end, ": ", 2) != 0)
        return NULL;
    *line = numbers[0];
    *column = numbers[1];
    return end + 2;
}

int fault_json(struct buffer *out, const char *text)
{
    const char *at = text, *rest = NULL, *remedy;
    long line = 0, column = 0;
    size_t length;

    while (*at != '\0' && (rest = numbers(at, &line, &column)) == NULL)
        at++;
    length = rest == NULL ? 0 : (size_t)(at - text);
    rest = rest == NULL ? text : rest;
    remedy = strstr(rest, "; ");
    (void)buffer_add_char(out, '{');
    (void)json_member(out, "file", (struct slice){(const unsigned char *)text, length});
    (void)json_member_number(out, "line", line);
    (void)json_member_number(out, "column", column);
    (void)json_member(out, "fault", (struct slice){(const unsigned char *)rest,
                                                   remedy == NULL ? strlen(rest) : (size_t)(remedy - rest)});
    (void)json_member_text(out, "remedy", remedy == NULL ? "" : remedy + 2);
    return buffer_add_char(out, '}');
}

void fault_print(FILE *file, const char *text, bool json)
{
    struct buffer out;

    buffer_init(&out, 65536);
    if (!json)
        fprintf(file, "%s\n", text);
    else if (fault_json(&out, text) == 0)
        fprintf(file, "%s\n", buffer_text(&out));
    buffer_free(&out);
}
