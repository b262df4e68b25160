/* SPDX-License-Identifier: ISC */
#include "server/command/rotate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/command/plan.h"
#include "server/command/text.h"

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

/* As it was planted, by the same lure. */
static void put_planting(struct command *command, json_t *row, bool again)
{
    const char *as = text_of(json_object_get(row, "arguments"), "as");
    bool stays = as != NULL && strcmp(as, "package") == 0; /* else that of a branch or tag is taken */
    json_t *value;
    const char *name;

    put_if(command, row, "place");
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
static int intend(struct gardener *gardener, json_t *row, struct plantings *jobs, struct error *error)
{
    bool chosen = json_is_true(json_object_get(row, "bound"));
    int code = 3;

    for (int named = 1; named >= 0 && code != 0; named--) {
        struct command command = {.name = slice_of("rotating")};

        put_token(&command, row, named != 0);
        put_planting(&command, row, false);
        command_put(&command, "rotates", text_of(row, "placement"));
        plantings_free(jobs);
        code = gardener_ask(gardener, &command, jobs, error);
        if (chosen) /* others may have a name that their maker gives out */
            break;
    }
    /* What passwords are has changed since. */
    return code != 0 && json_object_del(row, "length") == 0 ? intend(gardener, row, jobs, error) : code;
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

/* Writes the new one over what lies there, or takes that out and plants. *stays: that could not be taken out. */
static int exchange(struct gardener *gardener, const json_t *row, const struct planting *job, int *stays,
                    struct error *error)
{
    json_t *options = json_object_get(job->json, "options");
    bool replaced = false;
    int code;

    *stays = 0;
    if (json_object_get(options, "replaces") != NULL) {
        code = gardener_replace(gardener, job, &replaced, error);
        if (replaced)
            return code;
        say(gardener, error->text);
        json_object_del(options, "replaces");
    }
    *stays = withdraw(gardener, row);
    return gardener_do(gardener, job, error);
}

static int take_over(struct gardener *gardener, json_t *row, struct error *error)
{
    struct plantings jobs = {NULL, 0};
    int code = intend(gardener, row, &jobs, error), stays;

    if (code == 0) {
        code = exchange(gardener, row, &jobs.items[0], &stays, error);
        if (code == 0) {
            say(gardener, error->text);
            error_set(error, "%s takes over from %s, whose token %s stays armed%s",
                      json_string_value(json_object_get(jobs.items[0].json, "placement")), text_of(row, "placement"),
                      text_of(row, "token"), stays ? " and lies there still" : "");
            code = stays;
        }
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
    command_put(&command, "placement", text_of(row, "successor"));
    code = gardener_command(gardener, &command, gardener_resume, error);
    if (code == 0 && lies(gardener))
        return withdraw(gardener, row);
    if (strcmp(gardener->state, "gone") != 0)
        return 3;
    error->text[0] = '\0';
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

static int plant_again(struct gardener *gardener, json_t *row, struct error *error)
{
    struct command command = {.name = slice_of("rotating")};
    int code;

    command_put(&command, "token", text_of(row, "plants"));
    put_planting(&command, row, true);
    command_put(&command, "again", text_of(row, "placement"));
    code = gardener_command(gardener, &command, gardener_do, error);
    if (code == 0) {
        say(gardener, error->text);
        error_set(error, "%s is planted again, with the same token %s", text_of(row, "placement"), text_of(row, "token"));
    }
    return code;
}

static int replant(struct gardener *gardener, const char *placement, struct error *error)
{
    int code;
    json_t *row = ask_row(gardener, placement, &code, error);

    if (row != NULL && code == 0 && text_of(row, "successor") != NULL)
        code = error_status(error, 1, "%s was rotated; %s lies in its place", placement, text_of(row, "successor"));
    else if (row != NULL && code == 0)
        code = plant_again(gardener, row, error);
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
    if (strcmp(gardener->state, "gone") != 0 && (begun || strcmp(gardener->state, "changed") != 0))
        return code;
    say(gardener, error->text);
    error->text[0] = '\0';
    code = strcmp(gardener->state, "changed") == 0 ? clear(gardener, job, error) : 0;
    return code == 0 ? replant(gardener, placement, error) : code;
}
