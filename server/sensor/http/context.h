/* SPDX-License-Identifier: ISC
 *
 * The evidence of a request: {"http":{…}}, with nothing in it that may be a credential. Word for word are the method,
 * names of headers in order and case, and the values of Host, User-Agent, Accept*, Content-*, Connection and
 * Cache-Control; of X-Forwarded-For the addresses in it; of all else there is the length and the classes of
 * characters. */
#ifndef HTTP_CONTEXT_H
#define HTTP_CONTEXT_H

#include "server/base/buffer.h"
#include "server/sensor/credential.h"
#include "server/sensor/http/request.h"
#include "server/sensor/http/site.h"
#include "server/wire/message.h"

#define CONTEXT_MAXIMUM (OBSERVATION_CONTEXT / 2)

/* Adds to `out` (at most CONTEXT_MAXIMUM bytes; past that parts are left out and "truncated" says so). refused: the
 * status with which nginx itself refuses the request, or 0. Of a value the words in which a presented secret stands
 * are not kept. site and presented may be NULL. */
void context_write(struct buffer *out, const struct http_request *request, const struct site *site, unsigned refused,
                   const struct credentials *presented);

#endif
