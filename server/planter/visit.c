/* SPDX-License-Identifier: ISC */
#include "server/planter/visit.h"
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/clock.h"
#include "server/base/paths.h"
#include "server/base/role.h"
#include "server/wire/message.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define BUNDLE_BYTES (4 * 1024 * 1024)

void visit_init(struct visit *visit)
{
    memset(visit, 0, sizeof *visit);
    credentials_init(&visit->credentials);
    buffer_init(&visit->bundle, BUNDLE_BYTES);
}

int visit_prepare(struct visit *visit, struct error *error)
{
    SSL_CTX *warm;

    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG, NULL);
    warm = SSL_CTX_new(TLS_client_method());
    if (warm == NULL)
        return error_set(error, "OpenSSL does not start");
    SSL_CTX_free(warm);
    /* Without the system's bundle an account needs a `ca` of its own, which visit_trust() tells. */
    if (access(BUNDLE, R_OK) == 0 && paths_read(BUNDLE, &visit->bundle, error) != 0)
        return -1;
    return 0;
}

/* ---- sessions ---- */

static void end_session(struct visit_session *kept)
{
    if (kept->session != NULL)
        kept->leave(kept->session);
    free(kept->key);
    *kept = (struct visit_session){NULL};
}

static void *session_of(struct visit *visit, struct visit_session *kept, const char *key)
{
    unsigned char mark[CREDENTIALS_MARK];

    credentials_mark(&visit->credentials, mark);
    if (kept->session != NULL && (strcmp(kept->key, key) != 0 || sodium_memcmp(mark, kept->mark, sizeof mark) != 0))
        end_session(kept);
    return kept->session;
}

static int keep(struct visit *visit, struct visit_session *kept, const char *key, void *session,
                void (*ending)(void *session), struct error *error)
{
    end_session(kept);
    kept->key = strdup(key);
    if (kept->key == NULL) {
        ending(session);
        return error_set(error, "out of memory");
    }
    credentials_mark(&visit->credentials, kept->mark);
    kept->session = session;
    kept->leave = ending;
    return 0;
}

void visit_free(struct visit *visit)
{
    end_session(&visit->place);
    end_session(&visit->tokens);
    credentials_free(&visit->credentials);
    buffer_free(&visit->bundle);
    free(visit->scratch);
}

void visit_leave(struct visit *visit)
{
    end_session(&visit->place);
}

void *visit_session(struct visit *visit, const char *key)
{
    return session_of(visit, &visit->place, key);
}

int visit_keep(struct visit *visit, const char *key, void *session, void (*leave)(void *session), struct error *error)
{
    return keep(visit, &visit->place, key, session, leave, error);
}

void *visit_tokens(struct visit *visit, const char *key)
{
    return session_of(visit, &visit->tokens, key);
}

int visit_keep_tokens(struct visit *visit, const char *key, void *session, void (*leave)(void *session),
                      struct error *error)
{
    return keep(visit, &visit->tokens, key, session, leave, error);
}

/* ---- connections ---- */

int visit_connect(const char *host, uint16_t port, struct error *error)
{
    struct buffer message;
    struct reader reader;
    struct connected connected;
    int fd = -1, rc;

    buffer_init(&message, CHANNEL_MESSAGE);
    connect_add(&message, &(struct connect){slice_of(host), port});
    rc = channel_send_now(ROLE_FD, buffer_slice(&message), -1, error);
    if (rc == 0 && channel_receive_now(ROLE_FD, &message, &fd, -1, error) != 0)
        rc = error_set(error, "sundew is gone");
    if (rc == 0) {
        reader = reader_of(buffer_slice(&message));
        if (message_type(&reader) != MESSAGE_CONNECTED || connected_get(&reader, &connected) != 0)
            rc = error_set(error, "the planter was sent a message that it does not know");
        else if (fd < 0)
            rc = error_set(error, "%.*s", (int)connected.text.length, (const char *)connected.text.data);
    }
    if (rc != 0 && fd >= 0)
        close(fd);
    buffer_free(&message);
    return rc == 0 ? fd : -1;
}

