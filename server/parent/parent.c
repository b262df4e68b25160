/* SPDX-License-Identifier: ISC */
#include "server/parent/parent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/parent/listen.h"
#include "server/parent/manager.h"
#include "server/parent/plan.h"
#include "server/parent/runtime.h"
#include "server/parent/supervise.h"
#include "server/parent/watchdog.h"
#include "server/wire/configuration.h"

#define WAIT_MS 5000 /* for a dying predecessor's lock and ports */
#define TRIES 3      /* unexplained ends before the first `ready` */
#define NUDGE_S 10   /* between lines about a start that takes long */
#define SENSOR_S 15  /* to finish connections after a reload, and at the end */
#define SENSOR_STOP_S 5
#define COURIER_S 5
#define MINTER_S 3
#define KEEPER_S 15

struct parent {
    const char *file;
    struct event_base *base;
    struct tree *tree;
    struct listening listening;
    struct runtime runtime;
    struct configuration *current, *next; /* next: a reload is under way */
    unsigned generation;                  /* of `current` */
    unsigned loads;                       /* reloads tried, and the start */
    bool ready, stopping, killed, again;
    bool refused; /* the last reload */
    int code;
    struct event *term, *interrupt, *hangup, *child, *nudge, *sweep;
    struct watchdog *watchdog; /* NULL: none is wanted */
};

static bool is(const struct child *child, const char *program)
{
    return strcmp(child->program, program) == 0;
}

/* What `systemctl status` shows. */
static void tell_status(const struct parent *parent)
{
    const struct child *missing = NULL;

    for (const struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        if (child->wanted && child->state != CHILD_READY)
            missing = child;
    if (missing != NULL)
        manager_tell("STATUS=Waiting for %s", missing->name);
    else
        manager_tell("STATUS=%zu decoys, %zu routes%s", parent->current->decoy_count, parent->current->route_count,
                     parent->refused ? "; a changed configuration was refused, see the log" : "");
}

/* ---- the end ---- */

/* Tells the first kind that still runs to stop; all of it gone, the next. Ends the loop after the last. */
static void stop_next(struct parent *parent)
{
    static const struct {
        const char *program;
        int patience_s;
    } order[] = {{"sensor", SENSOR_STOP_S}, {"courier", COURIER_S}, {"minter", MINTER_S}, {"keeper", KEEPER_S}};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        bool runs = false;

        for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next) {
            if (!is(child, order[i].program) || !child->spawned)
                continue;
            runs = true;
            child_stop(child, order[i].patience_s);
        }
        if (runs)
            return;
    }
    event_base_loopbreak(parent->base);
}

static void stop(struct parent *parent, int code)
{
    if (parent->stopping)
        return;
    parent->stopping = true;
    parent->code = code;
    manager_tell("STOPPING=1\nSTATUS=Finishing what is under way");
    for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        child->wanted = false;
    stop_next(parent);
}

static void on_stop(evutil_socket_t signal_number, short what, void *context)
{
    struct parent *parent = context;

    (void)what;
    if (!parent->stopping) {
        log_info("stopping on signal %d", (int)signal_number);
        stop(parent, 0);
        return;
    }
    for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        if (child->spawned && !child->reaped)
            kill(child->pid, SIGKILL);
}

/* ---- reload ---- */

static void schedule_sweep(struct parent *parent)
{
    const struct timeval now = {0, 0};

    event_add(parent->sweep, &now);
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    struct parent *parent = context;
    struct child *next;

    (void)fd;
    (void)what;
    if (parent->next != NULL || parent->stopping)
        return;
    for (struct child *child = tree_first(parent->tree); child != NULL; child = next) {
        next = child->next;
        if (!child->wanted && !child->spawned)
            tree_remove(child);
    }
}

static void reload_told(struct parent *parent, bool ok, const char *text)
{
    if (ok)
        log_info("the configuration was read again: %zu decoys, %zu routes", parent->current->decoy_count,
                 parent->current->route_count);
    else
        log_error("the configuration stays as it was: %s", text);
    runtime_status(&parent->runtime, ++parent->loads, ok, text);
    parent->refused = !ok;
    manager_tell("READY=1");
    tell_status(parent);
    schedule_sweep(parent);
}

static void restart_core(struct parent *parent, const struct configuration *configuration)
{
    struct error error;

    if (plan_core_again(parent->tree, configuration, &error) < 0)
        log_error("%s", error.text);
    for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next) {
        if (is(child, "sensor"))
            continue;
        child->pause_us = 0;
        child_stop(child, is(child, "keeper") ? KEEPER_S : COURIER_S);
    }
}

