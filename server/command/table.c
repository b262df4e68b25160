/* SPDX-License-Identifier: ISC */
#include "server/command/table.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/terminal.h"
#include "server/command/cell.h"
#include "server/command/text.h"

#define ROWS 5000 /* laid out together */
#define LINE (4 * 1024 * 1024)
#define GAP 2
#define LEAST 10 /* columns that a text keeps */

/* ---- columns ---- */

static const char *heading(const struct table_column *column)
{
    const char *dot = strrchr(column->name, '.');

    return dot != NULL ? dot + 1 : column->name;
}

static void add_column(struct table *table, const char *name)
{
    struct table_column *column = &table->columns[table->column_count];
    bool spare = name[0] == '-', whole = name[0] == '!';

    *column = (struct table_column){.name = strdup(name + spare + whole), .spare = spare, .whole = whole};
    if (column->name == NULL)
        return;
    column->natural = strlen(heading(column));
    table->column_count++;
}

static void choose_columns(struct table *table, const char *const *names, json_t *row)
{
    size_t count = 0;

    while (names != NULL && names[count] != NULL)
        count++;
    table->columns = calloc(names != NULL ? count + 1 : json_object_size(row) + 1, sizeof(*table->columns));
    if (table->columns == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        add_column(table, names[i]);
    for (void *at = names != NULL ? NULL : json_object_iter(row); at != NULL; at = json_object_iter_next(row, at))
        if (!json_is_object(json_object_iter_value(at)))
            add_column(table, json_object_iter_key(at));
}

static void measure(struct table *table, json_t *row)
{
    struct buffer cell;

    buffer_init(&cell, LINE);
    for (size_t i = 0; i < table->column_count; i++) {
        struct table_column *column = &table->columns[i];
        const json_t *value = cell_member(row, column->name);
        size_t width;

        buffer_clear(&cell);
        cell_add(&cell, value, true);
        width = text_width(buffer_slice(&cell));
        if (width > column->natural)
            column->natural = width;
        column->whole = column->whole || cell_is_whole(value);
    }
    buffer_free(&cell);
}

/* ---- fitting ---- */

static size_t line_width(const struct table *table)
{
    size_t width = 0;

    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].left_out)
            width += table->columns[i].width + (width > 0 ? GAP : 0);
    return width;
}

static struct table_column *widest_text(struct table *table)
{
    struct table_column *widest = NULL;

    for (size_t i = 0; i < table->column_count; i++) {
        struct table_column *column = &table->columns[i];

        if (!column->left_out && !column->whole && column->width > LEAST &&
            (widest == NULL || column->width > widest->width))
            widest = column;
    }
    return widest;
}

/* Cuts texts, the widest first. False when that is not enough. */
static bool shrink(struct table *table)
{
    struct table_column *widest;

    for (size_t i = 0; i < table->column_count; i++)
        table->columns[i].width = table->columns[i].natural;
    while (line_width(table) > table->width) {
        widest = widest_text(table);
        if (widest == NULL)
            return false;
        widest->width--;
    }
    return true;
}

static void fit(struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        table->columns[i].left_out = false;
    for (size_t i = table->column_count; !shrink(table) && i > 0; i--)
        table->columns[i - 1].left_out = table->columns[i - 1].spare;
}

/* ---- lines ---- */

static void write_out(struct table *table, struct buffer *line)
{
    if (line->failed || fwrite(line->data, 1, line->length, table->file) != line->length)
        table->failed = true;
}

static void write_plain(struct table *table, json_t *row)
{
    struct buffer line;

    buffer_init(&line, LINE);
    for (size_t i = 0; i < table->column_count; i++) {
        if (i > 0)
            buffer_add_text(&line, "  ");
        cell_add(&line, cell_member(row, table->columns[i].name), false);
    }
    buffer_add_char(&line, '\n');
    write_out(table, &line);
    buffer_free(&line);
}

/* The text in its column; `next` is where the column behind it begins. */
static void put_cell(struct table *table, struct buffer *line, struct slice text, const char *colour, size_t width)
{
    bool coloured = table->colour && colour[0] != '\0';

    if (coloured)
        buffer_add_text(line, colour);
    text_cut(line, text, width);
    if (coloured)
        buffer_add_text(line, TERMINAL_PLAIN);
}

static void write_aligned(struct table *table, json_t *row)
{
    struct buffer line, cell;
    size_t due = 0; /* spaces before the next cell */

    buffer_init(&line, LINE);
    buffer_init(&cell, LINE);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        const json_t *value = row != NULL ? cell_member(row, column->name) : NULL;
        size_t width;

        if (column->left_out)
            continue;
        for (; due > 0; due--)
            buffer_add_char(&line, ' ');
        buffer_clear(&cell);
        if (row != NULL)
            cell_add(&cell, value, true);
        else
            buffer_add_text(&cell, heading(column));
        put_cell(table, &line, buffer_slice(&cell), row != NULL ? cell_colour(column->name, value) : TERMINAL_BOLD,
                 column->width);
        width = text_width(buffer_slice(&cell));
        due = column->width + GAP - (width < column->width ? width : column->width);
    }
    buffer_add_char(&line, '\n');
    write_out(table, &line);
    buffer_free(&cell);
    buffer_free(&line);
}

static void lay_out(struct table *table)
{
    json_t *row;
    size_t i;

    if (table->waiting == NULL || json_array_size(table->waiting) == 0)
        return;
    json_array_foreach(table->waiting, i, row) measure(table, row);
    fit(table);
    if (!table->headed || !table->streaming)
        write_aligned(table, NULL);
    table->headed = true;
    json_array_foreach(table->waiting, i, row) write_aligned(table, row);
    json_array_clear(table->waiting);
}

void table_row(struct table *table, const char *const *names, json_t *row)
{
    if (table->columns == NULL)
        choose_columns(table, names, row);
    if (!table->terminal) {
        write_plain(table, row);
        return;
    }
    if (table->waiting == NULL)
        table->waiting = json_array();
    json_array_append(table->waiting, row);
    if (table->streaming || json_array_size(table->waiting) >= ROWS)
        lay_out(table);
}

void table_close(struct table *table)
{
    lay_out(table);
    for (size_t i = 0; i < table->column_count; i++)
        free(table->columns[i].name);
    free(table->columns);
    json_decref(table->waiting);
    table->columns = NULL;
    table->column_count = 0;
    table->waiting = NULL;
}