int visit_door(struct door *door, const char *host, uint16_t port, struct error *error)
{
    door->fd = visit_connect(host, port, error);
    door_wait(door, VISIT_TIMEOUT_MS);
    if (door->fd < 0)
        return -1;
    return fcntl(door->fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : error_errno(error, "cannot use the connection");
}

void visit_allow(struct visit *visit, int timeout_ms, int64_t most)
{
    visit->copy_end = clock_monotonic() + (int64_t)timeout_ms * 1000;
    visit->copy_left = most;
}

int visit_count(struct visit *visit, size_t got, struct error *error)
{
    visit->copy_left -= (int64_t)got;
    return visit->copy_left >= 0 && clock_monotonic() <= visit->copy_end
               ? 0
               : error_set(error, "the server does not come to an end; look at what answers there, and whether the repository "
                           "is one that can be copied");
}

/* ---- trust ---- */

static int add_authorities(SSL_CTX *context, struct slice pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509 *certificate;
    int count = 0;

    while (bio != NULL && (certificate = PEM_read_bio_X509(bio, NULL, door_no_passphrase, NULL)) != NULL) {
        count += X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
    }
    BIO_free(bio);
    ERR_clear_error();
    return count;
}

/* The first is the account's own, those behind it its chain. */
static int show_certificate(SSL_CTX *context, struct slice pem, struct slice key)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length), *secret = BIO_new_mem_buf(key.data, (int)key.length);
    X509 *own = bio != NULL ? PEM_read_bio_X509(bio, NULL, door_no_passphrase, NULL) : NULL, *next;
    EVP_PKEY *pair = secret != NULL ? PEM_read_bio_PrivateKey(secret, NULL, door_no_passphrase, NULL) : NULL;
    int good = own != NULL && pair != NULL && SSL_CTX_use_certificate(context, own) == 1 &&
               SSL_CTX_use_PrivateKey(context, pair) == 1;

    while (good && (next = PEM_read_bio_X509(bio, NULL, door_no_passphrase, NULL)) != NULL)
        if (SSL_CTX_add0_chain_cert(context, next) != 1)
            X509_free(next);
    X509_free(own);
    EVP_PKEY_free(pair);
    BIO_free(bio);
    BIO_free(secret);
    ERR_clear_error();
    return good ? 0 : -1;
}

SSL_CTX *visit_trust(const struct visit *visit, bool own, struct error *error)
{
    const struct credentials *credentials = &visit->credentials;
    struct slice ca = credentials_file(credentials, ACCOUNT_CA);
    struct slice certificate = credentials_file(credentials, ACCOUNT_CERTIFICATE);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool bad = true;

    if (context == NULL)
        error_set(error, "OpenSSL does not start");
    else if (add_authorities(context, ca.length > 0 ? ca : buffer_slice(&visit->bundle)) == 0)
        error_set(error, "%s holds no certificate in PEM of an authority; see ca: of the account %s",
                  ca.length > 0 ? credentials->files[ACCOUNT_CA].path : BUNDLE, credentials->name);
    else if (own && certificate.length > 0 &&
             show_certificate(context, certificate, credentials_file(credentials, ACCOUNT_KEY)) != 0)
        error_set(error, "%s and %s are no certificate and key in PEM that go together",
                  credentials->files[ACCOUNT_CERTIFICATE].path, credentials->files[ACCOUNT_KEY].path);
    else
        bad = false;
    if (bad) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

int visit_tls(const struct visit *visit, struct door *door, const char *host, struct error *error)
{
    struct error why = {""};

    if (door->tls == NULL)
        door->tls = visit_trust(visit, true, error);
    if (door->tls == NULL)
        return -1;
    door_wait(door, VISIT_TIMEOUT_MS);
    if (door_tls_trusted(door, host, &why) == 0)
        return 0;
    return error_set(error, "%s is not trusted: %s; the account %s names who may sign for it by ca:", host, why.text,
                     visit->credentials.name);
}
