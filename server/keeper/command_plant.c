/* SPDX-License-Identifier: ISC
 *
 * plant: the token (minted where a kind is named), its lure, the intent in the ledger, and only then the planter's
 * material to `sundew`. What became of it comes back as "planted" (command_placement.c). */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"
#include "server/keeper/rows.h"
#include "server/keeper/shape.h"
#include "server/keeper/token.h"
#include "server/wire/places.h"
#include "server/wire/remote.h"

#define LURE_FILES 64

struct lure_file {
    struct buffer name, data;
};

struct planting {
    struct request *request;
    struct order order;
    struct made_list made; /* one token where a kind was named */
    char *place;
    const struct place_row *row; /* of the place */
    const struct shape *shape;
    char at[CLOCK_TEXT]; /* "" where not given */
    bool buried, enable, dry_run;
    struct id placement;
    json_t *meta;
    struct buffer meta_text;
    struct lure_file files[LURE_FILES];
    size_t file_count;
    bool failed;
    uint64_t job;
};

static void release(void *state)
{
    struct planting *planting = state;

    if (planting->job != 0)
        jobs_cancel(planting->request->jobs, planting->job);
    for (size_t i = 0; i < planting->file_count; i++) {
        buffer_free(&planting->files[i].name);
        buffer_free(&planting->files[i].data);
    }
    made_free(&planting->made);
    order_free(&planting->order);
    buffer_free(&planting->meta_text);
    json_decref(planting->meta);
    free(planting->place);
    free(planting);
}

/* ---- what the client is sent ---- */

static void add_option(struct planting *planting, struct buffer *json, const char *name)
{
    struct slice value = request_slice(planting->request, name);

    if (value.data != NULL)
        json_member(json, name, value);
}

/* Options of places that keep a history, beside --buried. */
static const char *const in_history[] = {"as", "name", "signed-off", NULL};

static void send_job(struct planting *planting)
{
    struct buffer json;
    char id[ID_TEXT];

    buffer_init(&json, JOBS_RESULT);
    buffer_add_char(&json, '{');
    if (planting->dry_run) {
        json_member_open(&json, "placement");
        buffer_add_text(&json, "null");
    } else {
        json_member_text(&json, "placement", id_text(planting->placement, 'p', id));
    }
    json_member_text(&json, "action", "plant");
    json_member_text(&json, "place", planting->place);
    json_member_open(&json, "options");
    buffer_add_char(&json, '{');
    add_option(planting, &json, "path");
    for (size_t i = 0; in_history[i] != NULL; i++)
        add_option(planting, &json, in_history[i]);
    if (planting->at[0] != '\0')
        json_member_text(&json, "at", planting->at);
    json_member_bool(&json, "buried", planting->buried);
    json_member_bool(&json, "enable", planting->enable);
    json_member_bool(&json, "dry_run", planting->dry_run);
    buffer_add_char(&json, '}');
    json_member_open(&json, "meta");
    buffer_add_slice(&json, buffer_slice(&planting->meta_text));
    buffer_add_char(&json, '}');
    request_row(planting->request, "job", SLICE_NONE, buffer_slice(&json));
    buffer_free(&json);
}

static void send_all(struct planting *planting)
{
    struct buffer note;

    send_job(planting);
    for (size_t i = 0; i < planting->file_count; i++)
        request_row(planting->request, "file", buffer_slice(&planting->files[i].name),
                    buffer_slice(&planting->files[i].data));
    buffer_init(&note, 4096);
    order_note(&planting->order, &note);
    request_done(planting->request, REQUEST_DONE, "%s", buffer_text(&note));
    buffer_free(&note);
}

/* ---- what the ledger keeps ---- */

static const char *meta_member(const struct planting *planting, const char *name)
{
    const char *text = json_string_value(json_object_get(planting->meta, name));

    return text != NULL ? text : "";
}

/* Whose place it is: the owner that was named, or the person a mail is for. */
static struct slice place_owner(const struct planting *planting)
{
    const char *to = meta_member(planting, "to");

    if (planting->order.owner != NULL)
        return slice_of(planting->order.owner);
    return to[0] != '\0' ? slice_of(to) : SLICE_NONE;
}

