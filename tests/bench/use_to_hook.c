/* SPDX-License-Identifier: ISC
 *
 * From the use of a planted secret to the arrival of its webhook, in microseconds: presents one login after the other
 * (lines "identity TAB secret" on standard input) as POST /oauth/token, each over a plain connection from a loopback
 * address of its own (one source's uses are folded), and waits for the next webhook each time.
 *
 * usage: use_to_hook DECOY_PORT HOOK_PORT → prints count, p50, p99, most. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 100000

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void give_up(const char *why)
{
    fprintf(stderr, "use_to_hook: %s\n", why);
    exit(3);
}

static struct sockaddr_in loopback(const char *port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_on(const char *port)
{
    struct sockaddr_in at = loopback(port);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 64) < 0)
        give_up("cannot listen for webhooks");
    return fd;
}

static int connect_to(const char *port, uint32_t number)
{
    struct sockaddr_in to = loopback(port), from = loopback("0");
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    from.sin_addr.s_addr = htonl(0x7f010001u + number);
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        give_up("cannot connect to the decoy");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* Percent-encodes every byte. */
static size_t escape(const char *text, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;

    for (; *text != '\0' && n < 700; text++) {
        out[n++] = '%';
        out[n++] = digits[(unsigned char)*text >> 4];
        out[n++] = digits[*text & 15];
    }
    return n;
}

/* Reads one whole HTTP message (head and Content-Length body) and answers 204 where `answer` is set. */
static int message(int fd, int answer)
{
    static char text[65536];
    size_t have = 0, need = 0;

    for (;;) {
        ssize_t got = read(fd, text + have, sizeof text - 1 - have);
        char *end, *length;

        if (got <= 0)
            return -1;
        have += (size_t)got;
        text[have] = '\0';
        end = strstr(text, "\r\n\r\n");
        length = strcasestr(text, "\r\ncontent-length:");
        if (end != NULL && need == 0)
            need = (size_t)(end - text) + 4 + (length == NULL ? 0 : strtoul(length + 17, NULL, 10));
        if (need > 0 && have >= need)
            break;
    }
    if (answer && write(fd, "HTTP/1.1 204 No Content\r\n\r\n", 27) != 27)
        return -1;
    return 0;
}

/* Waits for the next webhook on any connection; new ones are taken. */
static void await_hook(int listener, int hooks[16])
{
    for (;;) {
        struct pollfd wait[17] = {{.fd = listener, .events = POLLIN}};

        for (int i = 0; i < 16; i++)
            wait[i + 1] = (struct pollfd){.fd = hooks[i], .events = POLLIN};
        if (poll(wait, 17, 30000) <= 0)
            give_up("no webhook within 30 s");
        for (int i = 0; i < 16; i++) {
            if (wait[i + 1].revents == 0)
                continue;
            if (message(hooks[i], 1) == 0)
                return;
            close(hooks[i]);
            hooks[i] = -1;
        }
        for (int i = 0; i < 16 && wait[0].revents != 0; i++)
            if (hooks[i] < 0) {
                hooks[i] = accept(listener, NULL, NULL);
                break;
            }
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void present(int decoy, const char *identity, const char *secret)
{
    static char body[2048], request[4096], user[800], password[800];
    int length, size;

    user[escape(identity, user)] = '\0';
    password[escape(secret, password)] = '\0';
    length = snprintf(body, sizeof body, "grant_type=password&username=%s&password=%s", user, password);
    size = snprintf(request, sizeof request,
                    "POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nContent-Type: "
                    "application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
                    length, body);
    if (write(decoy, request, (size_t)size) != size || message(decoy, 0) < 0)
        give_up("the decoy closed");
}

int main(int argc, char **argv)
{
    static uint32_t taken[MOST];
    static char line[4096];
    size_t n = 0;
    int hooks[16], listener;

    if (argc != 3)
        give_up("usage: use_to_hook DECOY_PORT HOOK_PORT");
    for (int i = 0; i < 16; i++)
        hooks[i] = -1;
    listener = listen_on(argv[2]);
    while (n < MOST && fgets(line, sizeof line, stdin) != NULL) {
        char *tab = strchr(line, '\t');
        int64_t begun;
        int decoy;

        line[strcspn(line, "\n")] = '\0';
        if (tab == NULL)
            continue;
        *tab = '\0';
        decoy = connect_to(argv[1], (uint32_t)n);
        begun = now_us();
        present(decoy, line, tab + 1);
        await_hook(listener, hooks);
        taken[n++] = (uint32_t)(now_us() - begun);
        close(decoy);
    }
    qsort(taken, n, sizeof *taken, compare);
    printf("%zu %u %u %u\n", n, n ? taken[n / 2] : 0, n ? taken[n * 99 / 100] : 0, n ? taken[n - 1] : 0);
    return 0;
}
