/* SPDX-License-Identifier: ISC
 *
 * plant inspect uproot rotate: the keeper gives jobs with the lure's files, which are carried out here (planting.h). */
#include "server/command/command.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/command/colleagues.h"
#include "server/command/plan.h"
#include "server/command/planting.h"
#include "server/command/rotate.h"
#include "server/command/text.h"
#include "server/wire/places.h"
#include "server/wire/remote.h"

#define OWNER 512

struct taking {
    struct output *output;
    struct plantings jobs;
    bool failed;
};

/* ---- places ---- */

/* The path made absolute by the caller's folder, links resolved as far as it is there; to be freed. */
static char *absolute(const char *path)
{
    char *whole = realpath(path, NULL), *copy, *again, *folder, *joined = NULL;

    if (whole != NULL)
        return whole;
    copy = strdup(path);
    again = strdup(path);
    folder = copy == NULL ? NULL : realpath(dirname(copy), NULL);
    if (folder == NULL)
        folder = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
    else
        path = again == NULL ? path : basename(again);
    if (folder != NULL &&
        asprintf(&joined, "%s%s%s", strcmp(folder, "/") == 0 ? "" : folder, path[0] == '/' ? "" : "/", path) < 0)
        joined = NULL;
    free(folder);
    free(again);
    free(copy);
    return joined;
}

char *place_resolve(const char *place)
{
    const char *colon = strchr(place, ':'), *hash;
    char *path, *whole, *result = NULL;

    if (colon == NULL || colon[1] == '\0' || strncmp(colon + 1, "//", 2) == 0 || remote_is(slice_of(place)) ||
        strncmp(place, "git:#", 5) == 0)
        return strdup(place);
    hash = strncmp(place, "git:", 4) == 0 ? strrchr(place, '#') : NULL;
    path = strndup(colon + 1, hash != NULL ? (size_t)(hash - colon - 1) : strlen(colon + 1));
    whole = path == NULL ? NULL : absolute(path);
    if (whole != NULL &&
        asprintf(&result, "%.*s%s%s", (int)(colon + 1 - place), place, whole, hash != NULL ? hash : "") < 0)
        result = NULL;
    free(whole);
    free(path);
    return result;
}

int place_given(const char *given, char **place, struct error *error)
{
    *place = NULL;
    if (given == NULL)
        return 0;
    if (strchr(given, ':') == NULL || place_row(slice_of(given)) == NULL)
        return error_status(error, 2, "\"%.200s\" is no place; `sundew places` lists how they begin", given);
    *place = place_resolve(given);
    return *place != NULL ? 0 : error_status(error, 3, "out of memory");
}

/* ---- what the keeper sends ---- */

static int take_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct taking *taking = context;

    if (slice_is(kind, "row"))
        output_row(taking->output, data);
    else if ((slice_is(kind, "job") && plantings_job(&taking->jobs, data) < 0) ||
             (slice_is(kind, "file") && plantings_file(&taking->jobs, name, data) < 0))
        taking->failed = true;
    return taking->failed ? -1 : 0;
}

static int worst(int a, int b)
{
    return a > b ? a : b;
}

/* Each job's text is shown as it comes; the last stays in `error`. */
static int do_jobs(struct gardener *gardener, const struct plantings *jobs, bool replants, struct error *error)
{
    struct progress *progress = &gardener->invocation->progress;
    int code = 0;

    if (jobs->count > 1)
        progress_begin(progress, "looking after lures", jobs->count);
    for (size_t i = 0; i < jobs->count; i++) {
        progress_step(progress, i > 0);
        if (error->text[0] != '\0') {
            progress_hide(progress);
            text_tell("%s", error->text);
        }
        error->text[0] = '\0';
        code = worst(code, (replants ? replant_job : gardener_do)(gardener, &jobs->items[i], error));
    }
    progress_hide(progress);
    return code;
}

/* A place on another host needs an account before anything is asked of the keeper. 0, or the status to exit with. */
static int check_place(const struct configuration *configuration, const char *place, struct error *error)
{
    struct remote remote = {NULL};
    bool good;

    if (!remote_is(slice_of(place)))
        return 0;
    good = remote_parse(place, &remote, error) == 0;
    remote_free(&remote);
    return !good ? 2 : remote_account(configuration, place, error) != NULL ? 0 : 3;
}

/* The owner's address: as it was given, or that of a mailbox on another host; "". */
static void find_owner(const struct options *options, const char *place, char owner[OWNER])
{
    const char *given = options_value(options, "owner");
    struct remote remote = {NULL};
    struct error ignored;

    if (given == NULL && place != NULL && remote_is(slice_of(place)) && remote_parse(place, &remote, &ignored) == 0)
        given = remote.user;
    snprintf(owner, OWNER, "%s", given != NULL ? given : "");
    remote_free(&remote);
}

/* Of the people in the file those nearest to the owner, for the keeper opens no files of the caller's. */
static int put_people(const struct options *options, const char *place, struct command *command, char **text,
                      struct error *error)
{
    const char *file = options_value(options, "people");
    unsigned char key[COLLEAGUES_KEY];
    char owner[OWNER];
    json_t *people;

    if (file == NULL)
        return 0;
    people = colleagues_read(file, error);
    if (people == NULL)
        return -1;
    find_owner(options, place, owner);
    randombytes_buf(key, sizeof(key));
    *text = colleagues_choose(people, colleagues_find(people, owner), key);
    json_decref(people);
    if (*text == NULL)
        return error_set(error, "out of memory");
    command_put(command, "people", *text);
    return 0;
}

/* The arguments as given, but for the place, which becomes absolute, and people, who are chosen. 0, or the status to
 * exit with. */
static int fill(const struct invocation *invocation, struct command *command, char **place, struct error *error)
{
    const struct options *options = invocation->options;
    int code;

    *command = (struct command){.name = slice_of(options->command->name)};
    for (size_t i = 0; i < options->count; i++) {
        const char *value = options->values[i].value;

        if (strcmp(options->values[i].name, "place") == 0) {
            free(*place);
            *place = place_resolve(value);
            if (*place == NULL)
                return error_status(error, 3, "out of memory");
            code = check_place(invocation->configuration, *place, error);
            if (code != 0)
                return code;
            value = *place;
        }
        if (strcmp(options->values[i].name, "people") != 0)
            command_put(command, options->values[i].name, value);
    }
    return 0;
}

int run_plant(struct invocation *invocation, struct error *error)
{
    struct taking taking = {.output = &invocation->output};
    const struct link_rows rows = {take_row, &taking};
    struct link link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
    struct gardener gardener;
    struct command command;
    char *place = NULL, *people = NULL;
    bool replants = options_value(invocation->options, "replant") != NULL;
    int code;

    gardener_init(&gardener, invocation, &link);
    if (replants && plan_lease(invocation->configuration, &gardener.lease, error) != 0)
        return 3;
    code = fill(invocation, &command, &place, error);
    if (code == 0)
        code = put_people(invocation->options, place, &command, &people, error) == 0 &&
                       link_open(&link, invocation->configuration, error) == 0
                   ? link_command(&link, &command, &rows, error)
                   : 3;
    if (code == 0 && taking.failed) {
        error_set(error, "the keeper sent a damaged job");
        code = 3;
    }
    if (code == 0)
        code = do_jobs(&gardener, &taking.jobs, replants, error);
    gardener_end(&gardener);
    if (gardener.lease >= 0)
        close(gardener.lease);
    link_close(&link);
    plantings_free(&taking.jobs);
    free(place);
    free(people);
    return code;
}
