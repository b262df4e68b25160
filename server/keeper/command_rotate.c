/* SPDX-License-Identifier: ISC
 *
 * rotate PLACEMENT|TOKEN...: what `sundew` needs to put a new secret where one lies, or the same one again: a row for each
 *
 *   {"placement","token","plants","beside","place","path","state","lure","retired","campaign","arguments",
 *    "kind","form","identity","bound","decoy","owner","contact","memo","expires","host","account","length",
 *    "successor","successor_state","rotated"}
 *
 * plants: the token by whose planting it came there, which is another where two lie side by side; successor: the
 * placement that takes over, or is about to. Nothing is changed here: "uproot" and "rotating" (command.c) do that. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"
#include "server/keeper/rows.h"

static const char rotation_sql[] =
    "SELECT t.id, json_object('placement', id_text('p', p.id), 'token', id_text('t', t.id),"
    " 'plants', coalesce((SELECT id_text('t', v.id) FROM token v WHERE v.beside = t.number), id_text('t', t.id)),"
    " 'beside', (SELECT id_text('t', v.id) FROM token v WHERE v.beside = t.number),"
    " 'place', p.place, 'path', p.location ->> '$.path', 'state', p.state, 'lure', p.lure, 'campaign', p.campaign,"
    " 'retired', json(iif(t.state = 'retired', 'true', 'false')),"
    " 'arguments', json(json_remove(coalesce(p.arguments, '{}'), '$.minted')),"
    " 'kind', t.kind, 'form', t.form, 'identity', t.identity, 'bound', json(iif(t.bound, 'true', 'false')),"
    " 'decoy', t.decoy, 'owner', t.owner, 'contact', t.contact, 'memo', t.memo, 'expires', time_text(t.expires),"
    " 'successor', id_text('p', r.id), 'successor_state', r.state, 'rotated', time_text(r.planted))"
    " FROM placement p JOIN token t ON t.number = p.token LEFT JOIN placement r ON r.rotates = p.number"
    " WHERE p.id = ?1 OR p.token = (SELECT coalesce(v.beside, v.number) FROM token v WHERE v.id = ?1)";

static int read_name(struct request *request, struct slice value, struct id *id, char *letter)
{
    char *text = slice_copy(value);
    int result = -1;

    *letter = 'p';
    if (text != NULL && text[0] == 't')
        *letter = 't';
    if (text != NULL)
        result = id_parse(text, *letter, id);
    if (result != 0)
        request_done(request, REQUEST_USAGE, "\"%.60s\" is not the id of a placement or a token; `sundew placements` lists "
                                             "them", text != NULL ? text : "");
    free(text);
    return result;
}

/* The host and the account that the artifacts name are facts of the secret; a length may be chosen for one form alone. */
static void add_facts(const struct order *order, json_t *row)
{
    static const char *const names[] = {"host", "account"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct slice value = fact_value(buffer_slice(&order->facts), names[i]);

        if (value.data != NULL)
            json_object_set_new(row, names[i], json_stringn((const char *)value.data, value.length));
    }
    if (strcmp(order->kind, "password") == 0 && order->form != NULL && strcmp(order->form, "random") == 0)
        json_object_set_new(row, "length", json_sprintf("%zu", order->secret.length));
}

static int send_row(struct request *request, json_t *row, struct id token)
{
    struct order order;
    char *text = NULL;
    int result;

    order_init(&order);
    result = order_load(request, token, &order);
    if (result == 0) {
        add_facts(&order, row);
        text = json_dumps(row, JSON_COMPACT);
        request_row(request, "row", SLICE_NONE, slice_of(text));
    }
    free(text);
    order_free(&order);
    return result;
}

static int send_one(struct request *request, struct slice value)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct id id, token = {{0}};
    struct error error;
    json_t *row = NULL;
    char letter, text[ID_TEXT];
    sqlite3_stmt *statement;
    int found;

    if (read_name(request, value, &id, &letter) != 0)
        return -1;
    statement = ledger_statement(ledger, rotation_sql, &error);
    if (statement != NULL)
        ledger_bind_id(statement, 1, &id);
    found = statement != NULL ? ledger_step(ledger, statement, &error) : -1;
    if (found == 1) {
        struct slice json = ledger_column(statement, 1);

        token = ledger_column_id(statement, 0);
        row = json_loadb((const char *)json.data, json.length, 0, NULL);
        sqlite3_reset(statement);
    }
    if (found < 0)
        request_fail(request, &error);
    else if (found == 0 && letter == 't')
        request_done(request, REQUEST_FAILED, "no token %s lies anywhere; `sundew placements` lists what does",
                     id_text(id, 't', text));
    else if (found == 0)
        request_unknown(request, 'p', id);
    found = found == 1 ? send_row(request, row, token) : -1;
    json_decref(row);
    return found;
}

void command_rotate(struct request *request)
{
    for (size_t i = 0; i < request->command->argument_count; i++)
        if (send_one(request, request->command->arguments[i].value) != 0)
            return;
    request_done(request, REQUEST_DONE, "%s", "");
}
