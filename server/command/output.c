/* SPDX-License-Identifier: ISC */
#include "server/command/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_ROWS 5000 /* laid out together */
#define LINE (4 * 1024 * 1024)
#define INDENT 2

static const struct {
    const char *command;
    enum output_shape shape;
    const char *const *columns;
} shapes[] = {
    {"show", OUTPUT_NESTED, NULL},
    {"init", OUTPUT_NESTED, NULL},
    {"audit", OUTPUT_NESTED, NULL},
    {"mint", OUTPUT_TABLE, (const char *const[]){"token", "identity", "secret", NULL}},
    {"kinds", OUTPUT_TABLE, (const char *const[]){"kind", "forms", "summary", NULL}},
    {"decoys", OUTPUT_TABLE, (const char *const[]){"decoy", "service", "site", "names", "listeners", NULL}},
    {"tokens", OUTPUT_TABLE,
     (const char *const[]){"token", "kind", "form", "identity", "decoy", "state", "placement", NULL}},
    {"placements", OUTPUT_TABLE, (const char *const[]){"placement", "token", "state", "planted", "place", NULL}},
    {"plant", OUTPUT_TABLE, (const char *const[]){"placement", "token", "state", "place", NULL}},
    {"inspect", OUTPUT_TABLE, (const char *const[]){"placement", "state", "place", "text", NULL}},
    {"uproot", OUTPUT_TABLE, (const char *const[]){"placement", "state", "place", NULL}},
    {"sightings", OUTPUT_TABLE,
     (const char *const[]){"time", "grade", "drill", "sighting", "token", "placement", "decoy", "source.address",
                           NULL}},
    {"watch", OUTPUT_TABLE,
     (const char *const[]){"time", "grade", "drill", "sighting", "token", "placement", "decoy", "source.address",
                           NULL}},
    {"drill", OUTPUT_TABLE,
     (const char *const[]){"token", "decoy", "answered", "alert", "route", "state", "ms", "text", NULL}},
    {"incidents", OUTPUT_TABLE,
     (const char *const[]){"incident", "state", "drill", "severity", "opened", "updated", "tokens", NULL}},
    {"alerts", OUTPUT_TABLE, (const char *const[]){"time", "severity", "alert", "incident", "title", NULL}},
    {"deliveries", OUTPUT_TABLE,
     (const char *const[]){"delivery", "alert", "route", "state", "attempts", "next", NULL}},
};

static bool is_direction(const unsigned char *c)
{
    return c[0] == 0xe2 &&
           ((c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) || (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

void output_clean(struct buffer *buffer, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    while (*c != '\0') {
        if (*c < ' ' || *c == 127) {
            buffer_add_char(buffer, '?');
            c++;
        } else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
            buffer_add_char(buffer, '?');
            c += 2;
        } else if (is_direction(c)) {
            buffer_add_char(buffer, '?');
            c += 3;
        } else {
            buffer_add_char(buffer, (char)*c++);
        }
    }
}

void output_open(struct output *output, FILE *file, bool json, const char *command)
{
    *output = (struct output){.file = file, .json = json, .shape = OUTPUT_TABLE};
    output->terminal = isatty(fileno(file)) == 1;
    output->colour = output->terminal && getenv("NO_COLOR") == NULL;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].command, command) != 0)
            continue;
        output->shape = shapes[i].shape;
        output->columns = shapes[i].columns;
    }
}

/* ---- values ---- */

static json_t *member(json_t *row, const char *path)
{
    const char *dot = strchr(path, '.');
    char first[64];

    if (dot == NULL)
        return json_object_get(row, path);
    snprintf(first, sizeof(first), "%.*s", (int)(dot - path), path);
    return member(json_object_get(row, first), dot + 1);
}

static void add_value(struct buffer *buffer, const json_t *value);

static void add_listener(struct buffer *buffer, const json_t *value)
{
    const char *address = json_string_value(json_object_get(value, "address"));

    if (address == NULL)
        return;
    buffer_add_format(buffer, strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d", address,
                      (int)json_integer_value(json_object_get(value, "port")));
    buffer_add_char(buffer, '/');
    add_value(buffer, json_object_get(value, "tls"));
}

