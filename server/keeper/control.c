/* SPDX-License-Identifier: ISC */
#include "server/keeper/control.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/log.h"
#include "server/keeper/client.h"
#include "server/keeper/keeper.h"
#include "server/keeper/provision.h"
#include "server/wire/message.h"

#define CONTROL_USERS 256
#define CONTROL_GROUPS 1024

/* A user whose name was looked up while that was possible. */
struct known_user {
    uid_t uid;
    char name[CLIENT_WHO];
};

struct control {
    struct keeper *keeper;
    struct event_base *base;
    struct jobs *jobs;
    uid_t owner;
    bool has_group;
    gid_t group;
    struct known_user users[CONTROL_USERS];
    size_t user_count;
    struct own_certificate *own;
    int listener;
    struct event *accepting;
    struct client *clients[CONTROL_CLIENTS];
};

/* ---- who may come, looked up before the cage ---- */

static void know(struct control *control, uid_t uid, const char *name)
{
    struct known_user *user = &control->users[control->user_count];

    for (size_t i = 0; i < control->user_count; i++)
        if (control->users[i].uid == uid)
            return;
    if (control->user_count == CONTROL_USERS)
        return;
    user->uid = uid;
    (void)snprintf(user->name, sizeof user->name, "%s", name);
    control->user_count++;
}

static void know_uid(struct control *control, uid_t uid)
{
    const struct passwd *user = getpwuid(uid);

    if (user != NULL)
        know(control, uid, user->pw_name);
}

/* Members by the group's list, and those whose first group it is. */
static void know_members(struct control *control, const struct group *group)
{
    const struct passwd *user;

    control->has_group = true;
    control->group = group->gr_gid;
    for (char **name = group->gr_mem; *name != NULL; name++)
        if ((user = getpwnam(*name)) != NULL)
            know(control, user->pw_uid, user->pw_name);
    setpwent();
    while ((user = getpwent()) != NULL)
        if (user->pw_gid == control->group)
            know(control, user->pw_uid, user->pw_name);
    endpwent();
}

static int find_operators(struct control *control, struct error *error)
{
    const struct configuration *configuration = control->keeper->configuration;
    const struct group *group;
    struct stat state;

    control->owner = stat(configuration->state, &state) == 0 ? state.st_uid : geteuid();
    know_uid(control, 0);
    know_uid(control, control->owner);
    if (configuration->operators[0] == '\0')
        return 0;
    group = getgrnam(configuration->operators);
    if (group == NULL)
        return error_set(error, "operators: there is no group \"%s\"; make it with `groupadd --system %s`, or take the "
                                "line out of the configuration", configuration->operators, configuration->operators);
    know_members(control, group);
    return 0;
}

static const char *name_of(const struct control *control, uid_t uid, char text[CLIENT_WHO])
{
    for (size_t i = 0; i < control->user_count; i++)
        if (control->users[i].uid == uid)
            return control->users[i].name;
    (void)snprintf(text, CLIENT_WHO, "uid %lu", (unsigned long)uid);
    return text;
}

static bool in_group(const struct control *control, int fd, const struct ucred *peer)
{
    gid_t groups[CONTROL_GROUPS];
    socklen_t length = sizeof groups;

    if (!control->has_group)
        return false;
    if (peer->gid == control->group)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0)
        return false;
    for (size_t i = 0; i < length / sizeof groups[0]; i++)
        if (groups[i] == control->group)
            return true;
    return false;
}

static bool may_come(const struct control *control, int fd, struct ucred *peer)
{
    socklen_t length = sizeof *peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &length) != 0)
        return false;
    return peer->uid == 0 || peer->uid == control->owner || in_group(control, fd, peer);
}

/* ---- clients ---- */

static void on_gone(struct client *client, void *context)
{
    struct control *control = context;

    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        if (control->clients[i] == client)
            control->clients[i] = NULL;
    client_free(client);
}

static struct client **free_place(struct control *control)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        if (control->clients[i] == NULL)
            return &control->clients[i];
    return NULL;
}

/* Says why and closes; one datagram into an empty socket, so it never blocks. */
static void turn_away(int fd, const char *text)
{
    struct reply_done done = {.code = 3, .text = slice_of(text)};
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    hello_add(&message);
    (void)send(fd, message.data, message.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    buffer_clear(&message);
    if (reply_done_add(&message, &done) == 0)
        (void)send(fd, message.data, message.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    buffer_free(&message);
    close(fd);
}

static void take_client(struct control *control, int fd, uid_t uid)
{
    struct client **place = free_place(control);
    char text[CLIENT_WHO];
    struct client_settings settings = {
        .base = control->base,
        .keeper = control->keeper,
        .jobs = control->jobs,
        .uid = uid,
        .who = name_of(control, uid, text),
        .gone = on_gone,
        .context = control,
    };

    if (place == NULL)
        turn_away(fd, "too many operators are connected; end one of their commands (a forgotten `sundew watch`?)");
    else
        *place = client_new(fd, &settings);
}

static void on_accept(evutil_socket_t listener, short what, void *context)
{
    struct control *control = context;
    struct ucred peer;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)what;
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            log_warning("no operator can be let in: %s", strerror(errno));
        return;
    }
    if (may_come(control, fd, &peer)) {
        take_client(control, fd, peer.uid);
    } else {
        log_warning("uid %lu was refused at the control socket", (unsigned long)peer.uid);
        turn_away(fd, "only the owner of the state folder, root, and the group that `operators:` names may do this");
    }
}

static void listen_on(struct control *control, int fd)
{
    if (control->accepting != NULL)
        event_free(control->accepting);
    if (control->listener >= 0)
        close(control->listener);
    control->listener = fd;
    evutil_make_socket_nonblocking(fd);
    control->accepting = event_new(control->base, fd, EV_READ | EV_PERSIST, on_accept, control);
    if (control->accepting == NULL || event_add(control->accepting, NULL) != 0)
        log_error("no memory for the control socket: no operator can come in");
}

static void take_operator(struct control *control, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        peer.uid = control->owner;
    take_client(control, fd, peer.uid);
}

int control_peer(struct control *control, const char *name, int fd)
{
    if (strcmp(name, "control") == 0)
        listen_on(control, fd);
    else if (strcmp(name, "operator") == 0)
        take_operator(control, fd);
    else
        return -1;
    return 0;
}

void commands_derived(struct control *control, bool made)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        if (control->clients[i] != NULL)
            client_derived(control->clients[i], made);
}

struct own_certificate *control_certificate(const struct control *control, size_t index)
{
    return &control->own[index];
}

struct control *control_new(struct keeper *keeper, struct event_base *base, struct jobs *jobs, struct error *error)
{
    struct control *control = calloc(1, sizeof *control);

    if (control == NULL) {
        (void)error_set(error, "no memory for the control socket");
        return NULL;
    }
    control->keeper = keeper;
    control->base = base;
    control->jobs = jobs;
    control->listener = -1;
    control->own = own_certificates_read(keeper->configuration, error);
    if (control->own == NULL || find_operators(control, error) != 0) {
        control_free(control);
        return NULL;
    }
    return control;
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        client_free(control->clients[i]);
    if (control->accepting != NULL)
        event_free(control->accepting);
    if (control->listener >= 0)
        close(control->listener);
    own_certificates_free(control->own, control->keeper->configuration);
    free(control);
}
