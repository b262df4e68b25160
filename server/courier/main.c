/* SPDX-License-Identifier: ISC
 *
 * The courier: takes alerts from the keeper and carries them to the configured routes. It has neither ledger nor
 * master key, listens nowhere, and opens connections to allowed addresses only. */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/base/cage.h"
#include "server/base/channel.h"
#include "server/base/log.h"
#include "server/base/role.h"
#include "server/courier/carrier.h"
#include "server/courier/courier.h"
#include "server/wire/help.h"

struct post {
    struct role role;
    struct configuration *configuration;
    struct courier *courier;
    struct channel *keeper;
    bool greeted;
};

static int send_outcome(const struct outcome *outcome, void *context)
{
    struct post *post = context;
    struct buffer message;
    int rc = -1;

    if (post->keeper == NULL || !post->greeted)
        return -1;
    buffer_init(&message, CHANNEL_MESSAGE);
    if (outcome_add(&message, outcome) == 0)
        rc = channel_send(post->keeper, buffer_slice(&message), -1);
    buffer_free(&message);
    return rc;
}

static void keeper_lost(struct post *post)
{
    channel_free(post->keeper);
    post->keeper = NULL;
    post->greeted = false;
}

static void take_hello(struct post *post, struct reader *reader)
{
    if (hello_get(reader) != 0) {
        log_error("the keeper is of another build: starting again");
        event_base_loopbreak(post->role.base);
        return;
    }
    post->greeted = true;
    courier_tell(post->courier);
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct post *post = context;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);
    struct delivery delivery;

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (type == MESSAGE_HELLO) {
        take_hello(post, &reader);
    } else if (type == MESSAGE_DELIVERY && post->greeted && delivery_get(&reader, &delivery) == 0) {
        courier_take(post->courier, &delivery);
    } else {
        log_error("the keeper sent a damaged message; waiting for a new connection to it");
        keeper_lost(post);
    }
}

static void on_closed(struct channel *channel, void *context)
{
    (void)channel;
    keeper_lost(context);
}

static const struct channel_events keeper_events = {.message = on_message, .closed = on_closed};

static void meet_keeper(struct post *post, int fd)
{
    struct buffer hello;

    keeper_lost(post);
    post->keeper = channel_new(post->role.base, fd, &keeper_events, post);
    if (post->keeper == NULL) {
        log_error("out of memory: the keeper's connection is dropped");
        close(fd);
        return;
    }
    buffer_init(&hello, CHANNEL_MESSAGE);
    hello_add(&hello);
    channel_send(post->keeper, buffer_slice(&hello), -1);
    buffer_free(&hello);
}

static void on_peer(struct role *role, const char *name, int fd)
{
    if (strcmp(name, "keeper") == 0)
        meet_keeper(role->context, fd);
    else
        close(fd);
}

/* Loads what name resolution loads at its first use. */
static void warm_resolver(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;

    if (getaddrinfo("localhost", "443", &hints, &found) == 0)
        freeaddrinfo(found);
}

static int shut_cage(struct error *error)
{
    static const char *const calls[] = {"socket",
                                        "connect",
                                        "getsockname",
                                        "getpeername",
                                        "setsockopt",
                                        "bind",
                                        "socketpair",
                                        "ioctl",
                                        "pipe2",
                                        "select",
                                        "pselect6",
                                        "openat",
                                        "open",
                                        "access",
                                        "faccessat",
                                        "faccessat2",
                                        "stat",
                                        "lstat",
                                        "statx",
                                        "readlink",
                                        "lseek",
                                        "getdents64",
                                        "clone",
                                        "clone3",
                                        "uname",
                                        "prctl",
                                        "sched_getaffinity",
                                        "rt_sigtimedwait",
                                        "statfs",
                                        "fstatfs",
                                        "membarrier",
                                        "sched_setscheduler",
                                        NULL};
    static const char *const wanted[] = {"/etc/resolv.conf",
                                         "/etc/hosts",
                                         "/etc/host.conf",
                                         "/etc/nsswitch.conf",
                                         "/etc/gai.conf",
                                         "/etc/services",
                                         "/etc/ld.so.cache",
                                         "/etc/localtime",
                                         "/etc/ssl",
                                         "/etc/ca-certificates",
                                         "/usr/share/ca-certificates",
                                         "/usr/local/share/ca-certificates",
                                         "/usr/lib",
                                         "/lib",
                                         "/lib64",
                                         "/run/systemd/resolve",
                                         "/run/resolvconf",
                                         "/run/NetworkManager",
                                         "/dev/urandom",
                                         "/proc/self",
                                         NULL};
    struct cage_path paths[sizeof(wanted) / sizeof(wanted[0])];
    size_t count = 0;

    for (size_t i = 0; wanted[i] != NULL; i++) {
        if (access(wanted[i], R_OK) == 0)
            paths[count++] = (struct cage_path){wanted[i], false};
    }
    paths[count] = (struct cage_path){NULL, false};
    return cage_shut(&(struct cage){"courier", calls, paths}, error);
}

static int prepare(struct post *post, struct error *error)
{
    static const struct courier_events events = {.outcome = send_outcome};

    if (configuration_unpack(buffer_slice(&post->role.setup), &post->configuration) != 0)
        return error_set(error, "the configuration that the starter sent is damaged");
    if (carrier_library(error) != 0)
        return -1;
    warm_resolver();
    post->courier = courier_new(post->role.base, post->configuration, &carrier_limits_default, &events, post);
    if (post->courier == NULL)
        return error_set(error, "out of memory");
    return shut_cage(error);
}

static void put_down(struct post *post)
{
    keeper_lost(post);
    courier_free(post->courier);
    post->courier = NULL;
    configuration_free(post->configuration);
    post->configuration = NULL;
}

int main(int argc, char **argv)
{
    struct post post = {.greeted = false};
    struct error error;
    int rc;

    if (help_asked("courier", argc, argv))
        return 0;
    if (role_begin(&post.role, "courier", &error) != 0 || prepare(&post, &error) != 0) {
        put_down(&post);
        return role_fail(&post.role, &error);
    }
    post.role.peer = on_peer;
    post.role.context = &post;
    for (size_t i = 0; i < post.role.peer_count; i++)
        on_peer(&post.role, post.role.peers[i].name, post.role.peers[i].fd);
    rc = role_run(&post.role);
    put_down(&post);
    role_end(&post.role);
    return rc == 0 ? 0 : 1;
}
