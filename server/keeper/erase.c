/* SPDX-License-Identifier: ISC */
#include "server/keeper/erase.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/keeper/checkpoint.h"

#define MINUTE_US 60000000LL
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define ALERTS 16        /* erased in one step: their records are long */
#define ACTORS 256       /* looked at in one step */
#define OPERATIONS 1024  /* the same */
#define MOST_S (1000LL * 366 * 86400)

/* Rows in seq's order that were written while the clock was ahead are as old as the next that was not: such rows are
 * passed over, as many as these. */
#define AHEAD "16384"

#define NOISE_UPTO "erase-upto-noise"
#define EVIDENCE_UPTO "erase-upto-evidence"
#define SIGHTINGS_UPTO "erase-upto-sightings"
#define NOTES_UPTO "erase-upto-notes"

static int64_t shortest(const struct eraser *eraser)
{
    return eraser->noise_us < eraser->observations_us ? eraser->noise_us : eraser->observations_us;
}

static int64_t least(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

void eraser_init(struct eraser *eraser, struct derivation *derivation, const struct configuration *configuration)
{
    memset(eraser, 0, sizeof *eraser);
    eraser->derivation = derivation;
    eraser->noise_us = least(configuration->retention_noise_s, MOST_S) * 1000000;
    eraser->observations_us = least(configuration->retention_observations_s, MOST_S) * 1000000;
}

bool eraser_due(struct eraser *eraser, int64_t wall, int64_t monotonic)
{
    int64_t drift = wall - monotonic, by = eraser->watched ? drift - eraser->drift : 0;

    if (!eraser->watched || llabs(by) > MINUTE_US) {
        eraser->steady = monotonic + least(shortest(eraser) / 100, HOUR_US);
        eraser->sweeping = false;
    }
    eraser->watched = true;
    eraser->drift = drift;
    if (eraser->sweeping)
        return true;
    if (monotonic < eraser->steady ||
        (eraser->swept != 0 && monotonic - eraser->swept < least(shortest(eraser) / 30, DAY_US)))
        return false;
    eraser->sweeping = true;
    eraser->now = wall;
    eraser->at = ERASE_NOISE;
    eraser->evidence = INT64_MIN;
    eraser->actor = 0;
    eraser->prefix_length = 0;
    return true;
}

/* ---- statements with numbers ---- */

static sqlite3_stmt *prepare(struct eraser *eraser, const char *sql, const int64_t *values, int count,
                             struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(eraser->derivation->ledger, sql, error);

    for (int i = 0; statement != NULL && i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    return statement;
}

/* The number in the first column of the only row. */
static int ask(struct eraser *eraser, const char *sql, const int64_t *values, int count, int64_t *number,
               struct error *error)
{
    sqlite3_stmt *statement = prepare(eraser, sql, values, count, error);

    if (statement == NULL || ledger_step(eraser->derivation->ledger, statement, error) != 1)
        return -1;
    *number = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return 0;
}

/* Adds how many rows were changed to *rows. */
static int run(struct eraser *eraser, const char *sql, const int64_t *values, int count, int64_t *rows,
               struct error *error)
{
    sqlite3_stmt *statement = prepare(eraser, sql, values, count, error);

    if (statement == NULL || ledger_run(eraser->derivation->ledger, statement, error) < 0)
        return -1;
    *rows += sqlite3_changes(eraser->derivation->ledger->db);
    return 0;
}

static void less_noise(struct eraser *eraser, int64_t bytes)
{
    int64_t *noise = &eraser->derivation->observer->noise_bytes;

    *noise = *noise > bytes ? *noise - bytes : 0;
}

/* ---- observations ---- */

/* The last of the next rows behind `upto` that are older than `cutoff`, or 0. */
static int next_old(struct eraser *eraser, int64_t upto, int64_t cutoff, int64_t *edge, struct error *error)
{
    static const char sql[] =
        "SELECT min(coalesce(max(seq), 0), ?1 + ?5) FROM (SELECT seq, time FROM observation WHERE seq > ?1 "
        "AND seq <= min(?2, ?1 + " AHEAD ") AND time <= ?3 ORDER BY seq LIMIT ?5) WHERE time < ?4";

    return ask(eraser, sql, (int64_t[]){upto, eraser->derivation->watermark, eraser->now + HOUR_US, cutoff, ERASE_ROWS},
               5, edge, error);
}

static int erase_noise(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char bytes_sql[] =
        "SELECT coalesce(sum(length(context) + length(flow) + length(presented)), 0) FROM observation "
        "WHERE seq > ?1 AND seq <= ?2 AND flow IS NOT NULL AND matched = zeroblob(128)";
    static const char erase_sql[] =
        "UPDATE observation SET source = x'', port = 0, flow = NULL, presented = NULL, context = NULL, erased = ?3 "
        "WHERE seq > ?1 AND seq <= ?2 AND flow IS NOT NULL AND matched = zeroblob(128)";
    struct ledger *ledger = eraser->derivation->ledger;
    int64_t upto = ledger_setting(ledger, NOISE_UPTO, 0), bytes, edge;

    if (next_old(eraser, upto, eraser->now - eraser->noise_us, &edge, error) < 0)
        return -1;
    if (edge == 0)
        return 0;
    if (ask(eraser, bytes_sql, (int64_t[]){upto, edge}, 2, &bytes, error) < 0 ||
        run(eraser, erase_sql, (int64_t[]){upto, edge, eraser->now}, 3, rows, error) < 0 ||
        ledger_set(ledger, NOISE_UPTO, edge, error) < 0)
        return -1;
    less_noise(eraser, bytes);
    return 1;
}

static int erase_evidence(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char sql[] =
        "UPDATE observation SET source = x'', port = 0, flow = NULL, presented = NULL, context = NULL, erased = ?3 "
        "WHERE seq > ?1 AND seq <= ?2 AND flow IS NOT NULL AND matched <> zeroblob(128)";
    struct ledger *ledger = eraser->derivation->ledger;
    int64_t upto = ledger_setting(ledger, EVIDENCE_UPTO, 0), edge;

    if (next_old(eraser, upto, eraser->now - eraser->observations_us, &edge, error) < 0)
        return -1;
    if (edge == 0)
        return 0;
    if (run(eraser, sql, (int64_t[]){upto, edge, eraser->now}, 3, rows, error) < 0)
        return -1;
    return ledger_set(ledger, EVIDENCE_UPTO, edge, error) < 0 ? -1 : 1;
}

/* Walks up to `rows` rows from the checkpoint on: what somebody changed is not dropped, and seen by every audit. 1 when
 * the chain holds. */
static int walk(struct eraser *eraser, int64_t rows, struct chain *end, struct error *error)
{
    struct derivation *derivation = eraser->derivation;
    struct chain_fault fault = {.sequence = 0};

    memset(end, 0, sizeof *end);
    if (chain_audit_piece(derivation->ledger, derivation->keyring, CHAIN_OBSERVATION, NULL, rows, end, &fault, error) <
        0)
        return -1;
    if (fault.sequence != 0)
        log_error("the chain of observations is broken: %s; nothing is dropped from it", fault.text);
    return fault.sequence == 0;
}

/* The chain's last row stays, for the next to follow. */
static int drop(struct eraser *eraser, int64_t *rows, struct error *error)
{
    struct derivation *derivation = eraser->derivation;
    struct ledger *ledger = derivation->ledger;
    int64_t limit = least(ledger_setting(ledger, NOISE_UPTO, 0), ledger_setting(ledger, EVIDENCE_UPTO, 0)), noise;
    struct checkpoint checkpoint;
    struct chain end;
    int holds;

    limit = least(limit, derivation->observer->durable.sequence - 1);
    if (checkpoint_load(ledger, derivation->keyring, &checkpoint, error) < 0)
        return -1;
    if (limit <= checkpoint.chain.sequence)
        return 0;
    holds = walk(eraser, least(ERASE_ROWS, limit - checkpoint.chain.sequence), &end, error);
    if (holds != 1)
        return holds;
    if (ask(eraser, "SELECT count(*) FROM observation WHERE seq <= ?1 AND matched = zeroblob(128)",
            (int64_t[]){end.sequence}, 1, &noise, error) < 0 ||
        run(eraser, "DELETE FROM observation WHERE seq <= ?1", (int64_t[]){end.sequence}, 1, rows, error) < 0)
        return -1;
    less_noise(eraser, noise * OBSERVE_ROW_BYTES);
    checkpoint = (struct checkpoint){end, eraser->now};
    return checkpoint_save(ledger, derivation->keyring, &checkpoint, error) < 0 ? -1 : 1;
}

static int erase_surplus(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char sql[] =
        "DELETE FROM surplus WHERE slot IN (SELECT slot FROM surplus WHERE time < ?1 ORDER BY slot LIMIT ?2)";

    if (run(eraser, sql, (int64_t[]){eraser->now - eraser->noise_us, ERASE_ROWS}, 2, rows, error) < 0)
        return -1;
    return *rows == ERASE_ROWS;
}

/* ---- who came how often ---- */

static sqlite3_stmt *prepare_behind(struct eraser *eraser, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(eraser->derivation->ledger, sql, error);

    if (statement != NULL)
        ledger_bind_blob(statement, 1, (struct slice){eraser->prefix, eraser->prefix_length});
    return statement;
}

/* Sources in the order of their prefixes. An actor's are part of what an alert tells of it. */
static int erase_counters(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char next_sql[] =
        "SELECT max(prefix) FROM (SELECT prefix FROM noise WHERE prefix > ?1 ORDER BY prefix LIMIT ?2)";
    static const char erase_sql[] =
        "DELETE FROM noise WHERE prefix > ?1 AND prefix <= ?2 AND last < "
        "iif(EXISTS (SELECT 1 FROM actor c WHERE c.prefix = noise.prefix), min(?3, ?4), ?3)";
    struct ledger *ledger = eraser->derivation->ledger;
    sqlite3_stmt *next = prepare_behind(eraser, next_sql, error), *statement;
    unsigned char prefix[ADDRESS_BYTES];
    struct slice found;

    if (next == NULL)
        return -1;
    sqlite3_bind_int(next, 2, ERASE_ROWS);
    if (ledger_step(ledger, next, error) != 1)
        return -1;
    found = ledger_column(next, 0);
    if (found.length == ADDRESS_BYTES)
        memcpy(prefix, found.data, ADDRESS_BYTES);
    sqlite3_reset(next);
    if (found.length != ADDRESS_BYTES)
        return 0;
    statement = prepare_behind(eraser, erase_sql, error);
    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 2, (struct slice){prefix, ADDRESS_BYTES});
    sqlite3_bind_int64(statement, 3, eraser->now - eraser->noise_us);
    sqlite3_bind_int64(statement, 4, eraser->now - eraser->observations_us);
    if (ledger_run(ledger, statement, error) < 0)
        return -1;
    *rows += sqlite3_changes(ledger->db);
    memcpy(eraser->prefix, prefix, ADDRESS_BYTES);
    eraser->prefix_length = ADDRESS_BYTES;
    return 1;
}

/* ---- evidence ---- */

/* Older than this: what no alert that is yet to be made tells of. */
static int find_evidence(struct eraser *eraser, struct error *error)
{
    static const char sql[] =
        "SELECT min(?1, coalesce((SELECT min(last_seen) FROM fold WHERE next IS NOT NULL), ?1), "
        "coalesce((SELECT min(f.last_seen) FROM incident i JOIN fold f ON f.incident = i.number "
        "WHERE i.flood_next IS NOT NULL AND f.unsent > 0), ?1))";

    if (eraser->evidence != INT64_MIN)
        return 0;
    return ask(eraser, sql, (int64_t[]){eraser->now - eraser->observations_us}, 1, &eraser->evidence, error);
}

static int erase_sightings(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char next_sql[] =
        "SELECT min(coalesce(max(number), 0), ?1 + ?4) FROM (SELECT number, time FROM sighting WHERE number > ?1 "
        "AND number <= ?1 + " AHEAD " AND time <= ?2 ORDER BY number LIMIT ?4) WHERE time < ?3";
    static const char erase_sql[] =
        "UPDATE sighting SET source = x'', port = 0, via = '[]', client = '{}', found_in = '', erased = ?3 "
        "WHERE number > ?1 AND number <= ?2 AND erased IS NULL";
    struct ledger *ledger = eraser->derivation->ledger;
    int64_t upto = ledger_setting(ledger, SIGHTINGS_UPTO, 0), edge;

    if (find_evidence(eraser, error) < 0 ||
        ask(eraser, next_sql, (int64_t[]){upto, eraser->now + HOUR_US, eraser->evidence, ERASE_ROWS}, 4, &edge, error) <
            0)
        return -1;
    if (edge == 0)
        return 0;
    if (run(eraser, erase_sql, (int64_t[]){upto, edge, eraser->now}, 3, rows, error) < 0)
        return -1;
    return ledger_set(ledger, SIGHTINGS_UPTO, edge, error) < 0 ? -1 : 1;
}

static int find_alerts(struct eraser *eraser, int64_t numbers[ALERTS], struct error *error)
{
    static const char sql[] =
        "SELECT number FROM alert a WHERE erased IS NULL AND number > 0 AND time < ?1 "
        "AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.alert = a.number AND d.state = 'waiting') "
        "AND NOT EXISTS (SELECT 1 FROM incident i WHERE i.number = a.incident AND i.state = 'open' "
        "AND a.number = (SELECT max(w.number) FROM alert w WHERE w.incident = i.number)) ORDER BY time LIMIT ?2";
    sqlite3_stmt *statement =
        prepare(eraser, sql, (int64_t[]){eraser->now - eraser->observations_us, ALERTS}, 2, error);
    int count = 0, found;

    if (statement == NULL)
        return -1;
    while ((found = ledger_step(eraser->derivation->ledger, statement, error)) == 1)
        numbers[count++] = sqlite3_column_int64(statement, 0);
    return found < 0 ? -1 : count;
}

/* A title ends in the address. A receiver's answer may repeat what it was told. */
static int erase_alerts(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char alert_sql[] =
        "UPDATE alert SET record = 'null', title = substr(title, 1, iif(type = 'sighting' AND instr(title, ' from ') > 0,"
        " instr(title, ' from ') - 1, length(title))) || ' (erased on ' || substr(time_text(?2), 1, 10) || ')', "
        "erased = ?2 WHERE number = ?1";
    int64_t numbers[ALERTS], ignored = 0;
    int count = find_alerts(eraser, numbers, error);

    for (int i = 0; i < count; i++)
        if (run(eraser, alert_sql, (int64_t[]){numbers[i], eraser->now}, 2, rows, error) < 0 ||
            run(eraser, "UPDATE delivery SET text = NULL WHERE alert = ?1", &numbers[i], 1, &ignored, error) < 0)
            return -1;
    return count < 0 ? -1 : count == ALERTS;
}

/* A prefix that no source has takes the place of theirs; one that comes again is a new actor. Drills' stays. */
static int erase_actors(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char sql[] =
        "UPDATE actor SET prefix = CAST('erased ' || number AS BLOB), address = x'', erased = ?4 WHERE number > ?1 "
        "AND number <= ?2 AND last_seen < ?3 AND erased IS NULL AND prefix <> x'01000000000000000000000000000000'";
    int64_t last, edge = eraser->actor + ACTORS;

    if (find_evidence(eraser, error) < 0 ||
        ask(eraser, "SELECT coalesce(max(number), 0) FROM actor", NULL, 0, &last, error) < 0 ||
        run(eraser, sql, (int64_t[]){eraser->actor, edge, eraser->evidence, eraser->now}, 4, rows, error) < 0)
        return -1;
    eraser->actor = edge;
    return edge < last;
}

/* What was written on incidents that are over; the last step has looked at all operations that are old. */
static int erase_notes(struct eraser *eraser, int64_t *rows, struct error *error)
{
    static const char next_sql[] = "SELECT coalesce(max(seq), 0) FROM (SELECT seq, time FROM operation WHERE seq > ?1 "
                                   "ORDER BY seq LIMIT ?2) WHERE time < ?3";
    static const char operation_sql[] =
        "UPDATE operation SET details = json_set(json_remove(details, '$.note'), '$.erased', time_text(?4)) "
        "WHERE seq > ?1 AND seq <= ?2 AND time < ?3 AND CASE WHEN what = 'ack' THEN "
        "json_extract(details, '$.note') END IS NOT NULL";
    static const char incident_sql[] = "UPDATE incident SET note = NULL WHERE note IS NOT NULL AND state = 'closed' "
                                       "AND updated < ?1";
    struct ledger *ledger = eraser->derivation->ledger;
    int64_t upto = ledger_setting(ledger, NOTES_UPTO, 0), cutoff = eraser->now - eraser->observations_us, edge;

    if (ask(eraser, next_sql, (int64_t[]){upto, OPERATIONS, cutoff}, 3, &edge, error) < 0)
        return -1;
    if (edge == 0)
        return run(eraser, incident_sql, &cutoff, 1, rows, error);
    if (run(eraser, operation_sql, (int64_t[]){upto, edge, cutoff, eraser->now}, 4, rows, error) < 0)
        return -1;
    return ledger_set(ledger, NOTES_UPTO, edge, error) < 0 ? -1 : 1;
}

/* ---- a sweep ---- */

static const struct {
    const char *name, *count; /* count: setting, rows erased since an operation told of them */
    int (*step)(struct eraser *eraser, int64_t *rows, struct error *error); /* 1: there is more; 0; -1 */
} erasures[ERASURES] = {
    [ERASE_NOISE] = {"noise", "erased-noise", erase_noise},
    [ERASE_EVIDENCE] = {"evidence", "erased-evidence", erase_evidence},
    [ERASE_DROPPED] = {"dropped", "erased-dropped", drop},
    [ERASE_SURPLUS] = {"surplus", "erased-surplus", erase_surplus},
    [ERASE_COUNTERS] = {"counters", "erased-counters", erase_counters},
    [ERASE_SIGHTINGS] = {"sightings", "erased-sightings", erase_sightings},
    [ERASE_ALERTS] = {"alerts", "erased-alerts", erase_alerts},
    [ERASE_ACTORS] = {"actors", "erased-actors", erase_actors},
    [ERASE_NOTES] = {"notes", "erased-notes", erase_notes},
};

static void add_time(struct buffer *json, const char *name, int64_t time)
{
    char text[CLOCK_TEXT];

    json_member_text(json, name, clock_text(time, text));
}

/* What was erased since the last time, in this life or another; 1 when there was anything. */
static int add_counts(struct eraser *eraser, struct buffer *json, struct error *error)
{
    struct ledger *ledger = eraser->derivation->ledger;
    int any = 0;

    for (size_t i = 0; i < ERASURES; i++) {
        int64_t count = ledger_setting(ledger, erasures[i].count, 0);

        json_member_number(json, erasures[i].name, count);
        if (count > 0 && ledger_set(ledger, erasures[i].count, 0, error) < 0)
            return -1;
        any |= count > 0;
    }
    return any;
}

static int tell(struct eraser *eraser, struct error *error)
{
    struct derivation *derivation = eraser->derivation;
    struct checkpoint checkpoint;
    char text[CHAIN_TEXT];
    struct buffer json;
    int any;

    buffer_init(&json, 4096);
    buffer_add_char(&json, '{');
    add_time(&json, "noise_before", eraser->now - eraser->noise_us);
    add_time(&json, "observations_before", eraser->now - eraser->observations_us);
    any = add_counts(eraser, &json, error);
    if (any == 1 && checkpoint_load(derivation->ledger, derivation->keyring, &checkpoint, error) < 0)
        any = -1;
    if (any == 1 && checkpoint.chain.sequence > 0)
        json_member_text(&json, "checkpoint", chain_text(&checkpoint.chain, text));
    buffer_add_char(&json, '}');
    if (any == 1 && operation_add(derivation->ledger, derivation->keyring, slice_of("sundewd"), slice_of("erase"),
                                  slice_of("retention"), buffer_slice(&json), error) < 0)
        any = -1;
    buffer_free(&json);
    return any;
}

/* 1: there is more; 0 or 2: that was the end. */
static int step(struct eraser *eraser, struct error *error)
{
    struct ledger *ledger = eraser->derivation->ledger;
    int64_t rows = 0;
    int more;

    if (eraser->at == ERASURES) {
        more = tell(eraser, error);
        return more == 1 ? 2 : more;
    }
    more = erasures[eraser->at].step(eraser, &rows, error);
    if (more < 0 || (rows > 0 && ledger_set(ledger, erasures[eraser->at].count,
                                            ledger_setting(ledger, erasures[eraser->at].count, 0) + rows, error) < 0))
        return -1;
    eraser->at += more == 0;
    return observer_save(eraser->derivation->observer, error) < 0 ? -1 : 1;
}

int eraser_step(struct eraser *eraser, int64_t monotonic, struct error *error)
{
    struct ledger *ledger = eraser->derivation->ledger;
    int64_t *noise = &eraser->derivation->observer->noise_bytes, noise_before = *noise;
    struct eraser before = *eraser;
    int result = ledger_begin_hasty(ledger, error);

    if (result == 0)
        result = step(eraser, error);
    if (result >= 0 && ledger_commit(ledger, error) == 0) {
        if (result != 1) {
            eraser->sweeping = false;
            eraser->swept = monotonic;
        }
        return result;
    }
    ledger_rollback(ledger);
    *eraser = before;
    *noise = noise_before;
    eraser->sweeping = false;
    eraser->steady = monotonic;
    return -1;
}
