/* SPDX-License-Identifier: ISC
 *
 * drill: the keeper says which tokens, a planter goes to each one's door and says where it stands, the keeper is told
 * so that it knows the drill from an attack, only then the secret is used; then the alert is followed to each route. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/command/command.h"
#include "server/command/connect.h"
#include "server/command/planter.h"
#include "server/command/text.h"

#define WAIT_S 30
#define LOOK_NS (20 * 1000 * 1000)
#define SECRET (64 * 1024)

struct drill_job {
    json_t *json;
    struct buffer secret;
};

struct drilling {
    struct invocation *invocation;
    struct link link;
    struct drill_job *jobs;
    size_t count;
    int64_t wait_us;
    const char *port; /* of the listener, or NULL: the TLS one, else the first */
    bool failed;
};

/* One drill on its way. */
struct course {
    json_t *row;    /* what is shown of it */
    json_t *latest; /* the keeper's last answer */
    char since[CLOCK_TEXT], port[8];
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* ---- the keeper ---- */

static int take_job(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct drilling *drilling = context;
    struct drill_job *jobs;

    (void)name;
    if (slice_is(kind, "job")) {
        jobs = realloc(drilling->jobs, (drilling->count + 1) * sizeof *jobs);
        if (jobs != NULL) {
            drilling->jobs = jobs;
            jobs[drilling->count].json = json_loadb((const char *)data.data, data.length, 0, NULL);
            buffer_init(&jobs[drilling->count].secret, SECRET);
        }
        drilling->failed = jobs == NULL || jobs[drilling->count++].json == NULL;
    } else if (slice_is(kind, "file")) {
        drilling->failed = drilling->count == 0 || buffer_add_slice(&drilling->jobs[drilling->count - 1].secret, data) < 0;
    }
    return drilling->failed ? -1 : 0;
}

static int keep_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    json_t **row = context;

    (void)name;
    if (slice_is(kind, "row")) {
        json_decref(*row);
        *row = json_loadb((const char *)data.data, data.length, 0, NULL);
    }
    return 0;
}

static int ask(struct drilling *drilling, const struct command *command, json_t **row, struct error *error)
{
    const struct link_rows rows = {keep_row, row};

    return link_command(&drilling->link, command, &rows, error);
}

/* The planter stands at the door: from now on its use is a drill. */
static int announce(struct drilling *drilling, const struct drill_job *job, const struct at_door *at, struct course *course,
                    struct error *error)
{
    struct command command = {.name = slice_of("drilling")};
    char address[ADDRESS_TEXT], local[8];
    json_t *row = NULL;
    int code;

    snprintf(course->port, sizeof course->port, "%u", at->port);
    snprintf(local, sizeof local, "%u", at->local_port);
    command_put(&command, "token", text_of(job->json, "token"));
    command_put(&command, "decoy", text_of(job->json, "decoy"));
    command_put(&command, "address", address_text(&at->address, address));
    command_put(&command, "port", course->port);
    command_put(&command, "local", local);
    code = ask(drilling, &command, &row, error);
    snprintf(course->since, sizeof course->since, "%s", text_of(row, "since"));
    json_decref(row);
    return code;
}

static int look(struct drilling *drilling, const struct drill_job *job, struct course *course, struct error *error)
{
    struct command command = {.name = slice_of("drilled")};

    command_put(&command, "token", text_of(job->json, "token"));
    command_put(&command, "port", course->port);
    command_put(&command, "since", course->since);
    return ask(drilling, &command, &course->latest, error);
}

/* ---- the door ---- */

/* The listener with the port that was asked for; else the first that speaks TLS; else the first. */
static const json_t *listener_of(const struct drilling *drilling, const json_t *job)
{
    const json_t *listeners = json_object_get(job, "listeners"), *chosen = NULL, *listener;
    size_t i;

    for (i = 0; i < json_array_size(listeners); i++) {
        listener = json_array_get(listeners, i);
        if (drilling->port != NULL &&
            json_integer_value(json_object_get(listener, "port")) == strtol(drilling->port, NULL, 10))
            return listener;
        if (drilling->port == NULL && strcmp(text_of(listener, "tls"), "tls") == 0)
            return listener;
        if (drilling->port == NULL && chosen == NULL)
            chosen = listener;
    }
    return chosen;
}

static int hand_over(struct planter *planter, const struct drill_job *job, const json_t *listener, struct error *error)
{
    json_t *options = json_copy(job->json), *none = json_object();
    int result;

    json_object_update(options, (json_t *)(uintptr_t)listener);
    json_object_del(options, "listeners");
    result = planter_tell(planter, "drill", "", options, none, error);
    if (result == 0)
        result = planter_file(planter, "secret", buffer_slice(&job->secret), error);
    json_decref(options);
    json_decref(none);
    return result == 0 ? planter_go(planter, error) : result;
}

