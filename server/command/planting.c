/* SPDX-License-Identifier: ISC */
#include "server/command/planting.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/wire/remote.h"

#define PRINTED (16 * 1024 * 1024)

/* ---- the jobs ---- */

int plantings_job(struct plantings *plantings, struct slice data)
{
    struct planting *items = realloc(plantings->items, (plantings->count + 1) * sizeof(*items));

    if (items == NULL)
        return -1;
    plantings->items = items;
    items[plantings->count] = (struct planting){json_loadb((const char *)data.data, data.length, 0, NULL), NULL, 0};
    return items[plantings->count++].json == NULL ? -1 : 0;
}

int plantings_file(struct plantings *plantings, struct slice name, struct slice data)
{
    struct planting *job = plantings->count > 0 ? &plantings->items[plantings->count - 1] : NULL;
    struct planting_file *files = job == NULL ? NULL : realloc(job->files, (job->file_count + 1) * sizeof(*files));

    if (files == NULL)
        return -1;
    job->files = files;
    files[job->file_count].name = slice_copy(name);
    buffer_init(&files[job->file_count].data, data.length + 1);
    return buffer_add_slice(&files[job->file_count++].data, data);
}

void plantings_free(struct plantings *plantings)
{
    for (size_t i = 0; i < plantings->count; i++) {
        struct planting *job = &plantings->items[i];

        for (size_t j = 0; j < job->file_count; j++) {
            buffer_free(&job->files[j].data);
            free(job->files[j].name);
        }
        free(job->files);
        json_decref(job->json);
    }
    free(plantings->items);
}

/* ---- the planter ---- */

static const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static int hand_over(struct planter *planter, const struct planting *job, struct error *error)
{
    int result = planter_tell(planter, text_member(job->json, "action"), text_member(job->json, "place"),
                              json_object_get(job->json, "options"), json_object_get(job->json, "meta"), error);

    for (size_t i = 0; i < job->file_count && result == 0; i++)
        result = planter_file(planter, job->files[i].name, buffer_slice(&job->files[i].data), error);
    return result == 0 ? planter_go(planter, error) : result;
}

/* What came of a job; texts point into the planter's last message. */
struct outcome_of {
    struct buffer print;
    struct planted planted;
    struct error why; /* of a planter that did not answer */
};

static bool is_dry(const struct planting *job)
{
    return json_is_true(json_object_get(json_object_get(job->json, "options"), "dry_run"));
}

static int take_nothing(struct slice kind, struct slice name, struct slice data, void *context)
{
    (void)kind, (void)name, (void)data, (void)context;
    return 0;
}

/* What the planter told, for the keeper under that name. */
static int tell_as(const struct gardener *gardener, const char *name, const struct planting *job,
                   const struct planted *planted, const struct link_rows *rows, struct error *error)
{
    json_t *where = json_loadb((const char *)planted->where.data, planted->where.length, 0, NULL);
    char *digest = strdup(text_member(where, "digest")), *rest;
    struct command command = {.name = slice_of(name)};
    int code;

    /* The digest is for the ledger only; where it lay goes into alerts. */
    json_object_del(where, "digest");
    rest = json_dumps(where, JSON_COMPACT);
    command_put(&command, "placement", text_member(job->json, "placement"));
    command_put(&command, "ok", planted->ok ? "true" : "false");
    command_put(&command, "digest", digest != NULL ? digest : "");
    command_put(&command, "where", rest != NULL ? rest : "{}");
    if (!slice_is(planted->state, "planned"))
        command.arguments[command.argument_count++] = (struct argument){slice_of("state"), planted->state};
    command.arguments[command.argument_count++] = (struct argument){slice_of("text"), planted->text};
    code = link_command(gardener->link, &command, rows, error);
    json_decref(where);
    free(digest);
    free(rest);
    return code;
}

/* The planter is about to act, and waits until the ledger knows where. */
static int announce(struct gardener *gardener, const struct planting *job, const struct planted *planted,
                    struct error *error)
{
    const struct link_rows rows = {take_nothing, NULL, NULL};

    if (tell_as(gardener, "planting", job, planted, &rows, error) != 0)
        return -1;
    return planter_go(&gardener->planter, error);
}

