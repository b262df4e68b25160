/* SPDX-License-Identifier: ISC */
#include "server/planter/door.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/base/clock.h"

#define PIECE 8192

void door_init(struct door *door)
{
    memset(door, 0, sizeof *door);
    door->fd = -1;
    door->end = door->left = INT64_MAX;
    buffer_init(&door->input, DOOR_READ);
}

void door_close(struct door *door)
{
    if (door->ssl != NULL) {
        ERR_clear_error();
        (void)SSL_shutdown(door->ssl);
        SSL_free(door->ssl);
    }
    SSL_CTX_free(door->tls);
    if (door->fd >= 0)
        close(door->fd);
    buffer_free(&door->input);
    door_init(door);
}

int door_no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

int door_prepare(struct door *door, struct error *error)
{
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG, NULL);
    door->tls = SSL_CTX_new(TLS_client_method());
    if (door->tls == NULL)
        return error_set(error, "OpenSSL does not start");
    SSL_CTX_set_verify(door->tls, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(door->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return 0;
}

static int wait_for(const struct door *door, short events, struct error *error)
{
    struct pollfd waiting = {.fd = door->fd, .events = events};
    int64_t left;
    int found = 0;

    while (found == 0 && (left = door->deadline - clock_monotonic()) > 0) {
        found = poll(&waiting, 1, (int)(left / 1000) + 1);
        if (found < 0 && errno == EINTR)
            found = 0;
    }
    return found > 0 ? 0 : error_set(error, "no answer in time");
}

/* ---- connecting ---- */

static int target_of(const char *text, bool second, struct address *address, struct error *error)
{
    static const struct address none = {{0}};
    struct address any4;

    if (address_parse(text, address) != 0 || address_parse("0.0.0.0", &any4) != 0)
        return error_set(error, "\"%s\" is no address", text);
    if (memcmp(address, &none, sizeof none) == 0)
        return address_parse(second ? "127.0.0.1" : "::1", address);
    if (memcmp(address, &any4, sizeof any4) == 0)
        return address_parse("127.0.0.1", address);
    return second ? error_set(error, "no second address") : 0;
}

static int own_end(struct door *door, struct error *error)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;

    if (getsockname(door->fd, (struct sockaddr *)&name, &length) != 0 ||
        address_of((struct sockaddr *)&name, &door->address, &door->port) != 0)
        return error_errno(error, "cannot tell the own end of the connection");
    return 0;
}

