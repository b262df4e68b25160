/* SPDX-License-Identifier: ISC
 *
 * An HTTP/1.x request as parsed by head.c and body.c: slices into the session's input; nothing is decoded. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "server/base/buffer.h"

#define HTTP_HEADERS 128

struct http_header {
    struct slice name, value; /* as sent; the value without white space around it */
};

struct http_request {
    struct slice raw;    /* the whole head as received */
    struct slice method; /* "GET" */
    struct slice target; /* as sent */
    struct slice uri;    /* of the target what names something on this host: all from the path on, raw; "/" at least */
    struct slice path;   /* of the target, raw, up to '?' or '#'; "/" at least */
    struct slice query;  /* raw, behind '?', up to '#' */
    struct slice fragment; /* raw, behind '#'; names nothing, for nginx and for what stands behind it */
    struct slice host;   /* Host, or an absolute target's; without port */
    int version;         /* 9, 10, 11 */
    struct http_header headers[HTTP_HEADERS];
    size_t header_count;
    struct slice body; /* what was kept of it, chunks joined */
    uint64_t body_length; /* all of it */
    bool tls;
};

/* The first header with that name (any case), or a slice with data NULL. */
struct slice http_request_header(const struct http_request *request, const char *name);

#endif