static void add_list(struct buffer *buffer, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);

        if (i > 0)
            buffer_add_char(buffer, ',');
        if (json_object_get(item, "address") != NULL && json_object_get(item, "tls") != NULL)
            add_listener(buffer, item);
        else
            add_value(buffer, item);
    }
}

static void add_value(struct buffer *buffer, const json_t *value)
{
    char *text;

    if (json_is_string(value)) {
        output_clean(buffer, json_string_value(value));
    } else if (json_is_array(value)) {
        add_list(buffer, value);
    } else if (value != NULL && !json_is_null(value)) {
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        if (text != NULL)
            output_clean(buffer, text);
        free(text);
    }
}

/* A cell is never empty, so that columns can be counted. */
static void add_cell(struct buffer *buffer, const json_t *value)
{
    size_t before = buffer->length;

    add_value(buffer, value);
    if (buffer->length == before)
        buffer_add_char(buffer, '-');
}

/* Characters, not bytes. */
static size_t width_of(struct slice text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.length; i++)
        width += (text.data[i] & 0xc0) != 0x80;
    return width;
}

/* ---- nested ---- */

static void add_nested(struct buffer *buffer, const json_t *value, int depth, bool colour);

static void add_pair(struct buffer *buffer, const char *key, const json_t *value, int depth, bool colour)
{
    bool deep = (json_is_object(value) && json_object_size(value) > 0) ||
                (json_is_array(value) && json_is_object(json_array_get(value, 0)));

    for (int i = 0; i < depth * INDENT; i++)
        buffer_add_char(buffer, ' ');
    if (colour)
        buffer_add_text(buffer, "\033[1m");
    output_clean(buffer, key);
    buffer_add_text(buffer, colour ? ":\033[0m" : ":");
    if (deep) {
        buffer_add_char(buffer, '\n');
        add_nested(buffer, value, depth + 1, colour);
        return;
    }
    buffer_add_char(buffer, ' ');
    add_cell(buffer, value);
    buffer_add_char(buffer, '\n');
}

static void add_nested(struct buffer *buffer, const json_t *value, int depth, bool colour)
{
    const char *key;
    json_t *item;
    size_t i;
    void *at;

    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            char number[24];

            snprintf(number, sizeof(number), "%zu", i + 1);
            add_pair(buffer, number, item, depth, colour);
        }
        return;
    }
    for (at = json_object_iter((json_t *)(uintptr_t)value); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
        key = json_object_iter_key(at);
        add_pair(buffer, key, json_object_iter_value(at), depth, colour);
    }
}

/* ---- tables ---- */

static void choose_columns(struct output *output, json_t *row)
{
    size_t count = 0;
    void *at;

    if (output->columns != NULL) {
        while (output->columns[count] != NULL)
            count++;
    } else {
        count = json_object_size(row);
    }
    output->names = calloc(count + 1, sizeof(*output->names));
    if (output->names == NULL)
        return;
    for (size_t i = 0; output->columns != NULL && i < count; i++)
        output->names[output->name_count++] = strdup(output->columns[i]);
    if (output->columns != NULL)
        return;
    for (at = json_object_iter(row); at != NULL; at = json_object_iter_next(row, at))
        if (!json_is_object(json_object_iter_value(at)))
            output->names[output->name_count++] = strdup(json_object_iter_key(at));
}

static void write_out(struct output *output, struct buffer *buffer)
{
    if (buffer->failed || fwrite(buffer->data, 1, buffer->length, output->file) != buffer->length)
        output->failed = true;
}

static void write_plain(struct output *output, json_t *row)
{
    struct buffer line;

    buffer_init(&line, LINE);
    for (size_t i = 0; i < output->name_count; i++) {
        if (i > 0)
            buffer_add_text(&line, "  ");
        add_cell(&line, member(row, output->names[i]));
    }
    buffer_add_char(&line, '\n');
    write_out(output, &line);
    buffer_free(&line);
}

