/* SPDX-License-Identifier: ISC
 *
 * check: what the keeper knows of the ledger, the outbox, tokens and placements. In small steps, one a turn of the
 * loop, so that nobody waits for an answer meanwhile; long tables in pages. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/examining.h"
#include "server/keeper/keeper.h"

#define TABLE_ROWS 4096     /* of a table whose pages are all looked at in one turn */
#define TABLE_LIMIT "4096"  /* the same in SQL */
#define CHAIN_ROWS 1000     /* of a chain's tail */
#define BACKLOG 10000
#define DAY_US ((int64_t)24 * 3600 * 1000000)

void check_tell(struct examining *examining, const char *state, const char *check, const char *subject,
                const char *remedy, const char *format, ...)
{
    struct buffer *row = &examining->row;
    char text[600];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buffer_add_char(row, '{');
    json_member_text(row, "check", check);
    json_member_text(row, "state", state);
    json_member_text(row, "subject", subject);
    json_member_text(row, "text", text);
    json_member_text(row, "remedy", remedy);
    buffer_add_char(row, '}');
    request_json(examining->request, row);
}

/* ---- the file ---- */

/* How many rows a table has; of one without numbers no more than one beyond TABLE_ROWS are counted. -1 where it cannot be
 * read. */
static int64_t rows_of(struct ledger *ledger, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    int64_t rows = -1;

    if (statement != NULL && ledger_step(ledger, statement, error) == 1) {
        rows = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return rows;
}

/* 0: sound; -1 with what is wrong with it. */
static int quick_check(struct ledger *ledger, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    int found = statement == NULL ? -1 : ledger_step(ledger, statement, error);

    if (found == 1 && !slice_is(ledger_column(statement, 0), "ok"))
        found = error_set(error, "%.*s", (int)ledger_column(statement, 0).length,
                          (const char *)ledger_column(statement, 0).data);
    if (statement != NULL)
        sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

/* One table; 1: there is another. Tables too long to be read at once are left to audit and backup. */
static int check_table(struct examining *examining, struct error *error)
{
    static const char *const checks[][3] = {
        {"token", "SELECT coalesce(max(number), 0) FROM token", "PRAGMA quick_check('token')"},
        {"secret_index", "SELECT count(*) FROM (SELECT 1 FROM secret_index LIMIT 1 + " TABLE_LIMIT ")",
         "PRAGMA quick_check('secret_index')"},
        {"placement", "SELECT coalesce(max(number), 0) FROM placement", "PRAGMA quick_check('placement')"},
        {"sighting", "SELECT coalesce(max(number), 0) FROM sighting", "PRAGMA quick_check('sighting')"},
        {"actor", "SELECT coalesce(max(number), 0) FROM actor", "PRAGMA quick_check('actor')"},
        {"incident", "SELECT coalesce(max(number), 0) FROM incident", "PRAGMA quick_check('incident')"},
        {"fold", "SELECT count(*) FROM (SELECT 1 FROM fold LIMIT 1 + " TABLE_LIMIT ")", "PRAGMA quick_check('fold')"},
        {"alert", "SELECT coalesce(max(number), 0) FROM alert", "PRAGMA quick_check('alert')"},
        {"delivery", "SELECT coalesce(max(number), 0) FROM delivery", "PRAGMA quick_check('delivery')"},
        {"operation", "SELECT coalesce(max(seq), 0) FROM operation", "PRAGMA quick_check('operation')"},
        {"observation",
         "SELECT coalesce((SELECT max(seq) FROM observation) - (SELECT min(seq) FROM observation) + 1, 0)",
         "PRAGMA quick_check('observation')"},
    };
    struct ledger *ledger = &examining->request->keeper->ledger;
    const char *const *check = checks[examining->table];
    int64_t rows = rows_of(ledger, check[1], error);

    if (rows > TABLE_ROWS)
        check_tell(examining, "ok", "ledger", check[0], "", "its rows are too many to look at now, more than %d; "
                   "`sundew audit` and `sundew backup` do", TABLE_ROWS);
    else if (rows < 0 || quick_check(ledger, check[2], error) < 0)
        check_tell(examining, "wrong", "ledger", check[0], "stop the daemon and put back the last backup; keep the "
                   "damaged file for who may read more out of it", "the table is damaged: %s", error->text);
    else
        check_tell(examining, "ok", "ledger", check[0], "", "its %" PRId64 " rows are as they should be", rows);
    return ++examining->table < sizeof checks / sizeof checks[0];
}

static int check_tail(struct examining *examining, enum chain_name name, const char *what, const char *sql,
                      const char *link_sql, struct error *error)
{
    struct keeper *keeper = examining->request->keeper;
    struct chain end = {.sequence = 0};
    struct chain_fault fault = {.sequence = 0};
    sqlite3_stmt *statement = ledger_statement(&keeper->ledger, sql, error);
    int64_t last;

    if (statement == NULL || ledger_step(&keeper->ledger, statement, error) != 1)
        return -1;
    last = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    if (last > CHAIN_ROWS) {
        statement = ledger_statement(&keeper->ledger, link_sql, error);
        if (statement == NULL)
            return -1;
        sqlite3_bind_int64(statement, 1, last - CHAIN_ROWS);
        if (ledger_step(&keeper->ledger, statement, error) == 1 &&
            ledger_column(statement, 0).length == CHAIN_BYTES) {
            end.sequence = last - CHAIN_ROWS;
            memcpy(end.head, ledger_column(statement, 0).data, CHAIN_BYTES);
            sqlite3_reset(statement);
        }
    }
    if (chain_audit_piece(&keeper->ledger, &keeper->keyring, name, NULL, last > 0 ? last : 1, &end, &fault, error) < 0)
        return -1;
    if (fault.sequence != 0)
        check_tell(examining, "wrong", "chain", what, "somebody changed the ledger past the keeper: `sundew audit` "
                   "tells more; keep the file as evidence", "broken at row %" PRId64 ": %s", fault.sequence,
                   fault.text);
    else
        check_tell(examining, "ok", "chain", what, "", "its last rows hold, up to %" PRId64, last);
    return 0;
}

static int check_observations(struct examining *examining, struct error *error)
{
    return check_tail(examining, CHAIN_OBSERVATION, "observations", "SELECT coalesce(max(seq), 0) FROM observation",
                      "SELECT link FROM observation WHERE seq = ?", error);
}

static int check_operations(struct examining *examining, struct error *error)
{
    return check_tail(examining, CHAIN_OPERATION, "operations", "SELECT coalesce(max(seq), 0) FROM operation",
                      "SELECT link FROM operation WHERE seq = ?", error);
}

static int check_room(struct examining *examining, struct error *error)
{
    const struct keeper *keeper = examining->request->keeper;
    int64_t noise = keeper->observer.noise_bytes, budget = keeper->configuration->budget_noise;
    int64_t backlog = derive_backlog(&keeper->derivation);

    (void)error;
    if (keeper->ledger.full)
        check_tell(examining, "wrong", "ledger", "", "make room on its disk", "the disk was full: noise is not stored, "
                   "and the reserve is spent");
    if (noise > budget * 9 / 10)
        check_tell(examining, "warning", "budget", "", "look into who scans the decoys (`sundew actors`), or give "
                   "noise more room under \"budget:\"", "%" PRId64 " of %" PRId64 " MiB for noise are used; what comes "
                   "beyond is counted only", noise >> 20, budget >> 20);
    if (backlog > BACKLOG)
        check_tell(examining, "warning", "backlog", "", "wait; if it grows, give the host more of its processors",
                   "%" PRId64 " observations wait to be derived", backlog);
    else
        check_tell(examining, "ok", "backlog", "", "", "%" PRId64 " observations wait to be derived", backlog);
    return 0;
}

/* ---- the outbox ---- */

static int check_routes(struct examining *examining, struct error *error)
{
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT name, failures, coalesce(text, '') FROM route"
                                                       " WHERE failures > 0 ORDER BY name", error);
    int found;

    if (statement == NULL)
        return -1;
    while ((found = ledger_step(ledger, statement, error)) == 1) {
        struct slice name = ledger_column(statement, 0), text = ledger_column(statement, 2);
        char route[128];

        if (!outbox_has(&examining->request->keeper->outbox, name))
            continue;
        snprintf(route, sizeof route, "%.*s", (int)name.length, (const char *)name.data);
        check_tell(examining, "wrong", "route", route, "put the receiver or the route right; what waits then goes out "
                   "by itself", "its last %" PRId64 " tries failed: %.*s", (int64_t)sqlite3_column_int64(statement, 1),
                   (int)text.length, (const char *)text.data);
    }
    return found;
}

static int check_deliveries(struct examining *examining, struct error *error)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM delivery WHERE state = 'waiting' AND due = 1) +"
        " (SELECT count(*) FROM delivery WHERE state = 'waiting' AND due = 0),"
        " (SELECT count(*) FROM delivery WHERE state = 'dead')";
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    int64_t waiting, dead;

    if (statement == NULL || ledger_step(ledger, statement, error) != 1)
        return -1;
    waiting = sqlite3_column_int64(statement, 0);
    dead = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    if (dead > 0)
        check_tell(examining, "warning", "deliveries", "", "see `sundew deliveries --state dead`, and `sundew replay` "
                   "them", "%" PRId64 " alerts were given up after 72 hours", dead);
    check_tell(examining, "ok", "deliveries", "", "", "%" PRId64 " wait", waiting);
    return 0;
}

