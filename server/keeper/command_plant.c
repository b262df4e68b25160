/* SPDX-License-Identifier: ISC
 *
 * plant: the token (minted where a kind is named), its lure, the intent in the ledger, and only then the planter's
 * material to `sundew`. What became of it comes back as "planted" (command_placement.c). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/json.h"
#include "server/base/paths.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/planting.h"
#include "server/keeper/rows.h"

#define PROFILE_MOST 16384

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
    free(planting->replaces);
    free(planting);
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

static void on_lure_done(unsigned code, struct slice text, void *context)
{
    struct planting *planting = context;
    struct request *request = planting->request;
    struct error error;

    planting->job = 0;
    if (code != 0)
        request_done(request, code, "%.*s", (int)text.length, (const char *)text.data);
    else if (planting->failed || planting->meta == NULL)
        request_done(request, REQUEST_FAILED,
                     "the minter's lure does not fit together; restart sundewd and report this");
    else if (planting_store(planting, &error) != 0)
        request_fail(request, &error);
    else
        planting_send(planting);
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

/* Which lures lie in the place: who has read one would know the other. */
static int add_lying(const struct planting *planting, struct buffer *json, struct error *error)
{
    struct ledger *ledger = &planting->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(
        ledger, "SELECT DISTINCT lure FROM placement WHERE place = ? AND state <> 'gone' LIMIT 64", error);
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(planting->place));
    json_member_open(json, "lies");
    buffer_add_char(json, '[');
    while ((found = ledger_step(ledger, statement, error)) == 1)
        json_element(json, ledger_column(statement, 0));
    buffer_add_char(json, ']');
    return found;
}

/* How the mails of the owner's house look, where `sundew lure learn` wrote that down: STATE/mail/DOMAIN.yaml. */
static int add_profile(const struct planting *planting, struct buffer *json, struct error *error)
{
    const struct configuration *configuration = planting->request->keeper->configuration;
    const char *at = planting->order.owner != NULL ? strrchr(planting->order.owner, '@') : NULL;
    const char *domain = at != NULL ? at + 1 : configuration->domain;
    struct buffer text;
    char *path = NULL;
    int rc = 0;

    if (strcmp(planting->row->takes, "mail") != 0 || strchr(domain, '/') != NULL)
        return 0;
    if (asprintf(&path, "%s/mail/%.*s.yaml", configuration->state, (int)strcspn(domain, "> "), domain) < 0)
        return error_set(error, "out of memory");
    buffer_init(&text, PROFILE_MOST);
    if (access(path, F_OK) == 0 && (rc = paths_read(path, &text, error)) == 0) {
        json_member_text(json, "profile", buffer_text(&text));
        json_member_text(json, "profile_file", path);
    }
    buffer_free(&text);
    free(path);
    return rc;
}

static void lure_parameters(struct planting *planting, struct buffer *json)
{
    bool text = strcmp(planting->shape->takes, "text") == 0;

    json_member_text(json, "place", planting->row->scheme);
    if (text)
        json_member_text(json, "takes", "text");
    planting_option(planting, json, "lure");
    planting_option(planting, json, "outside");
    planting_option(planting, json, "people");
    /* A file's own name says which artifact fits. */
    if (strcmp(planting->row->scheme, "file") == 0 && request_slice(planting->request, "path").data == NULL)
        json_member_text(json, "path", planting->place + strlen("file:"));
    else if (text && request_slice(planting->request, "path").data == NULL)
        json_member_text(json, "path", ".env"); /* each line of it is a variable */
    else
        planting_option(planting, json, "path");
    if (request_has(planting->request, "language"))
        planting_option(planting, json, "language");
    else
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
    result = add_lying(planting, &json, error) < 0 ? -1 : add_profile(planting, &json, error);
    if (result == 0)
        result = planting_former(planting, &json, error);
    if (result == 0 && order->number != 0) {
        result = order_view(request->keeper, order, &json, error);
    } else if (result == 0) {
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

static void on_minted_done(unsigned code, struct slice text, void *context)
{
    struct planting *planting = context;
    struct error error;

    planting->job = 0;
    if (code != 0)
        request_done(planting->request, code, "%.*s", (int)text.length, (const char *)text.data);
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
        result =
            jobs_start(planting->request->jobs, "mint", buffer_slice(&json), &events, planting, &planting->job, error);
    buffer_free(&json);
    return result;
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
    if (planting_read(planting) != 0)
        return;
    if ((planting->order.number != 0 ? ask_lure(planting, &error) : ask_token(planting, &error)) != 0)
        request_fail(request, &error);
}