static void pad(struct buffer *line, struct slice cell, size_t width, bool last)
{
    buffer_add_slice(line, cell);
    for (size_t used = width_of(cell); !last && used < width + 2; used++)
        buffer_add_char(line, ' ');
}

static void write_aligned(struct output *output, json_t *row, const size_t *widths)
{
    struct buffer line, cell;

    buffer_init(&line, LINE);
    buffer_init(&cell, LINE);
    if (row == NULL && output->colour)
        buffer_add_text(&line, "\033[1m");
    for (size_t i = 0; i < output->name_count; i++) {
        const char *name = output->names[i], *dot = strrchr(name, '.');

        buffer_clear(&cell);
        if (row != NULL)
            add_cell(&cell, member(row, name));
        else
            buffer_add_text(&cell, dot != NULL ? dot + 1 : name);
        pad(&line, buffer_slice(&cell), widths[i], i + 1 == output->name_count);
    }
    buffer_add_text(&line, row == NULL && output->colour ? "\033[0m\n" : "\n");
    write_out(output, &line);
    buffer_free(&cell);
    buffer_free(&line);
}

static void measure(struct output *output, json_t *row, size_t *widths)
{
    struct buffer cell;

    buffer_init(&cell, LINE);
    for (size_t i = 0; i < output->name_count; i++) {
        size_t width;

        buffer_clear(&cell);
        add_cell(&cell, member(row, output->names[i]));
        width = width_of(buffer_slice(&cell));
        if (width > widths[i])
            widths[i] = width;
    }
    buffer_free(&cell);
}

static void lay_out(struct output *output)
{
    size_t *widths = calloc(output->name_count + 1, sizeof(*widths)), i;
    json_t *row;

    if (widths == NULL || output->waiting == NULL || json_array_size(output->waiting) == 0) {
        free(widths);
        return;
    }
    for (i = 0; i < output->name_count; i++) {
        const char *dot = strrchr(output->names[i], '.');

        widths[i] = strlen(dot != NULL ? dot + 1 : output->names[i]);
    }
    json_array_foreach(output->waiting, i, row) measure(output, row, widths);
    write_aligned(output, NULL, widths);
    json_array_foreach(output->waiting, i, row) write_aligned(output, row, widths);
    json_array_clear(output->waiting);
    free(widths);
}

static void table_row(struct output *output, json_t *row)
{
    if (output->names == NULL)
        choose_columns(output, row);
    if (!output->terminal) {
        write_plain(output, row);
        return;
    }
    if (output->waiting == NULL)
        output->waiting = json_array();
    json_array_append(output->waiting, row);
    if (json_array_size(output->waiting) >= TABLE_ROWS)
        lay_out(output);
}

void output_json(struct output *output, json_t *row)
{
    struct buffer text;
    char *dumped;

    if (output->json) {
        dumped = json_dumps(row, JSON_COMPACT);
        if (dumped == NULL || fprintf(output->file, "%s\n", dumped) < 0)
            output->failed = true;
        free(dumped);
    } else if (output->shape == OUTPUT_NESTED) {
        buffer_init(&text, LINE);
        add_nested(&text, row, 0, output->colour);
        write_out(output, &text);
        buffer_free(&text);
    } else {
        table_row(output, row);
    }
}

void output_row(struct output *output, struct slice row)
{
    json_t *value;

    if (output->json) {
        if (fwrite(row.data, 1, row.length, output->file) != row.length || fputc('\n', output->file) == EOF)
            output->failed = true;
        return;
    }
    value = json_loadb((const char *)row.data, row.length, 0, NULL);
    if (value == NULL)
        output->failed = true;
    else
        output_json(output, value);
    json_decref(value);
}

int output_close(struct output *output)
{
    lay_out(output);
    for (size_t i = 0; i < output->name_count; i++)
        free(output->names[i]);
    free(output->names);
    output->names = NULL;
    output->name_count = 0;
    json_decref(output->waiting);
    output->waiting = NULL;
    return fflush(output->file) == EOF || output->failed ? -1 : 0;
}
