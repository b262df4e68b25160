/* SPDX-License-Identifier: ISC */
#include "server/keeper/watch.h"

#include <event2/event.h>
#include <stdlib.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/keeper/keeper.h"
#include "server/keeper/provision.h"

struct watch {
    struct keeper *keeper;
    struct event *timer;
    struct provision *provision; /* under way, or ended and not freed yet */
    bool ended;
    int64_t next; /* monotonic: no try before */
};

/* Not from within the provision: it is freed at the next turn. */
static void on_done(bool ok, const char *text, struct slice trust, void *context)
{
    struct watch *watch = context;

    (void)trust;
    watch->ended = true;
    if (ok) {
        keeper_send_keys(watch->keeper);
        return;
    }
    log_warning("the decoys' certificates stay as they are: %s", text);
    watch->next = clock_monotonic() + WATCH_RETRY_US;
}

static void start(struct watch *watch, struct error *error)
{
    struct provision_settings settings = {.keeper = watch->keeper, .jobs = watch->keeper->jobs, .who = "keeper",
                                          .done = on_done, .context = watch};

    watch->ended = false;
    if (provision_start(&settings, &watch->provision, error) == 0)
        return;
    watch->provision = NULL;
    log_warning("the decoys' certificates stay as they are: %s", error->text);
    watch->next = clock_monotonic() + WATCH_RETRY_US;
}

void watch_turn(struct watch *watch, int64_t monotonic)
{
    struct keeper *keeper = watch->keeper;
    const struct configuration *configuration = keeper->configuration;
    struct error error;
    int count;

    if (watch->provision != NULL && !watch->ended)
        return;
    provision_free(watch->provision);
    watch->provision = NULL;
    for (size_t i = 0; i < configuration->decoy_count; i++)
        if (own_certificate_watch(control_certificate(keeper->control, i), &configuration->decoys[i]))
            watch->next = 0;
    if (!keeper->open || !keeper->ready || monotonic < watch->next)
        return;
    watch->next = monotonic + WATCH_EACH_US;
    count = provision_needed(keeper, &error);
    if (count > 0) {
        start(watch, &error);
    } else if (count < 0) {
        log_warning("%s", error.text);
        watch->next = monotonic + WATCH_RETRY_US;
    }
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    watch_turn(context, clock_monotonic());
}

struct watch *watch_new(struct keeper *keeper, struct error *error)
{
    static const struct timeval often = {WATCH_MS / 1000, WATCH_MS % 1000 * 1000};
    struct watch *watch = calloc(1, sizeof *watch);

    if (watch != NULL) {
        watch->keeper = keeper;
        watch->timer = event_new(keeper->base, -1, EV_PERSIST, on_turn, watch);
    }
    if (watch == NULL || watch->timer == NULL || event_add(watch->timer, &often) < 0) {
        error_set(error, "out of memory");
        watch_free(watch);
        return NULL;
    }
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    provision_free(watch->provision);
    if (watch->timer != NULL)
        event_free(watch->timer);
    free(watch);
}
