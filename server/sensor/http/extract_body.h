/* SPDX-License-Identifier: ISC
 *
 * Credentials in bodies and other free text, for extract.c. */
#ifndef HTTP_EXTRACT_BODY_H
#define HTTP_EXTRACT_BODY_H

#include "server/sensor/http/fields.h"

/* A body whose type may be unknown, missing or wrong. */
void extract_body(struct extract *extract, struct slice type, struct slice body);
/* name=value&name=value, percent-decoded. A part without '=' is a value without a name. */
void extract_form(struct extract *extract, uint8_t rank, const char *where, struct slice text);
/* JSON, whole or broken: strings at any depth under the names before them. */
void extract_json(struct extract *extract, struct slice text);
/* Free text: as it is, its words, and lines of name=value or name: value. */
void extract_text(struct extract *extract, uint8_t rank, const char *where, struct slice text);
/* What stands between quotes. */
void extract_quoted(struct extract *extract, uint8_t rank, const char *where, struct slice text);

#endif
