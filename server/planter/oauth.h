/* SPDX-License-Identifier: ISC
 *
 * Access tokens (RFC 6749): a file that something else keeps fresh; the client's secret (4.4); an assertion signed by
 * its key (RFC 7523), by the client's certificate or as a Google service account for one user. */
#ifndef PLANTER_OAUTH_H
#define PLANTER_OAUTH_H

#include "server/planter/web.h"

/* Sees to it that web->token is good for some minutes more. -1 with what to do. */
int oauth_token(struct web *web, struct error *error);

/* Has the account a token, or what one is given out for? */
bool oauth_is_way(const struct credentials *credentials);
/* A token for a server that is no API, for that person where a service account asks: the account's file, or one that is
 * given out at its `token-url`, kept from job to job (*kept: it was), or asked for `anew`. Good until the next call. */
int oauth_bearer(struct visit *visit, const char *host, const char *person, bool anew, struct slice *token, bool *kept,
                 struct error *error);

/* A JWT signed by RS256 (RFC 7515, 7519). `certificate` (PEM, may be empty) is named in its head by x5t and x5t#S256.
 * `claims` is released. To be freed; NULL with the text. */
char *oauth_jwt(json_t *claims, struct slice key, struct slice certificate, struct error *error);

#endif
