/* SPDX-License-Identifier: ISC
 *
 * Writes answers byte for byte as nginx sends them: its own pages, and what comes from the product behind it. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <stdbool.h>
#include "server/base/buffer.h"
#include "server/sensor/http/request.h"
#include "server/sensor/http/site.h"

/* What of the request, the site and the clock goes into an answer's frame. */
struct answer_frame {
    const char *server, *date;
    int version;     /* of the request: 9, 10, 11 */
    bool head_only;  /* HEAD */
    bool keep_alive; /* the connection stays */
    bool padded;     /* for MSIE and Chrome */
};

/* nginx's own page for a status (from 300; also NGINX_HEADER_TOO_LARGE, NGINX_PLAIN_TO_TLS). 0 or -1: it does not fit. */
int answer_page(struct buffer *out, const struct answer_frame *frame, unsigned status);
/* The same with more header lines. */
int answer_front(struct buffer *out, const struct answer_frame *frame, unsigned status, struct slice headers);
/* What the site says, through nginx's proxy. */
int answer_site(struct buffer *out, const struct answer_frame *frame, const struct site_answer *answer);
/* A file that nginx gives out from its own disk or cache: all of it, the ranges asked for, or what became of a
 * condition. *boundary counts answers in several parts. Returns the status, or 0: it does not fit. After a 412 nginx
 * closes, whatever Connection says. */
unsigned answer_file(struct buffer *out, const struct answer_frame *frame, const struct http_request *request,
                     const struct site_answer *answer, uint64_t *boundary);
/* The interim answer to Expect: 100-continue. */
int answer_continue(struct buffer *out);
/* Does nginx close the connection after its own page with that status? */
bool answer_closes(unsigned status);

#endif