/* Of a campaign's key no second one that is not gone. */
static int insert(struct planting *planting, int64_t token, struct error *error)
{
    struct ledger *ledger = &planting->request->keeper->ledger;
    struct slice campaign = request_slice(planting->request, "campaign");
    sqlite3_stmt *statement = ledger_statement(
        ledger,
        "INSERT INTO placement (id, token, place, location, lure, meta, state, owner, campaign)"
        " SELECT ?1, ?2, ?3, '{}', ?4, ?5, 'planned', ?6, ?7 WHERE NOT EXISTS"
        " (SELECT 1 FROM placement WHERE campaign = ?7 AND campaign IS NOT NULL AND state <> 'gone')", error);

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &planting->placement);
    sqlite3_bind_int64(statement, 2, token);
    ledger_bind_text(statement, 3, slice_of(planting->place));
    ledger_bind_text(statement, 4, slice_of(meta_member(planting, "lure")));
    ledger_bind_text(statement, 5, buffer_slice(&planting->meta_text));
    ledger_bind_text(statement, 6, place_owner(planting));
    ledger_bind_text(statement, 7, campaign);
    if (ledger_run(ledger, statement, error) != 0)
        return -1;
    return sqlite3_changes(ledger->db) == 1
               ? 0
               : error_set(error, "%.*s was planted already; `sundew placements` lists it, and once it is uprooted it can "
                                  "be planted again", (int)campaign.length, (const char *)campaign.data);
}

static int record(struct planting *planting, struct id token, struct error *error)
{
    struct buffer details;
    char text[ID_TEXT];
    int result;

    buffer_init(&details, CHANNEL_MESSAGE);
    if (planting->order.number != 0 || !planting->dry_run)
        json_member_text(&details, "token", id_text(token, 't', text));
    if (planting->order.beside != NULL)
        json_member_text(&details, "beside", id_text(planting->order.beside->token, 't', text));
    json_member_text(&details, "place", planting->place);
    json_member_text(&details, "lure", meta_member(planting, "lure"));
    json_member_bool(&details, "dry_run", planting->dry_run);
    result = order_operation(planting->request, "plant",
                             planting->dry_run ? "" : id_text(planting->placement, 'p', text), buffer_text(&details),
                             error);
    buffer_free(&details);
    return result;
}

static int store(struct planting *planting, struct error *error)
{
    struct keeper *keeper = planting->request->keeper;
    struct order *order = &planting->order;
    struct id token = order->number != 0 ? order->token : planting->made.items[0].id;
    int64_t number = order->number;

    planting->placement = id_ordered(clock_wall());
    if (ledger_begin(&keeper->ledger, error) != 0)
        return -1;
    if (!planting->dry_run) {
        if (number == 0) {
            if (made_store(keeper, order, &planting->made.items[0], error) != 0)
                goto fail;
            number = token_number(&keeper->ledger, token, error);
        }
        if (order->beside != NULL && number > 0) /* one place for both, that of the one that we see used */
            number = order->beside->number;
        if (number <= 0 || insert(planting, number, error) != 0)
            goto fail;
    }
    if (record(planting, token, error) != 0)
        goto fail;
    return ledger_commit(&keeper->ledger, error);
fail:
    ledger_rollback(&keeper->ledger);
    return -1;
}

/* ---- the lure ---- */

static int keep_file(struct planting *planting, struct slice name, struct slice data)
{
    struct lure_file *file;

    if (planting->file_count == LURE_FILES)
        return -1;
    file = &planting->files[planting->file_count++];
    buffer_init(&file->name, CHANNEL_MESSAGE);
    buffer_init(&file->data, JOBS_RESULT);
    return buffer_add_slice(&file->name, name) != 0 || buffer_add_slice(&file->data, data) != 0 ? -1 : 0;
}

static int keep_meta(struct planting *planting, struct slice data)
{
    planting->meta = json_loadb((const char *)data.data, data.length, JSON_REJECT_DUPLICATES, NULL);
    return json_is_object(planting->meta) ? buffer_add_slice(&planting->meta_text, data) : -1;
}

