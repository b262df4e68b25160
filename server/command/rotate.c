/* SPDX-License-Identifier: ISC */
#include "server/command/rotate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/command/plan.h"
#include "server/command/text.h"
#include "server/wire/places.h"

#define TRIES 3 /* to draw a lure that a repository takes; the last may be any */

/* ---- what the keeper knows ---- */

static int take_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    json_t **row = context;

    (void)name;
    if (slice_is(kind, "row") && *row == NULL)
        *row = json_loadb((const char *)data.data, data.length, 0, NULL);
    return 0;
}

/* The keeper's row on a placement, or NULL with the exit status. */
static json_t *ask_row(struct gardener *gardener, const char *id, int *code, struct error *error)
{
    json_t *row = NULL;
    const struct link_rows rows = {take_row, &row, NULL};
    struct command command = {.name = slice_of("rotate")};

    command_put(&command, "placement", id);
    *code = link_command(gardener->link, &command, &rows, error);
    if (*code == 0 && row == NULL)
        *code = error_status(error, 3, "the keeper sent a damaged answer");
    return row;
}

/* NULL where there is none. */
static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool is_state(const json_t *row, const char *name, const char *state)
{
    const char *text = text_of(row, name);

    return text != NULL && strcmp(text, state) == 0;
}

static void put_if(struct command *command, const json_t *row, const char *name)
{
    const char *text = text_of(row, name);

    if (text != NULL)
        command_put(command, name, text);
}

/* As it was planted, by the same lure or any. */
static void put_planting(struct command *command, json_t *row, bool again, bool any)
{
    const char *as = text_of(json_object_get(row, "arguments"), "as");
    bool stays = as != NULL && strcmp(as, "package") == 0; /* else that of a branch or tag is taken */
    json_t *value;
    const char *name;

    put_if(command, row, "place");
    if (!any)
        put_if(command, row, "lure");
    json_object_foreach(json_object_get(row, "arguments"), name, value)
    {
        if (again || stays || strcmp(name, "name") != 0)
            command_put(command, name, json_string_value(value));
    }
}

/* A line beside the rows. */
static void say(struct gardener *gardener, const char *text)
{
    progress_hide(&gardener->invocation->progress);
    if (text[0] != '\0')
        text_tell("%s", text);
}

static bool lies(const struct gardener *gardener)
{
    return strcmp(gardener->state, "there") == 0 || strcmp(gardener->state, "moved") == 0 ||
           strcmp(gardener->state, "changed") == 0;
}

/* ---- rotating ---- */

static void put_token(struct command *command, const json_t *row, bool named)
{
    static const char *const names[] = {"form", "decoy", "host", "owner", "contact", "memo", "account", "length", "campaign"};
    const char *expires = text_of(row, "expires");
    int64_t end = 0;

    command_put(command, "token", text_of(row, "kind"));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put_if(command, row, names[i]);
    if (expires != NULL && clock_parse(expires, &end) == 0 && end > clock_wall())
        command_put(command, "expires", expires);
    if (named)
        put_if(command, row, "identity");
}

/* The intent: a token, and a placement that is to take over. */
static int intend(struct gardener *gardener, json_t *row, bool any, struct plantings *jobs, struct error *error)
{
    bool chosen = json_is_true(json_object_get(row, "bound"));
    int code = 3;

    for (int named = 1; named >= 0 && code != 0; named--) {
        struct command command = {.name = slice_of("rotating")};

        put_token(&command, row, named != 0);
        put_planting(&command, row, false, any);
        command_put(&command, "rotates", text_of(row, "placement"));
        plantings_free(jobs);
        code = gardener_ask(gardener, &command, jobs, error);
        if (chosen) /* others may have a name that their maker gives out */
            break;
    }
    /* What passwords are has changed since. */
    return code != 0 && json_object_del(row, "length") == 0 ? intend(gardener, row, any, jobs, error) : code;
}

/* Takes out what lies there. 1 where that cannot be. */
static int withdraw(struct gardener *gardener, const json_t *row)
{
    struct command command = {.name = slice_of("uproot")};
    struct error why = {""}, said;
    int code;

    if (is_state(row, "state", "gone"))
        return 0;
    command_put(&command, "placement", text_of(row, "placement"));
    code = gardener_command(gardener, &command, gardener_do, &why);
    if (code != 0)
        error_set(&said, "%s stays where it is: %s", text_of(row, "placement"), why.text);
    say(gardener, code != 0 ? said.text : why.text);
    return code != 0;
}

