/* SPDX-License-Identifier: ISC */
#include "server/keeper/keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"

#define FILL_ROWS 1000
#define FILL_US 2000
#define COMPLAIN_US 1000000
#define ERASE_IDLE_US 5000  /* between two steps of erasing */
#define ERASE_BUSY_US 50000 /* the same while observations are being written */

static bool key_exists(const char *path)
{
    return access(path, F_OK) == 0 || errno != ENOENT;
}

static int make_key(struct keeper *keeper, struct error *error)
{
    const struct configuration *configuration = keeper->configuration;

    if (ledger_exists(configuration->state))
        return error_set(error, "there is a ledger in %s already: init makes new installations only",
                         configuration->state);
    if (key_exists(configuration->master_key))
        return error_set(error, "there is a master key %s already: init makes new installations only",
                         configuration->master_key);
    return keyring_create(configuration->master_key, error);
}

int keeper_open(struct keeper *keeper, bool create, struct error *error)
{
    const struct configuration *configuration = keeper->configuration;
    int result = -1;
    int64_t now;

    if (create && make_key(keeper, error) < 0)
        return -1;
    if (keyring_open(&keeper->keyring, configuration->master_key, error) < 0)
        return -1;
    result = ledger_open(&keeper->ledger, configuration->state, &keeper->keyring, create, error);
    if (result < 0)
        goto no_ledger;
    result = -1;
    now = clock_wall(); /* another keeper may have written while its end was waited for */
    if (observer_open(&keeper->observer, &keeper->ledger, &keeper->keyring, configuration->budget_noise,
                      configuration->budget_source_per_hour, error) < 0)
        goto no_observer;
    eraser_init(&keeper->eraser, &keeper->derivation, configuration);
    leap_init(&keeper->leap, keeper->eraser.observations_us);
    keeper->observer.granter.configuration = configuration;
    if (derivation_open(&keeper->derivation, &keeper->ledger, &keeper->keyring, &keeper->observer, configuration,
                        error) < 0 ||
        outbox_open(&keeper->outbox, &keeper->ledger, &keeper->derivation, configuration, clock_monotonic(), error) <
            0 ||
        leap_open(&keeper->leap, &keeper->outbox, &keeper->keyring, now, error) < 0 ||
        derive_behind(&keeper->derivation, now, error) < 0)
        goto no_derivation;
    (void)leap_look(&keeper->leap, clock_wall(), clock_monotonic());
    batch_init(&keeper->batch);
    keeper->flight_count = 0;
    keeper->backlog = KEEPER_BACKLOG;
    keeper->open = true;
    return 0;
no_derivation:
    derivation_close(&keeper->derivation);
    observer_close(&keeper->observer);
no_observer:
    ledger_close(&keeper->ledger);
no_ledger:
    keyring_wipe(&keeper->keyring);
    return result;
}

static void close_event(struct event **event)
{
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
}

void keeper_close(struct keeper *keeper)
{
    struct error error;

    close_event(&keeper->tick);
    close_event(&keeper->slow);
    close_event(&keeper->fill);
    close_event(&keeper->erase);
    shrink_close(&keeper->shrink);
    close_event(&keeper->ended);
    close_event(&keeper->due);
    keeper_take(keeper);
    keeper_settle(keeper);
    keeper_peers_close(keeper);
    if (!keeper->open)
        return;
    if (keeper_tick(keeper, clock_wall(), clock_monotonic(), &error) < 0 ||
        outbox_save(&keeper->outbox, clock_monotonic(), &error) < 0 ||
        leap_save(&keeper->leap, &keeper->ledger, clock_wall(), &error) < 0)
        log_error("%s", error.text);
    batch_free(&keeper->batch);
    derivation_close(&keeper->derivation);
    observer_close(&keeper->observer);
    ledger_close(&keeper->ledger);
    keyring_wipe(&keeper->keyring);
    keeper->open = false;
}

void keeper_complain(struct keeper *keeper, const struct error *error)
{
    int64_t now = clock_monotonic();

    if (keeper->complained != 0 && now - keeper->complained < COMPLAIN_US)
        return;
    keeper->complained = now;
    log_error("%s", error->text);
}

