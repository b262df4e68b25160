/* SPDX-License-Identifier: ISC
 *
 * For text.c and text_details.c alone. Paths are record.h's. */
#ifndef COURIER_TEXT_PARTS_H
#define COURIER_TEXT_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include "server/courier/text.h"

#define WORDS 160 /* of any one text from outside */

bool text_has(const json_t *record, const char *path);
void text_add_own(struct buffer *out, const json_t *record, const char *path);
void text_add_quoted(struct buffer *out, const char *words);
/* 2026-11-22 09:14:03 UTC, or the day alone. */
void text_add_time(struct buffer *out, const json_t *record, const char *path, bool day);
/* A line; none where the number is below 0. */
void text_add_number(struct buffer *out, const char *label, int64_t number, const char *unit);
/* Address and port. */
void text_add_source(struct buffer *out, const json_t *record);
const char *text_user_agent(const json_t *record);
/* What was seen, where it lay, who and with what, what else. */
void text_details(struct buffer *out, const json_t *record);
/* ATT&CK techniques and ids. */
void text_references(struct buffer *out, const json_t *record);

#endif
