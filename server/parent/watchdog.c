/* SPDX-License-Identifier: ISC */
#include "server/parent/watchdog.h"

#include <stdlib.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/parent/manager.h"

#define SECOND 1000000
#define ROUNDS 4 /* in the watchdog's time */

struct watchdog {
    struct tree *tree;
    struct event *timer;
    int64_t patience;
    const struct child *hung; /* told already */
};

/* The first role that has left a PING unanswered for too long, or NULL; pings the others. */
static const struct child *ping_all(const struct watchdog *watchdog, int64_t now)
{
    const struct child *hung = NULL;

    for (struct child *child = tree_first(watchdog->tree); child != NULL; child = child->next) {
        if (child->state != CHILD_READY)
            continue;
        if (child->pinged == 0)
            child_ping(child);
        else if (hung == NULL && now - child->pinged >= watchdog->patience)
            hung = child;
    }
    return hung;
}

static void on_round(evutil_socket_t fd, short what, void *context)
{
    struct watchdog *watchdog = context;
    int64_t now = clock_monotonic();
    const struct child *hung = ping_all(watchdog, now);

    (void)fd;
    (void)what;
    if (hung == NULL)
        manager_tell("WATCHDOG=1");
    if (hung != NULL && hung != watchdog->hung) {
        log_error("%s (process %d) has not answered for %d s; the watchdog gets no sign of life any more", hung->name,
                  (int)hung->pid, (int)((now - hung->pinged) / SECOND));
        manager_tell("STATUS=%s hangs", hung->name);
    } else if (hung == NULL && watchdog->hung != NULL) {
        log_info("every role answers again");
    }
    watchdog->hung = hung;
}

struct watchdog *watchdog_new(struct event_base *base, struct tree *tree, uint64_t microseconds)
{
    struct watchdog *watchdog = calloc(1, sizeof(*watchdog));
    uint64_t round = microseconds / ROUNDS;
    const struct timeval often = {.tv_sec = (time_t)(round / SECOND), .tv_usec = (suseconds_t)(round % SECOND)};

    if (watchdog == NULL)
        return NULL;
    watchdog->tree = tree;
    watchdog->patience = (int64_t)(microseconds / 2);
    watchdog->timer = event_new(base, -1, EV_PERSIST, on_round, watchdog);
    if (watchdog->timer == NULL || event_add(watchdog->timer, &often) < 0) {
        watchdog_free(watchdog);
        return NULL;
    }
    return watchdog;
}

void watchdog_free(struct watchdog *watchdog)
{
    if (watchdog == NULL)
        return;
    if (watchdog->timer != NULL)
        event_free(watchdog->timer);
    free(watchdog);
}
