/* SPDX-License-Identifier: ISC
 *
 * One run at a time carries plans out on an installation, by a lock that its planters hold too: when a run was killed,
 * the next one begins only once the planter that it left behind is done, and finds each placement in the ledger, either
 * with what became of it or still planned, which it then looks at where it was to be put. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/command/command.h"
#include "server/command/plan.h"
#include "server/command/planting.h"
#include "server/command/rotate.h"

#define LEASE_WAIT_US 60000000
#define NAP_NS 100000000
#define MINUTE_US 60000000

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

/* ---- the lock ---- */

/* The one file that all who run sundew here can read. */
int plan_lease(const struct configuration *configuration, int *lease, struct error *error)
{
    int64_t end = clock_monotonic() + LEASE_WAIT_US;
    int fd = open(configuration->file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(error, "%s cannot be opened", configuration->file);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            error_errno(error, "%s cannot be locked", configuration->file);
            close(fd);
            return -1;
        }
        if (clock_monotonic() > end) {
            close(fd);
            return error_set(error, "another sundew that plants by a plan, rotates or replants is at work here, or a planter "
                                    "that one left behind; wait for it, or end it, and try again");
        }
        nap();
    }
    *lease = fd;
    return 0;
}

/* ---- one placement ---- */

/* Settings of the planting; those of the token, too, where one is minted. */
static void put_settings(const struct plan_item *item, bool minted, struct command *command)
{
    static const char *const planting[] = {"path", "as", "buried", "signed-off", "outside"};
    const struct plan_entry *entry = item->entry;

    for (size_t i = 0; i < entry->setting_count; i++) {
        const char *name = entry->settings[i].name;
        bool put = minted && (strcmp(name, "owner") != 0 || item->place->owner == NULL);

        for (size_t j = 0; j < sizeof(planting) / sizeof(planting[0]); j++)
            put = put || strcmp(name, planting[j]) == 0;
        if (put)
            command_put(command, name, entry->settings[i].value);
    }
    if (minted && item->place->owner != NULL)
        command_put(command, "owner", item->place->owner);
    if (minted && item->kind->form != NULL)
        command_put(command, "form", item->kind->form);
}

/* `token`: one that was minted for this before; NULL: none. */
static int plant(struct gardener *gardener, const struct plan_item *item, const char *token, struct error *error)
{
    struct command command = {.name = slice_of("plant")};
    char at[CLOCK_TEXT];

    command_put(&command, "token", token != NULL ? token : item->kind->name);
    command_put(&command, "place", item->place->place);
    command_put(&command, "campaign", item->key);
    if (item->lure != NULL)
        command_put(&command, "lure", item->lure->name);
    if (item->at != 0)
        command_put(&command, "at", clock_text(item->at, at));
    put_settings(item, token == NULL, &command);
    return gardener_command(gardener, &command, gardener_do, error);
}

static bool lies(const char *state)
{
    return strcmp(state, "there") == 0 || strcmp(state, "moved") == 0 || strcmp(state, "changed") == 0;
}

/* What was planted once, and is being planted again or was to be taken over from. */
static int finish_later(struct gardener *gardener, const struct plan_known *known, struct error *error)
{
    struct command command = {.name = slice_of("inspect")};

    if (known->rotates[0] != '\0')
        return rotate_placement(gardener, known->rotates, error);
    command_put(&command, "placement", known->placement);
    return gardener_command(gardener, &command, replant_job, error);
}

/* Planting it was broken off: it is finished where it lies, and else planted again, with its token if that is still of
 * the right kind. */
static int finish(struct gardener *gardener, const struct plan_item *item, const struct plan_known *known,
                  struct error *error)
{
    struct command command = {.name = slice_of("inspect")};
    bool fits = strcmp(known->kind, item->kind->name) == 0 &&
                (item->kind->form == NULL || strcmp(known->form, item->kind->form) == 0);
    int code;

    gardener->state[0] = '\0';
    command_put(&command, "placement", known->placement);
    code = gardener_command(gardener, &command, gardener_resume, error);
    if (code == 0 && lies(gardener->state))
        return 0;
    return strcmp(gardener->state, "gone") == 0 ? plant(gardener, item, fits ? known->token : NULL, error) : 3;
}

/* ---- all ---- */

static void wait_quiet(struct plan_work *work)
{
    struct progress *progress = &work->invocation->progress;
    int64_t left = plan_quiet_left(work->plan, clock_wall() / 1000000);

    if (left > 0) {
        progress_hide(progress);
        fprintf(stderr, "sundew: quiet hours; planting goes on in %d:%02d hours\n", (int)(left / 3600),
                (int)(left % 3600 / 60));
    }
    while (plan_quiet_left(work->plan, clock_wall() / 1000000) > 0)
        nap();
}

static void wait_pace(struct plan_work *work, int64_t *due)
{
    while (work->plan->pace > 0 && clock_monotonic() < *due) {
        progress_step(&work->invocation->progress, 0);
        nap();
    }
    if (work->plan->pace > 0)
        *due = clock_monotonic() + MINUTE_US / work->plan->pace;
}

static bool keeper_gone(const struct link *link)
{
    struct pollfd wait = {.fd = link->fd, .events = POLLRDHUP};

    return poll(&wait, 1, 0) == 1 && (wait.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

/* 0, or -1 where the rest is of no use. */
static int do_item(struct plan_work *work, struct gardener *gardener, const struct plan_item *item, struct error *error)
{
    const struct plan_known *known = plan_find(work->ledger, item->key);
    struct output *output = &work->invocation->output;
    struct error why = {""};
    int code;

    if (known == NULL)
        code = plant(gardener, item, NULL, &why);
    else if (strcmp(known->state, "planned") != 0)
        code = rotate_placement(gardener, known->placement, &why);
    else if (known->rotates[0] != '\0' || known->planted != 0)
        code = finish_later(gardener, known, &why);
    else
        code = finish(gardener, item, known, &why);

    work->planted += code == 0;
    work->failed += code != 0;
    fflush(output->file);
    if (code == 0)
        return 0;
    *error = why;
    progress_hide(&work->invocation->progress);
    fprintf(stderr, "sundew: %s: %s\n", item->key, why.text);
    return keeper_gone(work->link) ? -1 : 0;
}

static bool is_done(const struct plan_item *item, const struct plan_known *known)
{
    return known != NULL && strcmp(known->state, "planned") != 0 && !plan_is_due(item, known);
}

int plan_apply(struct plan_work *work, struct error *error)
{
    struct invocation *invocation = work->invocation;
    struct gardener gardener;
    int64_t due = 0;
    int rc = 0;

    gardener_init(&gardener, invocation, work->link);
    gardener.lease = work->lease;
    for (size_t i = 0; i < work->items->count; i++)
        work->there += is_done(&work->items->list[i], plan_find(work->ledger, work->items->list[i].key));
    progress_begin(&invocation->progress, "planting", work->items->count);
    progress_step(&invocation->progress, work->there);
    for (size_t i = 0; i < work->items->count && rc == 0; i++) {
        if (is_done(&work->items->list[i], plan_find(work->ledger, work->items->list[i].key)))
            continue;
        wait_quiet(work);
        wait_pace(work, &due);
        if (invocation->output.table.terminal)
            progress_hide(&invocation->progress);
        rc = do_item(work, &gardener, &work->items->list[i], error);
        progress_step(&invocation->progress, 1);
    }
    progress_hide(&invocation->progress);
    gardener_end(&gardener);
    return work->failed > 0 ? 3 : 0;
}