/* ---- background work ---- */

static int apply_outcomes(struct keeper *keeper, int64_t now, struct error *error)
{
    size_t i;

    for (i = 0; i < keeper->outcome_count; i++) {
        const struct keeper_outcome *kept = &keeper->outcomes[i];
        struct outcome outcome = {kept->delivery, kept->result, kept->status, kept->retry_after,
                                  {(const unsigned char *)kept->text, kept->length}};

        if (outbox_outcome(&keeper->outbox, &outcome, now, error) < 0)
            return -1;
    }
    return 0;
}

static bool is_writing(const struct keeper *keeper)
{
    return keeper->flight_count > 0 || keeper->batch.count > 0;
}

bool keeper_is_behind(const struct keeper *keeper)
{
    return derive_backlog(&keeper->derivation) > keeper->backlog;
}

static int work(struct keeper *keeper, int64_t now, int64_t monotonic, int *made, struct error *error)
{
    if (ledger_begin_hasty(&keeper->ledger, error) < 0)
        return -1;
    keeper->derivation.share = is_writing(keeper) && !keeper_is_behind(keeper) ? DERIVE_BUSY : DERIVE_SIGHTINGS;
    *made = derive_step(&keeper->derivation, now, error);
    if (*made < 0 || (*made == 0 && !keeper->ledger.full && derive_cover(&keeper->derivation, error) < 0) ||
        observer_save(&keeper->observer, error) < 0 || apply_outcomes(keeper, now, error) < 0 ||
        outbox_promote(&keeper->outbox, now, error) < 0 || outbox_beat(&keeper->outbox, now, error) < 0)
        return -1;
    if (monotonic - keeper->outbox.saved >= KEEPER_SAVE_US &&
        (outbox_save(&keeper->outbox, monotonic, error) < 0 ||
         leap_save(&keeper->leap, &keeper->ledger, now, error) < 0))
        return -1;
    return ledger_commit(&keeper->ledger, error);
}

/* What failed is done again, with the same outcomes: a delivery whose outcome was forgotten would stay under way for
 * ever. */
static int work_whole(struct keeper *keeper, int64_t now, int64_t monotonic, int *made, struct error *error)
{
    int result = work(keeper, now, monotonic, made, error);

    outbox_settle(&keeper->outbox, result == 0);
    if (result == 0) {
        keeper->outcome_count = 0;
        return 0;
    }
    ledger_rollback(&keeper->ledger);
    derive_undo(&keeper->derivation);
    return -1;
}

int keeper_tick(struct keeper *keeper, int64_t now, int64_t monotonic, struct error *error)
{
    int made = 0, result;

    keeper->counts.ticks++;
    outbox_running(&keeper->outbox, monotonic);
    result = work_whole(keeper, now, monotonic, &made, error);
    if (result < 0 && ledger_was_full(&keeper->ledger) && ledger_reserve_free(&keeper->ledger))
        result = work_whole(keeper, now, monotonic, &made, error);
    keeper_dispatch(keeper);
    if (keeper->control != NULL)
        commands_derived(keeper->control, result == 0 && made > 0);
    return result < 0 ? -1 : made;
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    struct keeper *keeper = context;
    struct error error;

    (void)fd;
    (void)what;
    keeper->stirred = false;
    if (!keeper->open)
        return;
    if (keeper_tick(keeper, clock_wall(), clock_monotonic(), &error) < 0)
        keeper_complain(keeper, &error);
    else if (derive_backlog(&keeper->derivation) > 0)
        keeper_stir(keeper);
}

void keeper_stir(struct keeper *keeper)
{
    struct timeval wait = {0, 0};
    int64_t now = clock_monotonic();
    int64_t grid = is_writing(keeper) ? KEEPER_BUSY_US : KEEPER_TICK_US;

    if (keeper->stirred || keeper->tick == NULL)
        return;
    wait.tv_usec = grid - now % grid;
    keeper->stirred = event_add(keeper->tick, &wait) == 0;
}

