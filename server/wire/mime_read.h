/* SPDX-License-Identifier: ISC
 *
 * A mail taken apart (RFC 5322, RFC 2045 to 2047), for an API that takes no whole mails, and for a look at lures:
 * fields in UTF-8, people, and the parts that are no containers. What is in no known character set stays as it is. */
#ifndef WIRE_MIME_READ_H
#define WIRE_MIME_READ_H

#include <jansson.h>
#include <stdbool.h>
#include "server/base/buffer.h"

#define MIME_DEPTH 8
#define MIME_PARTS 32

struct mime_part {
    char type[128]; /* lower case: "text/html" */
    char name[256]; /* of an attachment; "" */
    char id[256];   /* Content-ID without brackets; "" */
    bool attached;
    struct buffer data; /* decoded; texts in UTF-8 */
};

/* The head, up to the empty line; the rest is the body. */
struct slice mime_head(struct slice message, struct slice *body);
/* The field's value, unfolded and decoded (2047); "" where there is none. Adds to `out`. */
int mime_field(struct slice head, const char *name, struct buffer *out);
/* The next field of what is left of a head: its name, and adds its value, unfolded, not decoded. False at the end. */
bool mime_next(struct slice *head, struct slice *name, struct buffer *out);
/* The same with its value as it stands, from behind the colon, with the ends of its lines. */
bool mime_next_raw(struct slice *head, struct slice *name, struct slice *value);
/* [{"name", "address"}, …] of a field of people; a new reference. */
json_t *mime_people(struct slice head, const char *name);
/* Each part in turn; the part is gone after the call. -1 when `take` says so, or the mail is no mail. */
int mime_parts(struct slice message, int (*take)(const struct mime_part *part, void *context), void *context);

#endif
