/* SPDX-License-Identifier: ISC
 *
 * Requests signed with AWS Signature Version 4, in the header Authorization or in the query ("presigned"): the string
 * that was signed is put together again from the request as it came ("Create a signed AWS API request"). */
#ifndef HTTP_SIGV4_H
#define HTTP_SIGV4_H

#include "server/sensor/credential.h"
#include "server/sensor/http/request.h"

/* Adds the access key id and the signature as a proof of the secret key; one proof for each way in which clients spell
 * the path, where they differ. Nothing where the request is not signed so, or not whole. */
void sigv4_take(struct credentials *to, const struct http_request *request);

#endif
