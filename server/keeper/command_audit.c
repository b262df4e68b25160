/* SPDX-License-Identifier: ISC
 *
 * audit status */
#include <stdlib.h>
#include "config.h"
#include "server/base/json.h"
#include "server/base/role.h"
#include "server/keeper/chain.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"

static const struct {
    const char *text;
    enum chain_name name;
} chains[] = {{"observation", CHAIN_OBSERVATION}, {"operation", CHAIN_OPERATION}};

static void send_chain(struct request *request, const char *name, const struct chain *end,
                       const struct chain_fault *fault)
{
    struct buffer json;
    char text[CHAIN_TEXT];

    buffer_init(&json, 4096);
    buffer_add_char(&json, '{');
    json_member_text(&json, "chain", name);
    json_member_number(&json, "rows", end->sequence);
    json_member_text(&json, "head", chain_text(end, text));
    json_member_bool(&json, "ok", fault->sequence == 0);
    if (fault->sequence != 0) {
        json_member_number(&json, "broken", fault->sequence);
        json_member_text(&json, "text", fault->text);
    }
    buffer_add_char(&json, '}');
    request_json(request, &json);
    buffer_free(&json);
}

/* The anchor of an alert or heartbeat is a row of the observations. */
static int read_anchor(struct request *request, struct chain *anchor)
{
    char *text = request_text(request, "anchor");
    int result = 0;

    if (text != NULL && chain_parse(text, anchor) != 0) {
        request_done(request, REQUEST_USAGE,
                     "--anchor \"%.100s\" is not SEQ:HEAD; take both from an alert's \"chain\", HEAD in 64 hex digits",
                     text);
        result = -1;
    }
    free(text);
    return result;
}

void command_audit(struct request *request)
{
    struct keeper *keeper = request->keeper;
    struct chain anchor = {0}, end;
    struct chain_fault fault, first = {0};
    const char *broken = NULL;
    struct error error;

    if (read_anchor(request, &anchor) != 0)
        return;
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        bool anchored = chains[i].name == CHAIN_OBSERVATION && request_has(request, "anchor");

        if (chain_audit(&keeper->ledger, &keeper->keyring, chains[i].name, anchored ? &anchor : NULL, &end, &fault,
                        &error) != 0) {
            request_fail(request, &error);
            return;
        }
        send_chain(request, chains[i].text, &end, &fault);
        if (fault.sequence != 0 && broken == NULL) {
            broken = chains[i].text;
            first = fault;
        }
    }
    if (broken == NULL)
        request_done(request, REQUEST_DONE, "%s", "");
    else
        request_done(request, REQUEST_WANTING,
                     "the chain of %ss is broken: %s; keep a copy of the state folder, and compare it with the last "
                     "backup", broken, first.text);
}

/* ---- status ---- */

static void add_count(struct request *request, struct buffer *json, const char *name, const char *sql)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, &error);

    if (statement != NULL && ledger_step(ledger, statement, &error) == 1)
        json_member_number(json, name, sqlite3_column_int64(statement, 0));
    if (statement != NULL)
        sqlite3_reset(statement);
}

static int64_t sensors(const struct keeper *keeper)
{
    int64_t count = 0;

    for (size_t i = 0; i < KEEPER_SENSORS; i++)
        count += keeper->sensors[i].channel != NULL && keeper->sensors[i].greeted;
    return count;
}

void command_status(struct request *request)
{
    struct keeper *keeper = request->keeper;
    struct buffer json;

    buffer_init(&json, 65536);
    buffer_add_char(&json, '{');
    json_member_bool(&json, "ready", keeper->open);
    json_member_text(&json, "version", PACKAGE_VERSION);
    json_member_text(&json, "build", role_build());
    json_member_bool(&json, "minter", jobs_ready(request->jobs));
    json_member_bool(&json, "courier", keeper->courier != NULL && keeper->courier_greeted);
    json_member_number(&json, "sensors", sensors(keeper));
    json_member_number(&json, "decoys", (int64_t)keeper->configuration->decoy_count);
    if (keeper->open) {
        json_member_bool(&json, "disk_full", keeper->ledger.full);
        add_count(request, &json, "tokens", "SELECT count(*) FROM token");
        add_count(request, &json, "sightings", "SELECT count(*) FROM sighting");
        add_count(request, &json, "open_incidents", "SELECT count(*) FROM incident WHERE state = 'open'");
        add_count(request, &json, "waiting", "SELECT count(*) FROM delivery WHERE state = 'waiting'");
        add_count(request, &json, "dead", "SELECT count(*) FROM delivery WHERE state = 'dead'");
    }
    buffer_add_char(&json, '}');
    request_json(request, &json);
    buffer_free(&json);
    request_done(request, REQUEST_DONE, "%s", "");
}
