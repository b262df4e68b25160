/* SPDX-License-Identifier: ISC
 *
 * What the lines of a head mean, for head.c: each sets head->status where nginx 1.22 refuses. `raw` begins at the
 * head's start; spans count from there. */
#ifndef HTTP_HEAD_FIELD_H
#define HTTP_HEAD_FIELD_H

#include "server/sensor/http/head.h"

/* The request line is complete: version, host of an absolute target, path. */
void head_line_done(struct head *head, struct slice raw);
/* A header line is complete: Host, Content-Length, Connection …; what must not stand twice. */
void head_field_done(struct head *head, struct slice raw, struct head_span name, struct head_span value);
/* The empty line has come: what must be there, what excludes what. */
void head_all_done(struct head *head, struct slice raw);

#endif
