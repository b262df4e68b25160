/* SPDX-License-Identifier: ISC */
#include "config.h"
#include "server/base/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/build.h"
#include "server/base/cage.h"
#include "server/base/log.h"
#include "server/base/paths.h"

#define NAME 256

const char *role_build(void)
{
    return PACKAGE_VERSION " " ROLE_BUILD;
}

/* ---- the role's side ---- */

static int take_setup(struct role *role, struct reader *reader, struct error *error)
{
    struct slice build = reader_bytes(reader, NAME);
    uid_t uid = reader_u32(reader);
    gid_t gid = reader_u32(reader);
    struct slice setup = reader_bytes(reader, CHANNEL_MESSAGE);

    if (reader_end(reader) < 0)
        return error_set(error, "the starter's first message is damaged");
    if (!slice_is(build, role_build()))
        return error_set(error, "%s is of another build than its starter; install both together and start again",
                         role->name);
    buffer_clear(&role->setup);
    if (buffer_add_slice(&role->setup, setup) < 0)
        return error_set(error, "out of memory");
    return cage_drop(uid, gid, error);
}

static int take_descriptor(struct role_descriptor *list, size_t *count, struct reader *reader, bool listener, int fd,
                           struct error *error)
{
    struct role_descriptor item = {.name = reader_string(reader, NAME), .fd = fd};

    if (listener)
        item.index = reader_u16(reader);
    if (reader_end(reader) < 0 || fd < 0 || *count == ROLE_DESCRIPTORS) {
        free(item.name);
        return error_set(error, "the starter handed over a damaged or one too many descriptor");
    }
    list[(*count)++] = item;
    return 0;
}

/* 1 at START. */
static int take(struct role *role, struct slice message, int fd, struct error *error)
{
    struct reader reader = reader_of(message);
    uint16_t type = reader_u16(&reader);

    if (type == ROLE_SETUP)
        return take_setup(role, &reader, error);
    if (type == ROLE_LISTEN)
        return take_descriptor(role->listeners, &role->listener_count, &reader, true, fd, error);
    if (type == ROLE_PEER)
        return take_descriptor(role->peers, &role->peer_count, &reader, false, fd, error);
    return type == ROLE_START ? 1 : error_set(error, "the starter sent message %u, which is none before START", type);
}

int role_begin(struct role *role, const char *name, struct error *error)
{
    struct buffer message;
    int result = 0;

    *role = (struct role){.name = name};
    log_open(name);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    umask(077);
    buffer_init(&role->setup, CHANNEL_MESSAGE);
    buffer_init(&message, CHANNEL_MESSAGE);
    if (fcntl(ROLE_FD, F_GETFD) < 0) {
        buffer_free(&message);
        return error_set(error, "%s is started by sundewd or sundew, not by hand", name);
    }
    role->base = event_base_new();
    if (role->base == NULL)
        result = error_set(error, "out of memory");
    while (result == 0) {
        int fd, got = channel_receive_now(ROLE_FD, &message, &fd, -1, error);

        result = got != 0 ? error_set(error, "the starter is gone") : take(role, buffer_slice(&message), fd, error);
    }
    buffer_free(&message);
    return result < 0 ? -1 : 0;
}

static int send_bare(struct channel *channel, enum role_message type)
{
    struct buffer message;
    int result;

    buffer_init(&message, NAME);
    buffer_add_u16(&message, type);
    result = channel_send(channel, buffer_slice(&message), -1);
    buffer_free(&message);
    return result;
}

int role_ask_reload(struct role *role)
{
    return send_bare(role->parent, ROLE_RELOAD);
}

static void take_news(struct role *role, struct reader *reader)
{
    uint64_t number = reader_u64(reader);
    char *subject = reader_string(reader, NAME);
    struct slice details = reader_bytes(reader, CHANNEL_MESSAGE);
    struct buffer message;

    buffer_init(&message, NAME);
    buffer_add_u16(&message, ROLE_NOTED);
    buffer_add_u64(&message, number);
    if (reader_end(reader) == 0 && role->news != NULL && role->news(role, subject, details) == 0)
        channel_send(role->parent, buffer_slice(&message), -1);
    buffer_free(&message);
    free(subject);
}

static void on_parent_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct role *role = context;
    struct reader reader = reader_of(message);
    uint16_t type = reader_u16(&reader);
    char *name = NULL;

    if (type == ROLE_PING)
        (void)send_bare(channel, ROLE_PONG);
    if (type == ROLE_NEWS)
        take_news(role, &reader);
    if (type == ROLE_PEER)
        name = reader_string(&reader, NAME);
    if (type == ROLE_PEER && reader_end(&reader) == 0 && fd >= 0 && role->peer != NULL) {
        role->peer(role, name, fd);
        fd = -1;
    } else if (type == ROLE_STOP) {
        if (role->stop != NULL)
            role->stop(role);
        else
            event_base_loopbreak(role->base);
    }
    if (fd >= 0)
        close(fd);
    free(name);
}

static void on_parent_closed(struct channel *channel, void *context)
{
    struct role *role = context;

    (void)channel;
    log_debug("the starter is gone; %s ends", role->name);
    if (role->stop != NULL)
        role->stop(role);
    else
        event_base_loopbreak(role->base);
}

