/* SPDX-License-Identifier: ISC
 *
 * planting planted inspect inspected uproot uprooted: what `sundew` tells of the planter's work, and the work on placements
 * that are there. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/listing.h"
#include "server/keeper/order.h"
#include "server/keeper/rows.h"

#define JOB(action)                                                                                                    \
    "json_object('placement', id_text('p', p.id), 'action', '" action "', 'place', p.place, 'state', p.state,"         \
    " 'rotated', json(iif(EXISTS (SELECT 1 FROM placement r WHERE r.rotates = p.number), 'true', 'false')),"            \
    " 'options', json_object('where', json(p.location), 'digest', digest_text(p.digest)), 'meta', json(p.meta))"

static const char *const states[] = {"there", "moved", "changed", "gone", "unknown", NULL};

/* What came back, checked. */
struct report {
    struct id id;
    bool ok;
    char *where; /* a JSON object, compact; NULL where none came */
    struct slice state, text, digest;
};

struct row {
    int64_t number;
    char state[16];
    struct id token;
    char *place;
    bool again; /* it lay there before */
    struct id minted; /* the token that was made for it, where `made` */
    bool made, withdrawn;
    struct id former; /* the placement whose secret was written over, where `replaces` */
    bool replaces;
};

static int read_where(struct request *request, struct report *report)
{
    struct slice where = request_slice(request, "where");
    json_t *root;
    int result;

    if (where.length == 0)
        return 0;
    root = json_loadb((const char *)where.data, where.length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root) && json_object_size(root) > 0)
        report->where = json_dumps(root, JSON_COMPACT);
    if (!json_is_object(root))
        request_done(request, REQUEST_USAGE, "\"where\" must be a JSON object");
    result = json_is_object(root) ? 0 : -1;
    json_decref(root);
    return result;
}

static int read_report(struct request *request, struct report *report)
{
    static const char *const flags[] = {"true", "false", NULL};

    memset(report, 0, sizeof *report);
    report->ok = slice_is(request_slice(request, "ok"), "true");
    report->state = request_slice(request, "state");
    report->text = request_slice(request, "text");
    report->digest = request_slice(request, "digest");
    if (report->state.length == 0)
        report->state = SLICE_NONE;
    if (request_id(request, "placement", 'p', &report->id) != 0 || request_word(request, "ok", flags) != 0 ||
        (report->state.data != NULL && request_word(request, "state", states) != 0))
        return -1;
    return read_where(request, report);
}

static void row_free(struct row *row)
{
    free(row->place);
}

static bool read_minted(struct slice text, struct id *id)
{
    char *copy = text.length > 0 ? slice_copy(text) : NULL;
    bool is_one = copy != NULL && id_parse(copy, 't', id) == 0;

    free(copy);
    return is_one;
}

/* -1: the request was ended. */
static int read_row(struct request *request, struct id id, struct row *row)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT p.number, p.state, t.id, p.place,"
                                                       " p.planted IS NOT NULL, p.arguments ->> '$.minted' FROM placement p"
                                                       " JOIN token t ON t.number = p.token WHERE p.id = ?1", &error);
    int result = -1;

    memset(row, 0, sizeof *row);
    if (statement != NULL) {
        ledger_bind_id(statement, 1, &id);
        result = ledger_step(ledger, statement, &error);
    }
    if (result == 1) {
        struct slice state = ledger_column(statement, 1);

        row->number = sqlite3_column_int64(statement, 0);
        (void)snprintf(row->state, sizeof row->state, "%.*s", (int)state.length, (const char *)state.data);
        row->token = ledger_column_id(statement, 2);
        row->place = slice_copy(ledger_column(statement, 3));
        row->again = sqlite3_column_int(statement, 4) != 0;
        row->made = read_minted(ledger_column(statement, 5), &row->minted);
        sqlite3_reset(statement);
    } else if (result == 0) {
        request_unknown(request, 'p', id);
    } else {
        request_fail(request, &error);
    }
    return result == 1 ? 0 : -1;
}

static void answer(struct request *request, struct id id, enum request_code code, struct slice text)
{
    if (listing_one(request, "row", "SELECT " ROW_PLACEMENT " FROM placement p WHERE p.id = ?1", id) == 1)
        request_done(request, code, "%.*s", (int)text.length, (const char *)text.data);
}