static bool is_busy(const struct keeper *keeper)
{
    return is_writing(keeper) || derive_backlog(&keeper->derivation) > 0;
}

static void erase_soon(struct keeper *keeper)
{
    event_add(keeper->erase, &(struct timeval){0, is_busy(keeper) ? ERASE_BUSY_US : ERASE_IDLE_US});
}

static bool is_erasing_due(struct keeper *keeper)
{
    return eraser_due(&keeper->eraser, leap_believed(&keeper->leap, clock_wall()), clock_monotonic());
}

static void on_erase(evutil_socket_t fd, short what, void *context)
{
    struct keeper *keeper = context;
    struct error error;
    int result;

    (void)fd;
    (void)what;
    if (!keeper->open || !is_erasing_due(keeper))
        return;
    result = eraser_step(&keeper->eraser, clock_monotonic(), &error);
    if (result == 1)
        erase_soon(keeper);
    else if (result < 0 || (result == 2 && ledger_settle(&keeper->ledger, &error) < 0))
        keeper_complain(keeper, &error);
}

/* Is what the clock says taken in? */
static bool look_at_clock(struct keeper *keeper, int64_t wall, int64_t monotonic)
{
    int64_t by = leap_look(&keeper->leap, wall, monotonic);
    struct error error;

    if (by == 0 || leap_take(&keeper->leap, &keeper->outbox, &keeper->keyring, by, wall, monotonic, &error) == 0)
        return true;
    keeper_complain(keeper, &error);
    return false;
}

static void on_slow(evutil_socket_t fd, short what, void *context)
{
    struct keeper *keeper = context;
    int64_t now = clock_wall();
    bool taken;

    (void)fd;
    (void)what;
    if (!keeper->open)
        return;
    taken = look_at_clock(keeper, now, clock_monotonic());
    ledger_reserve_restore(&keeper->ledger);
    if (derive_backlog(&keeper->derivation) > 0 || derive_due(&keeper->derivation, now) || keeper->outcome_count > 0 ||
        outbox_ripe(&keeper->outbox, now) || outbox_beat_due(&keeper->outbox, now) ||
        clock_monotonic() - keeper->outbox.saved >= KEEPER_SAVE_US)
        keeper_stir(keeper);
    else
        keeper_dispatch(keeper);
    if (taken && is_erasing_due(keeper) && !event_pending(keeper->erase, EV_TIMEOUT, NULL))
        erase_soon(keeper);
    if (!event_pending(keeper->fill, EV_TIMEOUT, NULL) && fingerprints_wanting(&keeper->ledger.fingerprints))
        event_add(keeper->fill, &(struct timeval){0, FILL_US});
}

/* The table of fingerprints is filled bit by bit, so that a start need not wait for it. */
static void on_fill(evutil_socket_t fd, short what, void *context)
{
    struct keeper *keeper = context;
    struct error error;

    (void)fd;
    (void)what;
    if (!keeper->open)
        return;
    switch (recogniser_fill(&keeper->observer.recogniser, FILL_ROWS, &error)) {
    case 1:
        event_add(keeper->fill, &(struct timeval){0, FILL_US});
        break;
    case 0:
        break;
    default:
        keeper_complain(keeper, &error);
    }
}

int keeper_start(struct keeper *keeper, struct error *error)
{
    const struct timeval slow = {0, KEEPER_SLOW_MS * 1000};

    keeper->tick = evtimer_new(keeper->base, on_tick, keeper);
    keeper->fill = evtimer_new(keeper->base, on_fill, keeper);
    keeper->erase = evtimer_new(keeper->base, on_erase, keeper);
    keeper->slow = event_new(keeper->base, -1, EV_PERSIST, on_slow, keeper);
    if (keeper->tick == NULL || keeper->fill == NULL || keeper->erase == NULL || keeper->slow == NULL ||
        event_add(keeper->slow, &slow) < 0 ||
        event_add(keeper->fill, &(struct timeval){0, FILL_US}) < 0)
        return error_set(error, "out of memory");
    if (shrink_open(&keeper->shrink, keeper->base, error) < 0)
        return -1;
    return keeper->open ? keeper_await(keeper, error) : 0;
}
