/* SPDX-License-Identifier: ISC
 *
 * Conditions and ranges of a request for a file (RFC 9110, 13 and 14), judged as nginx 1.22 judges them. */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdint.h>
#include "server/base/buffer.h"
#include "server/sensor/http/request.h"

struct range {
    uint64_t start, end; /* the first byte, and the one behind the last */
};

/* What is known of the file. */
struct range_file {
    int64_t modified; /* seconds since 1970 */
    const char *etag; /* with its quotation marks, or NULL */
    uint64_t length;
};

/* 200: it goes out, 304: the client has it, 412: a condition does not hold. */
unsigned range_condition(const struct http_request *request, const struct range_file *file);
/* 200: no range is asked for, or none that counts: all of it; 206: `ranges` holds one struct range for each that is to
 * go out; 416: none can be had. */
unsigned range_parse(const struct http_request *request, const struct range_file *file, struct buffer *ranges);
/* Seconds since 1970 of a date in one of HTTP's three forms, or -1. */
int64_t range_date(struct slice text);

#endif
