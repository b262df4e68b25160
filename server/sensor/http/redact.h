/* SPDX-License-Identifier: ISC
 *
 * Marks that stand for values which may not be kept. */
#ifndef HTTP_REDACT_H
#define HTTP_REDACT_H

#include "server/sensor/credential.h"
#include "server/sensor/session.h"

#define REDACT_MARK (SESSION_CLASSES + 24)

/* The marker that stands for a value: {12:lower,digit}. */
const char *redact_mark(struct slice value, char text[REDACT_MARK]);
/* Adds the value, with marks in place of the words in which something stands that was presented as a secret; of a long
 * one in which something does, only the mark. */
void redact_words(struct buffer *out, struct slice value, const struct credentials *presented);

#endif
