/* SPDX-License-Identifier: ISC
 *
 * Load of new TLS connections: each makes a full handshake, and goes.
 * usage: load_tls PORT CONNECTIONS SECONDS [SOURCES] → prints a line when the first is done, and at the end handshakes
 * per second, p50 and p99 in microseconds, and how many failed. They come from so many addresses of 127.5.0.0/16 (1).
 * SIGTERM ends it earlier. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 1024
#define KEPT 1000000 /* latencies */

struct client {
    SSL *ssl;
    int fd;
    uint32_t number;
    int64_t begun;
};

struct load {
    struct sockaddr_in to;
    SSL_CTX *context;
    int epoll;
    uint32_t sources;
    uint32_t *latencies; /* microseconds */
    size_t done, failed;
};

static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    (void)number;
    told_to_end = 1;
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void give_up(const char *what)
{
    perror(what);
    exit(3);
}

static void wait_for(const struct load *load, struct client *client, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = client};

    if (epoll_ctl(load->epoll, operation, client->fd, &event) < 0)
        give_up("load_tls: epoll_ctl");
}

static void begin(struct load *load, struct client *client)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct linger gone = {1, 0}; /* no port waits behind it */

    from.sin_addr.s_addr = htonl(0x7f050001u + client->number % load->sources);
    client->begun = now_us();
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || bind(client->fd, (struct sockaddr *)&from, sizeof from) < 0 ||
        (connect(client->fd, (struct sockaddr *)&load->to, sizeof load->to) < 0 && errno != EINPROGRESS))
        give_up("load_tls: connect");
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
    client->ssl = SSL_new(load->context);
    if (client->ssl == NULL || SSL_set_fd(client->ssl, client->fd) != 1)
        give_up("load_tls: TLS");
    SSL_set_connect_state(client->ssl);
    wait_for(load, client, EPOLLOUT, EPOLL_CTL_ADD);
}

static void end(struct load *load, struct client *client, bool good)
{
    if (good && load->done == 0) {
        puts("under way");
        fflush(stdout);
    }
    if (good && load->done < KEPT)
        load->latencies[load->done++] = (uint32_t)(now_us() - client->begun);
    load->failed += !good;
    SSL_free(client->ssl);
    close(client->fd);
}

static void go_on(struct load *load, struct client *client)
{
    int returned = SSL_do_handshake(client->ssl), why = SSL_get_error(client->ssl, returned);

    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        wait_for(load, client, why == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT, EPOLL_CTL_MOD);
        return;
    }
    end(load, client, returned == 1);
    begin(load, client);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Returns how long it took, in microseconds. */
static int64_t run(struct load *load, int seconds)
{
    int64_t begun = now_us(), limit = begun + seconds * 1000000LL;
    struct epoll_event events[64];

    while (!told_to_end && now_us() < limit) {
        int ready = epoll_wait(load->epoll, events, 64, 100);

        for (int i = 0; i < ready; i++)
            go_on(load, events[i].data.ptr);
    }
    return now_us() - begun;
}

int main(int argc, char **argv)
{
    static struct client clients[MOST];
    struct load load = {.to = {.sin_family = AF_INET}, .sources = 1};
    int64_t taken;
    long connections = argc >= 4 ? strtol(argv[2], NULL, 10) : 0, seconds = argc >= 4 ? strtol(argv[3], NULL, 10) : 0;

    if (connections < 1 || connections > MOST || seconds < 1) {
        fprintf(stderr, "usage: load_tls PORT CONNECTIONS SECONDS [SOURCES]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_signal);
    load.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load.to.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    if (argc > 4 && strtoul(argv[4], NULL, 10) > 0)
        load.sources = (uint32_t)strtoul(argv[4], NULL, 10);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.latencies = calloc(KEPT, sizeof *load.latencies);
    load.context = SSL_CTX_new(TLS_client_method());
    if (load.epoll < 0 || load.latencies == NULL || load.context == NULL)
        give_up("load_tls");
    SSL_CTX_set_session_cache_mode(load.context, SSL_SESS_CACHE_OFF);
    for (uint32_t i = 0; i < connections; i++) {
        clients[i].number = i;
        begin(&load, &clients[i]);
    }
    taken = run(&load, (int)seconds);
    qsort(load.latencies, load.done, sizeof *load.latencies, compare);
    printf("%.1f %u %u %zu\n", (double)load.done * 1e6 / (double)taken,
           load.done > 0 ? load.latencies[load.done / 2] : 0, load.done > 0 ? load.latencies[load.done * 99 / 100] : 0,
           load.failed);
    free(load.latencies);
    return 0;
}
