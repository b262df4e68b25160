/* SPDX-License-Identifier: ISC
 *
 * Several at once: each hand is a thread with a gardener of its own. They take turns at all that they share, the way to
 * the keeper above all, and the one whose planter is at work lets the others have the turn (planter.h). Nobody works on
 * the ground of another: what lies in one mailbox or repository is planted one after the other, over one connection. */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/command/command.h"
#include "server/command/plan.h"
#include "server/command/planting.h"
#include "server/command/text.h"
#include "server/wire/remote.h"

#define MINUTE_US 60000000
#define NAP_NS 100000000
#define SECOND_NS 1000000000

struct hand {
    struct crew *crew;
    size_t at, end; /* of the items: what is left of the ground that it works on */
    bool started;
    pthread_t thread;
};

struct crew {
    struct plan_work *work;
    struct error *last; /* why the last one that could not be planted was not */
    pthread_mutex_t turn;
    pthread_cond_t changed; /* a hand has left its ground */
    struct hand hands[PLAN_AT_ONCE];
    size_t count, next; /* hands; the first item of the next ground */
    int64_t due;        /* by the plan's pace */
    bool told, stopped; /* of quiet hours; the rest is of no use */
};

/* ---- grounds ---- */

size_t plan_ground(const char *place)
{
    const char *scheme = strchr(place, ':');

    if (scheme == NULL || !remote_is(slice_of(place)) || strncmp(place, "git+", 4) == 0)
        return strcspn(place, "#");
    scheme += strspn(scheme, ":/");
    return (size_t)(scheme - place) + strcspn(scheme, "/");
}

static bool is_same_ground(const struct plan_item *one, const struct plan_item *other)
{
    const char *mine = one->place->place, *theirs = other->place->place;

    return plan_ground(mine) == plan_ground(theirs) && strncmp(mine, theirs, plan_ground(mine)) == 0;
}

static bool is_taken(const struct crew *crew, const struct plan_item *item)
{
    bool taken = false;

    for (size_t i = 0; i < crew->count && !taken; i++) {
        const struct hand *hand = &crew->hands[i];

        taken = hand->at < hand->end && is_same_ground(item, &crew->work->items->list[hand->at]);
    }
    return taken;
}

/* ---- when ---- */

/* Lets the others have the turn, until one of them has left its ground or a moment has passed. */
static void let_others(struct crew *crew)
{
    struct timespec until;

    progress_step(&crew->work->invocation->progress, 0);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += NAP_NS;
    until.tv_sec += until.tv_nsec / SECOND_NS;
    until.tv_nsec %= SECOND_NS;
    pthread_cond_clockwait(&crew->changed, &crew->turn, CLOCK_MONOTONIC, &until);
}

static bool is_quiet(struct crew *crew)
{
    int64_t left = plan_quiet_left(crew->work->plan, clock_wall() / 1000000);

    if (left > 0 && !crew->told) {
        progress_hide(&crew->work->invocation->progress);
        fprintf(stderr, "sundew: quiet hours; planting goes on in %d:%02d hours\n", (int)(left / 3600),
                (int)(left % 3600 / 60));
    }
    crew->told = left > 0;
    return left > 0;
}

static bool is_time(struct crew *crew)
{
    int64_t pace = crew->work->plan->pace;

    if (is_quiet(crew) || (pace > 0 && clock_monotonic() < crew->due))
        return false;
    if (pace > 0)
        crew->due = clock_monotonic() + MINUTE_US / pace;
    return true;
}

/* ---- one hand ---- */

static bool is_done(const struct plan_work *work, size_t index)
{
    const struct plan_item *item = &work->items->list[index];
    const struct plan_known *known = plan_find(work->ledger, item->key);

    return known != NULL && strcmp(known->state, "planned") != 0 && !plan_is_due(item, known);
}

/* All that lies in the next ground, if that is free. */
static void take_ground(struct crew *crew, struct hand *hand)
{
    const struct plan_items *items = crew->work->items;
    size_t end = crew->next + 1;

    if (is_taken(crew, &items->list[crew->next])) {
        let_others(crew);
        return;
    }
    while (end < items->count && is_same_ground(&items->list[crew->next], &items->list[end]))
        end++;
    hand->at = crew->next;
    hand->end = crew->next = end;
}

static void leave(struct crew *crew, struct hand *hand)
{
    if (++hand->at == hand->end)
        pthread_cond_broadcast(&crew->changed);
}

/* The next one that it is to plant, NULL when there is none. */
static const struct plan_item *take(struct crew *crew, struct hand *hand)
{
    const struct plan_items *items = crew->work->items;

    while (!crew->stopped && (hand->at < hand->end || crew->next < items->count)) {
        if (hand->at == hand->end)
            take_ground(crew, hand);
        else if (is_done(crew->work, hand->at))
            leave(crew, hand);
        else if (is_time(crew))
            return &items->list[hand->at];
        else
            let_others(crew);
    }
    return NULL;
}

static bool keeper_gone(const struct link *link)
{
    struct pollfd wait = {.fd = link->fd, .events = POLLRDHUP};

    return poll(&wait, 1, 0) == 1 && (wait.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static void plant_item(struct crew *crew, struct gardener *gardener, const struct plan_item *item)
{
    struct plan_work *work = crew->work;
    struct invocation *invocation = work->invocation;
    struct error why = {""};
    int code;

    if (invocation->output.table.terminal)
        progress_hide(&invocation->progress);
    code = plan_do(work, gardener, item, &why);
    work->planted += code == 0;
    work->failed += code != 0;
    fflush(invocation->output.file);
    if (code != 0) {
        *crew->last = why;
        progress_hide(&invocation->progress);
        text_tell("%s: %s", item->key, why.text);
        crew->stopped = crew->stopped || keeper_gone(work->link);
    }
    progress_step(&invocation->progress, 1);
}

static void *work_on(void *context)
{
    struct hand *hand = context;
    struct crew *crew = hand->crew;
    const struct plan_item *item;
    struct gardener gardener;

    gardener_init(&gardener, crew->work->invocation, crew->work->link);
    gardener.lease = crew->work->lease;
    gardener.planter.turn = &crew->turn;
    pthread_mutex_lock(&crew->turn);
    while ((item = take(crew, hand)) != NULL) {
        plant_item(crew, &gardener, item);
        leave(crew, hand);
    }
    gardener_end(&gardener);
    pthread_mutex_unlock(&crew->turn);
    return NULL;
}

/* ---- all ---- */

int plan_apply(struct plan_work *work, struct error *error)
{
    struct crew crew = {.work = work, .last = error, .count = (size_t)work->plan->at_once,
                        .turn = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct progress *progress = &work->invocation->progress;

    for (size_t i = 0; i < work->items->count; i++)
        work->there += is_done(work, i);
    progress_begin(progress, "planting", work->items->count);
    progress_step(progress, work->there);
    for (size_t i = 0; i < crew.count; i++)
        crew.hands[i].crew = &crew;
    for (size_t i = 1; i < crew.count; i++) /* as many as can be had */
        crew.hands[i].started = pthread_create(&crew.hands[i].thread, NULL, work_on, &crew.hands[i]) == 0;
    work_on(&crew.hands[0]);
    for (size_t i = 1; i < crew.count; i++)
        if (crew.hands[i].started)
            pthread_join(crew.hands[i].thread, NULL);
    progress_hide(progress);
    return work->failed > 0 ? 3 : 0;
}