/* ?1 number; or all of: ?2 state, ?3 location or NULL, ?4 now, ?5 digest, sealed, or NULL */
static int run_update(struct request *request, const char *sql, const struct row *row, const struct report *report,
                      const char *state, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    struct buffer digest;
    int result;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, row->number);
    if (sqlite3_bind_parameter_count(statement) == 1)
        return ledger_run(ledger, statement, error);
    ledger_bind_text(statement, 2, report->state.data != NULL ? report->state : slice_of(state));
    ledger_bind_text(statement, 3, slice_of(report->where));
    sqlite3_bind_int64(statement, 4, clock_wall());
    buffer_init(&digest, CHANNEL_MESSAGE);
    if (report->digest.length > 0 && keyring_seal(&request->keeper->keyring, report->digest, &digest) != 0)
        result = error_set(error, "the digest of what was planted is too long, or there is no memory for it");
    else {
        if (digest.length > 0)
            ledger_bind_blob(statement, 5, buffer_slice(&digest));
        else
            sqlite3_bind_null(statement, 5);
        result = ledger_run(ledger, statement, error);
    }
    buffer_free(&digest);
    return result;
}

static int record(struct request *request, const char *what, const struct report *report, struct error *error)
{
    struct buffer details;
    char id[ID_TEXT];
    int result;

    buffer_init(&details, CHANNEL_MESSAGE);
    json_member_bool(&details, "ok", report->ok);
    if (report->state.data != NULL)
        json_member(&details, "state", report->state);
    if (report->text.length > 0)
        json_member(&details, "text", report->text);
    result = order_operation(request, what, id_text(report->id, 'p', id), buffer_text(&details),
                             error);
    buffer_free(&details);
    return result;
}

/* One commit took the former secret out and put the new one there. */
static int write_over(struct request *request, const struct row *row, const struct report *report, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(
        ledger, "UPDATE placement SET state = 'gone', uprooted = ?2, checked = ?2, location = json_set(location,"
                " '$.taken_out_in', ?3 ->> '$.commit') WHERE id = ?1", error);
    const struct report former = {.id = row->former, .ok = true, .state = slice_of("gone"),
                                  .text = slice_of("another secret was written over it")};

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &row->former);
    sqlite3_bind_int64(statement, 2, clock_wall());
    ledger_bind_text(statement, 3, slice_of(report->where));
    return ledger_run(ledger, statement, error) == 0 ? record(request, "uprooted", &former, error) : -1;
}

/* One change with its record, or nothing. */
static int change(struct request *request, const char *sql, const struct row *row, const struct report *report,
                  const char *state)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct slice name = request->command->name;
    struct error error;
    char what[32];

    (void)snprintf(what, sizeof what, "%.*s", (int)name.length, (const char *)name.data);
    if (ledger_begin(ledger, &error) != 0)
        goto failed;
    if (run_update(request, sql, row, report, state, &error) != 0 || record(request, what, report, &error) != 0 ||
        (row->replaces && write_over(request, row, report, &error) != 0) ||
        (row->withdrawn && token_retire(request, row->minted, &error) != 0)) {
        ledger_rollback(ledger);
        goto failed;
    }
    if (ledger_commit(ledger, &error) == 0)
        return 0;
failed:
    request_fail(request, &error);
    return -1;
}

/* ---- planting ---- */

/* Where it is about to be put, so that it can be looked for there whatever happens next. */
void command_planting(struct request *request)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct report report;
    struct row row = {0};
    struct error error;

    if (read_report(request, &report) != 0 || read_row(request, report.id, &row) != 0)
        goto out;
    if (strcmp(row.state, "planned") != 0)
        request_done(request, REQUEST_FAILED, "this placement is not being planted; its state is %s", row.state);
    else if (ledger_begin(ledger, &error) != 0)
        request_fail(request, &error);
    else if (run_update(request, "UPDATE placement SET location = coalesce(?3, location), checked = ?4,"
                                 " digest = coalesce(?5, digest) WHERE number = ?1", &row, &report, "planned",
                        &error) != 0) {
        ledger_rollback(ledger);
        request_fail(request, &error);
    } else if (ledger_commit(ledger, &error) != 0)
        request_fail(request, &error);
    else
        request_done(request, REQUEST_DONE, "%s", "");
out:
    row_free(&row);
    free(report.where);
}

/* ---- planted ---- */

/* Nobody knows whether it was put: the intent stays, for the token may lie there. */
static void not_known(struct request *request, const struct report *report)
{
    char id[ID_TEXT];

    request_done(request, REQUEST_FAILED, "%.*s%s whether it was planted is not known; sundew inspect %s looks",
                 (int)report->text.length, (const char *)report->text.data, report->text.length > 0 ? ":" : "",
                 id_text(report->id, 'p', id));
}

