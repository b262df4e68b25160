/* SPDX-License-Identifier: ISC
 *
 * plant: the intent in the ledger, and only then the planter's material to `sundew`. */
#include "server/base/json.h"
#include "server/keeper/keeper.h"
#include "server/keeper/planting.h"
#include "server/keeper/rows.h"
#include "server/keeper/token.h"

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

/* What `plant` was told of the planting, so that it can be done again; and the token that was minted for it. */
static void add_arguments(const struct planting *planting, struct buffer *json)
{
    char token[ID_TEXT];

    buffer_add_char(json, '{');
    planting_option(planting, json, "path");
    planting_option(planting, json, "outside");
    planting_option(planting, json, "department");
    planting_option(planting, json, "manager");
    planting_option(planting, json, "language");
    planting_option(planting, json, "people");
    for (size_t i = 0; planting_in_history[i] != NULL; i++)
        planting_option(planting, json, planting_in_history[i]);
    if (planting->buried)
        json_member_text(json, "buried", "true");
    if (planting->enable)
        json_member_text(json, "enable", "true");
    if (planting->order.number == 0)
        json_member_text(json, "minted", id_text(planting->made.items[0].id, 't', token));
    buffer_add_char(json, '}');
}

/* Of a campaign's key no second one that is not gone, or was rotated; and one is rotated once. */
static const char insert_sql[] =
    "INSERT INTO placement (id, token, place, location, lure, meta, state, owner, campaign, arguments, rotates)"
    " SELECT ?1, ?2, ?3, '{}', ?4, ?5, 'planned', ?6, ?7, ?8, (SELECT number FROM placement WHERE id = ?9)"
    " WHERE NOT EXISTS (SELECT 1 FROM placement p WHERE campaign = ?7 AND campaign IS NOT NULL AND state <> 'gone'"
    " AND id IS NOT ?9 AND NOT EXISTS (SELECT 1 FROM placement r WHERE r.rotates = p.number))"
    " AND NOT EXISTS (SELECT 1 FROM placement r JOIN placement p ON p.number = r.rotates WHERE p.id = ?9)";

/* The same row, with the lure that is put there now: where it lay before is in the chained operation. */
static const char renew_sql[] =
    "UPDATE placement SET location = '{}', lure = ?4, meta = ?5, state = 'planned', digest = NULL, uprooted = NULL"
    " WHERE id = ?1 AND token = ?2 AND place = ?3 AND state = 'gone' AND planted IS NOT NULL";

static int refuse_insert(const struct planting *planting, struct error *error)
{
    struct slice campaign = request_slice(planting->request, "campaign");
    char id[ID_TEXT];

    if (planting->again)
        return error_set(error, "%s is not gone; `sundew inspect` looks", id_text(planting->before, 'p', id));
    if (planting->rotates)
        return error_set(error, "%s was rotated already, or its campaign's key lies there again; `sundew placements` "
                                "lists both", id_text(planting->before, 'p', id));
    return error_set(error, "%.*s was planted already; `sundew placements` lists it, and once it is uprooted it can "
                            "be planted again", (int)campaign.length, (const char *)campaign.data);
}

static int insert(struct planting *planting, int64_t token, struct error *error)
{
    struct ledger *ledger = &planting->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, planting->again ? renew_sql : insert_sql, error);
    struct buffer arguments;
    int result = -1;

    if (statement == NULL)
        return -1;
    buffer_init(&arguments, CHANNEL_MESSAGE);
    ledger_bind_id(statement, 1, &planting->placement);
    sqlite3_bind_int64(statement, 2, token);
    ledger_bind_text(statement, 3, slice_of(planting->place));
    ledger_bind_text(statement, 4, slice_of(meta_member(planting, "lure")));
    ledger_bind_text(statement, 5, buffer_slice(&planting->meta_text));
    if (!planting->again) {
        add_arguments(planting, &arguments);
        ledger_bind_text(statement, 6, place_owner(planting));
        ledger_bind_text(statement, 7, request_slice(planting->request, "campaign"));
        ledger_bind_text(statement, 8, buffer_slice(&arguments));
    }
    if (planting->rotates)
        ledger_bind_id(statement, 9, &planting->before);
    if (ledger_run(ledger, statement, error) == 0)
        result = sqlite3_changes(ledger->db) == 1 ? 0 : refuse_insert(planting, error);
    buffer_free(&arguments);
    return result;
}

