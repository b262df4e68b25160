/* SPDX-License-Identifier: ISC */
#include "server/command/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/wire/message.h"
#include "server/wire/remote.h"

#define TIMEOUT_MS 10000

/* ---- the account ---- */

static int send_settings(int fd, const struct account *account, struct error *error)
{
    json_t *settings = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "user", account->user, "client", account->client,
                                 "tenant", account->tenant, "scope", account->scope, "url", account->url, "token-url",
                                 account->token_url, "registry", account->registry);
    char *text = settings != NULL ? json_dumps(settings, JSON_COMPACT) : NULL;
    struct buffer message;
    int result;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (text == NULL ||
        plant_account_add(&message, &(struct plant_account){slice_of(account->name), slice_of(text)}) != 0)
        result = error_set(error, "the account %s is too long, or memory is short", account->name);
    else
        result = channel_send_now(fd, buffer_slice(&message), -1, error);
    buffer_free(&message);
    json_decref(settings);
    free(text);
    return result;
}

/* A secret that others could read, too, is none. */
static int open_file(const struct account *account, enum account_file which, struct error *error)
{
    const char *path = account->files[which];
    bool public = which == ACCOUNT_CA || which == ACCOUNT_CERTIFICATE || which == ACCOUNT_KNOWN_HOSTS;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (fd < 0)
        return error_errno(error, "cannot read %s, the %s of the account %s", path, account_file_name(which),
                           account->name);
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (public || (status.st_mode & 0077) == 0))
        return fd;
    close(fd);
    return error_set(error, "%s, the %s of the account %s, must be a file that only its owner can read: chmod 600 %s",
                     path, account_file_name(which), account->name, path);
}

static int send_file(int fd, const struct account *account, enum account_file which, struct error *error)
{
    int file = open_file(account, which, error), result;
    struct buffer message;

    if (file < 0)
        return -1;
    buffer_init(&message, CHANNEL_MESSAGE);
    credential_add(&message,
                   &(struct credential){slice_of(account_file_name(which)), slice_of(account->files[which])});
    result = channel_send_now(fd, buffer_slice(&message), file, error);
    buffer_free(&message);
    close(file);
    return result;
}

int reach_account(int fd, const struct account *account, struct error *error)
{
    int result = send_settings(fd, account, error);

    for (size_t i = 0; i < ACCOUNT_FILES && result == 0; i++)
        if (account->files[i][0] != '\0')
            result = send_file(fd, account, i, error);
    return result;
}

/* ---- connections ---- */

static bool is_allowed(const struct account *account, const struct sockaddr *name)
{
    struct address address;
    bool allowed = account->allow_count == 0;

    if (address_of(name, &address, NULL) != 0)
        return false;
    for (size_t i = 0; i < account->allow_count && !allowed; i++)
        allowed = network_holds(&account->allow[i], &address);
    return allowed;
}

/* The socket, or -1 with errno. */
static int connect_one(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), failed = 0, on = 1;
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    socklen_t size = sizeof failed;

    if (fd < 0)
        return -1;
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
        failed = errno;
        if (failed == EINPROGRESS && poll(&waiting, 1, TIMEOUT_MS) == 1)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
        else if (failed == EINPROGRESS)
            failed = ETIMEDOUT;
    }
    if (failed == 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return fd;
    }
    close(fd);
    errno = failed;
    return -1;
}

static int connect_to(const struct account *account, const char *host, uint16_t port, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    bool forbidden = true;
    char service[8];
    int fd = -1, code, failed = 0;

    snprintf(service, sizeof service, "%u", port);
    code = getaddrinfo(host, service, &hints, &found);
    if (code != 0)
        return error_set(error, "the name %s cannot be looked up: %s", host, gai_strerror(code));
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        if (!is_allowed(account, at->ai_addr))
            continue;
        forbidden = false;
        fd = connect_one(at);
        failed = errno;
    }
    freeaddrinfo(found);
    errno = failed;
    if (forbidden)
        return error_set(error, "no address of %s is in the list allow: of the account %s", host, account->name);
    return fd >= 0 ? fd : error_errno(error, "cannot connect to %s port %u", host, port);
}

int reach_connect(int fd, const struct account *account, const char *place, struct reader *reader,
                  struct error *error)
{
    struct error why = {""};
    struct buffer message;
    struct connect wanted;
    int connection = -1, result;
    char host[256];

    if (connect_get(reader, &wanted) != 0 || wanted.host.length >= sizeof host)
        return error_set(error, "the planter sent a damaged message");
    snprintf(host, sizeof host, "%.*s", (int)wanted.host.length, (const char *)wanted.host.data);
    if (!remote_allows(account, place, host, wanted.port))
        error_set(&why, "%s port %u is none of the hosts of this place and of the account %s", host, wanted.port,
                  account->name);
    else
        connection = connect_to(account, host, wanted.port, &why);
    buffer_init(&message, CHANNEL_MESSAGE);
    connected_add(&message, &(struct connected){slice_of(why.text)});
    result = channel_send_now(fd, buffer_slice(&message), connection, error);
    buffer_free(&message);
    if (connection >= 0)
        close(connection);
    return result;
}
