/* SPDX-License-Identifier: ISC */
#include "server/keeper/fold.h"

#include "server/keeper/record.h"

#define MINUTE_US 60000000LL
#define HOUR_US (60 * MINUTE_US)

/* A time that lies further ahead than any wait comes from a clock that was set back: then it counts as due. */
#define LONGEST_US (HOUR_US + MINUTE_US)

struct incident {
    int64_t hour, alerts;
    enum severity severity;
};

static int64_t interval(int64_t step)
{
    if (step == 0)
        return MINUTE_US;
    return step == 1 ? 10 * MINUTE_US : HOUR_US;
}

static int read_incident(struct derivation *derivation, int64_t number, int64_t now, struct incident *incident,
                         struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "SELECT hour, hour_alerts, severity FROM incident WHERE number = ?", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    if (ledger_step(derivation->ledger, statement, error) != 1)
        return -1;
    incident->hour = sqlite3_column_int64(statement, 0);
    incident->alerts = sqlite3_column_int64(statement, 1);
    incident->severity = severity_of(ledger_column(statement, 2));
    sqlite3_reset(statement);
    if (now - incident->hour >= HOUR_US || now < incident->hour) {
        incident->hour = now;
        incident->alerts = 0;
    }
    return 0;
}

static int write_incident(struct derivation *derivation, int64_t number, const struct incident *incident,
                          int64_t uses, int64_t updated, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "UPDATE incident SET hour = ?2, hour_alerts = ?3, severity = ?4, "
        "updated = max(updated, ?5), uses = uses + ?6 WHERE number = ?1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, incident->hour);
    sqlite3_bind_int64(statement, 3, incident->alerts);
    ledger_bind_text(statement, 4, slice_of(severity_name(incident->severity)));
    sqlite3_bind_int64(statement, 5, updated);
    sqlite3_bind_int64(statement, 6, uses);
    return ledger_run(derivation->ledger, statement, error);
}

static void bind_key(sqlite3_stmt *statement, const struct folded *folded)
{
    sqlite3_bind_int64(statement, 1, folded->incident);
    sqlite3_bind_int64(statement, 2, folded->token);
    sqlite3_bind_int64(statement, 3, folded->actor);
    ledger_bind_text(statement, 4, slice_of(folded->grade));
}

/* Counts them among the same; 1 when there were such, 0 when it is new. */
static int count_same(struct derivation *derivation, const struct folded *folded, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger,
        "UPDATE fold SET count = count + ?11, unsent = unsent + ?11, first_seen = min(first_seen, ?12), "
        "last_seen = max(last_seen, ?5), sighting = ?6, "
        "next = coalesce(next, max(?7, min(sent, ?7) + CASE step WHEN 0 THEN ?8 WHEN 1 THEN ?9 ELSE ?10 END)) "
        "WHERE incident = ?1 AND token = ?2 AND actor = ?3 AND grade = ?4", error);

    if (statement == NULL)
        return -1;
    bind_key(statement, folded);
    sqlite3_bind_int64(statement, 5, folded->last);
    sqlite3_bind_int64(statement, 6, folded->sighting);
    sqlite3_bind_int64(statement, 7, now);
    sqlite3_bind_int64(statement, 8, interval(0));
    sqlite3_bind_int64(statement, 9, interval(1));
    sqlite3_bind_int64(statement, 10, interval(2));
    sqlite3_bind_int64(statement, 11, folded->count);
    sqlite3_bind_int64(statement, 12, folded->first);
    if (ledger_run(derivation->ledger, statement, error) < 0)
        return -1;
    return sqlite3_changes(derivation->ledger->db) > 0;
}

static int insert_new(struct derivation *derivation, const struct folded *folded, bool sent, int64_t now,
                      struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "INSERT INTO fold (incident, token, actor, grade, first_seen, last_seen, count, unsent, "
        "sent, step, sighting) VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1, ?6, ?7, 0, ?8)", error);

    if (statement == NULL)
        return -1;
    bind_key(statement, folded);
    sqlite3_bind_int64(statement, 5, folded->first);
    sqlite3_bind_int(statement, 6, !sent);
    sqlite3_bind_int64(statement, 7, now);
    sqlite3_bind_int64(statement, 8, folded->sighting);
    return ledger_run(derivation->ledger, statement, error);
}

