/* SPDX-License-Identifier: ISC
 *
 * artifacts retire */
#include <stdlib.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/listing.h"
#include "server/keeper/order.h"
#include "server/keeper/rows.h"

struct artifacts {
    struct request *request;
    struct order order;
    struct buffer row;
    uint64_t job;
    bool failed;
};

static void release(void *state)
{
    struct artifacts *artifacts = state;

    if (artifacts->job != 0)
        jobs_cancel(artifacts->request->jobs, artifacts->job);
    buffer_free(&artifacts->row);
    order_free(&artifacts->order);
    free(artifacts);
}

static void on_result(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct artifacts *artifacts = context;

    if (slice_is(kind, "artifact") && artifact_json(name, data, &artifacts->row) != 0)
        artifacts->failed = true;
}

static void on_done(unsigned code, struct slice text, void *context)
{
    struct artifacts *artifacts = context;
    struct request *request = artifacts->request;

    artifacts->job = 0;
    if (code != 0) {
        request_done(request, REQUEST_FAILED, "%.*s", (int)text.length, (const char *)text.data);
        return;
    }
    buffer_add_text(&artifacts->row, "]}");
    if (artifacts->failed || artifacts->row.failed) {
        request_done(request, REQUEST_FAILED, "the artifacts of this token do not fit into the keeper's memory");
        return;
    }
    request_json(request, &artifacts->row);
    request_done(request, REQUEST_DONE, "%s", "");
}

static void begin_row(struct artifacts *artifacts)
{
    const struct order *order = &artifacts->order;
    struct buffer *row = &artifacts->row;
    char id[ID_TEXT];

    buffer_add_char(row, '{');
    json_member_text(row, "token", id_text(order->token, 't', id));
    json_member_text(row, "kind", order->kind);
    json_member_text(row, "form", order->form);
    json_member_text(row, "identity", order->identity);
    json_member(row, "secret", buffer_slice(&order->secret));
    json_member_maybe(row, "decoy", order_decoy_name(order));
    order_seen(order, row);
    json_member_open(row, "artifacts");
    buffer_add_char(row, '[');
}

/* The record first: no secret leaves without it. */
static int record(struct request *request, struct id token, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    char id[ID_TEXT];

    if (ledger_begin(ledger, error) != 0)
        return -1;
    if (order_operation(request, "artifacts", id_text(token, 't', id), "", error) == 0)
        return ledger_commit(ledger, error);
    ledger_rollback(ledger);
    return -1;
}

static int ask(struct artifacts *artifacts, struct error *error)
{
    static const struct jobs_events events = {.result = on_result, .done = on_done};
    struct request *request = artifacts->request;
    struct buffer parameters;
    int result = -1;

    buffer_init(&parameters, CHANNEL_MESSAGE);
    buffer_add_char(&parameters, '{');
    if (order_view(request->keeper, &artifacts->order, &parameters, error) == 0 &&
        record(request, artifacts->order.token, error) == 0) {
        buffer_add_char(&parameters, '}');
        result = parameters.failed ? error_set(error, "this token's texts are too long for the minter")
                                   : jobs_start(request->jobs, "artifacts", buffer_slice(&parameters), &events,
                                                artifacts, &artifacts->job, error);
    }
    buffer_free(&parameters);
    return result;
}

void command_artifacts(struct request *request)
{
    struct artifacts *artifacts = calloc(1, sizeof *artifacts);
    struct error error;
    struct id token;

    if (artifacts == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    artifacts->request = request;
    order_init(&artifacts->order);
    buffer_init(&artifacts->row, 2 * JOBS_RESULT);
    request->state = artifacts;
    request->release = release;
    if (request_id(request, "token", 't', &token) != 0 || order_load(request, token, &artifacts->order) != 0)
        return;
    if (order_door(request, &artifacts->order) != 0)
        return;
    begin_row(artifacts);
    if (ask(artifacts, &error) != 0)
        request_fail(request, &error);
}

int token_retire(struct request *request, struct id token, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, "UPDATE token SET state = 'retired', retired = ?2"
                                                       " WHERE id = ?1 AND state <> 'retired'", error);
    char id[ID_TEXT];

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &token);
    sqlite3_bind_int64(statement, 2, clock_wall());
    if (ledger_run(ledger, statement, error) != 0)
        return -1;
    ledger->trials++;
    return sqlite3_changes(ledger->db) > 0 ? order_operation(request, "retire", id_text(token, 't', id), "", error) : 0;
}

static int retire(struct request *request, struct id token, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;

    if (ledger_begin(ledger, error) != 0)
        return -1;
    if (token_retire(request, token, error) == 0)
        return ledger_commit(ledger, error);
    ledger_rollback(ledger);
    return -1;
}

void command_retire(struct request *request)
{
    struct error error;
    struct id token;

    if (request_id(request, "token", 't', &token) != 0)
        return;
    if (retire(request, token, &error) != 0) {
        request_fail(request, &error);
        return;
    }
    switch (listing_one(request, "row", "SELECT " ROW_TOKEN " FROM token t WHERE t.id = ?1", token)) {
    case 1:
        request_done(request, REQUEST_DONE, "%s", "");
        break;
    case 0:
        request_unknown(request, 't', token);
        break;
    default:
        break;
    }
}