static int try_connect(struct door *door, struct error *error)
{
    struct sockaddr_storage name;
    socklen_t length = address_sockaddr(&door->peer, door->peer_port, &name), size = sizeof(int);
    char text[ADDRESS_TEXT];
    int failed = 0;

    door->fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (door->fd >= 0 && connect(door->fd, (struct sockaddr *)&name, length) != 0) {
        if (errno != EINPROGRESS)
            failed = errno;
        else if (wait_for(door, POLLOUT, error) != 0)
            failed = ETIMEDOUT;
        else if (getsockopt(door->fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0)
            failed = errno;
    }
    if (door->fd >= 0 && failed == 0)
        return own_end(door, error);
    errno = failed != 0 ? failed : errno;
    error_errno(error, "cannot connect to %s port %u", address_text(&door->peer, text), door->peer_port);
    if (door->fd >= 0)
        close(door->fd);
    door->fd = -1;
    return -1;
}

int door_connect(struct door *door, const char *address, uint16_t port, int timeout_ms, struct error *error)
{
    struct error second;

    door->deadline = clock_monotonic() + (int64_t)timeout_ms * 1000;
    door->peer_port = port;
    if (target_of(address, false, &door->peer, error) != 0)
        return -1;
    if (try_connect(door, error) == 0)
        return 0;
    return target_of(address, true, &door->peer, &second) == 0 ? try_connect(door, error) : -1;
}

int door_proxy(struct door *door, struct error *error)
{
    char line[2 * ADDRESS_TEXT + 32], mine[ADDRESS_TEXT], its[ADDRESS_TEXT];
    int length = snprintf(line, sizeof line, "PROXY %s %s %s %u %u\r\n", address_is_v4(&door->address) ? "TCP4" : "TCP6",
                          address_text(&door->address, mine), address_text(&door->peer, its), door->port,
                          door->peer_port);

    return door_write(door, (struct slice){(const unsigned char *)line, (size_t)length}, error);
}

/* ---- TLS ---- */

/* After an SSL call that did not succeed: 0 to try again, 1 at the end of the stream, -1. */
static int tls_wait(const struct door *door, int result, struct error *error)
{
    unsigned long code;
    const char *reason;

    switch (SSL_get_error(door->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(door, POLLIN, error);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(door, POLLOUT, error);
    case SSL_ERROR_ZERO_RETURN:
        return 1;
    default:
        code = ERR_peek_last_error();
        reason = code != 0 ? ERR_reason_error_string(code) : NULL;
        ERR_clear_error();
        return error_set(error, "TLS: %s", reason != NULL ? reason : "the other end closed the connection");
    }
}

/* What is TLS's own (tickets, new keys) OpenSSL takes without coming back, as long as more of it is there. */
static void tls_own(int writes, int version, int type, const void *data, size_t length, SSL *ssl, void *context)
{
    const struct door *door = context;

    (void)version, (void)type, (void)data, (void)length, (void)ssl;
    if (!writes && clock_monotonic() > door->deadline)
        shutdown(door->fd, SHUT_RDWR);
}

static int tls_begin(struct door *door, const char *name, struct error *error)
{
    struct address address;

    door->ssl = SSL_new(door->tls);
    if (door->ssl == NULL || SSL_set_fd(door->ssl, door->fd) != 1 ||
        (name[0] != '\0' && address_parse(name, &address) != 0 && SSL_set_tlsext_host_name(door->ssl, name) != 1))
        return error_set(error, "OpenSSL does not take the name %.80s", name);
    SSL_set_msg_callback(door->ssl, tls_own);
    SSL_set_msg_callback_arg(door->ssl, door);
    return 0;
}

static int tls_shake(struct door *door, struct error *error)
{
    int result, waited = 0;

    while (waited == 0 && (result = SSL_connect(door->ssl)) != 1)
        waited = tls_wait(door, result, error);
    return waited == 1 ? error_set(error, "TLS: the other end closed the connection") : waited;
}

int door_tls(struct door *door, const char *name, struct error *error)
{
    return tls_begin(door, name, error) == 0 ? tls_shake(door, error) : -1;
}

int door_tls_trusted(struct door *door, const char *host, struct error *error)
{
    struct address address;
    long verified;

    if (tls_begin(door, host, error) != 0)
        return -1;
    if ((address_parse(host, &address) == 0 ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(door->ssl), host)
                                            : SSL_set1_host(door->ssl, host)) != 1)
        return error_set(error, "OpenSSL does not take the name %.80s", host);
    if (tls_shake(door, error) == 0)
        return 0;
    verified = SSL_get_verify_result(door->ssl);
    return verified != X509_V_OK ? error_set(error, "%s", X509_verify_cert_error_string(verified)) : -1;
}

void door_turn(struct door *door, int timeout_ms, int64_t most)
{
    door->end = clock_monotonic() + (int64_t)timeout_ms * 1000;
    door->left = most;
}

void door_wait(struct door *door, int timeout_ms)
{
    int64_t deadline = clock_monotonic() + (int64_t)timeout_ms * 1000;

    door->deadline = deadline < door->end ? deadline : door->end;
}

/* ---- bytes ---- */

static ssize_t write_some(const struct door *door, struct slice data, struct error *error)
{
    ssize_t done;

    if (door->ssl != NULL) {
        int result = SSL_write(door->ssl, data.data, (int)(data.length < PIECE ? data.length : PIECE));

        return result > 0 ? result : tls_wait(door, result, error) == 0 ? 0 : -1;
    }
    done = send(door->fd, data.data, data.length, MSG_NOSIGNAL);
    if (done >= 0)
        return done;
    if (errno == EAGAIN || errno == EINTR)
        return wait_for(door, POLLOUT, error);
    return error_errno(error, "the other end takes nothing");
}

int door_write(struct door *door, struct slice data, struct error *error)
{
    while (data.length > 0) {
        ssize_t done = write_some(door, data, error);

        if (done < 0)
            return -1;
        data.data += done;
        data.length -= (size_t)done;
    }
    return 0;
}

static int read_plain(const struct door *door, unsigned char *room, struct error *error)
{
    ssize_t got;

    while ((got = recv(door->fd, room, PIECE, 0)) < 0 && (errno == EAGAIN || errno == EINTR))
        if (wait_for(door, POLLIN, error) != 0)
            return -1;
    return got >= 0 ? (int)got : error_errno(error, "the other end broke the connection");
}

static int read_tls(const struct door *door, unsigned char *room, struct error *error)
{
    int got, waited = 0;

    while ((got = SSL_read(door->ssl, room, PIECE)) <= 0 && (waited = tls_wait(door, got, error)) == 0)
        continue;
    return got > 0 ? got : waited == 1 ? 0 : -1;
}

int door_read(struct door *door, struct error *error)
{
    unsigned char *room = buffer_reserve(&door->input, PIECE);
    int got;

    if (door->left <= 0 || clock_monotonic() > door->end)
        return error_set(error, "the answer does not come to an end; look at what answers there");
    if (room == NULL)
        return error_set(error, "the answer is longer than %zu bytes", door->input.maximum);
    got = door->ssl != NULL ? read_tls(door, room, error) : read_plain(door, room, error);
    if (got > 0) {
        buffer_grow(&door->input, (size_t)got);
        door->left -= got;
    }
    return got > 0 ? 1 : got;
}