/* The next update that lists all goes out within a minute. */
static int flood(struct derivation *derivation, int64_t incident, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "UPDATE incident SET flood_next = coalesce(flood_next, ?2) WHERE number = ?1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, incident);
    sqlite3_bind_int64(statement, 2, now + MINUTE_US);
    return ledger_run(derivation->ledger, statement, error);
}

int fold_add(struct derivation *derivation, const struct folded *folded, int64_t now, struct error *error)
{
    struct told told = {folded->sighting, folded->opened, false, 0, 1, folded->first, folded->last};
    struct incident incident;
    int same = count_same(derivation, folded, now, error);
    bool at_once;

    if (same < 0 || read_incident(derivation, folded->incident, now, &incident, error) < 0)
        return -1;
    at_once = same == 0 && incident.alerts < DERIVE_ALERTS_HOUR;
    incident.alerts += at_once;
    if (folded->severity < incident.severity)
        incident.severity = folded->severity;
    if (write_incident(derivation, folded->incident, &incident, folded->count, folded->last, error) < 0)
        return -1;
    if (same == 1)
        return 0;
    if (insert_new(derivation, folded, at_once, now, error) < 0)
        return -1;
    return at_once ? record_sighting(derivation, &told, now, error) :
                     flood(derivation, folded->incident, now, error);
}

struct due {
    int64_t incident, token, actor;
    char grade[24];
    struct told told;
};

/* The fold that has been due longest; 1, 0, or -1. */
static int next_due(struct derivation *derivation, int64_t now, struct due *due, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "SELECT incident, token, actor, grade, sighting, unsent, first_seen, last_seen FROM fold "
        "WHERE next IS NOT NULL AND (next <= ?1 OR next > ?2) ORDER BY next LIMIT 1", error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, now);
    sqlite3_bind_int64(statement, 2, now + LONGEST_US);
    found = ledger_step(derivation->ledger, statement, error);
    if (found == 1) {
        struct slice grade = ledger_column(statement, 3);
        size_t length = grade.length < sizeof due->grade ? grade.length : sizeof due->grade - 1;

        due->incident = sqlite3_column_int64(statement, 0);
        due->token = sqlite3_column_int64(statement, 1);
        due->actor = sqlite3_column_int64(statement, 2);
        __builtin_memcpy(due->grade, grade.data, length);
        due->grade[length] = '\0';
        due->told = (struct told){sqlite3_column_int64(statement, 4), false, false, 0, sqlite3_column_int64(statement, 5),
                                  sqlite3_column_int64(statement, 6), sqlite3_column_int64(statement, 7)};
        sqlite3_reset(statement);
    }
    return found;
}

static int settle(struct derivation *derivation, const struct due *due, bool sent, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "UPDATE fold SET next = NULL, unsent = CASE WHEN ?5 THEN 0 ELSE unsent END, "
        "sent = CASE WHEN ?5 THEN ?6 ELSE sent END, step = step + ?5 "
        "WHERE incident = ?1 AND token = ?2 AND actor = ?3 AND grade = ?4", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, due->incident);
    sqlite3_bind_int64(statement, 2, due->token);
    sqlite3_bind_int64(statement, 3, due->actor);
    ledger_bind_text(statement, 4, slice_of(due->grade));
    sqlite3_bind_int(statement, 5, sent);
    sqlite3_bind_int64(statement, 6, now);
    return ledger_run(derivation->ledger, statement, error);
}

static int update_one(struct derivation *derivation, const struct due *due, int64_t now, struct error *error)
{
    struct incident incident;
    bool flooded;

    if (read_incident(derivation, due->incident, now, &incident, error) < 0)
        return -1;
    flooded = incident.alerts >= DERIVE_ALERTS_HOUR;
    if (settle(derivation, due, !flooded, now, error) < 0)
        return -1;
    if (flooded)
        return flood(derivation, due->incident, now, error);
    incident.alerts++;
    if (write_incident(derivation, due->incident, &incident, 0, now, error) < 0)
        return -1;
    return record_sighting(derivation, &due->told, now, error);
}