/* Where the old one lies the new one is to lie, so that it cannot be planted before that is out. */
static bool stands_in_way(const json_t *row)
{
    static const char *const named[] = {"variable", "wiki", "package"};
    const struct place_row *place = place_row(slice_of(text_of(row, "place")));
    const json_t *arguments = json_object_get(row, "arguments");
    const char *as = text_of(arguments, "as");

    for (size_t i = 0; as != NULL && i < sizeof named / sizeof named[0]; i++)
        if (strcmp(as, named[i]) == 0)
            return true;
    if (place == NULL || is_state(row, "state", "gone") || strcmp(place->scheme, "stdout") == 0)
        return false;
    return strcmp(place->takes, "mail") != 0 &&
           (strcmp(place->takes, "repository") != 0 || text_of(arguments, "path") != NULL);
}

/* Writes the new one over what lies there. 1: that cannot be, as is told. */
static int write_over(struct gardener *gardener, const struct planting *job, int *code, struct error *error)
{
    json_t *options = json_object_get(job->json, "options");
    bool replaced = false;

    if (json_object_get(options, "replaces") == NULL)
        return 1;
    *code = gardener_replace(gardener, job, &replaced, error);
    if (replaced)
        return 0;
    say(gardener, error->text);
    error->text[0] = '\0';
    json_object_del(options, "replaces");
    return 1;
}

/* One way or another: over the old one; where that stands, once it is out; else beside it, and then that goes. */
static int exchange(struct gardener *gardener, const json_t *row, const struct planting *job, struct error *error)
{
    const char *path = text_of(row, "path");
    bool first = stands_in_way(row);
    struct error why;
    int code = 3;

    if (write_over(gardener, job, &code, error) == 0)
        return code;
    if (first && path != NULL && text_of(json_object_get(row, "arguments"), "path") != NULL &&
        gardener_rehearse(gardener, job, path, &why) != 0)
        return gardener_refuse(gardener, job, why.text, error);
    gardener->former = row;
    gardener->withdraw = withdraw;
    if (first) {
        gardener->former = NULL;
        gardener->stays = withdraw(gardener, row) != 0;
        gardener->out = !gardener->stays;
    }
    code = gardener_do(gardener, job, error);
    gardener->former = NULL;
    return code;
}

static int plant_again(struct gardener *gardener, json_t *row, bool any, struct error *error)
{
    struct command command = {.name = slice_of("rotating")};
    int code;

    command_put(&command, "token", text_of(row, "plants"));
    put_planting(&command, row, true, any);
    command_put(&command, "again", text_of(row, "placement"));
    code = gardener_command(gardener, &command, gardener_do, error);
    if (code == 0) {
        say(gardener, error->text);
        error_set(error, "%s is planted again, with the same token %s", text_of(row, "placement"), text_of(row, "token"));
    }
    return code;
}

/* No new one could be planted; the old one is, where it was taken out. */
static int keep_old(struct gardener *gardener, json_t *row, bool out, struct error *error)
{
    const char *placement = text_of(row, "placement");
    struct error why = {""};
    int code = 0;

    if (!out)
        return error_prefix(error, "%s is not rotated, and what lies there was not touched", placement), 3;
    say(gardener, error->text);
    for (int any = 0; any <= 1 && (any == 0 || code != 0); any++)
        code = plant_again(gardener, row, any != 0, &why);
    return code == 0 ? error_status(error, 3, "%s is not rotated: %s", placement, why.text)
                     : error_status(error, 3,
                                    "nothing lies in %s now, for %s was taken out, and cannot be planted again: %s; see to "
                                    "that, and run sundew rotate %s again", text_of(row, "place"), placement, why.text,
                                    placement);
}

static int take_over(struct gardener *gardener, json_t *row, struct error *error)
{
    struct plantings jobs = {NULL, 0};
    const struct place_row *place = place_row(slice_of(text_of(row, "place")));
    int code = 3, tries = place != NULL && strcmp(place->takes, "repository") == 0 ? TRIES : 1;
    bool refused = true, out = false;

    gardener->stays = false;
    for (int i = 1; i <= tries && refused && !gardener->stays; i++) {
        error->text[0] = gardener->state[0] = '\0';
        gardener->stays = gardener->out = false;
        code = intend(gardener, row, i > 1 && i == tries, &jobs, error);
        if (code == 0)
            code = exchange(gardener, row, &jobs.items[0], error);
        out = out || gardener->out;
        refused = code != 0 && strcmp(gardener->state, "gone") == 0;
        if (out)
            json_object_set_new(row, "state", json_string("gone"));
    }
    if (code == 0) {
        say(gardener, error->text);
        error_set(error, "%s takes over from %s, whose token %s stays armed%s",
                  json_string_value(json_object_get(jobs.items[0].json, "placement")), text_of(row, "placement"),
                  text_of(row, "token"), gardener->stays ? " and lies there still" : "");
        code = gardener->stays;
    } else if (refused) {
        code = keep_old(gardener, row, out, error);
    }
    plantings_free(&jobs);
    return code;
}

