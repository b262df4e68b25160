/* SPDX-License-Identifier: ISC
 *
 * Rows as a table. Elsewhere than on a terminal each row is a line of all columns, two spaces apart, nothing cut. On a
 * terminal columns are aligned and fit its width: texts are cut, then columns that can be spared are left out; ids and
 * times stay whole. */
#ifndef COMMAND_TABLE_H
#define COMMAND_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "server/base/buffer.h"

struct table_column {
    char *name;     /* dotted */
    bool spare;     /* may be left out */
    bool whole;     /* is never cut: ids, times, secrets */
    bool left_out;  /* of what is shown now */
    size_t natural; /* the widest cell so far */
    size_t width;
};

struct table {
    FILE *file;
    bool terminal, colour;
    bool streaming; /* each row is shown at once */
    size_t width;   /* of the terminal */
    struct table_column *columns;
    size_t column_count;
    json_t *waiting; /* rows that are not laid out yet */
    bool headed, failed;
};

/* names: NULL-ended, "-" before those that may be left out, "!" before those that are never cut; NULL: the members of
 * the first row that are no objects. */
void table_row(struct table *table, const char *const *names, json_t *row);
/* Lays out what waits. */
void table_close(struct table *table);

#endif
