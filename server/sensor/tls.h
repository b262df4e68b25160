/* SPDX-License-Identifier: ISC
 *
 * The TLS side of a decoy, made to look like nginx's: same ciphers, options, extensions. One context a certificate. */
#ifndef SENSOR_TLS_H
#define SENSOR_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/sensor/session.h"

/* Says which context a client's server name gets; `connection` is what tls_new() was given. NULL: no other. */
typedef SSL_CTX *tls_choose(void *connection, const char *server_name);
/* Lives as long as the process: connections may outlive their context, which is replaced with its certificate. */
struct tls_chooser {
    tls_choose *choose;
};

/* certificate: PEM, leaf first; key: PEM. http: answer ALPN as a web server without HTTP/2. */
int tls_context(struct slice certificate, struct slice key, bool http, const struct tls_chooser *chooser,
                SSL_CTX **context, struct error *error);
void tls_context_free(SSL_CTX *context); /* takes NULL */
/* The server's end of a connection over a non-blocking socket, which stays the caller's. */
SSL *tls_new(SSL_CTX *context, int fd, void *connection);
/* After the handshake: what was agreed on. */
void tls_facts(SSL *ssl, struct tls_facts *facts);

#endif