/* Back to the old configuration: its sensors never stopped. */
static void reload_revert(struct parent *parent, const char *text)
{
    struct error why;

    error_set(&why, "%s", text);
    configuration_free(parent->next);
    parent->next = NULL;
    for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next) {
        if (!is(child, "sensor"))
            continue;
        child->wanted = child->generation == parent->generation;
        if (!child->wanted)
            child_stop(child, SENSOR_S);
        else
            child->due = 0;
    }
    listening_keep(&parent->listening, parent->current);
    restart_core(parent, parent->current);
    reload_told(parent, false, why.text);
}

static void reload_finish(struct parent *parent)
{
    struct error error;

    if (runtime_operators(&parent->runtime, parent->next, &error) < 0)
        log_error("%s", error.text);
    configuration_free(parent->current);
    parent->current = parent->next;
    parent->next = NULL;
    parent->generation++;
    for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        if (is(child, "sensor") && child->generation != parent->generation)
            child_stop(child, SENSOR_S);
    listening_keep(&parent->listening, parent->current);
    reload_told(parent, true, "");
}

static int reload_begin(struct parent *parent, struct error *error)
{
    if (configuration_load(parent->file, &parent->next, error) < 0 || configuration_key(parent->next, error) < 0)
        return -1;
    if (strcmp(parent->next->state, parent->current->state) != 0)
        return error_set(error, "\"state\" cannot change while sundewd runs; stop it and start it again");
    if (plan_check(parent->next, error) < 0 || listening_bind(&parent->listening, parent->next, 0, error) < 0)
        return -1;
    for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        if (is(child, "sensor"))
            child->wanted = false;
    return plan_sensors(parent->tree, parent->next, &parent->listening, parent->generation + 1, error);
}