/* The incident whose flood update is due; 1, 0, or -1. */
static int next_flood(struct derivation *derivation, int64_t now, int64_t *incident, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger,
        "SELECT number FROM incident WHERE flood_next IS NOT NULL AND (flood_next <= ?1 OR flood_next > ?2) LIMIT 1",
        error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, now);
    sqlite3_bind_int64(statement, 2, now + LONGEST_US);
    found = ledger_step(derivation->ledger, statement, error);
    if (found == 1) {
        *incident = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return found;
}

/* The first DERIVE_LISTED of what is unsent, told by the gravest (as grade_rank() has it) and newest of them. 1, 0
 * (nothing unsent), or -1. */
static int next_page(struct derivation *derivation, int64_t incident, struct told *told, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger,
        "WITH page AS (SELECT * FROM fold WHERE incident = ?1 AND unsent > 0 ORDER BY sighting LIMIT ?2) "
        "SELECT (SELECT sighting FROM page ORDER BY CASE grade WHEN 'secret' THEN 0 WHEN 'secret-elsewhere' THEN 1 "
        "WHEN 'key-offered' THEN 2 WHEN 'identity' THEN 3 ELSE 4 END, last_seen DESC LIMIT 1), "
        "max(sighting), sum(unsent), min(first_seen), max(last_seen) FROM page",
        error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, incident);
    sqlite3_bind_int(statement, 2, DERIVE_LISTED);
    if (ledger_step(derivation->ledger, statement, error) != 1)
        return -1;
    *told = (struct told){sqlite3_column_int64(statement, 0), false, true, sqlite3_column_int64(statement, 1),
                          sqlite3_column_int64(statement, 2), sqlite3_column_int64(statement, 3),
                          sqlite3_column_int64(statement, 4)};
    sqlite3_reset(statement);
    return told->sighting != 0;
}

static int settle_page(struct derivation *derivation, int64_t incident, int64_t upto, int64_t now,
                       struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "UPDATE fold SET unsent = 0, next = NULL, sent = ?2, step = step + 1 "
        "WHERE incident = ?1 AND unsent > 0 AND sighting <= ?3", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, incident);
    sqlite3_bind_int64(statement, 2, now);
    sqlite3_bind_int64(statement, 3, upto);
    return ledger_run(derivation->ledger, statement, error);
}

/* One page; the incident stays due while there is more. */
static int flood_one(struct derivation *derivation, int64_t incident, int64_t now, struct error *error)
{
    sqlite3_stmt *statement;
    struct told told;
    int found = next_page(derivation, incident, &told, error);

    if (found < 0 || (found == 1 && (record_sighting(derivation, &told, now, error) < 0 ||
                                     settle_page(derivation, incident, told.upto, now, error) < 0)))
        return -1;
    statement = ledger_statement(
        derivation->ledger, "UPDATE incident SET updated = max(updated, ?2), flood_next = CASE WHEN EXISTS "
        "(SELECT 1 FROM fold WHERE incident = ?1 AND unsent > 0) THEN flood_next END WHERE number = ?1", error);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, incident);
    sqlite3_bind_int64(statement, 2, now);
    return ledger_run(derivation->ledger, statement, error);
}

int fold_due(struct derivation *derivation, int64_t now, struct error *error)
{
    struct due due;
    int64_t incident = 0;
    int found, count;

    for (count = 0; count < DERIVE_SIGHTINGS && (found = next_due(derivation, now, &due, error)) != 0; count++) {
        if (found < 0 || update_one(derivation, &due, now, error) < 0)
            return -1;
    }
    for (count = 0; count < DERIVE_PAGES && (found = next_flood(derivation, now, &incident, error)) != 0; count++) {
        if (found < 0 || flood_one(derivation, incident, now, error) < 0)
            return -1;
    }
    return 0;
}

bool derive_due(struct derivation *derivation, int64_t now)
{
    struct error ignored;
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "SELECT EXISTS (SELECT 1 FROM fold WHERE next IS NOT NULL AND (next <= ?1 OR next > ?2)) "
        "OR EXISTS (SELECT 1 FROM incident WHERE flood_next IS NOT NULL AND (flood_next <= ?1 OR flood_next > ?2))",
        &ignored);
    bool due = false;

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, now);
    sqlite3_bind_int64(statement, 2, now + LONGEST_US);
    if (ledger_step(derivation->ledger, statement, &ignored) == 1) {
        due = sqlite3_column_int(statement, 0) != 0;
        sqlite3_reset(statement);
    }
    return due;
}
