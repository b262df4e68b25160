/* SPDX-License-Identifier: ISC */
#include "server/sensor/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>

/* nginx's default list; what it negotiates with every client is part of its look. */
#define CIPHERS "HIGH:!aNULL:!MD5"
#define SESSION_SECONDS 300 /* its ssl_session_timeout, which tickets tell */

static const unsigned char protocols[] = "\x08http/1.1\x08http/1.0\x08http/0.9";

static int fail(struct error *error, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

    ERR_clear_error();
    return error_set(error, "%s: %s", what, reason == NULL ? "not usable" : reason);
}

static int no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

/* As long as nginx's, which it shows in the length of a ticket. */
static bool name_sessions(SSL_CTX *context, const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length;

    return X509_digest(certificate, EVP_sha1(), digest, &length) == 1 &&
           SSL_CTX_set_session_id_context(context, digest, length) == 1;
}

static int use_certificate(SSL_CTX *context, struct slice pem, struct error *error)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL);
    int result = -1;

    if (certificate == NULL || SSL_CTX_use_certificate(context, certificate) != 1 ||
        !name_sessions(context, certificate)) {
        fail(error, "the certificate cannot be used");
        goto out;
    }
    X509_free(certificate);
    while ((certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
        if (SSL_CTX_add0_chain_cert(context, certificate) != 1) {
            fail(error, "the certificate's chain cannot be used");
            goto out;
        }
    ERR_clear_error();
    result = 0;
out:
    X509_free(certificate);
    BIO_free(bio);
    return result;
}

static int use_key(SSL_CTX *context, struct slice pem, struct error *error)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    int result = -1;

    if (key == NULL || SSL_CTX_use_PrivateKey(context, key) != 1 || SSL_CTX_check_private_key(context) != 1)
        fail(error, "the certificate's key cannot be used");
    else
        result = 0;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return result;
}

/* Always "OK": the extension is then echoed, as nginx does, whether the name is known or not. */
static int on_server_name(SSL *ssl, int *alert, void *chooser)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX *context = NULL;

    (void)alert;
    if (name != NULL)
        context = ((const struct tls_chooser *)chooser)->choose(SSL_get_app_data(ssl), name);
    if (context != NULL && context != SSL_get_SSL_CTX(ssl))
        SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
}

static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *offered,
                        unsigned offered_length, void *context)
{
    unsigned char *chosen;

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&chosen, length, protocols, sizeof protocols - 1, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void look_like_nginx(SSL_CTX *context, bool http)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    /* Its "none": sessions get numbers, but only tickets take them up again. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_AUTO_CLEAR |
                                                SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_cache_size(context, 1);
    SSL_CTX_set_timeout(context, SESSION_SECONDS);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    if (http)
        SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
}

int tls_context(struct slice certificate, struct slice key, bool http, const struct tls_chooser *chooser,
                SSL_CTX **context, struct error *error)
{
    SSL_CTX *made = SSL_CTX_new(TLS_server_method());

    if (made == NULL || SSL_CTX_set_cipher_list(made, CIPHERS) != 1) {
        SSL_CTX_free(made);
        return fail(error, "TLS cannot be set up");
    }
    SSL_CTX_set_tlsext_servername_callback(made, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(made, (void *)(uintptr_t)chooser);
    look_like_nginx(made, http);
    if (!http) { /* slapd's sessions are not taken up again */
        SSL_CTX_set_options(made, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(made, 0);
    }
    if (use_certificate(made, certificate, error) < 0 || use_key(made, key, error) < 0) {
        tls_context_free(made);
        return -1;
    }
    *context = made;
    return 0;
}

void tls_context_free(SSL_CTX *context)
{
    SSL_CTX_free(context);
}

SSL *tls_new(SSL_CTX *context, int fd, void *connection)
{
    SSL *ssl = SSL_new(context);

    if (ssl == NULL)
        return NULL;
    if (SSL_set_fd(ssl, fd) != 1 || SSL_set_app_data(ssl, connection) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

void tls_facts(SSL *ssl, struct tls_facts *facts)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const unsigned char *protocol;
    unsigned length;

    facts->on = true;
    facts->version = SSL_get_version(ssl);
    facts->cipher = SSL_get_cipher_name(ssl);
    snprintf(facts->server_name, sizeof facts->server_name, "%s", name == NULL ? "" : name);
    SSL_get0_alpn_selected(ssl, &protocol, &length);
    snprintf(facts->alpn, sizeof facts->alpn, "%.*s", (int)length, protocol == NULL ? "" : (const char *)protocol);
}
