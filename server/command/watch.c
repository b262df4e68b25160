/* SPDX-License-Identifier: ISC
 *
 * watch: sightings as they come. A reload gives the daemon a new keeper, so each connection goes on behind the last
 * sighting that was shown. */
#include "server/command/command.h"

#include <string.h>
#include <time.h>
#include "server/base/json.h"
#include "server/command/connect.h"

#define ID 64
#define RETRY_NS (100 * 1000 * 1000)

struct watching {
    struct invocation *invocation;
    bool begun;
    char last[ID]; /* the sighting behind which to go on; "": from the first one on */
};

static void note(struct watching *watching, const char *id)
{
    snprintf(watching->last, sizeof(watching->last), "%s", id != NULL ? id : "");
    watching->begun = true;
}

static int take(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct watching *watching = context;
    struct output *output = &watching->invocation->output;
    char *id = slice_copy(name);
    json_t *row = NULL;

    if (slice_is(kind, "behind")) {
        note(watching, id);
    } else if (slice_is(kind, "row")) {
        row = json_loadb((const char *)data.data, data.length, 0, NULL);
        note(watching, json_string_value(json_object_get(row, "sighting")));
        output_row(output, data);
        fflush(output->file);
    }
    json_decref(row);
    free(id);
    return output->failed ? -1 : 0;
}

/* Until the keeper goes away (link->lost), or the command ends. */
static int follow(struct watching *watching, struct link *link, struct error *error)
{
    const struct link_rows rows = {take, watching, NULL};
    const char *after = options_value(watching->invocation->options, "after");
    struct command command = {.name = slice_of("watch")};
    int code = 3;

    if (watching->begun)
        after = watching->last;
    if (after != NULL)
        command_put(&command, "after", after);
    if (link_open_daemon(link, watching->invocation->configuration, error) == 0)
        code = link_command(link, &command, &rows, error);
    link_close(link);
    return code;
}

int run_watch(struct invocation *invocation, struct error *error)
{
    const struct timespec pause = {.tv_nsec = RETRY_NS};
    struct watching watching = {.invocation = invocation};
    struct link link;
    int code;

    do {
        code = follow(&watching, &link, error);
        if (code == 3 && link.lost)
            nanosleep(&pause, NULL);
    } while (code == 3 && link.lost);
    return code;
}
