/* SPDX-License-Identifier: ISC */
#include "server/parent/supervise.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/role.h"

#define SECOND 1000000
#define PAUSE_LEAST (SECOND / 10)
#define PAUSE_MOST (10 * SECOND)
#define LIVED SECOND  /* READY that long: the next pause is the least again */
#define LINGER SECOND /* from the end of its channel to its end */

struct tree {
    struct event_base *base;
    struct child *first;
    int control;
    const struct tree_events *events;
    void *context;
    struct news *news;
};

struct tree *tree_new(struct event_base *base, int control, const struct tree_events *events, void *context)
{
    struct tree *tree = calloc(1, sizeof(*tree));

    if (tree == NULL)
        return NULL;
    *tree = (struct tree){.base = base, .control = control, .events = events, .context = context};
    tree->news = news_new(base, tree);
    if (tree->news == NULL) {
        free(tree);
        return NULL;
    }
    return tree;
}

struct child *tree_first(const struct tree *tree)
{
    return tree->first;
}

static void on_timer(evutil_socket_t fd, short what, void *context);

static void child_free(struct child *child)
{
    if (child->spawned && !child->reaped)
        kill(child->pid, SIGKILL);
    channel_free(child->channel);
    if (child->timer != NULL)
        event_free(child->timer);
    for (size_t i = 0; i < child->listener_count; i++)
        free(child->listeners[i].decoy);
    free(child->listeners);
    buffer_free(&child->setup);
    free(child->name);
    free(child);
}

void tree_free(struct tree *tree)
{
    if (tree == NULL)
        return;
    while (tree->first != NULL)
        tree_remove(tree->first);
    news_free(tree->news);
    free(tree);
}

struct child *tree_add(struct tree *tree, const char *program, const char *name, unsigned generation)
{
    struct child *child = calloc(1, sizeof(*child)), **last = &tree->first;