/* 0 to go on, 1 at the end, -1 with a text. */
static int take_answer(struct gardener *gardener, const struct planting *job, struct outcome_of *outcome,
                       struct error *error)
{
    struct reader reader;
    struct file file;
    uint16_t type;
    int result;

    if (planter_next(&gardener->planter, &reader, &type, error) < 0)
        return -1;
    if (type == MESSAGE_FILE && file_get(&reader, &file) == 0 && buffer_add_slice(&outcome->print, file.data) == 0)
        return 0;
    if (type != MESSAGE_PLANTED || planted_get(&reader, &outcome->planted) != 0)
        return error_set(error, "the planter sent a damaged answer");
    if (!slice_is(outcome->planted.state, "planned") || is_dry(job))
        return 1;
    result = announce(gardener, job, &outcome->planted, error);
    outcome->planted.state = slice_of("unknown");
    return result;
}

/* -1 with the state: "gone" when it was not begun, "unknown" when nobody knows what came of it. */
static int run_planter(struct gardener *gardener, const struct planting *job, struct outcome_of *outcome,
                       struct error *error)
{
    struct planter *planter = &gardener->planter;
    int result = planter->pid > 0 ? 0 : planter_start(planter, error);

    if (result == 0)
        result = planter_reach(planter, gardener->invocation->configuration, text_member(job->json, "place"), error);
    planter->lease = gardener->lease;
    if (result == 0)
        result = hand_over(planter, job, error);
    outcome->planted.state = slice_of(result == 0 ? "unknown" : "gone");
    while (result == 0)
        result = take_answer(gardener, job, outcome, error);
    return result < 0 ? -1 : 0;
}

/* ---- telling the keeper ---- */

/* A dry run: nothing to tell the keeper. */
static int show_dry(struct invocation *invocation, const struct planting *job, const struct planted *planted,
                    struct error *error)
{
    json_t *where = json_loadb((const char *)planted->where.data, planted->where.length, 0, NULL);
    json_t *row = json_pack("{s:n, s:s, s:o, s:s, s:b}", "placement", "place", text_member(job->json, "place"), "where",
                            where != NULL ? where : json_object(), "state", "planned", "dry_run", 1);

    json_object_del(where, "digest"); /* as in tell_as() */
    output_json(&invocation->output, row);
    json_decref(row);
    if (planted->ok)
        return 0;
    error_set(error, "%.*s", (int)planted->text.length, (const char *)planted->text.data);
    return 3;
}

/* What is shown of the keeper's answer. */
struct showing {
    struct output *output;
    const struct buffer *print;
};

/* What is to be placed by hand is the output; about the placement is told beside it. */
static void show_printed(const struct showing *showing, struct slice data)
{
    struct output *output = showing->output;
    json_t *row = json_loadb((const char *)data.data, data.length, 0, NULL);

    if (output->json) {
        json_object_set_new(row, "text", json_stringn((const char *)showing->print->data, showing->print->length));
        output_json(output, row);
    } else {
        fwrite(showing->print->data, 1, showing->print->length, output->file);
        fprintf(stderr, "sundew: %s\n", json_string_value(json_object_get(row, "placement")));
    }
    json_decref(row);
}

static int take_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    const struct showing *showing = context;

    (void)name;
    if (slice_is(kind, "row") && showing->print->length > 0)
        show_printed(showing, data);
    else if (slice_is(kind, "row"))
        output_row(showing->output, data);
    return 0;
}

static int tell(const struct gardener *gardener, const char *name, const struct planting *job,
                const struct outcome_of *outcome, struct error *error)
{
    struct showing showing = {&gardener->invocation->output, &outcome->print};
    const struct link_rows rows = {take_row, &showing, NULL};

    return tell_as(gardener, name, job, &outcome->planted, &rows, error);
}

static const char *told_as(const struct planting *job)
{
    static const char *const told[][2] = {{"plant", "planted"}, {"inspect", "inspected"}, {"uproot", "uprooted"}};

    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        if (strcmp(text_member(job->json, "action"), told[i][0]) == 0)
            return told[i][1];
    return "";
}