static void on_lure(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct planting *planting = context;

    if (slice_is(kind, "file") && keep_file(planting, name, data) != 0)
        planting->failed = true;
    else if (slice_is(kind, "meta") && (planting->meta != NULL || keep_meta(planting, data) != 0))
        planting->failed = true;
}

static void on_lure_done(bool ok, struct slice text, void *context)
{
    struct planting *planting = context;
    struct request *request = planting->request;
    struct error error;

    planting->job = 0;
    if (!ok)
        request_done(request, REQUEST_FAILED, "%.*s", (int)text.length, (const char *)text.data);
    else if (planting->failed || planting->meta == NULL)
        request_done(request, REQUEST_FAILED,
                     "the minter's lure does not fit together; restart sundewd and report this");
    else if (store(planting, &error) != 0)
        request_fail(request, &error);
    else
        send_all(planting);
}

/* How many placements there have been, so that the minter takes a text again only when the others are used up. */
static int64_t next_ordinal(struct ledger *ledger)
{
    struct error ignored;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT coalesce(max(number), 0) FROM placement", &ignored);
    int64_t number = 0;

    if (statement != NULL && ledger_step(ledger, statement, &ignored) == 1)
        number = sqlite3_column_int64(statement, 0);
    if (statement != NULL)
        sqlite3_reset(statement);
    return number;
}

static void lure_parameters(struct planting *planting, struct buffer *json)
{
    bool text = strcmp(planting->shape->takes, "text") == 0;

    json_member_text(json, "place", planting->row->scheme);
    if (text)
        json_member_text(json, "takes", "text");
    add_option(planting, json, "lure");
    add_option(planting, json, "outside");
    /* A file's own name says which artifact fits. */
    if (strcmp(planting->row->scheme, "file") == 0 && request_slice(planting->request, "path").data == NULL)
        json_member_text(json, "path", planting->place + strlen("file:"));
    else if (text && request_slice(planting->request, "path").data == NULL)
        json_member_text(json, "path", ".env"); /* each line of it is a variable */
    else
        add_option(planting, json, "path");
    json_member_text(json, "language", planting->request->keeper->configuration->language);
    if (planting->at[0] != '\0')
        json_member_text(json, "at", planting->at);
    json_member_bool(json, "buried", planting->buried);
    json_member_number(json, "ordinal", next_ordinal(&planting->request->keeper->ledger));
}

/* The minted token's members, in place of the ledger's. */
static void minted_parameters(const struct planting *planting, struct buffer *json)
{
    const struct token_result *token = &planting->made.items[0].token;

    json_member(json, "kind", token->kind);
    json_member(json, "form", token->form);
    json_member(json, "identity", token->identity);
    json_member(json, "secret", token->secret);
    order_facts(token->facts, json);
    if (planting->order.owner != NULL)
        json_member_text(json, "owner", planting->order.owner);
    if (planting->order.memo != NULL)
        json_member_text(json, "memo", planting->order.memo);
}

static int ask_lure(struct planting *planting, struct error *error)
{
    static const struct jobs_events events = {.result = on_lure, .done = on_lure_done};
    struct request *request = planting->request;
    struct order *order = &planting->order;
    struct buffer json;
    int result;

    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    lure_parameters(planting, &json);
    if (order->number != 0) {
        result = order_view(request->keeper, order, &json, error);
    } else {
        minted_parameters(planting, &json);
        result = order_world(request->keeper, order, &json, error);
    }
    buffer_add_char(&json, '}');
    if (result == 0 && json.failed)
        result = error_set(error, "path, owner or memo are too long for the minter; shorten them");
    if (result == 0)
        result = jobs_start(request->jobs, "lure", buffer_slice(&json), &events, planting, &planting->job, error);
    buffer_free(&json);
    return result;
}

/* ---- the token ---- */

static void on_minted(struct slice kind, struct slice name, struct slice data, void *context)
{
    made_add(&((struct planting *)context)->made, kind, name, data);
}

static void on_minted_done(bool ok, struct slice text, void *context)
{
    struct planting *planting = context;
    struct error error;

    planting->job = 0;
    if (!ok)
        request_done(planting->request, REQUEST_FAILED, "%.*s", (int)text.length, (const char *)text.data);
    else if (planting->made.failed || planting->made.count != 1)
        request_done(planting->request, REQUEST_FAILED,
                     "the minter sent something else than a token; restart sundewd and report this");
    else if (ask_lure(planting, &error) != 0)
        request_fail(planting->request, &error);
}

