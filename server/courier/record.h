/* SPDX-License-Identifier: ISC
 *
 * Reading the canonical alert record (server/courier/alert.h) by dotted paths, so that a member that is missing or
 * of another type is simply empty. */
#ifndef COURIER_RECORD_H
#define COURIER_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

/* NULL when a step is missing or null. "token.identity" */
const json_t *record_get(const json_t *record, const char *path);
/* "" when missing. */
const char *record_text(const json_t *record, const char *path);
/* The first of several names that holds a text; names are separated by spaces. */
const char *record_first(const json_t *record, const char *paths);
/* `fallback` when missing. */
int64_t record_number(const json_t *record, const char *path, int64_t fallback);
bool record_is(const json_t *record, const char *path);
/* RFC 3339 text as microseconds since 1970; 0 when missing. */
int64_t record_time(const json_t *record, const char *path);
/* Writes any value by server/base/json.h. Nested deeper than 16: null. */
int record_write(struct buffer *out, const json_t *value);
/* The i-th header of the client's request, in order, with the value that was kept of it, or "". 0, or -1 past the
 * end. */
int record_header(const json_t *record, size_t i, const char **name, const char **value);
/* What the place of the lure takes, by places.def: mail, repository, directory or text; "" without a placement. */
const char *record_place_takes(const json_t *record);
/* Is it a sign of life, and no alert? */
bool record_is_heartbeat(const json_t *record);
/* Was the lure handed to a mail server, so that it has lain in more places than the mailbox? */
bool record_was_sent(const json_t *record);

#endif