static bool is_inspection(const struct planting *job)
{
    return strcmp(text_member(job->json, "action"), "inspect") == 0;
}

/* Is a lure that should be there not there as it was? What only people can look at is no fault, nor what became of one
 * that another took over from. */
static bool wanting(const struct planting *job, const struct planted *planted)
{
    bool rotated = json_is_true(json_object_get(job->json, "rotated"));

    return is_inspection(job) &&
           (!planted->ok || (!rotated && (slice_is(planted->state, "gone") || slice_is(planted->state, "changed"))));
}

void gardener_init(struct gardener *gardener, struct invocation *invocation, struct link *link)
{
    *gardener = (struct gardener){.invocation = invocation, .link = link, .lease = -1, .planter = {.fd = -1}};
}

void gardener_end(struct gardener *gardener)
{
    planter_end(&gardener->planter);
}

/* A planter's cage is shut for its first job: each place on this machine has its own, and each way to others. */
static void change_planter(struct gardener *gardener, struct slice place)
{
    const struct place_row *row = place_row(place);

    if (!remote_is(place) || row != gardener->row)
        planter_end(&gardener->planter);
    gardener->row = row;
}

/* The job in a planter; its outcome, also where there is none. */
static int work(struct gardener *gardener, const struct planting *job, struct outcome_of *outcome)
{
    bool plant = strcmp(text_member(job->json, "action"), "plant") == 0;
    int ran;

    change_planter(gardener, slice_of(text_member(job->json, "place")));
    outcome->planted = (struct planted){.ok = false};
    outcome->why.text[0] = '\0';
    ran = run_planter(gardener, job, outcome, &outcome->why);
    if (ran < 0)
        outcome->planted = (struct planted){.state = plant ? outcome->planted.state : slice_of("unknown"),
                                            .text = slice_of(outcome->why.text)};
    snprintf(gardener->state, sizeof(gardener->state), "%.*s", (int)outcome->planted.state.length,
             (const char *)outcome->planted.state.data);
    return ran;
}

static bool lies(const struct gardener *gardener)
{
    return strcmp(gardener->state, "there") == 0 || strcmp(gardener->state, "moved") == 0 ||
           strcmp(gardener->state, "changed") == 0;
}

/* One commit put it in the place of the former one, which is gone by that. */
static bool is_written_over(const struct planted *planted)
{
    json_t *where = json_loadb((const char *)planted->where.data, planted->where.length, 0, NULL);
    bool over = json_object_get(where, "replaces") != NULL;

    json_decref(where);
    return over;
}

/* It lies there: what it takes over from goes. The planter's last message is another then, so `kept` holds what it told. */
static int make_way(struct gardener *gardener, struct outcome_of *outcome, struct buffer *kept, struct error *error)
{
    struct planted *planted = &outcome->planted;
    struct slice *parts[] = {&planted->where, &planted->state, &planted->text};
    const json_t *former = gardener->former;
    char state[sizeof gardener->state];
    size_t at = 0;

    if (former == NULL || !planted->ok || !lies(gardener) || is_written_over(planted))
        return 0;
    memcpy(state, gardener->state, sizeof state);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (buffer_add_slice(kept, *parts[i]) != 0)
            return error_set(error, "out of memory");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; at += parts[i++]->length)
        *parts[i] = (struct slice){kept->data + at, parts[i]->length};
    gardener->former = NULL;
    gardener->stays = gardener->withdraw(gardener, former) != 0;
    memcpy(gardener->state, state, sizeof state);
    return 0;
}

/* What came of planting; 3 with a text where that is not told, so that the intent stays. */
static int tell_planted(struct gardener *gardener, const struct planting *job, struct outcome_of *outcome,
                        struct error *error)
{
    struct buffer kept;
    int code = 3;

    buffer_init(&kept, 2 * CHANNEL_MESSAGE);
    if (make_way(gardener, outcome, &kept, error) == 0)
        code = tell(gardener, "planted", job, outcome, error);
    buffer_free(&kept);
    return code;
}

static void rest(struct gardener *gardener, const struct planting *job, int ran)
{
    if (ran < 0 || !remote_is(slice_of(text_member(job->json, "place"))))
        planter_end(&gardener->planter);
}