static int ask_token(struct planting *planting, struct error *error)
{
    static const struct jobs_events events = {.result = on_minted, .done = on_minted_done};
    struct buffer json;
    int result;

    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    json_member_number(&json, "count", 1);
    json_member_bool(&json, "artifacts", false);
    result = order_view(planting->request->keeper, &planting->order, &json, error);
    buffer_add_char(&json, '}');
    if (result == 0 && json.failed)
        result = error_set(error, "memo, owner or identity are too long for the minter; shorten them");
    if (result == 0)
        result = jobs_start(planting->request->jobs, "mint", buffer_slice(&json), &events, planting, &planting->job,
                            error);
    buffer_free(&json);
    return result;
}

/* A token that lies somewhere already, or is retired, is not planted. Nor alone what another lies beside. */
static int check_free(struct request *request, const struct order *order)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    char token[ID_TEXT], placement[ID_TEXT];
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT t.state = 'retired', p.id,"
                                               " (SELECT v.id FROM token v WHERE v.beside = t.number) FROM token t"
                                               " LEFT JOIN placement p ON p.token = coalesce(t.beside, t.number)"
                                               " WHERE t.number = ?1", &error);
    int result = -1;

    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, order->number);
        result = ledger_step(ledger, statement, &error);
    }
    (void)id_text(order->token, 't', token);
    if (result != 1) {
        request_done(request, REQUEST_FAILED, "%s", result == 0 ? "the token is gone" : error.text);
    } else if (sqlite3_column_type(statement, 1) != SQLITE_NULL) {
        request_done(request, REQUEST_FAILED,
                     "%s was planted already, as %s; one token lies in one place, so mint another for this one", token,
                     id_text(ledger_column_id(statement, 1), 'p', placement));
        result = -1;
    } else if (sqlite3_column_int(statement, 0) != 0 || (order->beside != NULL && order->beside->retired)) {
        request_done(request, REQUEST_FAILED, "%s%s is retired; mint another", token,
                     sqlite3_column_int(statement, 0) != 0 ? "" : " lies beside a token that");
        result = -1;
    } else if (sqlite3_column_type(statement, 2) != SQLITE_NULL) {
        request_done(request, REQUEST_FAILED, "beside %s lies %s; plant that one, and both lie in one place", token,
                     id_text(ledger_column_id(statement, 2), 't', placement));
        result = -1;
    }
    if (statement != NULL)
        sqlite3_reset(statement);
    return result == 1 ? 0 : -1;
}

static int read_token(struct planting *planting)
{
    static const char *const minting[] = {"form",  "identity", "decoy",   "host",    "owner",
                                          "contact", "memo",   "expires", "account", "length", "beside", "style"};
    struct request *request = planting->request;
    struct slice word = request_slice(request, "token");
    struct id id;

    if (word.length < 2 || word.data[1] != '-')
        return order_read(request, "token", &planting->order);
    for (size_t i = 0; i < sizeof minting / sizeof minting[0]; i++) {
        if (request_has(request, minting[i])) {
            request_done(request, REQUEST_USAGE, "--%s is for a token that is minted now; this one has its own",
                         minting[i]);
            return -1;
        }
    }
    if (request_id(request, "token", 't', &id) != 0 || order_load(request, id, &planting->order) != 0)
        return -1;
    return order_door(request, &planting->order) != 0 ? -1 : check_free(request, &planting->order);
}

/* ---- the place ---- */

static void no_place(struct planting *planting)
{
    struct buffer list;

    buffer_init(&list, 4096);
    for (size_t i = 0; place_row_at(i) != NULL; i++)
        (void)buffer_add_format(&list, "%s%s:", i > 0 ? ", " : "", place_row_at(i)->scheme);
    request_done(planting->request, REQUEST_USAGE, "\"%.200s\" is no place; a place begins with one of: %s",
                 planting->place != NULL ? planting->place : "", buffer_text(&list));
    buffer_free(&list);
}

