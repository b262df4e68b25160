/* SPDX-License-Identifier: ISC
 *
 * One HTTP/1.1 exchange (RFC 9112) over a door. Our own, for libcurl of Debian 12 (7.88) calls connect() on sockets that
 * it was told are connected, and a planter may make no connection. */
#ifndef PLANTER_WEB_TALK_H
#define PLANTER_WEB_TALK_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/planter/door.h"

#define WEB_HEAD (64 * 1024)
#define WEB_ANSWER (24 * 1024 * 1024)
#define WEB_URL 1024

struct web_head {
    int status;
    size_t length;     /* of the head itself, its empty line included */
    int64_t body;      /* Content-Length; -1: none is told */
    bool chunked, close;
    int64_t later; /* Retry-After in seconds; 0: none, or a date that is past. Of a refusal because too much was asked for
                    * (403, 429) without it: as GitHub says it, by x-ratelimit-remaining and x-ratelimit-reset */
    bool spent;    /* x-ratelimit-remaining is 0, */
    int64_t reset; /* until this second since 1970 */
    char location[WEB_URL]; /* ""; one that is longer is none */
};

/* Reads an answer's head at the front of the input: 1, 0 when more must come, -1 when it is none. */
int web_head(struct slice input, struct web_head *head);
/* Takes whole chunks (RFC 9112, 7.1) from the front of the input: adds their data to `out` and returns how many bytes
 * were used up, with *last set at the end of the trailers; -1. */
int64_t web_chunks(struct slice input, struct buffer *out, bool *last);

/* Sends the request (head and body) and reads the answer of a method other than HEAD; answers before the last one (1xx)
 * are passed over. *begun: something of the answer came. 0 or -1. */
int web_exchange(struct door *door, struct slice request, struct web_head *head, struct buffer *body, bool *begun,
                 struct error *error);

#endif
