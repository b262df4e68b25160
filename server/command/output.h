/* SPDX-License-Identifier: ISC
 *
 * Rows for people or for programs. JSON rows pass as they came. For people: aligned tables on a terminal, columns
 * two spaces apart elsewhere, `show` as nested "key: value" lines. What came from attackers cannot move the cursor:
 * control and direction characters become '?'. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "server/base/buffer.h"

enum output_shape { OUTPUT_TABLE, OUTPUT_NESTED };

struct output {
    FILE *file;
    bool json, terminal, colour;
    enum output_shape shape;
    const char *const *columns; /* dotted member names, NULL-ended; NULL: the scalar members of the first row */
    char **names;               /* the columns in use */
    size_t name_count;
    json_t *waiting; /* rows of a table that is not laid out yet */
    bool failed;
};

/* `command` chooses shape and columns. */
void output_open(struct output *output, FILE *file, bool json, const char *command);
/* One row, a JSON object. */
void output_row(struct output *output, struct slice row);
void output_json(struct output *output, json_t *row);
/* Lays out what waits. -1 when not all could be written. */
int output_close(struct output *output);

/* Adds text as a terminal may show it. */
void output_clean(struct buffer *buffer, const char *text);

#endif
