/* SPDX-License-Identifier: ISC
 *
 * One run at a time carries plans out on an installation, by a lock that its planters hold too: when a run was killed,
 * the next one begins only once the planter that it left behind is done, and finds each placement in the ledger, either
 * with what became of it or still planned, which it then looks at where it was to be put. */
#include <errno.h>
#include <fcntl.h>
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

/* What the directory says of whose place it is. */
static void put_owner(const struct plan_place *place, struct command *command)
{
    const char *const said[][2] = {
        {"department", place->department}, {"manager", place->manager}, {"language", place->language}};

    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        if (said[i][1] != NULL)
            command_put(command, said[i][0], said[i][1]);
}

/* Settings of the token and of the planting; the place's own owner goes before the entry's. */
static void put_settings(const struct plan_item *item, struct command *command)
{
    const struct plan_entry *entry = item->entry;

    for (size_t i = 0; i < entry->setting_count; i++)
        if (strcmp(entry->settings[i].name, "owner") != 0 || item->place->owner == NULL)
            command_put(command, entry->settings[i].name, entry->settings[i].value);
    if (item->place->owner != NULL)
        command_put(command, "owner", item->place->owner);
    if (item->kind->form != NULL)
        command_put(command, "form", item->kind->form);
    put_owner(item->place, command);
}

static int plant(const struct plan_work *work, struct gardener *gardener, const struct plan_item *item,
                 struct error *error)
{
    struct command command = {.name = slice_of("plant")};
    char *people = plan_people_beside(item->place, work->ledger->seed), at[CLOCK_TEXT];
    int code;

    command_put(&command, "token", item->kind->name);
    command_put(&command, "place", item->place->place);
    command_put(&command, "campaign", item->key);
    if (item->lure != NULL)
        command_put(&command, "lure", item->lure->name);
    if (item->at != 0)
        command_put(&command, "at", clock_text(item->at, at));
    if (people != NULL)
        command_put(&command, "people", people);
    put_settings(item, &command);
    code = gardener_command(gardener, &command, gardener_do, error);
    free(people);
    return code;
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

/* Planting it was broken off: it is finished where it lies, and else given up and planted anew. */
static int finish(const struct plan_work *work, struct gardener *gardener, const struct plan_item *item,
                  const struct plan_known *known, struct error *error)
{
    struct command command = {.name = slice_of("inspect")};
    int code;

    gardener->state[0] = '\0';
    command_put(&command, "placement", known->placement);
    code = gardener_command(gardener, &command, gardener_resume, error);
    if (code == 0 && lies(gardener->state))
        return 0;
    return strcmp(gardener->state, "gone") == 0 ? plant(work, gardener, item, error) : 3;
}

int plan_do(struct plan_work *work, struct gardener *gardener, const struct plan_item *item, struct error *error)
{
    const struct plan_known *known = plan_find(work->ledger, item->key);

    if (known == NULL)
        return plant(work, gardener, item, error);
    if (strcmp(known->state, "planned") != 0)
        return rotate_placement(gardener, known->placement, error);
    if (known->rotates[0] != '\0' || known->planted != 0)
        return finish_later(gardener, known, error);
    return finish(work, gardener, item, known, error);
}
