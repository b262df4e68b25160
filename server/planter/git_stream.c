/* SPDX-License-Identifier: ISC */
#include "server/planter/git_stream.h"
#include <git2.h>
#include <git2/sys/stream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/repository.h"

struct connection {
    git_stream stream;
    char *host;
    uint16_t port;
    struct door door;
    size_t taken; /* of the door's input */
};

/* libgit2 gives the maker of a stream nothing to know it by. Set once, before there is any. */
static struct visit *visited;

static int fail(const struct error *error)
{
    git_error_set_str(GIT_ERROR_NET, error->text);
    return -1;
}

static int connection_connect(git_stream *stream)
{
    struct connection *connection = (struct connection *)stream;
    struct error error;

    return visit_door(&connection->door, connection->host, connection->port, &error) != 0 ||
                   visit_tls(visited, &connection->door, connection->host, &error) != 0
               ? fail(&error)
               : 0;
}

/* What the handshake has verified already is not looked at again. */
static int connection_certificate(git_cert **certificate, git_stream *stream)
{
    (void)stream;
    *certificate = NULL;
    return 0;
}

static ssize_t connection_read(git_stream *stream, void *data, size_t size)
{
    struct connection *connection = (struct connection *)stream;
    struct buffer *input = &connection->door.input;
    struct error error;
    size_t left;

    if (connection->taken == input->length) {
        buffer_clear(input);
        connection->taken = 0;
        door_wait(&connection->door, VISIT_TIMEOUT_MS);
        if (door_read(&connection->door, &error) < 0 || visit_count(visited, input->length, &error) != 0)
            return fail(&error);
    }
    left = input->length - connection->taken;
    size = size < left ? size : left;
    memcpy(data, input->data != NULL ? input->data + connection->taken : data, size);
    connection->taken += size;
    return (ssize_t)size;
}

static ssize_t connection_write(git_stream *stream, const char *data, size_t size, int flags)
{
    struct connection *connection = (struct connection *)stream;
    struct error error;

    (void)flags;
    door_wait(&connection->door, VISIT_TIMEOUT_MS);
    if (door_write(&connection->door, (struct slice){(const unsigned char *)data, size}, &error) != 0)
        return fail(&error);
    return (ssize_t)size;
}

static int connection_close(git_stream *stream)
{
    struct connection *connection = (struct connection *)stream;

    door_close(&connection->door);
    connection->taken = 0;
    return 0;
}

static void connection_free(git_stream *stream)
{
    struct connection *connection = (struct connection *)stream;

    door_close(&connection->door);
    free(connection->host);
    free(connection);
}

static int connection_new(git_stream **out, const char *host, const char *port)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL || (connection->host = strdup(host)) == NULL) {
        free(connection);
        return -1;
    }
    connection->port = (uint16_t)strtoul(port, NULL, 10);
    connection->stream = (git_stream){
        .version = GIT_STREAM_VERSION,
        .encrypted = 1,
        .connect = connection_connect,
        .certificate = connection_certificate,
        .read = connection_read,
        .write = connection_write,
        .close = connection_close,
        .free = connection_free,
    };
    door_init(&connection->door);
    *out = &connection->stream;
    return 0;
}

/* No plain connection is ever made. */
static int refuse(git_stream **out, const char *host, const char *port)
{
    (void)out;
    (void)host;
    (void)port;
    git_error_set_str(GIT_ERROR_NET, "only connections with TLS are made");
    return -1;
}

int git_stream_use(struct visit *visit, struct error *error)
{
    git_stream_registration with_tls = {.version = GIT_STREAM_VERSION, .init = connection_new};
    git_stream_registration plain = {.version = GIT_STREAM_VERSION, .init = refuse};

    visited = visit;
    if (git_stream_register(GIT_STREAM_TLS, &with_tls) != 0 || git_stream_register(GIT_STREAM_STANDARD, &plain) != 0)
        return repository_error(error, "libgit2 does not start");
    return 0;
}