/* ---- habits ---- */

static int check_habit(struct examining *examining, const char *what, int days, const char *never, const char *remedy,
                       struct error *error)
{
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT coalesce(max(time), 0) FROM operation WHERE what = ?",
                                               error);
    int64_t last, now = clock_wall();

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(what));
    if (ledger_step(ledger, statement, error) != 1)
        return -1;
    last = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    if (last == 0)
        check_tell(examining, "warning", what, "", remedy, "%s", never);
    else if (now - last > days * DAY_US)
        check_tell(examining, "warning", what, "", remedy, "the last one was %" PRId64 " days ago",
                   (now - last) / DAY_US);
    else
        check_tell(examining, "ok", what, "", "", "the last one was %" PRId64 " days ago", (now - last) / DAY_US);
    return 0;
}

static int check_habits(struct examining *examining, struct error *error)
{
    if (check_habit(examining, "backup", 30, "the ledger was never backed up", "run `sundew backup FILE`, best each "
                    "night, and keep the key elsewhere", error) < 0)
        return -1;
    return check_habit(examining, "drill", 90, "no token was ever drilled, so nobody knows that alerts arrive",
                       "run `sundew drill`, best each month", error);
}

/* ---- roles that died ---- */

static int check_restarts(struct examining *examining, struct error *error)
{
    static const char sql[] =
        "SELECT subject, sum(json_extract(details, '$.ends')) FROM operation WHERE what = 'restart' AND time > ?"
        " GROUP BY subject";
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    bool any = false;
    char role[128];
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, clock_wall() - DAY_US);
    while ((found = ledger_step(ledger, statement, error)) == 1) {
        struct slice subject = ledger_column(statement, 0);

        snprintf(role, sizeof role, "%.*s", (int)subject.length, (const char *)subject.data);
        check_tell(examining, "warning", "restarts", role, "`sundew operations` says when and how it ended, the log "
                   "why; report it where nobody killed it", "deaths in the last day: %" PRId64 "; it was started again "
                   "each time", (int64_t)sqlite3_column_int64(statement, 1));
        any = true;
    }
    if (found == 0 && !any)
        check_tell(examining, "ok", "restarts", "", "", "no role died in the last day");
    return found;
}