int gardener_do(struct gardener *gardener, const struct planting *job, struct error *error)
{
    struct outcome_of outcome;
    int code, ran;

    buffer_init(&outcome.print, PRINTED);
    ran = work(gardener, job, &outcome);
    if (is_dry(job))
        code = show_dry(gardener->invocation, job, &outcome.planted, error);
    else if (strcmp(told_as(job), "planted") == 0)
        code = tell_planted(gardener, job, &outcome, error);
    else
        code = tell(gardener, told_as(job), job, &outcome, error);
    if (code == 0 && wanting(job, &outcome.planted))
        code = 1;
    if (is_inspection(job) && error->text[0] != '\0') /* of many, which one? */
        error_prefix(error, "%s", text_member(job->json, "placement"));
    rest(gardener, job, ran);
    buffer_free(&outcome.print);
    return code;
}

int gardener_refuse(struct gardener *gardener, const struct planting *job, const char *why, struct error *error)
{
    struct outcome_of outcome = {.planted = {.state = slice_of("gone"), .text = slice_of(why)}};

    snprintf(gardener->state, sizeof gardener->state, "gone");
    return tell(gardener, "planted", job, &outcome, error);
}

int gardener_replace(struct gardener *gardener, const struct planting *job, bool *replaced, struct error *error)
{
    struct outcome_of outcome;
    const struct planted *planted = &outcome.planted;
    int ran, code = 0;

    buffer_init(&outcome.print, PRINTED);
    ran = work(gardener, job, &outcome);
    *replaced = ran < 0 || !planted->ok || strcmp(gardener->state, "gone") != 0;
    if (*replaced)
        code = tell(gardener, "planted", job, &outcome, error);
    else
        error_set(error, "%.*s", (int)planted->text.length, (const char *)planted->text.data);
    rest(gardener, job, ran);
    buffer_free(&outcome.print);
    return code;
}

int gardener_rehearse(struct gardener *gardener, const struct planting *job, const char *instead, struct error *error)
{
    json_t *options = json_object_get(job->json, "options");
    struct outcome_of outcome;
    int ran, code = 0;

    buffer_init(&outcome.print, PRINTED);
    json_object_set_new(options, "dry_run", json_true());
    json_object_set_new(options, "instead", json_string(instead));
    ran = work(gardener, job, &outcome);
    json_object_del(options, "instead");
    json_object_set_new(options, "dry_run", json_false());
    if (ran < 0 || !outcome.planted.ok)
        code = error_status(error, 3, "%.*s", (int)outcome.planted.text.length,
                            (const char *)outcome.planted.text.data);
    rest(gardener, job, ran);
    buffer_free(&outcome.print);
    return code;
}

int gardener_show(struct gardener *gardener, const struct planting *job, struct buffer *mail, json_t **where,
                  struct error *error)
{
    struct outcome_of outcome;
    const struct planted *planted = &outcome.planted;
    int code = 3, ran;

    buffer_init(&outcome.print, PRINTED);
    json_object_set_new(json_object_get(job->json, "options"), "show", json_true());
    ran = work(gardener, job, &outcome);
    *where = ran == 0 ? json_loadb((const char *)planted->where.data, planted->where.length, 0, NULL) : NULL;
    if (ran == 0 && planted->ok && outcome.print.length > 0)
        code = buffer_add_slice(mail, buffer_slice(&outcome.print)) == 0 ? 0 : error_status(error, 3, "out of memory");
    else if (ran == 0 && planted->ok)
        code = error_status(error, 1, "it is not there (%s)", gardener->state);
    else
        error_set(error, "%.*s", (int)planted->text.length, (const char *)planted->text.data);
    rest(gardener, job, ran);
    buffer_free(&outcome.print);
    return code;
}

/* Of a planting that was broken off the ledger knows no thread yet: all mails that the lure had beside its chief. */
static void add_thread(const struct planting *job)
{
    json_t *where = json_object_get(json_object_get(job->json, "options"), "where"), *thread = json_array(), *item;
    const json_t *meta = json_object_get(job->json, "meta");
    size_t index;

    json_array_foreach(json_object_get(meta, "messages"), index, item)
    {
        json_t *id = json_object_get(item, "message_id");

        if (json_is_string(id) && !json_equal(id, json_object_get(meta, "message_id")))
            json_array_append_new(thread, json_pack("{s:O}", "message_id", id));
    }
    if (json_array_size(thread) > 0 && json_object_size(where) == 0)
        json_object_set(where, "thread", thread);
    json_decref(thread);
}

