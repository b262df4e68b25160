/* SPDX-License-Identifier: ISC */
#include "server/command/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/clock.h"
#include "server/base/paths.h"
#include "server/base/role.h"
#include "server/wire/users.h"

#define READY_MS 120000 /* a keeper may have much to derive */
#define HELLO_MS 60000
#define GREETINGS 5
#define STARTING_MS 5000 /* a daemon that is just starting binds its socket within that */
#define IDLE_MS 200
#define CREDIT 1024
#define ROW (64 * 1024 * 1024)
#define RETRY_NS (20 * 1000 * 1000)

int run_folder(const struct configuration *configuration)
{
    char *path = paths_join(configuration->state, "run");
    int fd = path == NULL ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int saved = errno;

    free(path);
    errno = saved;
    return fd;
}

/* Connects to the control socket: the descriptor, or -1 with errno. */
static int connect_control(int folder)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int saved, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d/control", folder);
    if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* Does a daemon hold its lock, so that its socket is about to be there? */
static bool daemon_starts(int folder)
{
    int fd = openat(folder, "sundewd.pid", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool locked;

    if (fd < 0)
        return false;
    locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

/* 1: connected; 0: no daemon runs; -1: one runs, but not for us. */
static int find_daemon(struct link *link, const struct configuration *configuration, struct error *error)
{
    const struct timespec pause = {.tv_nsec = RETRY_NS};
    int64_t deadline = clock_monotonic() + (int64_t)STARTING_MS * 1000;
    int folder = run_folder(configuration), result = 0;

    if (folder < 0 && errno == EACCES)
        return error_set(error, "%s is not open to you; run as its owner, as root, or in the group \"operators\" names",
                         configuration->state);
    if (folder < 0)
        return 0;
    while ((link->fd = connect_control(folder)) < 0 && (errno == ENOENT || errno == ECONNREFUSED) &&
           daemon_starts(folder) && clock_monotonic() < deadline)
        nanosleep(&pause, NULL);
    if (link->fd >= 0)
        result = 1;
    else if (errno == EACCES || errno == EPERM)
        result = error_set(error,
                           "the daemon's control socket is not open to you; run as the owner of %s, as root, or "
                           "in the group \"operators\" names",
                           configuration->state);
    else if (errno != ENOENT && errno != ECONNREFUSED)
        result = error_errno(error, "cannot reach the daemon by %s/run/control", configuration->state);
    close(folder);
    return result;
}

static int greet(struct link *link, struct error *error)
{
    struct buffer message;
    struct reader reader;
    int fd = -1, result;

    buffer_init(&message, CHANNEL_MESSAGE);
    hello_add(&message);
    result = channel_send_now(link->fd, buffer_slice(&message), -1, error);
    if (result == 0)
        result = channel_receive_now(link->fd, &message, &fd, HELLO_MS, error);
    link->lost = result != 0;
    if (fd >= 0)
        close(fd);
    if (result == 1) {
        result = error_set(error, "the keeper refused this user; run as the owner of the state folder, as root, or in "
                                  "the group \"operators\" names");
    } else if (result == 0) {
        reader = reader_of(buffer_slice(&message));
        if (message_type(&reader) != MESSAGE_HELLO || hello_get(&reader) < 0)
            result = error_set(error, "the running daemon is of another build than this sundew; restart the daemon");
    }
    buffer_free(&message);
    return result;
}

/* ---- a keeper of our own ---- */

static int start_own(struct own_role *role, const char *name, const struct configuration *configuration, unsigned parts,
                     struct error *error)
{
    struct buffer setup;
    int result = -1;
    uid_t uid;
    gid_t gid;

    buffer_init(&setup, CHANNEL_MESSAGE);
    if (configuration_pack(&setup, configuration, parts) < 0)
        error_set(error, "the configuration is too large for one message to the %s", name);
    else if (users_of(configuration, name, &uid, &gid, error) == 0 &&
             role_spawn(name, &role->pid, &role->fd, error) == 0)
        result = role_setup(role->fd, uid, gid, buffer_slice(&setup), error);
    buffer_free(&setup);
    return result;
}

static int join(struct link *link, struct error *error)
{
    int pair[2], operators[2], result = -1;

    if (channel_pair(pair, error) < 0)
        return -1;
    if (role_peer(link->keeper.fd, "minter", pair[0], error) == 0 &&
        role_peer(link->minter.fd, "keeper", pair[1], error) == 0 && channel_pair(operators, error) == 0) {
        link->fd = operators[0];
        result = role_peer(link->keeper.fd, "operator", operators[1], error);
        close(operators[1]);
    }
    close(pair[0]);
    close(pair[1]);
    return result;
}

int link_open_own(struct link *link, const struct configuration *configuration, struct error *error)
{
    *link = (struct link){.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
    if (configuration_key(configuration, error) < 0 || users_give_files(configuration, error) < 0 ||
        start_own(&link->minter, "minter", configuration, CONFIGURATION_INSTALLATION, error) < 0 ||
        start_own(&link->keeper, "keeper", configuration,
                  CONFIGURATION_INSTALLATION | CONFIGURATION_DECOYS | CONFIGURATION_ROUTES | CONFIGURATION_PROXIES,
                  error) < 0 ||
        join(link, error) < 0 || role_start(link->minter.fd, error) < 0 || role_start(link->keeper.fd, error) < 0)
        return error_prefix(error, "cannot start a keeper");
    if (role_ready(link->minter.fd, READY_MS, error) < 0)
        return error_prefix(error, "minter");
    if (role_ready(link->keeper.fd, READY_MS, error) < 0)
        return error_prefix(error, "keeper");
    return greet(link, error);
}

/* As find_daemon(), and greets its keeper. A reload may take the keeper away just then; the next one is near. */
static int meet_daemon(struct link *link, const struct configuration *configuration, struct error *error)
{
    const struct timespec pause = {.tv_nsec = RETRY_NS};
    int found = 0;

    for (unsigned i = 0; i < GREETINGS; i++) {
        *link = (struct link){.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
        found = find_daemon(link, configuration, error);
        if (found != 1 || greet(link, error) == 0)
            return found;
        if (!link->lost)
            return -1;
        close(link->fd);
        nanosleep(&pause, NULL);
    }
    link->fd = -1;
    return -1;
}

int link_open(struct link *link, const struct configuration *configuration, struct error *error)
{
    int found = meet_daemon(link, configuration, error);

    if (found < 0)
        return -1;
    return found == 1 ? 0 : link_open_own(link, configuration, error);
}

int link_open_daemon(struct link *link, const struct configuration *configuration, struct error *error)
{
    int found = meet_daemon(link, configuration, error);

    if (found == 0)
        error_set(error, "no daemon runs on this state, so nothing can be seen; start one by sundewd -c FILE");
    return found == 1 ? 0 : -1;
}

static void end_own(struct own_role *role)
{
    if (role->fd >= 0)
        close(role->fd);
    while (role->pid > 0 && waitpid(role->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *role = (struct own_role){0, -1};
}

void link_close(struct link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    end_own(&link->keeper);
    end_own(&link->minter);
}

/* ---- commands ---- */

int command_put(struct command *command, const char *name, const char *value)
{
    if (command->argument_count == COMMAND_ARGUMENTS)
        return -1;
    command->arguments[command->argument_count++] = (struct argument){slice_of(name), slice_of(value)};
    return 0;
}

static int send_credit(struct link *link, uint32_t rows, struct error *error)
{
    struct buffer message;
    int result = -1;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (credit_add(&message, rows) == 0)
        result = channel_send_now(link->fd, buffer_slice(&message), -1, error);
    buffer_free(&message);
    return result;
}

static int send_command(struct link *link, const struct command *command, struct error *error)
{
    struct buffer message;
    int result;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (command_add(&message, command) < 0)
        result = error_set(error, "the arguments are too long for one command");
    else
        result = channel_send_now(link->fd, buffer_slice(&message), -1, error);
    buffer_free(&message);
    return result < 0 ? -1 : send_credit(link, 2 * CREDIT, error);
}

struct receiving {
    struct buffer whole; /* of a row that comes in pieces */
    uint32_t taken;
    bool wanted;
};

static int take_row(struct link *link, struct receiving *receiving, struct reader *reader, const struct link_rows *rows,
                    struct error *error)
{
    struct reply_row row;

    if (reply_row_get(reader, &row) < 0)
        return error_set(error, "the keeper sent a damaged answer");
    if (++receiving->taken == CREDIT) {
        receiving->taken = 0;
        if (send_credit(link, CREDIT, error) < 0)
            return -1;
    }
    if (row.more || receiving->whole.length > 0) {
        if (buffer_add_slice(&receiving->whole, row.data) < 0)
            return error_set(error, "the keeper's answer is too large");
        if (row.more)
            return 0;
        row.data = buffer_slice(&receiving->whole);
    }
    if (receiving->wanted && rows->row(row.kind, row.name, row.data, rows->context) < 0)
        receiving->wanted = false;
    buffer_clear(&receiving->whole);
    return 0;
}

/* 0 to go on, 1 at the end with *code, -1 on a fault. */
static int take_reply(struct link *link, struct receiving *receiving, struct slice message,
                      const struct link_rows *rows, int *code, struct error *error)
{
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);
    struct reply_done done;

    if (type == MESSAGE_REPLY_ROW)
        return take_row(link, receiving, &reader, rows, error);
    if (type != MESSAGE_REPLY_DONE || reply_done_get(&reader, &done) < 0)
        return error_set(error, "the keeper sent a damaged answer");
    *code = done.code;
    error_set(error, "%.*s", (int)done.text.length, (const char *)done.text.data);
    return 1;
}

/* Until something comes. */
static void wait_idle(const struct link *link, const struct link_rows *rows)
{
    struct pollfd wait = {.fd = link->fd, .events = POLLIN};

    while (rows->idle != NULL && poll(&wait, 1, IDLE_MS) == 0)
        rows->idle(rows->context);
}

int link_command(struct link *link, const struct command *command, const struct link_rows *rows, struct error *error)
{
    struct receiving receiving = {.wanted = true};
    struct buffer message;
    int code = 3, result;

    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_init(&receiving.whole, ROW);
    result = send_command(link, command, error);
    link->lost = result < 0;
    while (result == 0) {
        int fd = -1;

        wait_idle(link, rows);
        result = channel_receive_now(link->fd, &message, &fd, -1, error);
        if (fd >= 0)
            close(fd);
        link->lost = result == 1;
        if (link->lost)
            result = error_set(error, "the keeper ended in the middle of the command; try again");
        else if (result == 0)
            result = take_reply(link, &receiving, buffer_slice(&message), rows, &code, error);
    }
    buffer_free(&receiving.whole);
    buffer_free(&message);
    return result < 0 ? 3 : code;
}