/* ---- the clock ---- */

static void tell_doubt(struct examining *examining)
{
    const struct leap *leap = &examining->request->keeper->leap;
    char ahead[LEAP_SPAN], rest[LEAP_SPAN];

    if (leap->ahead > 0)
        check_tell(examining, "warning", "clock", "", "set it right if it is wrong; if it is right, as after the host "
                   "was off, nothing is to be done", "it is %s ahead of the time that has run; retention erases "
                   "nothing for that until %s more have run", leap_span(leap->ahead, ahead),
                   leap_span(leap->rest, rest));
}

static int check_leaps(struct examining *examining, struct error *error)
{
    static const char sql[] =
        "SELECT count(*), max(seq), json_extract(details, '$.from') || ' to ' || json_extract(details, '$.to')"
        " FROM operation WHERE what = 'clock' AND time BETWEEN ?1 - ?2 AND ?1 + ?2";
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    struct slice leap;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, clock_wall());
    sqlite3_bind_int64(statement, 2, DAY_US);
    if (ledger_step(ledger, statement, error) != 1)
        return -1;
    leap = ledger_column(statement, 2);
    if (sqlite3_column_int64(statement, 0) > 0)
        check_tell(examining, "warning", "clock", "", "see that one service sets it (chrony, systemd-timesyncd), and "
                   "whether the host slept; `sundew operations` says when it leapt", "it leapt in the last day, "
                   "%" PRId64 " times; last from %.*s", (int64_t)sqlite3_column_int64(statement, 0), (int)leap.length,
                   (const char *)leap.data);
    sqlite3_reset(statement);
    tell_doubt(examining);
    return 0;
}

/* ---- the command ---- */

static void resume(struct request *request)
{
    static int (*const phases[])(struct examining *examining, struct error *error) = {
        check_table, check_observations, check_operations, check_room, check_routes, check_deliveries, examine_tokens,
        examine_doors, examine_trust, examine_placements, check_habits, check_restarts, check_leaps};
    struct examining *examining = request->state;
    struct error error = {""};
    int more = phases[examining->phase](examining, &error);

    if (more < 0) {
        request_fail(request, &error);
        return;
    }
    if (more == 0) {
        examining->phase++;
        examining->after = 0;
        memset(examining->counts, 0, sizeof examining->counts);
    }
    if (examining->phase == sizeof phases / sizeof phases[0])
        request_done(request, REQUEST_DONE, "%s", "");
}

static void release(void *state)
{
    struct examining *examining = state;

    buffer_free(&examining->row);
    buffer_free(&examining->decoys);
    free(examining);
}

void command_check(struct request *request)
{
    const struct configuration *configuration = request->keeper->configuration;
    struct examining *examining = calloc(1, sizeof *examining);

    if (examining == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    examining->request = request;
    buffer_init(&examining->row, CHANNEL_MESSAGE);
    buffer_init(&examining->decoys, CHANNEL_MESSAGE);
    buffer_add_char(&examining->decoys, '[');
    for (size_t i = 0; i < configuration->decoy_count; i++)
        json_element(&examining->decoys, slice_of(configuration->decoys[i].name));
    buffer_add_char(&examining->decoys, ']');
    request->state = examining;
    request->release = release;
    request->resume = resume;
}
