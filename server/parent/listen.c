/* SPDX-License-Identifier: ISC */
#include "server/parent/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "server/base/address.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/parent/holder.h"

#define BACKLOG 4096
#define NAME 80
#define RETRY_NS (50 * 1000 * 1000)

static const int yes = 1, no = 0;

static socklen_t any_v4(uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};

    memset(out, 0, sizeof(*out));
    memcpy(out, &any, sizeof(any));
    return sizeof(any);
}

/* The socket, or -1 with errno. */
static int bind_once(const char *text, uint16_t port)
{
    struct sockaddr_storage sockaddr;
    struct address address;
    socklen_t length;
    int fd, saved;

    if (address_parse(text, &address) < 0) {
        errno = EINVAL;
        return -1;
    }
    length = address_sockaddr(&address, port, &sockaddr);
    fd = socket(sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 && errno == EAFNOSUPPORT && strcmp(text, "::") == 0) {
        log_warning("this machine has no IPv6; \"::\" port %u is bound on IPv4 only", port);
        length = any_v4(port, &sockaddr);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (sockaddr.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, strcmp(text, "::") == 0 ? &no : &yes, sizeof(yes));
    if (bind(fd, (struct sockaddr *)&sockaddr, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int in_use(const char *address, uint16_t port, struct error *error)
{
    char name[64];
    pid_t pid = holder_find(port, name, sizeof(name));

    if (pid == getpid())
        return error_set(error,
                         "cannot listen on %s port %u: this configuration already listens there (\"::\" takes "
                         "IPv4 too); give one decoy another port",
                         address, port);
    if (pid > 0)
        return error_set(error,
                         "cannot listen on %s port %u: %s (process %d) has it; stop that, or give the decoy "
                         "another port",
                         address, port, name, (int)pid);
    return error_set(error,
                     "cannot listen on %s port %u: another process has it; stop that, or give the decoy "
                     "another port",
                     address, port);
}

static int bind_failed(const char *address, uint16_t port, struct error *error)
{
    if (errno == EADDRINUSE)
        return in_use(address, port, error);
    if (errno == EACCES || errno == EPERM)
        return error_set(error,
                         "cannot listen on %s port %u: ports below 1024 need root, CAP_NET_BIND_SERVICE or a "
                         "socket unit; or give the decoy another port",
                         address, port);
    if (errno == EADDRNOTAVAIL)
        return error_set(error, "cannot listen on %s port %u: this machine does not have that address", address, port);
    return error_errno(error, "cannot listen on %s port %u", address, port);
}

static int bind_waiting(const char *address, uint16_t port, int64_t deadline, struct error *error)
{
    const struct timespec pause = {.tv_nsec = RETRY_NS};
    int fd = bind_once(address, port);

    while (fd < 0 && errno == EADDRINUSE && clock_monotonic() < deadline) {
        nanosleep(&pause, NULL);
        fd = bind_once(address, port);
    }
    return fd >= 0 ? fd : bind_failed(address, port, error);
}

int listening_find(const struct listening *listening, const char *address, uint16_t port)
{
    for (size_t i = 0; i < listening->count; i++)
        if (listening->items[i].port == port && strcmp(listening->items[i].address, address) == 0)
            return listening->items[i].fd;
    return -1;
}

/* What was passed is used as it is. */
static int take_passed(const struct listening *listening, const struct bound *bound)
{
    int fd = passed_find(&listening->passed, bound->address, bound->port);

    if (fd >= 0 && listen(fd, BACKLOG) < 0)
        log_warning("%s port %u: the queue of the passed socket stays as it is", bound->address, bound->port);
    return fd;
}

static int add(struct listening *listening, const struct listener *listener, int64_t deadline, struct error *error)
{
    struct bound *items, bound = {.port = listener->port};

    if (listening_find(listening, listener->address, listener->port) >= 0)
        return 0;
    items = realloc(listening->items, (listening->count + 1) * sizeof(*items));
    if (items == NULL)
        return error_set(error, "out of memory");
    listening->items = items;
    bound.address = strdup(listener->address);
    if (bound.address == NULL)
        return error_set(error, "out of memory");
    bound.fd = take_passed(listening, &bound);
    if (bound.fd < 0)
        bound.fd = bind_waiting(bound.address, bound.port, deadline, error);
    if (bound.fd < 0) {
        free(bound.address);
        return -1;
    }
    listening->items[listening->count++] = bound;
    return 0;
}

static void unbind(const struct listening *listening, struct bound *bound)
{
    if (!passed_holds(&listening->passed, bound->fd))
        close(bound->fd);
    free(bound->address);
}

static void cut(struct listening *listening, size_t count)
{
    while (listening->count > count)
        unbind(listening, &listening->items[--listening->count]);
}

int listening_bind(struct listening *listening, const struct configuration *configuration, int wait_ms,
                   struct error *error)
{
    int64_t deadline = clock_monotonic() + (int64_t)wait_ms * 1000;
    size_t before = listening->count;

    for (size_t i = 0; i < configuration->decoy_count; i++) {
        const struct decoy *decoy = &configuration->decoys[i];

        for (size_t j = 0; j < decoy->listener_count; j++) {
            if (add(listening, &decoy->listeners[j], deadline, error) == 0)
                continue;
            cut(listening, before);
            return error_prefix(error, "decoy %s", decoy->name);
        }
    }
    return 0;
}

static bool named(const struct configuration *configuration, const struct bound *bound)
{
    for (size_t i = 0; i < configuration->decoy_count; i++)
        for (size_t j = 0; j < configuration->decoys[i].listener_count; j++)
            if (configuration->decoys[i].listeners[j].port == bound->port &&
                strcmp(configuration->decoys[i].listeners[j].address, bound->address) == 0)
                return true;
    return false;
}

static bool uses(const struct listening *listening, int fd)
{
    for (size_t i = 0; i < listening->count; i++)
        if (listening->items[i].fd == fd)
            return true;
    return false;
}

static void warn_unused(const struct listening *listening)
{
    char name[NAME];

    for (int n = 0; n < listening->passed.count; n++) {
        if (uses(listening, listening->passed.first + n))
            continue;
        if (passed_name(&listening->passed, n, name, sizeof(name))[0] == '\0')
            log_warning("the service manager passed descriptor %d, which is no listening TCP socket; take it out of the "
                        "socket unit",
                        listening->passed.first + n);
        else
            log_warning("the service manager passed a socket on %s, where no decoy listens; clients wait there in vain", name);
    }
}

void listening_open(struct listening *listening)
{
    passed_take(&listening->passed);
}

void listening_keep(struct listening *listening, const struct configuration *configuration)
{
    size_t kept = 0;

    for (size_t i = 0; i < listening->count; i++) {
        struct bound bound = listening->items[i];

        if (named(configuration, &bound))
            listening->items[kept++] = bound;
        else
            unbind(listening, &bound);
    }
    listening->count = kept;
    warn_unused(listening);
}

void listening_close(struct listening *listening)
{
    cut(listening, 0);
    free(listening->items);
    listening->items = NULL;
}