static int read_place(struct planting *planting)
{
    const char *place = planting->place = request_text(planting->request, "place");

    planting->row = place != NULL && strchr(place, ':') != NULL ? place_row(slice_of(place)) : NULL;
    if (planting->row == NULL)
        no_place(planting);
    return planting->row != NULL ? 0 : -1;
}

static int read_flag(struct request *request, const char *name, bool *flag)
{
    static const char *const words[] = {"true", "false", NULL};

    *flag = slice_is(request_slice(request, name), "true");
    return request_word(request, name, words);
}

static bool takes(const struct planting *planting, const char *type)
{
    return strcmp(planting->row->takes, type) == 0;
}

static int read_shape(struct planting *planting)
{
    struct slice as = request_slice(planting->request, "as");
    struct buffer list;

    planting->shape = shape_find(planting->row->scheme, as);
    if (planting->shape == NULL) {
        buffer_init(&list, 1024);
        shape_list(planting->row->scheme, &list);
        request_done(planting->request, REQUEST_USAGE, "\"%.*s\" is nothing that a lure can be in %s:; --as takes %s",
                     (int)as.length, (const char *)as.data, planting->row->scheme, buffer_text(&list));
        buffer_free(&list);
        return -1;
    }
    if (!planting->buried || planting->shape->commits)
        return 0;
    request_done(planting->request, REQUEST_USAGE, "--buried is for commits: a %s has no history", planting->shape->name);
    return -1;
}

static int check_options(struct planting *planting)
{
    static const char *const answers[] = {"yes", "no", NULL};
    struct request *request = planting->request;
    const char *given = planting->buried ? "buried" : NULL;

    for (size_t i = 0; in_history[i] != NULL && given == NULL; i++)
        given = request_has(request, in_history[i]) ? in_history[i] : NULL;
    if (given != NULL && !takes(planting, "repository")) {
        request_done(request, REQUEST_USAGE, "--%s is for repositories: only they keep a history", given);
        return -1;
    }
    if (planting->enable && !takes(planting, "directory")) {
        request_done(request, REQUEST_USAGE, "--enable is for directories: only accounts can be logged in to");
        return -1;
    }
    return read_shape(planting) != 0 ? -1 : request_word(request, "signed-off", answers);
}

/* A mailbox on another host says itself whose it is; the user of a repository's address is nobody ("git"). */
static int default_owner(struct planting *planting)
{
    struct remote remote = {NULL};
    struct error error;
    int result = 0;

    if (!remote_is(slice_of(planting->place)) || !takes(planting, "mail") || planting->order.owner != NULL)
        return 0;
    if (remote_parse(planting->place, &remote, &error) != 0) {
        request_done(planting->request, REQUEST_USAGE, "%s", error.text);
        result = -1;
    } else if (remote.user != NULL &&
               asprintf(&planting->order.owner, strchr(remote.user, '@') != NULL ? "%s" : "%s@%s", remote.user,
                        planting->request->keeper->configuration->domain) < 0) {
        planting->order.owner = NULL;
    }
    remote_free(&remote);
    return result;
}

static int read_arguments(struct planting *planting)
{
    struct request *request = planting->request;
    int64_t at = 0;

    if (read_place(planting) != 0 || read_flag(request, "buried", &planting->buried) != 0 ||
        read_flag(request, "enable", &planting->enable) != 0 || check_options(planting) != 0 ||
        read_flag(request, "dry-run", &planting->dry_run) != 0 ||
        request_time(request, "at", &at) != 0)
        return -1;
    if (request_has(request, "at"))
        (void)clock_text(at, planting->at);
    return read_token(planting) != 0 ? -1 : default_owner(planting);
}

void command_plant(struct request *request)
{
    struct planting *planting = calloc(1, sizeof *planting);
    struct error error;

    if (planting == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    planting->request = request;
    order_init(&planting->order);
    buffer_init(&planting->meta_text, JOBS_RESULT);
    request->state = planting;
    request->release = release;
    if (read_arguments(planting) != 0)
        return;
    if ((planting->order.number != 0 ? ask_lure(planting, &error) : ask_token(planting, &error)) != 0)
        request_fail(request, &error);
}
