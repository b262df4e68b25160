/* SPDX-License-Identifier: ISC
 *
 * Everything in a request that may carry a credential becomes a candidate: headers, cookies, target, body, in every
 * form that a client or a tool may give it. Ranks: 0 a login or the value of an authorisation header, 1 values whose
 * name says secret, up to 9 single words and path segments. */
#ifndef HTTP_EXTRACT_H
#define HTTP_EXTRACT_H

#include "server/sensor/credential.h"
#include "server/sensor/http/request.h"
#include "server/sensor/http/site.h"

#define EXTRACT_LOGIN 1 /* up to this rank values stood where a product looks for credentials */

struct extract;

/* Working memory; NULL without memory. */
struct extract *extract_new(void);
void extract_free(struct extract *extract);
/* Adds to `to` (initialised by the caller). site and route may be NULL. The request may be a broken one of which only
 * raw is sure: then raw may go on beyond the head, and body is empty. */
void extract_request(struct extract *extract, const struct http_request *request, const struct site *site,
                     const struct site_route *route, struct credentials *to);

#endif
