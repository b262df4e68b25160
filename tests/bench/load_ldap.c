/* SPDX-License-Identifier: ISC
 *
 * Load of simple binds over LDAP, each expected to be refused (49).
 * usage: load_ldap PORT CONNECTIONS SECONDS kept|new DN PASSWORD → prints binds per second and latencies. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

struct connection {
    int fd;
    int64_t begun;
    unsigned char in[512];
    size_t have;
};

struct load {
    struct sockaddr_in to;
    int epoll;
    bool kept;
    unsigned char bind[512];
    size_t bind_length;
    uint32_t *latencies; /* microseconds */
    size_t done, most, wrong;
};

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* BindRequest of RFC 4511 with lengths below 128. */
static void make_bind(struct load *load, const char *dn, const char *password)
{
    size_t d = strlen(dn), p = strlen(password), op = 3 + 2 + d + 2 + p;
    unsigned char *b = load->bind;

    if (3 + 2 + op > 127) {
        fprintf(stderr, "load_ldap: DN and password are too long\n");
        exit(2);
    }
    *b++ = 0x30;
    *b++ = (unsigned char)(3 + 2 + op);
    memcpy(b, "\x02\x01\x01\x60", 4);
    b += 4;
    *b++ = (unsigned char)op;
    memcpy(b, "\x02\x01\x03\x04", 4);
    b += 4;
    *b++ = (unsigned char)d;
    memcpy(b, dn, d);
    b += d;
    *b++ = 0x80;
    *b++ = (unsigned char)p;
    memcpy(b, password, p);
    load->bind_length = (size_t)(b + p - load->bind);
}

static void begin(struct load *load, struct connection *c)
{
    int one = 1;
    struct linger gone = {1, 0};

    if (c->fd < 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&load->to, sizeof load->to) < 0) {
            perror("load_ldap: connect");
            exit(3);
        }
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, c->fd, &event);
    }
    c->have = 0;
    c->begun = now_us();
    if (write(c->fd, load->bind, load->bind_length) != (ssize_t)load->bind_length) {
        perror("load_ldap: write");
        exit(3);
    }
}

static void finish(struct load *load, struct connection *c)
{
    /* 30 LL 02 01 01 61 LL 0a 01 RR */
    if (c->have < 10 || c->in[5] != 0x61 || c->in[9] != 49)
        load->wrong++;
    if (load->done < load->most)
        load->latencies[load->done] = (uint32_t)(now_us() - c->begun);
    load->done++;
    if (!load->kept) {
        close(c->fd);
        c->fd = -1;
    }
    begin(load, c);
}

static void turn(struct load *load)
{
    struct epoll_event events[64];
    int n = epoll_wait(load->epoll, events, 64, 100);

    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;
        ssize_t got = read(c->fd, c->in + c->have, sizeof c->in - c->have);

        if (got <= 0 && errno != EAGAIN) {
            fprintf(stderr, "load_ldap: the server closed\n");
            exit(3);
        }
        if (got > 0)
            c->have += (size_t)got;
        if (c->have >= 2 && c->have >= 2u + c->in[1])
            finish(load, c);
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void report(struct load *load, int64_t taken)
{
    size_t n = load->done < load->most ? load->done : load->most;

    qsort(load->latencies, n, sizeof *load->latencies, compare);
    printf("%.0f %u %u %zu\n", (double)load->done * 1e6 / (double)taken, n == 0 ? 0 : load->latencies[n / 2],
           n == 0 ? 0 : load->latencies[n * 99 / 100], load->wrong);
}

int main(int argc, char **argv)
{
    static struct connection connections[MOST];
    struct load load = {.most = 4000000};
    size_t count;
    int64_t begun, end;

    if (argc != 7) {
        fprintf(stderr, "usage: load_ldap PORT CONNECTIONS SECONDS kept|new DN PASSWORD\n");
        return 2;
    }
    count = strtoul(argv[2], NULL, 10);
    load.kept = strcmp(argv[4], "kept") == 0;
    load.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    load.latencies = calloc(load.most, sizeof *load.latencies);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (count == 0 || count > MOST || load.latencies == NULL || load.epoll < 0)
        return 3;
    make_bind(&load, argv[5], argv[6]);
    begun = now_us();
    end = begun + (int64_t)strtoul(argv[3], NULL, 10) * 1000000;
    for (size_t i = 0; i < count; i++) {
        connections[i].fd = -1;
        begin(&load, &connections[i]);
    }
    while (now_us() < end)
        turn(&load);
    report(&load, now_us() - begun);
    free(load.latencies);
    return 0;
}