/* Nothing was announced, and no mail can have come without that: the place was never reached (planter/place.h). */
static bool never_begun(const struct planting *job)
{
    const json_t *where = json_object_get(json_object_get(job->json, "options"), "where");

    return json_object_size(where) == 0 && text_member(json_object_get(job->json, "meta"), "message_id")[0] == '\0';
}

static int look(struct gardener *gardener, const struct planting *job, struct outcome_of *outcome)
{
    if (!never_begun(job)) {
        add_thread(job);
        return work(gardener, job, outcome);
    }
    outcome->planted = (struct planted){.ok = true, .state = slice_of("gone")};
    snprintf(gardener->state, sizeof(gardener->state), "gone");
    return 0;
}

int gardener_resume(struct gardener *gardener, const struct planting *job, struct error *error)
{
    struct outcome_of outcome;
    bool gone;
    int ran, code;

    buffer_init(&outcome.print, PRINTED);
    ran = look(gardener, job, &outcome);
    gone = ran == 0 && outcome.planted.ok && strcmp(gardener->state, "gone") == 0;
    if (gone && !never_begun(job)) { /* a thread may be there in part */
        rest(gardener, job, 0);
        json_object_set_new(job->json, "action", json_string("uproot"));
        ran = work(gardener, job, &outcome);
    }
    if (gone) {
        outcome.planted = (struct planted){.state = slice_of("gone"), .text = slice_of("planting was broken off;")};
        snprintf(gardener->state, sizeof(gardener->state), "gone");
    } else if (ran == 0 && (strcmp(gardener->state, "unknown") == 0 || gardener->state[0] == '\0')) {
        outcome.planted.ok = false;
    }
    code = tell_planted(gardener, job, &outcome, error);
    rest(gardener, job, ran);
    buffer_free(&outcome.print);
    return code;
}

int gardener_clear(struct gardener *gardener, const struct planting *job, struct error *error)
{
    struct outcome_of outcome;
    int ran, code;

    buffer_init(&outcome.print, PRINTED);
    json_object_set_new(job->json, "action", json_string("uproot"));
    ran = work(gardener, job, &outcome);
    if (ran == 0 && outcome.planted.ok && strcmp(gardener->state, "gone") == 0)
        code = tell(gardener, "inspected", job, &outcome, error);
    else
        code = error_status(error, 3,
                            "%.*s", (int)outcome.planted.text.length, (const char *)outcome.planted.text.data);
    rest(gardener, job, ran);
    buffer_free(&outcome.print);
    return code;
}

/* ---- commands of one job ---- */

struct taking {
    struct plantings *jobs;
    bool failed;
};

static int take_job(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct taking *taking = context;

    if ((slice_is(kind, "job") && plantings_job(taking->jobs, data) < 0) ||
        (slice_is(kind, "file") && plantings_file(taking->jobs, name, data) < 0))
        taking->failed = true;
    return taking->failed ? -1 : 0;
}

int gardener_ask(struct gardener *gardener, const struct command *command, struct plantings *jobs, struct error *error)
{
    struct taking taking = {jobs, false};
    const struct link_rows rows = {take_job, &taking, NULL};
    int code;

    *jobs = (struct plantings){NULL, 0};
    code = link_command(gardener->link, command, &rows, error);
    if (code == 0 && (taking.failed || jobs->count != 1))
        code = error_status(error, 3, "the keeper sent a damaged job");
    return code;
}

int gardener_command(struct gardener *gardener, const struct command *command,
                     int (*act)(struct gardener *, const struct planting *, struct error *), struct error *error)
{
    struct plantings jobs;
    int code = gardener_ask(gardener, command, &jobs, error);

    if (code == 0)
        code = act(gardener, &jobs.items[0], error);
    plantings_free(&jobs);
    return code;
}
