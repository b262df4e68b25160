/* SPDX-License-Identifier: ISC
 *
 * The head of an HTTP/1.x request, parsed as nginx 1.22 does it: what it takes, what it refuses, with which status,
 * and at which byte. Resumable: each byte is looked at once, however the request is cut into pieces. RFC 9112. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/sensor/http/request.h"

/* nginx's defaults: client_header_buffer_size, large_client_header_buffers. A head is never longer than the sum. */
#define HEAD_SMALL 1024
#define HEAD_LARGE 8192
#define HEAD_LARGE_COUNT 4
#define HEAD_MAXIMUM (HEAD_SMALL + HEAD_LARGE_COUNT * HEAD_LARGE)

/* nginx's own number for a header or all of them too large; it is answered as 400 with a page of its own. */
#define HEAD_TOO_LARGE 494

enum head_result { HEAD_MORE, HEAD_DONE, HEAD_REFUSED };

struct head_span {
    uint16_t at, length;
};

struct head {
    uint32_t at;    /* bytes looked at */
    uint32_t start; /* where the request begins, behind empty lines */
    uint32_t line;  /* where the line under way begins */
    uint32_t room;  /* where nginx's buffer would end */
    uint8_t state;
    uint8_t larges;   /* large buffers in use */
    uint8_t protocol; /* bytes of "HTTP/" seen */
    uint8_t count;    /* headers kept */
    bool unnamed;     /* the header under way has a name that nginx drops */
    uint16_t status;  /* when refused */
    uint16_t major, minor;
    uint32_t seen; /* headers that may stand once */
    struct head_span method, target, path, host, target_host;
    uint32_t name, name_end, value, value_end;
    struct head_span names[HTTP_HEADERS], values[HTTP_HEADERS];
    /* What the headers say about the message; valid when done. */
    int version; /* 9, 10, 11 */
    bool keep_alive, chunked, expects, sized, coded, length_bad;
    bool whole;        /* up to the empty line, even when refused */
    bool padded;       /* MSIE or Chrome: error pages are padded */
    bool old;          /* MSIE up to 6: no keep-alive after a POST */
    int8_t connection; /* -1 close, 1 keep-alive, 0 not said */
    uint64_t length;   /* Content-Length */
};

void head_begin(struct head *head);
/* Goes on with the input, which begins with the first byte that head_begin() saw, less what head_skip() told to drop.
 * HEAD_DONE: the head is input[start, at). HEAD_REFUSED: status is 400, 405, 414, 494, 501 or 505. */
enum head_result head_parse(struct head *head, struct slice input);
/* Bytes at the front of the input that belong to no request (empty lines); the caller drops them. */
size_t head_skip(struct head *head);
/* The request, pointing into raw, which is a copy of input[start, at). All but body, body_length, tls. Also good for
 * a refused head: what was understood of it. */
void head_request(const struct head *head, struct slice raw, struct http_request *request);

/* Walks over the header lines of a raw head, well-formed or not: name and value as they stand, without white space
 * around them; a line without colon has an empty name. `at` starts at 0; the request line is passed over. */
bool head_line_next(struct slice raw, size_t *at, struct http_header *line);

#endif
