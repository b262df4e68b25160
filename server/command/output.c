/* SPDX-License-Identifier: ISC */
#include "server/command/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/terminal.h"
#include "server/command/cell.h"
#include "server/command/text.h"

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
    {"mint", OUTPUT_TABLE, (const char *const[]){"token", "!identity", "!secret", NULL}},
    {"kinds", OUTPUT_TABLE, (const char *const[]){"kind", "forms", "summary", NULL}},
    {"decoys", OUTPUT_TABLE, (const char *const[]){"decoy", "service", "site", "names", "listeners", NULL}},
    {"tokens", OUTPUT_TABLE,
     (const char *const[]){"token", "kind", "-form", "identity", "-decoy", "state", "-placement", NULL}},
    {"placements", OUTPUT_TABLE, (const char *const[]){"placement", "-token", "state", "-planted", "place", NULL}},
    {"plant", OUTPUT_TABLE, (const char *const[]){"placement", "-token", "state", "place", NULL}},
    {"plan", OUTPUT_TABLE,
     (const char *const[]){"difference", "kind", "-lure", "-placement", "place", "-owner", NULL}},
    {"inspect", OUTPUT_TABLE, (const char *const[]){"placement", "state", "place", "text", NULL}},
    {"uproot", OUTPUT_TABLE, (const char *const[]){"placement", "state", "place", NULL}},
    {"sightings", OUTPUT_TABLE,
     (const char *const[]){"time", "grade", "-drill", "sighting", "-token", "-placement", "-decoy",
                           "source.address", NULL}},
    {"watch", OUTPUT_TABLE,
     (const char *const[]){"time", "grade", "-drill", "sighting", "-token", "-placement", "-decoy",
                           "source.address", NULL}},
    {"drill", OUTPUT_TABLE,
     (const char *const[]){"token", "decoy", "answered", "alert", "route", "state", "ms", "text", NULL}},
    {"recognise", OUTPUT_TABLE,
     (const char *const[]){"token", "-placement", "kind", "file", "member", "offset", "-encodings", NULL}},
    {"incidents", OUTPUT_TABLE,
     (const char *const[]){"incident", "state", "-drill", "severity", "opened", "-updated", "tokens", NULL}},
    {"alerts", OUTPUT_TABLE, (const char *const[]){"time", "severity", "alert", "-incident", "title", NULL}},
    {"deliveries", OUTPUT_TABLE,
     (const char *const[]){"delivery", "-alert", "route", "state", "attempts", "-next", NULL}},
    {"retire", OUTPUT_TABLE, (const char *const[]){"token", "kind", "identity", "-decoy", "state", "-placement", NULL}},
    {"ack", OUTPUT_TABLE, (const char *const[]){"incident", "state", "severity", "-verdict", "-note", NULL}},
    {"replay", OUTPUT_TABLE,
     (const char *const[]){"delivery", "-alert", "route", "state", "attempts", "-next", NULL}},
};

void output_open(struct output *output, FILE *file, bool json, const char *command)
{
    *output = (struct output){.file = file, .json = json, .shape = OUTPUT_TABLE};
    text_open();
    output->table = (struct table){
        .file = file,
        .terminal = terminal_is(fileno(file)),
        .colour = terminal_colour(fileno(file)),
        .streaming = strcmp(command, "watch") == 0,
        .width = terminal_width(fileno(file)),
    };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].command, command) != 0)
            continue;
        output->shape = shapes[i].shape;
        output->columns = shapes[i].columns;
    }
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
        buffer_add_text(buffer, TERMINAL_BOLD);
    text_clean(buffer, key);
    buffer_add_text(buffer, colour ? ":" TERMINAL_PLAIN : ":");
    if (deep) {
        buffer_add_char(buffer, '\n');
        add_nested(buffer, value, depth + 1, colour);
        return;
    }
    buffer_add_char(buffer, ' ');
    if (colour && cell_colour(key, value)[0] != '\0')
        buffer_add_format(buffer, "%s%s" TERMINAL_PLAIN, cell_colour(key, value), json_string_value(value));
    else
        cell_all(buffer, value);
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

/* ---- rows ---- */

static void write_out(struct output *output, struct buffer *buffer)
{
    if (buffer->failed || fwrite(buffer->data, 1, buffer->length, output->file) != buffer->length)
        output->failed = true;
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
        add_nested(&text, row, 0, output->table.colour);
        write_out(output, &text);
        buffer_free(&text);
    } else {
        table_row(&output->table, output->columns, row);
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
    table_close(&output->table);
    return fflush(output->file) == EOF || ferror(output->file) || output->failed || output->table.failed ? -1 : 0;
}
