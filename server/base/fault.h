/* SPDX-License-Identifier: ISC
 *
 * Faults in files that people write, for people and for programs. A fault's text is
 * "FILE:LINE:COLUMN: what is wrong; what to do". */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stdio.h>
#include "server/base/buffer.h"

/* Adds {"file":…,"line":…,"column":…,"fault":…,"remedy":…}; line and column are 0 where the text names none. */
int fault_json(struct buffer *out, const char *text);
/* A line of text, or of JSON. */
void fault_print(FILE *file, const char *text, bool json);

#endif
