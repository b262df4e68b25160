/* SPDX-License-Identifier: ISC
 *
 * Bytes to and from a client: a non-blocking TCP socket, or OpenSSL over it. */
#ifndef SENSOR_STREAM_H
#define SENSOR_STREAM_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stream {
    int fd;
    SSL *ssl; /* NULL: plain */
};

enum stream_result {
    STREAM_END = 0,    /* the peer has sent its last byte */
    STREAM_AGAIN = -1, /* wait until the socket is readable */
    STREAM_FULL = -2,  /* wait until the socket is writable */
    STREAM_BROKEN = -3,
};

/* The number of bytes, or one of the above. */
ssize_t stream_read(struct stream *stream, void *data, size_t length);
ssize_t stream_write(struct stream *stream, const void *data, size_t length);
/* One step of the handshake: 1 when it is done, else one of the above. */
int stream_handshake(struct stream *stream);
/* Says to the peer that nothing more comes: by TLS, where that is on, */
void stream_farewell(struct stream *stream);
/* and by TCP, which closing does by itself. */
void stream_finish(struct stream *stream);
/* Closes; takes a stream that is closed (fd -1). */
void stream_close(struct stream *stream);

#endif