static void on_reload(evutil_socket_t fd, short what, void *context)
{
    struct parent *parent = context;
    struct error error;

    (void)fd;
    (void)what;
    if (parent->stopping)
        return;
    if (!parent->ready || parent->next != NULL) {
        log_warning("a start or reload is still under way; send the signal again later");
        runtime_status(&parent->runtime, ++parent->loads, false, "a start or reload was still under way; try again");
        return;
    }
    manager_tell("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the configuration", (long long)clock_monotonic());
    if (reload_begin(parent, &error) == 0) {
        restart_core(parent, parent->next);
        return;
    }
    configuration_free(parent->next);
    parent->next = NULL;
    for (struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        if (is(child, "sensor"))
            child->wanted = child->generation == parent->generation && child->state != CHILD_STOPPING;
    listening_keep(&parent->listening, parent->current);
    reload_told(parent, false, error.text);
}

/* ---- the tree's news ---- */

static bool all_ready(const struct parent *parent)
{
    for (const struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        if (child->wanted && child->state != CHILD_READY)
            return false;
    return true;
}

static void on_ready(struct child *child, void *context)
{
    struct parent *parent = context;

    log_debug("%s (process %d) is ready", child->name, (int)child->pid);
    if (parent->stopping || !all_ready(parent))
        return;
    if (parent->next != NULL) {
        reload_finish(parent);
    } else if (!parent->ready) {
        parent->ready = true;
        event_del(parent->nudge);
        runtime_status(&parent->runtime, ++parent->loads, true, "");
        if (getenv("SUNDEWD_RESTARTED") == NULL) {
            printf("ready\n");
            fflush(stdout);
        }
        manager_tell("READY=1");
        tell_status(parent);
    }
}

static bool other_build(const struct child *child)
{
    return strstr(child->failure.text, "is of another build") != NULL;
}

/* Before the first `ready` a role that says why it fails ends the start, unless its peer was just killed. */
static void start_failed(struct parent *parent, const struct child *child)
{
    if (WIFSIGNALED(child->status))
        parent->killed = true;
    if ((child->failure.text[0] == '\0' || parent->killed) && child->restarts < TRIES)
        return;
    if (child->failure.text[0] != '\0')
        log_error("cannot start %s: %s", child->name, child->failure.text);
    else
        log_error("cannot start %s: it ended %u times; its own lines above say why", child->name, child->restarts);
    stop(parent, 3);
}

static void on_ended(struct child *child, void *context)
{
    struct parent *parent = context;

    if (parent->stopping) {
        stop_next(parent);
    } else if (!parent->ready) {
        start_failed(parent, child);
    } else if (other_build(child)) {
        log_warning("Sundew was upgraded; the whole tree starts again");
        parent->again = true;
        stop(parent, 0);
    } else if (parent->next != NULL && child->failure.text[0] != '\0' && !child->asked) {
        reload_revert(parent, child->failure.text);
    } else {
        tell_status(parent);
        schedule_sweep(parent);
    }
}

static void on_child(evutil_socket_t fd, short what, void *context)
{
    struct parent *parent = context;

    (void)fd;
    (void)what;
    tree_reap(parent->tree);
}

static void on_nudge(evutil_socket_t fd, short what, void *context)
{
    struct parent *parent = context;

    (void)fd;
    (void)what;
    for (const struct child *child = tree_first(parent->tree); child != NULL; child = child->next)
        if (child->wanted && child->state != CHILD_READY)
            log_info("still waiting for %s", child->name);
}

/* ---- the start ---- */

static int watch(struct parent *parent, struct error *error)
{
    const struct timeval nudge = {.tv_sec = NUDGE_S};

    parent->term = evsignal_new(parent->base, SIGTERM, on_stop, parent);
    parent->interrupt = evsignal_new(parent->base, SIGINT, on_stop, parent);
    parent->hangup = evsignal_new(parent->base, SIGHUP, on_reload, parent);
    parent->child = evsignal_new(parent->base, SIGCHLD, on_child, parent);
    parent->nudge = event_new(parent->base, -1, EV_PERSIST, on_nudge, parent);
    parent->sweep = event_new(parent->base, -1, 0, on_sweep, parent);
    if (parent->term == NULL || parent->interrupt == NULL || parent->hangup == NULL || parent->child == NULL ||
        parent->nudge == NULL || parent->sweep == NULL || event_add(parent->term, NULL) < 0 ||
        event_add(parent->interrupt, NULL) < 0 || event_add(parent->hangup, NULL) < 0 ||
        event_add(parent->child, NULL) < 0 || event_add(parent->nudge, &nudge) < 0)
        return error_set(error, "cannot watch for signals");
    if (manager_watchdog() > 0 &&
        (parent->watchdog = watchdog_new(parent->base, parent->tree, manager_watchdog())) == NULL)
        return error_set(error, "out of memory");
    return 0;
}

static void warn_of_root(const struct parent *parent)
{
    for (const struct child *child = tree_first(parent->tree); child != NULL; child = child->next) {
        if (child->uid != 0)
            continue;
        log_warning("roles run as uid 0 (without capabilities, caged), for root owns the state folder; name \"users:\" "
                    "in the configuration, or give the state folder to a user of its own");
        return;
    }
}

static int start(struct parent *parent, struct error *error)
{
    static const struct tree_events events = {.ready = on_ready, .ended = on_ended};

    signal(SIGPIPE, SIG_IGN);
    listening_open(&parent->listening);
    if (configuration_load(parent->file, &parent->current, error) < 0 ||
        configuration_key(parent->current, error) < 0 ||
        runtime_open(&parent->runtime, parent->current, WAIT_MS, error) < 0 ||
        listening_bind(&parent->listening, parent->current, WAIT_MS, error) < 0)
        return -1;
    listening_keep(&parent->listening, parent->current);
    parent->base = event_base_new();
    if (parent->base == NULL)
        return error_set(error, "out of memory");
    parent->tree = tree_new(parent->base, parent->runtime.control, &events, parent);
    if (parent->tree == NULL)
        return error_set(error, "out of memory");
    if (watch(parent, error) < 0 || plan_core(parent->tree, parent->current, error) < 0 ||
        plan_sensors(parent->tree, parent->current, &parent->listening, parent->generation, error) < 0)
        return -1;
    if (parent->current->decoy_count == 0)
        log_warning("the configuration has no decoys; nothing can be seen");
    warn_of_root(parent);
    tree_start(parent->tree);
    return 0;
}

static void finish(struct parent *parent)
{
    struct event *events[] = {parent->term,  parent->interrupt, parent->hangup,
                              parent->child, parent->nudge,     parent->sweep};

    watchdog_free(parent->watchdog);
    tree_free(parent->tree);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i] != NULL)
            event_free(events[i]);
    if (parent->base != NULL)
        event_base_free(parent->base);
    listening_close(&parent->listening);
    if (parent->again)
        passed_keep(&parent->listening.passed);
    runtime_close(&parent->runtime);
    configuration_free(parent->next);
    configuration_free(parent->current);
}

int parent_run(const char *file, bool *again)
{
    struct parent parent = {.file = file, .runtime = {-1, -1, -1}};
    struct error error;

    if (start(&parent, &error) < 0) {
        log_error("%s", error.text);
        parent.code = 3;
    } else if (event_base_dispatch(parent.base) < 0) {
        log_error("the event loop failed");
        parent.code = 3;
    }
    finish(&parent);
    *again = parent.again;
    return parent.code;
}