/* Nothing was put again: the row stays, for the token lay there. */
static void not_again(struct request *request, const struct row *row, const struct report *report)
{
    if (change(request, "UPDATE placement SET state = ?2, checked = ?4, digest = coalesce(?5, digest),"
                        " location = coalesce(?3, location) WHERE number = ?1", row, report, "gone") == 0)
        request_done(request, REQUEST_FAILED, "%.*s%s nothing was planted again in %.400s", (int)report->text.length,
                     (const char *)report->text.data, report->text.length > 0 ? ":" : "", row->place);
}

/* Nothing was put: the intent goes, and so does the token that was minted for it. */
static void not_planted(struct request *request, struct row *row, const struct report *report)
{
    char token[ID_TEXT];

    row->withdrawn = row->made;
    if (change(request, "DELETE FROM placement WHERE number = ?1", row, report, "gone") == 0)
        request_done(request, REQUEST_FAILED, "%.*s%s nothing was planted in %.400s; %s %s", (int)report->text.length,
                     (const char *)report->text.data, report->text.length > 0 ? ":" : "", row->place,
                     id_text(row->withdrawn ? row->minted : row->token, 't', token),
                     row->withdrawn ? "was minted for it, and is retired" : "is free for another place");
}

/* Whether that was done by writing over what it takes over from; -1: the request was ended. */
static int read_former(struct request *request, const struct report *report, struct row *row)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement = ledger_statement(
        ledger, "SELECT f.id FROM placement p JOIN placement f ON f.number = p.rotates WHERE p.number = ?1"
                " AND f.location ->> '$.commit' = ?2 ->> '$.replaces'", &error);
    int found = -1;

    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, row->number);
        ledger_bind_text(statement, 2, slice_of(report->where));
        found = ledger_step(ledger, statement, &error);
    }
    row->replaces = found == 1;
    if (found == 1) {
        row->former = ledger_column_id(statement, 0);
        sqlite3_reset(statement);
    }
    if (found < 0)
        request_fail(request, &error);
    return found < 0 ? -1 : 0;
}

/* Both, where one took over from the other. */
static void answer_planted(struct request *request, const struct row *row, const struct report *report)
{
    if (!row->replaces ||
        listing_one(request, "row", "SELECT " ROW_PLACEMENT " FROM placement p WHERE p.id = ?1", row->former) == 1)
        answer(request, report->id, REQUEST_DONE, report->text);
}

void command_planted(struct request *request)
{
    struct report report;
    struct row row = {0};

    if (read_report(request, &report) != 0 || read_row(request, report.id, &row) != 0)
        goto out;
    if (strcmp(row.state, "planned") != 0)
        request_done(request, REQUEST_FAILED, "this placement is not being planted; its state is %s", row.state);
    else if (!report.ok && !slice_is(report.state, "gone"))
        not_known(request, &report);
    else if (!report.ok && row.again)
        not_again(request, &row, &report);
    else if (!report.ok)
        not_planted(request, &row, &report);
    else if (read_former(request, &report, &row) == 0 &&
             change(request, "UPDATE placement SET state = ?2, location = coalesce(?3, location), checked = ?4,"
                             " planted = coalesce(planted, ?4), replanted = iif(planted IS NULL, replanted, ?4),"
                             " digest = coalesce(?5, digest) WHERE number = ?1", &row, &report, "there") == 0)
        answer_planted(request, &row, &report);
out:
    row_free(&row);
    free(report.where);
}

/* ---- inspect ---- */

static void inspect_named(struct request *request)
{
    for (size_t i = 0; i < request->command->argument_count; i++) {
        if (!slice_is(request->command->arguments[i].name, "placement"))
            continue;
        char *text = slice_copy(request->command->arguments[i].value);
        struct row row = {0};
        struct id id;
        int result = -1;

        if (text == NULL || id_parse(text, 'p', &id) != 0)
            request_done(request, REQUEST_USAGE, "\"%.60s\" is not the id of a placement; `sundew placements` lists "
                                                 "them", text != NULL ? text : "");
        else if (read_row(request, id, &row) == 0)
            result = listing_one(request, "job", "SELECT " JOB("inspect") " FROM placement p WHERE p.id = ?1", id);
        free(text);
        row_free(&row);
        if (result != 1)
            return;
    }
    request_done(request, REQUEST_DONE, "%s", "");
}

