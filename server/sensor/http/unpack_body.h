/* SPDX-License-Identifier: ISC
 *
 * Bodies as their senders wrote them, before they were compressed (Content-Encoding gzip or deflate, RFC 9110 section
 * 8.4.1; git sends what is long so) or put into UTF-16. */
#ifndef HTTP_UNPACK_BODY_H
#define HTTP_UNPACK_BODY_H

#include "server/base/buffer.h"

/* Working memory of one request. */
struct unpacked {
    struct buffer inflated, text;
};

void unpacked_init(struct unpacked *unpacked);
/* Wiped and freed. */
void unpacked_free(struct unpacked *unpacked);
/* The body itself, or what is in it, which then lies in `unpacked` until that is freed: at most BODY_KEPT bytes, and at
 * most 128 for each of the body's beyond the first 16 KiB. Of what is broken or goes on, the front. `encoding`: the
 * value of Content-Encoding. */
struct slice unpack_body(struct unpacked *unpacked, struct slice encoding, struct slice body);

#endif