int role_attach(struct role *role)
{
    static const struct channel_events events = {.message = on_parent_message, .closed = on_parent_closed};

    if (role->parent == NULL)
        role->parent = channel_new(role->base, ROLE_FD, &events, role);
    return role->parent == NULL ? -1 : 0;
}

int role_run(struct role *role)
{
    struct buffer message;
    int result = -1;

    buffer_init(&message, NAME);
    buffer_add_u16(&message, ROLE_READY);
    if (role_attach(role) == 0 && channel_send(role->parent, buffer_slice(&message), -1) == 0)
        result = event_base_dispatch(role->base) < 0 ? -1 : 0;
    buffer_free(&message);
    return result;
}

int role_fail(struct role *role, const struct error *error)
{
    struct error ignored;
    struct buffer message;

    log_error("%s", error->text);
    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_add_u16(&message, ROLE_FAILED);
    buffer_add_string(&message, error->text);
    if (fcntl(ROLE_FD, F_GETFD) >= 0)
        channel_send_now(ROLE_FD, buffer_slice(&message), -1, &ignored);
    buffer_free(&message);
    role_end(role);
    return 1;
}

void role_end(struct role *role)
{
    for (size_t i = 0; i < role->listener_count; i++)
        free(role->listeners[i].name);
    for (size_t i = 0; i < role->peer_count; i++)
        free(role->peers[i].name);
    role->listener_count = role->peer_count = 0;
    channel_free(role->parent);
    role->parent = NULL;
    buffer_free(&role->setup);
    if (role->base != NULL)
        event_base_free(role->base);
    role->base = NULL;
}

/* ---- the starter's side ---- */

static void become(const char *path, const char *program, int channel)
{
    char *const arguments[] = {(char *)(uintptr_t)program, NULL};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(channel, ROLE_FD) < 0 || (channel == ROLE_FD && fcntl(ROLE_FD, F_SETFD, 0) < 0))
        _exit(127);
    close_range(ROLE_FD + 1, ~0U, 0);
    /* A library's function that is looked up when it is first called leaves the registers, and what they hold of a
     * credential, on the stack. */
    setenv("LD_BIND_NOW", "1", 1);
    execv(path, arguments);
    fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
    _exit(127);
}

int role_spawn(const char *program, pid_t *pid, int *fd, struct error *error)
{
    char *path = paths_join(paths_libexec(), program);
    int pair[2], result = -1;

    if (path == NULL)
        return error_set(error, "out of memory");
    if (access(path, X_OK) < 0) {
        error_errno(error, "cannot run %s; is Sundew installed completely?", path);
        goto out;
    }
    if (channel_pair(pair, error) < 0)
        goto out;
    *pid = fork();
    if (*pid == 0)
        become(path, program, pair[1]);
    close(pair[1]);
    if (*pid < 0) {
        close(pair[0]);
        error_errno(error, "cannot start %s", program);
        goto out;
    }
    *fd = pair[0];
    result = 0;
out:
    free(path);
    return result;
}

static int send_message(int fd, struct buffer *message, int passed, struct error *error)
{
    int result = message->failed ? error_set(error, "too much for one message to a role")
                                 : channel_send_now(fd, buffer_slice(message), passed, error);

    buffer_free(message);
    return result;
}

int role_setup(int fd, uid_t uid, gid_t gid, struct slice setup, struct error *error)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_add_u16(&message, ROLE_SETUP);
    buffer_add_string(&message, role_build());
    buffer_add_u32(&message, uid);
    buffer_add_u32(&message, gid);
    buffer_add_bytes(&message, setup);
    return send_message(fd, &message, -1, error);
}

int role_listen(int fd, const char *decoy, uint16_t index, int listener, struct error *error)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_add_u16(&message, ROLE_LISTEN);
    buffer_add_string(&message, decoy);
    buffer_add_u16(&message, index);
    return send_message(fd, &message, listener, error);
}

int role_peer(int fd, const char *name, int peer, struct error *error)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_add_u16(&message, ROLE_PEER);
    buffer_add_string(&message, name);
    return send_message(fd, &message, peer, error);
}

int role_start(int fd, struct error *error)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_add_u16(&message, ROLE_START);
    return send_message(fd, &message, -1, error);
}

int role_ready(int fd, int timeout_ms, struct error *error)
{
    struct buffer message;
    struct reader reader;
    int passed, result = -1;
    uint16_t type;
    char *text;

    buffer_init(&message, CHANNEL_MESSAGE);
    result = channel_receive_now(fd, &message, &passed, timeout_ms, error);
    if (passed >= 0)
        close(passed);
    if (result == 1)
        result = error_set(error, "it ended before it was ready; its own lines above say why");
    if (result == 0) {
        reader = reader_of(buffer_slice(&message));
        type = reader_u16(&reader);
        text = type == ROLE_FAILED ? reader_string(&reader, sizeof error->text) : NULL;
        if (type != ROLE_READY)
            result = error_set(error, "%s", text == NULL ? "it sent something odd instead of being ready" : text);
        free(text);
    }
    buffer_free(&message);
    return result;
}
