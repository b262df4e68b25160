/* SPDX-License-Identifier: ISC
 *
 * A client's certificate and the authority that signed it (RFC 5280), made for one token: nobody has the authority's key
 * afterwards. */
#ifndef TOKENS_CLIENT_CERTIFICATE_H
#define TOKENS_CLIENT_CERTIFICATE_H

#include <openssl/types.h>
#include "tokens/kind.h"

struct client_certificate {
    X509 *certificate, *authority;
};

/* Whom it is for. */
struct client_subject {
    const char *name, *group;
    const char *mail;      /* an address that it is also for (S/MIME), or NULL */
    const char *authority; /* who signs; NULL: a name of the organisation's */
};

/* For the key's public half. -1 without an error text: libcrypto failed. client_certificate_free() in any case. */
int client_certificate_make(const struct mint_request *request, EVP_PKEY *key, const struct client_subject *subject,
                            struct client_certificate *made);
void client_certificate_free(struct client_certificate *made);
int client_certificate_pem(X509 *certificate, struct buffer *out);
/* PKCS #12 (RFC 7292) as OpenSSL writes it: key, certificate and authority. password may be "". */
int client_certificate_p12(const struct client_certificate *made, EVP_PKEY *key, const char *name, const char *password,
                           struct buffer *out);

#endif
