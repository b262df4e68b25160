/* SPDX-License-Identifier: ISC */
#include "server/sensor/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

static int tls_result(SSL *ssl, int returned)
{
    switch (SSL_get_error(ssl, returned)) {
    case SSL_ERROR_WANT_READ:
        return STREAM_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        return STREAM_FULL;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_END;
    default:
        ERR_clear_error();
        return STREAM_BROKEN;
    }
}

ssize_t stream_read(struct stream *stream, void *data, size_t length)
{
    size_t got = 0;
    ssize_t n;

    if (stream->ssl != NULL) {
        int returned;

        ERR_clear_error();
        returned = SSL_read_ex(stream->ssl, data, length, &got);
        return returned == 1 ? (ssize_t)got : tls_result(stream->ssl, returned);
    }
    do
        n = recv(stream->fd, data, length, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? STREAM_AGAIN : STREAM_BROKEN;
    return n;
}

ssize_t stream_write(struct stream *stream, const void *data, size_t length)
{
    size_t put = 0;
    ssize_t n;

    if (stream->ssl != NULL) {
        int returned;

        ERR_clear_error();
        returned = SSL_write_ex(stream->ssl, data, length, &put);
        return returned == 1 ? (ssize_t)put : tls_result(stream->ssl, returned);
    }
    do
        n = send(stream->fd, data, length, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? STREAM_FULL : STREAM_BROKEN;
    return n;
}

int stream_handshake(struct stream *stream)
{
    int returned;

    ERR_clear_error();
    returned = SSL_do_handshake(stream->ssl);
    return returned == 1 ? 1 : tls_result(stream->ssl, returned);
}

void stream_farewell(struct stream *stream)
{
    if (stream->ssl == NULL || !SSL_is_init_finished(stream->ssl))
        return;
    ERR_clear_error();
    SSL_shutdown(stream->ssl);
    ERR_clear_error();
}

void stream_finish(struct stream *stream)
{
    shutdown(stream->fd, SHUT_WR);
}

void stream_close(struct stream *stream)
{
    SSL_free(stream->ssl);
    stream->ssl = NULL;
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}
