/* SPDX-License-Identifier: ISC
 *
 * What one value of a row looks like to people. */
#ifndef COMMAND_CELL_H
#define COMMAND_CELL_H

#include <jansson.h>
#include <stdbool.h>
#include "server/base/buffer.h"

/* The member of an object under a dotted name, or NULL. */
json_t *cell_member(json_t *row, const char *path);
/* Adds the value; "-" for nothing, so that columns can be counted. Of many ids the number and the first few are said.
 * On a terminal times are shorter. */
void cell_add(struct buffer *buffer, const json_t *value, bool terminal);
/* As cell_add(), with every id of a list. */
void cell_all(struct buffer *buffer, const json_t *value);
/* An id or a time, which is of no use when it is cut. */
bool cell_is_whole(const json_t *value);
/* The colour of a severity, grade or state: an escape sequence, or "". */
const char *cell_colour(const char *column, const json_t *value);

#endif
