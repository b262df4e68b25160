/* SPDX-License-Identifier: ISC
 *
 * audit status */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/role.h"
#include "server/keeper/checkpoint.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"

#define PIECE 512 /* rows, then the loop has its turn */

static const struct {
    const char *text;
    enum chain_name name;
} chains[] = {{"observation", CHAIN_OBSERVATION}, {"operation", CHAIN_OPERATION}};

struct audit {
    struct checkpoint checkpoint; /* of the observations */
    struct chain anchor, end;
    struct chain_fault fault;
    struct chain_fault first; /* what is broken in the first chain that is */
    const char *broken;
    size_t at;
    bool anchored;
};

static void add_checkpoint(struct buffer *json, const struct checkpoint *checkpoint)
{
    char text[CHAIN_TEXT], time[CLOCK_TEXT];

    json_member_number(json, "dropped", checkpoint->chain.sequence);
    if (checkpoint->chain.sequence > 0) {
        json_member_text(json, "checkpoint", chain_text(&checkpoint->chain, text));
        json_member_text(json, "dropped_on", clock_text(checkpoint->time, time));
    }
}

static void send_chain(struct request *request, const struct audit *audit)
{
    const struct chain *end = &audit->end;
    const struct chain_fault *fault = &audit->fault;
    struct buffer json;
    char text[CHAIN_TEXT];

    buffer_init(&json, 4096);
    buffer_add_char(&json, '{');
    json_member_text(&json, "chain", chains[audit->at].text);
    json_member_number(&json, "rows", end->sequence);
    json_member_text(&json, "head", chain_text(end, text));
    json_member_bool(&json, "ok", fault->sequence == 0);
    if (chains[audit->at].name == CHAIN_OBSERVATION)
        add_checkpoint(&json, &audit->checkpoint);
    if (fault->sequence != 0) {
        json_member_number(&json, "broken", fault->sequence);
        json_member_text(&json, "text", fault->text);
    }
    buffer_add_char(&json, '}');
    request_json(request, &json);
    buffer_free(&json);
}

static void end_audit(struct request *request, const struct audit *audit)
{
    char time[CLOCK_TEXT];

    if (audit->broken == NULL && audit->anchored && audit->anchor.sequence < audit->checkpoint.chain.sequence)
        request_done(request, REQUEST_FAILED,
                     "what is kept holds, but the anchor's row %" PRId64 " was dropped with all up to %" PRId64
                     " on %.10s (retention:), and can no longer be compared; name an anchor from a later alert",
                     audit->anchor.sequence, audit->checkpoint.chain.sequence,
                     clock_text(audit->checkpoint.time, time));
    else if (audit->broken == NULL)
        request_done(request, REQUEST_DONE, "%s", "");
    else
        request_done(request, REQUEST_WANTING,
                     "the chain of %ss is broken: %s; keep a copy of the state folder, and compare it with the last "
                     "backup", audit->broken, audit->first.text);
}

static void end_chain(struct request *request, struct audit *audit)
{
    struct keeper *keeper = request->keeper;
    struct error error;

    if (checkpoint_load(&keeper->ledger, &keeper->keyring, &audit->checkpoint, &error) < 0) {
        request_fail(request, &error);
        return;
    }
    send_chain(request, audit);
    if (audit->fault.sequence != 0 && audit->broken == NULL) {
        audit->broken = chains[audit->at].text;
        audit->first = audit->fault;
    }
    memset(&audit->end, 0, sizeof audit->end);
    memset(&audit->fault, 0, sizeof audit->fault);
    if (++audit->at == sizeof chains / sizeof chains[0])
        end_audit(request, audit);
}

static void resume(struct request *request)
{
    struct audit *audit = request->state;
    struct keeper *keeper = request->keeper;
    enum chain_name name = chains[audit->at].name;
    const struct chain *anchor = name == CHAIN_OBSERVATION && audit->anchored ? &audit->anchor : NULL;
    struct error error;

    switch (chain_audit_piece(&keeper->ledger, &keeper->keyring, name, anchor, PIECE, &audit->end, &audit->fault,
                              &error)) {
    case 1:
        break;
    case 0:
        end_chain(request, audit);
        break;
    default:
        request_fail(request, &error);
    }
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
    struct audit *audit = calloc(1, sizeof *audit);

    if (audit == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    request->state = audit;
    request->release = free;
    audit->anchored = request_has(request, "anchor");
    if (read_anchor(request, &audit->anchor) == 0)
        request->resume = resume;
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
        add_count(request, &json, "tokens", "SELECT coalesce(max(number), 0) FROM token");
        add_count(request, &json, "sightings", "SELECT coalesce(max(number), 0) FROM sighting");
        add_count(request, &json, "open_incidents", "SELECT count(*) FROM incident WHERE state = 'open'");
        add_count(request, &json, "waiting", "SELECT (SELECT count(*) FROM delivery WHERE state = 'waiting' AND due = 1) +"
                  " (SELECT count(*) FROM delivery WHERE state = 'waiting' AND due = 0)");
        add_count(request, &json, "dead", "SELECT count(*) FROM delivery WHERE state = 'dead'");
    }
    buffer_add_char(&json, '}');
    request_json(request, &json);
    buffer_free(&json);
    request_done(request, REQUEST_DONE, "%s", "");
}