/* 0; 1 with a text: the door did not answer; 3. */
static int take_planted(struct planter *planter, struct course *course, struct error *error)
{
    struct planted planted;
    struct reader reader;
    uint16_t type;
    json_t *where;

    if (planter_next(planter, &reader, &type, error) < 0)
        return 3;
    if (type != MESSAGE_PLANTED || planted_get(&reader, &planted) < 0)
        return error_status(error, 3, "the planter sent a damaged answer");
    if (!planted.ok)
        return error_status(error, 1, "the door does not answer as it should: %.*s; see what `sundew check` says of it",
                            (int)planted.text.length, (const char *)planted.text.data);
    where = json_loadb((const char *)planted.where.data, planted.where.length, 0, NULL);
    json_object_update(course->row, where);
    json_decref(where);
    return 0;
}

static int use(struct drilling *drilling, struct planter *planter, const struct drill_job *job, const json_t *listener,
               struct course *course, struct error *error)
{
    struct reader reader;
    struct at_door at;
    uint16_t type;
    int code;

    if (planter_start(planter, error) < 0 || hand_over(planter, job, listener, error) < 0 ||
        planter_next(planter, &reader, &type, error) < 0)
        return 3;
    if (type != MESSAGE_AT_DOOR) {
        struct planted planted;

        if (type != MESSAGE_PLANTED || planted_get(&reader, &planted) < 0)
            return error_status(error, 3, "the planter sent a damaged answer");
        return error_status(error, 1, "its door cannot be reached: %.*s; see what `sundew check` says of it",
                            (int)planted.text.length, (const char *)planted.text.data);
    }
    if (at_door_get(&reader, &at) < 0)
        return error_status(error, 3, "the planter sent a damaged answer");
    code = announce(drilling, job, &at, course, error);
    if (code == 0 && planter_go(planter, error) < 0)
        code = 3;
    return code == 0 ? take_planted(planter, course, error) : code;
}

/* ---- the alert ---- */

/* Has each route taken it, or has a try failed? A real use that came meanwhile is not waited for. */
static bool is_settled(const json_t *latest)
{
    const json_t *deliveries = json_object_get(latest, "deliveries"), *delivery;
    size_t i;

    if (!json_is_true(json_object_get(latest, "drill")) || json_is_null(json_object_get(latest, "alert")))
        return false;
    for (i = 0; i < json_array_size(deliveries); i++) {
        delivery = json_array_get(deliveries, i);
        if (strcmp(text_of(delivery, "state"), "waiting") == 0 &&
            json_integer_value(json_object_get(delivery, "attempts")) == 0)
            return false;
    }
    return true;
}

static int follow(struct drilling *drilling, const struct drill_job *job, struct course *course, struct error *error)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    int64_t deadline = clock_monotonic() + drilling->wait_us;
    int code = look(drilling, job, course, error);

    while (code == 0 && !is_settled(course->latest) && clock_monotonic() < deadline) {
        nanosleep(&pause, NULL);
        code = look(drilling, job, course, error);
    }
    return code;
}

static int judge_deliveries(const json_t *deliveries, struct error *error)
{
    const json_t *delivery;
    int code = 0;
    size_t i;

    if (json_array_size(deliveries) == 0)
        return error_status(error, 1, "the alert goes nowhere: there are no routes; add one under \"routes:\" in the "
                                      "configuration, then `sundew reload`");
    for (i = 0; i < json_array_size(deliveries) && code == 0; i++) {
        delivery = json_array_get(deliveries, i);
        if (strcmp(text_of(delivery, "state"), "delivered") != 0)
            code = error_status(error, 1,
                                "route %s has not taken the alert after %d tries (%s); it is tried again; see "
                                "`sundew routes`, and put the receiver or the route right",
                                text_of(delivery, "route"),
                                (int)json_integer_value(json_object_get(delivery, "attempts")),
                                text_of(delivery, "text")[0] != '\0' ? text_of(delivery, "text") : "no answer yet");
    }
    return code;
}

static int judge(const struct drilling *drilling, const struct course *course, struct error *error)
{
    const json_t *latest = course->latest;

    if (latest == NULL)
        return error_status(error, 1,
                            "its use made no sighting within %d s; look into the daemon's log, and try a longer "
                            "--wait", (int)(drilling->wait_us / 1000000));
    json_object_set(course->row, "sighting", json_object_get(latest, "sighting"));
    json_object_set(course->row, "alert", json_object_get(latest, "alert"));
    json_object_set(course->row, "deliveries", json_object_get(latest, "deliveries"));
    if (!json_is_true(json_object_get(latest, "drill")))
        return error_status(error, 1,
                            "its use was alerted as a real one: the decoy saw it come from %s; where a firewall or a "
                            "proxy on this host rewrites addresses, take the decoy's listener out of its rules",
                            text_of(latest, "address"));
    return judge_deliveries(json_object_get(latest, "deliveries"), error);
}

