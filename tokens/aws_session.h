/* SPDX-License-Identifier: ISC */
#ifndef TOKENS_AWS_SESSION_H
#define TOKENS_AWS_SESSION_H

#include "tokens/kind.h"

/* Adds the session token that AWS's STS gives out with a temporary key: base64 of what looks like its message, with a
 * signature, the account of twelve digits, what only AWS reads, and when it was made, in seconds since 1970. Scanners drop
 * none of it. */
int aws_session_draw(const struct draw *draw, const char *account, int64_t made, struct buffer *out);

#endif
