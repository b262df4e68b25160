/* SPDX-License-Identifier: ISC
 *
 * A receiver on loopback that behaves as told, in a thread of its own. */
#ifndef TESTS_COURIER_DOUBLE_H
#define TESTS_COURIER_DOUBLE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/test.h"

#define DOUBLE_REQUEST 131072

struct double_receiver {
    const char *answer; /* raw bytes; NULL: takes the request and never answers */
    size_t answer_length;
    int listener, stop[2];
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    unsigned requests;
    char last[DOUBLE_REQUEST]; /* the last request, head and body */
};

/* Reads one request; false when the peer closed or the end has come. */
static inline bool double_read(struct double_receiver *d, int fd, char *request)
{
    size_t length = 0, want = DOUBLE_REQUEST;

    while (length < want) {
        struct pollfd fds[] = {{fd, POLLIN, 0}, {d->stop[0], POLLIN, 0}};
        ssize_t n;
        char *body, *field;

        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return false;
        n = recv(fd, request + length, DOUBLE_REQUEST - 1 - length, 0);
        if (n <= 0)
            return false;
        length += (size_t)n;
        request[length] = '\0';
        body = strstr(request, "\r\n\r\n");
        field = strcasestr(request, "\r\ncontent-length:");
        if (body != NULL)
            want = (size_t)(body - request) + 4 + (field != NULL ? strtoul(field + 17, NULL, 10) : 0);
    }
    return true;
}

static inline void double_serve(struct double_receiver *d, int fd)
{
    static _Thread_local char request[DOUBLE_REQUEST];
    struct pollfd fds[] = {{fd, POLLIN, 0}, {d->stop[0], POLLIN, 0}};

    if (double_read(d, fd, request)) {
        pthread_mutex_lock(&d->lock);
        d->requests++;
        memcpy(d->last, request, sizeof(request));
        pthread_mutex_unlock(&d->lock);
        if (d->answer == NULL)
            poll(fds, 2, -1);
        else if (send(fd, d->answer, d->answer_length, MSG_NOSIGNAL) < 0)
            perror("double: send");
    }
    close(fd);
}

static inline void *double_run(void *context)
{
    struct double_receiver *d = context;

    for (;;) {
        struct pollfd fds[] = {{d->listener, POLLIN, 0}, {d->stop[0], POLLIN, 0}};
        int fd;

        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return NULL;
        fd = accept(d->listener, NULL, NULL);
        if (fd >= 0)
            double_serve(d, fd);
    }
}

static inline void double_start(struct double_receiver *d, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);

    memset(d, 0, sizeof(*d));
    d->answer = answer;
    d->answer_length = answer != NULL ? strlen(answer) : 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(d->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(d->listener, 16), 0);
    ck_assert_int_eq(getsockname(d->listener, (struct sockaddr *)&address, &length), 0);
    d->port = ntohs(address.sin_port);
    ck_assert_int_eq(pipe(d->stop), 0);
    pthread_mutex_init(&d->lock, NULL);
    ck_assert_int_eq(pthread_create(&d->thread, NULL, double_run, d), 0);
}

static inline void double_stop(struct double_receiver *d)
{
    close(d->stop[1]);
    pthread_join(d->thread, NULL);
    close(d->stop[0]);
    close(d->listener);
}

static inline unsigned double_requests(struct double_receiver *d)
{
    unsigned n;

    pthread_mutex_lock(&d->lock);
    n = d->requests;
    pthread_mutex_unlock(&d->lock);
    return n;
}

#endif
