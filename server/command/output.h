/* SPDX-License-Identifier: ISC
 *
 * Rows for people or for programs. JSON rows pass as they came. For people: tables (table.h), `show` and its like as
 * nested "key: value" lines. What came from attackers cannot move the cursor (text.h). */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "server/base/buffer.h"
#include "server/command/table.h"

enum output_shape { OUTPUT_TABLE, OUTPUT_NESTED };

struct output {
    FILE *file;
    bool json;
    enum output_shape shape;
    const char *const *columns; /* as table_row() takes them */
    struct table table;
    bool failed;
};

/* `command` chooses shape and columns. */
void output_open(struct output *output, FILE *file, bool json, const char *command);
/* One row, a JSON object. */
void output_row(struct output *output, struct slice row);
void output_json(struct output *output, json_t *row);
/* Lays out what waits. -1 when not all could be written. */
int output_close(struct output *output);

#endif