    if (child == NULL)
        return NULL;
    *child = (struct child){.tree = tree, .program = program, .generation = generation, .wanted = true};
    buffer_init(&child->setup, CHANNEL_MESSAGE);
    child->name = strdup(name);
    child->timer = event_new(tree->base, -1, 0, on_timer, child);
    if (child->name == NULL || child->timer == NULL) {
        child_free(child);
        return NULL;
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = child;
    return child;
}

int child_listen(struct child *child, const char *decoy, uint16_t index, int fd)
{
    struct child_listener *list = realloc(child->listeners, (child->listener_count + 1) * sizeof(*list));

    if (list == NULL)
        return -1;
    child->listeners = list;
    list[child->listener_count] = (struct child_listener){strdup(decoy), index, fd};
    return list[child->listener_count++].decoy == NULL ? -1 : 0;
}

void tree_remove(struct child *child)
{
    struct child **at = &child->tree->first;

    while (*at != child)
        at = &(*at)->next;
    *at = child->next;
    news_forget(child->tree->news, child);
    child_free(child);
}

static void after(struct child *child, int64_t microseconds)
{
    const struct timeval wait = {.tv_sec = microseconds / SECOND, .tv_usec = microseconds % SECOND};

    event_add(child->timer, &wait);
}

/* ---- an end ---- */

static void log_end(const struct child *child)
{
    int status = child->status;

    if (child->asked || !child->wanted)
        log_debug("%s has ended", child->name);
    else if (WIFSIGNALED(status))
        log_warning("%s (process %d) was ended by signal %d (%s); start %u follows", child->name, (int)child->pid,
                    WTERMSIG(status), strsignal(WTERMSIG(status)), child->restarts + 1);
    else
        log_warning("%s (process %d) ended with status %d; start %u follows", child->name, (int)child->pid,
                    WEXITSTATUS(status), child->restarts + 1);
}

static void plan_restart(struct child *child)
{
    int64_t now = clock_monotonic();

    if (child->asked || (child->ready_since > 0 && now - child->ready_since >= LIVED))
        child->pause_us = 0;
    child->pause_us = child->pause_us == 0 ? PAUSE_LEAST : child->pause_us * 2;
    if (child->pause_us > PAUSE_MOST)
        child->pause_us = PAUSE_MOST;
    child->due = child->asked ? now : now + child->pause_us;
    if (!child->asked)
        child->restarts++;
    after(child, child->due - now);
}

/* Both signs are there: the channel's end and the process's. */
static void child_ended(struct child *child)
{
    struct tree *tree = child->tree;

    event_del(child->timer);
    log_end(child);
    child->spawned = false;
    child->state = CHILD_DOWN;
    if (strcmp(child->program, "keeper") == 0)
        news_keeper(tree->news);
    if (child->wanted && !child->asked)
        news_ended(tree->news, child);
    if (child->wanted)
        plan_restart(child);
    child->ready_since = 0;
    tree->events->ended(child, tree->context);
    child->asked = false;
}

static void on_closed(struct channel *channel, void *context)
{
    struct child *child = context;

    channel_free(channel);
    child->channel = NULL;
    if (child->reaped)
        child_ended(child);
    else
        after(child, LINGER);
}

void tree_reap(struct tree *tree)
{
    struct child *next;

    for (struct child *child = tree->first; child != NULL; child = next) {
        next = child->next;
        if (!child->spawned || child->reaped || waitpid(child->pid, &child->status, WNOHANG) != child->pid)
            continue;
        child->reaped = true;
        if (child->channel == NULL)
            child_ended(child);
    }
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct reader reader = reader_of(message);
    struct child *child = context;
    uint16_t type = reader_u16(&reader);
    char *text;

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (type == ROLE_READY && child->state == CHILD_STARTED) {
        child->state = CHILD_READY;
        child->ready_since = clock_monotonic();
        if (strcmp(child->program, "keeper") == 0)
            news_keeper(child->tree->news);
        child->tree->events->ready(child, child->tree->context);
    } else if (type == ROLE_NOTED) {
        news_noted(child->tree->news, reader_u64(&reader));
    } else if (type == ROLE_RELOAD && strcmp(child->program, "keeper") == 0) {
        raise(SIGHUP);
    } else if (type == ROLE_PONG) {
        child->pinged = 0;
    } else if (type == ROLE_FAILED && (text = reader_string(&reader, sizeof(child->failure.text))) != NULL) {
        error_set(&child->failure, "%s", text);
        free(text);
    }
}

/* ---- a start ---- */

static bool is(const struct child *child, const char *program)
{
    return strcmp(child->program, program) == 0;
}

/* Can it take a channel? Sensors that finish their connections still ask the keeper. */
static bool connectable(const struct child *child)
{
    return child->spawned && !child->reaped && child->channel != NULL &&
           (child->state != CHILD_STOPPING || is(child, "sensor"));
}

static void connect_pair(struct child *keeper, struct child *other)
{
    struct error error;
    int pair[2];

    if (channel_pair(pair, &error) < 0) {
        log_error("%s and %s: %s", keeper->name, other->name, error.text);
        return;
    }
    if (role_peer(channel_fd(keeper->channel), other->program, pair[0], &error) < 0 ||
        role_peer(channel_fd(other->channel), "keeper", pair[1], &error) < 0)
        log_debug("%s and %s: %s", keeper->name, other->name, error.text);
    close(pair[0]);
    close(pair[1]);
}

static int equip(struct child *child, int fd, struct error *error)
{
    if (role_setup(fd, child->uid, child->gid, buffer_slice(&child->setup), error) < 0)
        return -1;
    if (is(child, "keeper") && role_peer(fd, "control", child->tree->control, error) < 0)
        return -1;
    for (size_t i = 0; i < child->listener_count; i++)
        if (role_listen(fd, child->listeners[i].decoy, child->listeners[i].index, child->listeners[i].fd, error) < 0)
            return -1;
    return 0;
}

static int spawn(struct child *child, struct error *error)
{
    static const struct channel_events events = {.message = on_message, .closed = on_closed};
    int fd, result;

    if (role_spawn(child->program, &child->pid, &fd, error) < 0)
        return -1;
    child->spawned = true;
    child->reaped = child->asked = false;
    child->failure.text[0] = '\0';
    child->pinged = 0;
    child->state = CHILD_STARTED;
    result = equip(child, fd, error);
    child->channel = channel_new(child->tree->base, fd, &events, child);
    if (child->channel == NULL) {
        kill(child->pid, SIGKILL);
        return error_set(error, "out of memory");
    }
    return result;
}

static bool keeper_lives(const struct tree *tree)
{
    for (const struct child *child = tree->first; child != NULL; child = child->next)
        if (is(child, "keeper") && connectable(child))
            return true;
    return false;
}

static bool due(const struct child *child, int64_t now)
{
    return child->wanted && !child->spawned && child->due <= now;
}

/* Spawns those that are due; the keeper before the others, which need one. Marks them. */
static void spawn_due(struct tree *tree, bool keepers, int64_t now)
{
    struct error error;

    for (struct child *child = tree->first; child != NULL; child = child->next) {
        if (is(child, "keeper") != keepers || !due(child, now) || (!keepers && !keeper_lives(tree)))
            continue;
        event_del(child->timer);
        if (spawn(child, &error) == 0)
            continue;
        log_error("cannot start %s: %s", child->name, error.text);
        if (child->spawned)
            continue;
        child->failure = error;
        plan_restart(child);
        tree->events->ended(child, tree->context);
    }
}

void tree_start(struct tree *tree)
{
    struct error error;
    int64_t now = clock_monotonic(), *before;
    size_t count = 0, i = 0;

    for (struct child *child = tree->first; child != NULL; child = child->next)
        count++;
    before = calloc(count + 1, sizeof(*before));
    if (before == NULL)
        return;
    for (struct child *child = tree->first; child != NULL; child = child->next)
        before[i++] = connectable(child);
    spawn_due(tree, true, now);
    spawn_due(tree, false, now);
    i = 0;
    for (struct child *child = tree->first; child != NULL; child = child->next, i++) {
        size_t j = 0;

        if (!is(child, "keeper") || !connectable(child))
            continue;
        for (struct child *other = tree->first; other != NULL; other = other->next, j++)
            if (!is(other, "keeper") && connectable(other) && !(before[i] && before[j]))
                connect_pair(child, other);
    }
    i = 0;
    for (struct child *child = tree->first; child != NULL; child = child->next, i++)
        if (!before[i] && connectable(child) && role_start(channel_fd(child->channel), &error) < 0)
            log_debug("%s: %s", child->name, error.text);
    free(before);
}

void child_ping(struct child *child)
{
    struct buffer message;

    buffer_init(&message, 16);
    buffer_add_u16(&message, ROLE_PING);
    if (child->channel != NULL && channel_send(child->channel, buffer_slice(&message), -1) == 0)
        child->pinged = clock_monotonic();
    buffer_free(&message);
}

void child_stop(struct child *child, int patience_s)
{
    struct buffer message;
    struct error error;

    if (!child->spawned || child->state == CHILD_STOPPING)
        return;
    child->state = CHILD_STOPPING;
    child->asked = true;
    after(child, (int64_t)patience_s * SECOND);
    buffer_init(&message, 16);
    buffer_add_u16(&message, ROLE_STOP);
    if (child->channel != NULL && channel_send_now(channel_fd(child->channel), buffer_slice(&message), -1, &error) < 0)
        log_debug("%s: %s", child->name, error.text);
    buffer_free(&message);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct child *child = context;

    (void)fd;
    (void)what;
    if (child->spawned && !child->reaped) {
        kill(child->pid, SIGKILL);
    } else if (!child->spawned) {
        child->due = 0; /* the loop's coarse clock lets it ring early, but once only */
        tree_start(child->tree);
    }
}