/* ---- what is shown ---- */

/* For people a line for each route. */
static void show(struct output *output, json_t *row)
{
    const json_t *deliveries = json_object_get(row, "deliveries");
    size_t i;

    if (output->json || json_array_size(deliveries) == 0) {
        output_json(output, row);
        return;
    }
    for (i = 0; i < json_array_size(deliveries); i++) {
        json_t *line = json_copy(row);

        json_object_update(line, json_array_get(deliveries, i));
        output_json(output, line);
        json_decref(line);
    }
}

static int drill(struct drilling *drilling, const struct drill_job *job, struct error *error)
{
    const json_t *listener = listener_of(drilling, job->json);
    struct planter planter = {.fd = -1};
    struct course course = {.latest = NULL};
    int code;

    course.row = json_pack("{s:s, s:s, s:n, s:n, s:b, s:n, s:n, s:[]}", "token", text_of(job->json, "token"), "decoy",
                           text_of(job->json, "decoy"), "door", "answered", "drill", 1, "sighting", "alert",
                           "deliveries");
    if (text_of(job->json, "decoy")[0] == '\0')
        code = error_status(error, 1,
                            "the decoy that it opens is not in the configuration, so nobody would see it used; add "
                            "it again, then `sundew reload`");
    else if (listener == NULL)
        code = error_status(error, 1, "decoy %s has no listener on port %s; `sundew decoys` lists them",
                            text_of(job->json, "decoy"), drilling->port != NULL ? drilling->port : "?");
    else
        code = use(drilling, &planter, job, listener, &course, error);
    planter_end(&planter);
    if (code == 0)
        code = follow(drilling, job, &course, error);
    if (code == 0)
        code = judge(drilling, &course, error);
    if (code != 0) {
        json_object_set_new(course.row, "text", json_string(error->text));
        error_prefix(error, "%s", text_of(job->json, "token"));
    }
    show(&drilling->invocation->output, course.row);
    json_decref(course.row);
    json_decref(course.latest);
    return code;
}

static int drill_all(struct drilling *drilling, struct error *error)
{
    int worst = 0;

    for (size_t i = 0; i < drilling->count && worst < 3; i++) {
        struct error why = {""};
        int code = drill(drilling, &drilling->jobs[i], &why);

        if (error->text[0] != '\0' && why.text[0] != '\0')
            text_tell("%s", error->text);
        if (why.text[0] != '\0')
            *error = why;
        worst = code > worst ? code : worst;
    }
    return worst;
}

/* ---- the command ---- */

static int read_options(struct drilling *drilling, struct command *command, struct error *error)
{
    const struct options *options = drilling->invocation->options;
    const char *wait = options_value(options, "wait");
    char *end = NULL;
    long seconds = wait != NULL ? strtol(wait, &end, 10) : WAIT_S;

    if (wait != NULL && (*wait == '\0' || *end != '\0' || seconds < 1 || seconds > 3600))
        return error_set(error, "--wait takes 1 to 3600 seconds");
    drilling->wait_us = (int64_t)seconds * 1000000;
    drilling->port = options_value(options, "port");
    *command = (struct command){.name = slice_of("drill")};
    if (drilling->port != NULL)
        command_put(command, "port", drilling->port);
    for (size_t i = 0; i < options->count; i++)
        if (strcmp(options->values[i].name, "token") == 0)
            command_put(command, "token", options->values[i].value);
    return 0;
}

static void jobs_free(struct drilling *drilling)
{
    for (size_t i = 0; i < drilling->count; i++) {
        json_decref(drilling->jobs[i].json);
        buffer_free(&drilling->jobs[i].secret);
    }
    free(drilling->jobs);
}

int run_drill(struct invocation *invocation, struct error *error)
{
    struct drilling drilling = {.invocation = invocation, .link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}}};
    const struct link_rows rows = {take_job, &drilling};
    struct command command;
    int code = 3;

    if (read_options(&drilling, &command, error) < 0)
        return 2;
    if (link_open(&drilling.link, invocation->configuration, error) < 0)
        goto out;
    if (drilling.link.keeper.pid > 0) {
        error_set(error, "no daemon runs on this state, so there is no door to use a token at; start one by sundewd -c "
                         "FILE");
        goto out;
    }
    code = link_command(&drilling.link, &command, &rows, error);
    if (code == 0 && drilling.failed)
        code = error_status(error, 3, "the keeper sent a damaged job");
    if (code == 0)
        code = drill_all(&drilling, error);
out:
    link_close(&drilling.link);
    jobs_free(&drilling);
    return code;
}
