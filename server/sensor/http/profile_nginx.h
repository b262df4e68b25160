/* SPDX-License-Identifier: ISC
 *
 * What nginx 1.22 (server_tokens off) says of its own: reason phrases, error pages, dates. Measured against it. */
#ifndef HTTP_PROFILE_NGINX_H
#define HTTP_PROFILE_NGINX_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

/* nginx's own numbers for two faults that it answers as 400 with pages of their own. */
#define NGINX_HEADER_TOO_LARGE 494
#define NGINX_PLAIN_TO_TLS 497

/* Seconds. client_header_timeout and client_body_timeout; keepalive_timeout as GitLab's nginx has it. */
#define NGINX_HEADER_TIMEOUT 60
#define NGINX_BODY_TIMEOUT 60
#define NGINX_KEEPALIVE_TIMEOUT 65
#define NGINX_KEEPALIVE_REQUESTS 1000

/* The date as text, made anew once a second. */
struct nginx_date {
    int64_t second;
    char text[32];
};

/* "Mon, 23 Nov 2026 01:11:05 GMT" (RFC 9110, 5.6.7). */
const char *nginx_date(struct nginx_date *date, int64_t wall_us);
/* The status that goes out for one of nginx's own numbers. */
unsigned nginx_status(unsigned status);
/* nginx's phrase ("Gateway Time-out"); and that of the product behind it ("Gateway Timeout"). */
const char *nginx_reason(unsigned status);
const char *upstream_reason(unsigned status);
/* The error page, with the padding for MSIE and Chrome or without. */
int nginx_page(struct buffer *out, unsigned status, const char *server, bool padded);
size_t nginx_page_length(unsigned status, const char *server, bool padded);

#endif