void command_inspect(struct request *request)
{
    static const struct listing listing = {
        "SELECT p.number, iif(p.state IN ('planned', 'gone'), NULL, " JOB("inspect") ")"
        " FROM placement p WHERE p.number > ?1 ORDER BY p.number" ROWS_PAGE,
        {{NULL, FILTER_TEXT, NULL}},
    };
    /* With what is to be planted again: gone by itself, or planting it again was broken off. */
    static const struct listing replanting = {
        "SELECT p.number, iif(p.state NOT IN ('planned', 'gone') OR (p.planted IS NOT NULL AND p.uprooted IS NULL"
        " AND (SELECT t.state FROM token t WHERE t.number = p.token) <> 'retired'"
        " AND NOT EXISTS (SELECT 1 FROM placement r WHERE r.rotates = p.number)), " JOB("inspect") ", NULL)"
        " FROM placement p WHERE p.number > ?1 ORDER BY p.number" ROWS_PAGE,
        {{NULL, FILTER_TEXT, NULL}},
    };

    if (request_has(request, "placement"))
        inspect_named(request);
    else
        listing_run(request, request_has(request, "replant") ? &replanting : &listing, "job");
}

void command_inspected(struct request *request)
{
    struct report report;
    struct row row = {0};

    if (read_report(request, &report) != 0 || read_row(request, report.id, &row) != 0)
        goto out;
    if (strcmp(row.state, "planned") == 0 && (report.state.data == NULL || slice_is(report.state, "unknown")))
        report.state = slice_of(row.state); /* it is still to be finished */
    if (change(request, "UPDATE placement SET state = ?2, location = coalesce(?3, location), checked = ?4,"
                        " planted = coalesce(planted, iif(?2 IN ('there', 'moved', 'changed'), ?4, NULL)),"
                        " digest = coalesce(digest, ?5) WHERE number = ?1", &row, &report, "unknown") == 0)
        answer(request, report.id, report.ok ? REQUEST_DONE : REQUEST_FAILED, report.text);
out:
    row_free(&row);
    free(report.where);
}

/* ---- uproot ---- */

/* An intent of which nobody said what became: the row stays, for the token may lie there. */
static void give_up(struct request *request, const struct row *row, struct id id)
{
    struct report report = {
        .id = id, .ok = true, .state = slice_of("gone"), .text = slice_of("planting was broken off")};
    char text[512];

    (void)snprintf(text, sizeof text, "planting was broken off here, so look into %.300s yourself; the token still "
                                      "alerts, and for another place mint another", row->place);
    if (change(request, "UPDATE placement SET state = ?2, location = coalesce(?3, location), checked = ?4,"
                        " digest = coalesce(digest, ?5) WHERE number = ?1", row, &report, "gone") == 0)
        answer(request, id, REQUEST_DONE, slice_of(text));
}

void command_uproot(struct request *request)
{
    struct row row = {0};
    struct id id;

    if (request_id(request, "placement", 'p', &id) != 0 || read_row(request, id, &row) != 0)
        goto out;
    if (strcmp(row.state, "planned") == 0)
        give_up(request, &row, id);
    else if (strcmp(row.state, "gone") == 0)
        answer(request, id, REQUEST_DONE, slice_of("it is gone already"));
    else if (listing_one(request, "job", "SELECT " JOB("uproot") " FROM placement p WHERE p.id = ?1", id) == 1)
        request_done(request, REQUEST_DONE, "%s", "");
out:
    row_free(&row);
}

void command_uprooted(struct request *request)
{
    struct report report;
    struct row row = {0};

    if (read_report(request, &report) != 0 || read_row(request, report.id, &row) != 0)
        goto out;
    if (!report.ok) {
        if (slice_is(report.state, "unknown"))
            report.state = slice_of(row.state); /* that it could not be taken out says nothing new */
        if (change(request, "UPDATE placement SET state = ?2,"
                            " location = coalesce(?3, location), checked = ?4, digest = coalesce(digest, ?5)"
                            " WHERE number = ?1", &row, &report, row.state) == 0)
            answer(request, report.id, REQUEST_FAILED, report.text);
    } else if (change(request, "UPDATE placement SET state = ?2, location = coalesce(?3, location), checked = ?4,"
                               " uprooted = iif(?2 = 'gone', ?4, uprooted), digest = coalesce(digest, ?5)"
                               " WHERE number = ?1", &row, &report, "gone") == 0) {
        answer(request, report.id, REQUEST_DONE, report.text);
    }
out:
    row_free(&row);
    free(report.where);
}