/* It was broken off: the new one lies there, or is planted after all. */
static int finish(struct gardener *gardener, json_t *row, struct error *error)
{
    struct command command = {.name = slice_of("inspect")};
    int code;

    gardener->state[0] = '\0';
    gardener->former = row;
    gardener->withdraw = withdraw;
    gardener->stays = false;
    command_put(&command, "placement", text_of(row, "successor"));
    code = gardener_command(gardener, &command, gardener_resume, error);
    gardener->former = NULL;
    if (code == 0 && lies(gardener))
        return gardener->stays;
    if (strcmp(gardener->state, "gone") != 0)
        return 3;
    return take_over(gardener, row, error);
}

static int rotate(struct gardener *gardener, json_t *row, struct error *error)
{
    const char *placement = text_of(row, "placement"), *beside = text_of(row, "beside");

    if (is_state(row, "successor_state", "planned"))
        return finish(gardener, row, error);
    if (text_of(row, "successor") != NULL) {
        error_set(error, "%s was rotated already, %.10s; %s lies in its place: rotate that one", placement,
                  text_of(row, "rotated") != NULL ? text_of(row, "rotated") : "", text_of(row, "successor"));
        return 0;
    }
    if (is_state(row, "state", "planned"))
        return error_status(error, 3,
                            "planting %s was broken off; finish it (sundew plan --apply), or give it up (sundew "
                            "uproot)", placement);
    if (beside != NULL)
        return error_status(error, 3,
                            "%s holds two tokens, %s beside %s, which are not rotated together; uproot it, mint both "
                            "anew, and plant them", placement, beside, text_of(row, "token"));
    return take_over(gardener, row, error);
}

int rotate_placement(struct gardener *gardener, const char *id, struct error *error)
{
    int code;
    json_t *row = ask_row(gardener, id, &code, error);

    if (row != NULL && code == 0)
        code = rotate(gardener, row, error);
    json_decref(row);
    return code;
}

int run_rotate(struct invocation *invocation, struct error *error)
{
    static const char *const columns[] = {"placement", "token", "state", "place", NULL};
    const struct options *options = invocation->options;
    struct link link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
    struct gardener gardener;
    bool ready;
    int code;

    gardener_init(&gardener, invocation, &link);
    invocation->output.columns = columns;
    ready = plan_lease(invocation->configuration, &gardener.lease, error) == 0 &&
            link_open(&link, invocation->configuration, error) == 0;
    code = ready ? 0 : 3;
    for (size_t i = 0; i < options->count && ready; i++) {
        int one;

        say(&gardener, error->text);
        error->text[0] = '\0';
        one = rotate_placement(&gardener, options->values[i].value, error);
        code = one > code ? one : code;
    }
    gardener_end(&gardener);
    link_close(&link);
    if (gardener.lease >= 0)
        close(gardener.lease);
    return code;
}

/* ---- planting again ---- */

static int replant(struct gardener *gardener, const char *placement, struct error *error)
{
    int code;
    json_t *row = ask_row(gardener, placement, &code, error);

    if (row != NULL && code == 0 && text_of(row, "successor") != NULL)
        code = error_status(error, 1, "%s was rotated; %s lies in its place", placement, text_of(row, "successor"));
    else if (row != NULL && code == 0)
        code = plant_again(gardener, row, false, error);
    json_decref(row);
    return code;
}

/* What was changed is taken out first: one token lies in one place, once. */
static int clear(struct gardener *gardener, const struct planting *job, struct error *error)
{
    const char *placement = json_string_value(json_object_get(job->json, "placement"));
    struct error why = {""};

    if (gardener_clear(gardener, job, &why) == 0) {
        say(gardener, why.text);
        return 0;
    }
    error_set(error, "%s is changed and cannot be taken out, so it is not planted again (sundew rotate %s puts another "
                     "there): %s", placement, placement, why.text);
    return 1;
}

int replant_job(struct gardener *gardener, const struct planting *job, struct error *error)
{
    const char *placement = json_string_value(json_object_get(job->json, "placement"));
    bool begun = is_state(job->json, "state", "planned");
    int code;

    gardener->state[0] = '\0';
    code = (begun ? gardener_resume : gardener_do)(gardener, job, error);
    if (!begun && !is_state(job->json, "state", "gone") && json_is_true(json_object_get(job->json, "rotated")))
        return code;
    if (strcmp(gardener->state, "gone") != 0 && (begun || strcmp(gardener->state, "changed") != 0))
        return code;
    say(gardener, error->text);
    error->text[0] = '\0';
    code = strcmp(gardener->state, "changed") == 0 ? clear(gardener, job, error) : 0;
    return code == 0 ? replant(gardener, placement, error) : code;
}