/* Where it lay before it is planted again, for the record. */
static void add_former(const struct planting *planting, struct buffer *details)
{
    struct ledger *ledger = &planting->request->keeper->ledger;
    struct error ignored;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT location FROM placement WHERE id = ?1", &ignored);

    if (statement == NULL)
        return;
    ledger_bind_id(statement, 1, &planting->before);
    if (ledger_step(ledger, statement, &ignored) == 1) {
        json_member_open(details, "before");
        buffer_add_slice(details, ledger_column(statement, 0));
        sqlite3_reset(statement);
    }
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
    if (planting->rotates)
        json_member_text(&details, "rotates", id_text(planting->before, 'p', text));
    if (planting->again)
        add_former(planting, &details);
    result =
        order_operation(planting->request, planting->rotates ? "rotate" : planting->again ? "replant" : "plant",
                        planting->dry_run ? "" : id_text(planting->placement, 'p', text),
                        buffer_text(&details), error);
    buffer_free(&details);
    return result;
}

int planting_store(struct planting *planting, struct error *error)
{
    struct keeper *keeper = planting->request->keeper;
    struct order *order = &planting->order;
    struct id token = order->number != 0 ? order->token : planting->made.items[0].id;
    int64_t number = order->number;

    planting->placement = planting->again ? planting->before : id_ordered(clock_wall());
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
        if (number <= 0)
            goto fail;
    }
    if (record(planting, token, error) != 0 || (!planting->dry_run && insert(planting, number, error) != 0))
        goto fail;
    return ledger_commit(&keeper->ledger, error);
fail:
    ledger_rollback(&keeper->ledger);
    return -1;
}

/* ---- what the client is sent ---- */

static void send_job(struct planting *planting)
{
    struct buffer json;
    char id[ID_TEXT];

    buffer_init(&json, JOBS_RESULT);
    buffer_add_char(&json, '{');
    if (planting->dry_run)
        json_member_null(&json, "placement");
    else
        json_member_text(&json, "placement", id_text(planting->placement, 'p', id));
    json_member_text(&json, "action", "plant");
    json_member_text(&json, "place", planting->place);
    json_member_open(&json, "options");
    buffer_add_char(&json, '{');
    planting_option(planting, &json, "path");
    for (size_t i = 0; planting_in_history[i] != NULL; i++)
        planting_option(planting, &json, planting_in_history[i]);
    if (planting->at[0] != '\0')
        json_member_text(&json, "at", planting->at);
    json_member_bool(&json, "buried", planting->buried);
    json_member_bool(&json, "enable", planting->enable);
    json_member_bool(&json, "dry_run", planting->dry_run);
    if (planting->replaces != NULL) {
        json_member_open(&json, "replaces");
        buffer_add_text(&json, planting->replaces);
    }
    buffer_add_char(&json, '}');
    json_member_open(&json, "meta");
    buffer_add_slice(&json, buffer_slice(&planting->meta_text));
    buffer_add_char(&json, '}');
    request_row(planting->request, "job", SLICE_NONE, buffer_slice(&json));
    buffer_free(&json);
}

void planting_send(struct planting *planting)
{
    struct buffer note;

    send_job(planting);
    for (size_t i = 0; i < planting->file_count; i++)
        request_row(planting->request, "file", buffer_slice(&planting->files[i].name),
                    buffer_slice(&planting->files[i].data));
    buffer_init(&note, 4096);
    order_note(&planting->order, planting->made.count > 0 ? planting->made.items[0].token.secret_bits : TOKEN_GUESSABLE,
               &note);
    request_done(planting->request, REQUEST_DONE, "%s", buffer_text(&note));
    buffer_free(&note);
}
