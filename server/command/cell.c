/* SPDX-License-Identifier: ISC */
#include "server/command/cell.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/id.h"
#include "server/command/text.h"

#define FEW 3 /* ids of a list that are shown */
#define SECONDS 19 /* of "2026-11-26T14:29:47.123456Z", up to the fraction */

#define RED "\033[31m"
#define BRIGHT_RED "\033[1;31m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"

json_t *cell_member(json_t *row, const char *path)
{
    const char *dot = strchr(path, '.');
    char first[64];

    if (dot == NULL)
        return json_object_get(row, path);
    snprintf(first, sizeof(first), "%.*s", (int)(dot - path), path);
    return cell_member(json_object_get(row, first), dot + 1);
}

static bool is_id(const json_t *value)
{
    const char *text = json_string_value(value);
    struct id id;

    return text != NULL && text[0] != '\0' && id_parse(text, text[0], &id) == 0;
}

static bool is_time(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    size_t i;

    for (i = 0; i < SECONDS; i++)
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    return text[strspn(text + i, ".0123456789") + i] == 'Z';
}

bool cell_is_whole(const json_t *value)
{
    return is_id(value) || (json_is_string(value) && is_time(json_string_value(value)));
}

static void add_value(struct buffer *buffer, const json_t *value, size_t few, bool terminal);

static void add_listener(struct buffer *buffer, const json_t *value)
{
    const char *address = json_string_value(json_object_get(value, "address"));

    if (address == NULL)
        return;
    buffer_add_format(buffer, strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d", address,
                      (int)json_integer_value(json_object_get(value, "port")));
    buffer_add_char(buffer, '/');
    add_value(buffer, json_object_get(value, "tls"), FEW, false);
}

static void add_list(struct buffer *buffer, const json_t *list, size_t few, bool terminal)
{
    size_t count = json_array_size(list), shown = count > few && is_id(json_array_get(list, 0)) ? few : count;

    if (shown < count)
        buffer_add_format(buffer, "%zu: ", count);
    for (size_t i = 0; i < shown; i++) {
        const json_t *item = json_array_get(list, i);

        if (i > 0)
            buffer_add_char(buffer, ',');
        if (json_object_get(item, "address") != NULL && json_object_get(item, "tls") != NULL)
            add_listener(buffer, item);
        else
            add_value(buffer, item, few, terminal);
    }
    if (shown < count)
        buffer_add_text(buffer, ",...");
}

static void add_value(struct buffer *buffer, const json_t *value, size_t few, bool terminal)
{
    const char *string = json_string_value(value);
    char *text;

    if (string != NULL && terminal && is_time(string)) {
        buffer_add_format(buffer, "%.10s %.8sZ", string, string + 11);
    } else if (string != NULL) {
        text_clean(buffer, string);
    } else if (json_is_array(value)) {
        add_list(buffer, value, few, terminal);
    } else if (value != NULL && !json_is_null(value)) {
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        if (text != NULL)
            text_clean(buffer, text);
        free(text);
    }
}

static void add_cell(struct buffer *buffer, const json_t *value, size_t few, bool terminal)
{
    size_t before = buffer->length;

    add_value(buffer, value, few, terminal);
    if (buffer->length == before)
        buffer_add_char(buffer, '-');
}

void cell_add(struct buffer *buffer, const json_t *value, bool terminal)
{
    add_cell(buffer, value, FEW, terminal);
}

void cell_all(struct buffer *buffer, const json_t *value)
{
    add_cell(buffer, value, SIZE_MAX, false);
}

const char *cell_colour(const char *column, const json_t *value)
{
    static const struct {
        const char *column, *value, *colour;
    } colours[] = {
        {"severity", "critical", BRIGHT_RED}, {"severity", "high", RED},           {"severity", "medium", YELLOW},
        {"severity", "low", CYAN},            {"grade", "secret", BRIGHT_RED},     {"grade", "secret-elsewhere", BRIGHT_RED},
        {"grade", "key-offered", RED},        {"grade", "identity", RED},          {"grade", "spray", YELLOW},
        {"grade", "beacon", CYAN},            {"state", "gone", RED},              {"state", "dead", RED},
        {"state", "changed", YELLOW},         {"state", "moved", YELLOW},          {"state", "unknown", YELLOW},
        {"state", "waiting", YELLOW},         {"state", "failed", RED},            {"state", "open", YELLOW},
    };
    const char *text = json_string_value(value);

    for (size_t i = 0; text != NULL && i < sizeof(colours) / sizeof(colours[0]); i++)
        if (strcmp(colours[i].column, column) == 0 && strcmp(colours[i].value, text) == 0)
            return colours[i].colour;
    return "";
}
