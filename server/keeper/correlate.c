/* SPDX-License-Identifier: ISC */
#include "server/keeper/correlate.h"

#include <string.h>
#include "server/keeper/record.h"

int correlate_count_actor(struct derivation *derivation, int64_t actor, int64_t sightings, int64_t earliest,
                          int64_t latest, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "UPDATE actor SET sightings = sightings + ?2, first_seen = min(first_seen, ?3), "
        "last_seen = max(last_seen, ?4) WHERE number = ?1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, actor);
    sqlite3_bind_int64(statement, 2, sightings);
    sqlite3_bind_int64(statement, 3, earliest);
    sqlite3_bind_int64(statement, 4, latest);
    return ledger_run(derivation->ledger, statement, error);
}

struct address shown_source(sqlite3_stmt *row)
{
    struct slice source = ledger_column(row, ROW_SOURCE);
    struct address address = {{0}};

    if (source.length == ADDRESS_BYTES)
        memcpy(address.bytes, source.data, ADDRESS_BYTES);
    return address;
}

/* Who an address is. Drills are an actor of their own, whatever address they come from, so that nothing that they
 * hold is laid at the door of others there: a prefix that no client has (RFC 6666). */
static struct address actor_prefix(const struct shown *shown, const struct address *address)
{
    return shown->drill ? (struct address){{1}} : address_prefix(address);
}

static int new_actor(struct derivation *derivation, struct shown *shown, const struct address *address,
                     struct error *error)
{
    struct address prefix = actor_prefix(shown, address);
    struct id id, base = {{0}};
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "INSERT INTO actor (id, prefix, address, first_seen, last_seen, sightings) "
        "VALUES (?1, ?2, ?3, ?4, ?4, 1)", error);

    if (statement == NULL)
        return -1;
    memcpy(base.bytes, prefix.bytes, sizeof base.bytes);
    id = derived_id(derivation->keyring, 'c', shown->observation, base, 0);
    ledger_bind_id(statement, 1, &id);
    ledger_bind_blob(statement, 2, (struct slice){prefix.bytes, ADDRESS_BYTES});
    ledger_bind_blob(statement, 3, (struct slice){address->bytes, ADDRESS_BYTES});
    sqlite3_bind_int64(statement, 4, shown->time);
    if (ledger_run(derivation->ledger, statement, error) < 0)
        return -1;
    shown->actor = sqlite3_last_insert_rowid(derivation->ledger->db);
    return 0;
}

/* Look-up and update by number, not an upsert that returns: SQLite would make a table for each of those. */
int correlate_actor(struct derivation *derivation, struct shown *shown, struct error *error)
{
    struct address address = shown_source(shown->row), prefix = actor_prefix(shown, &address);
    sqlite3_stmt *statement = ledger_statement(derivation->ledger, "SELECT number FROM actor WHERE prefix = ?", error);
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){prefix.bytes, ADDRESS_BYTES});
    found = ledger_step(derivation->ledger, statement, error);
    if (found == 1) {
        shown->actor = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return correlate_count_actor(derivation, shown->actor, 1, shown->time, shown->time, error);
    }
    return found < 0 ? -1 : new_actor(derivation, shown, &address, error);
}

static int open_incident_of(struct derivation *derivation, const char *sql, int64_t number, int64_t *incident,
                            struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(derivation->ledger, sql, error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    found = ledger_step(derivation->ledger, statement, error);
    if (found == 1) {
        *incident = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return found;
}

static int new_incident(struct derivation *derivation, struct shown *shown, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "INSERT INTO incident (id, severity, opened, updated, hour, state, closed, verdict) "
        "VALUES (?1, 'informational', ?2, ?2, ?3, iif(?4, 'closed', 'open'), iif(?4, ?2, NULL), iif(?4, 'drill', NULL))",
        error);
    struct id id = derived_id(derivation->keyring, 'i', shown->observation, shown->token.id, 0);

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &id);
    sqlite3_bind_int64(statement, 2, shown->time);
    sqlite3_bind_int64(statement, 3, now);
    sqlite3_bind_int(statement, 4, shown->drill);
    if (ledger_run(derivation->ledger, statement, error) < 0)
        return -1;
    shown->incident = sqlite3_last_insert_rowid(derivation->ledger->db);
    shown->opened = true;
    return 0;
}

static int remember_incident(struct derivation *derivation, const struct shown *shown, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "UPDATE actor SET incident = ?2 WHERE number = ?1 AND incident IS NOT ?2", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, shown->actor);
    sqlite3_bind_int64(statement, 2, shown->incident);
    return ledger_run(derivation->ledger, statement, error);
}

/* Of uses, and of the incident that they are in; a drill is neither. */
int correlate_count_token(struct derivation *derivation, const struct shown *shown, int64_t sightings, int64_t latest,
                          struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, shown->drill ?
        "UPDATE token SET drilled = max(coalesce(drilled, ?3), ?3) WHERE number = ?1" :
        "UPDATE token SET uses = uses + ?2, incident = ?4 WHERE number = ?1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, shown->match.token);
    if (shown->drill) {
        sqlite3_bind_int64(statement, 3, latest);
    } else {
        sqlite3_bind_int64(statement, 2, sightings);
        sqlite3_bind_int64(statement, 4, shown->incident);
    }
    return ledger_run(derivation->ledger, statement, error);
}

/* The open incident of the token, else of the actor, else a new one; for a drill always one of its own. */
int correlate_incident(struct derivation *derivation, struct shown *shown, int64_t now, struct error *error)
{
    static const char of_token[] =
        "SELECT i.number FROM token t JOIN incident i ON i.number = t.incident WHERE t.number = ? AND i.state = 'open'";
    static const char of_actor[] =
        "SELECT i.number FROM actor c JOIN incident i ON i.number = c.incident WHERE c.number = ? AND i.state = 'open'";
    int found;

    if (shown->drill)
        return new_incident(derivation, shown, now, error);
    found = open_incident_of(derivation, of_token, shown->match.token, &shown->incident, error);
    if (found == 0)
        found = open_incident_of(derivation, of_actor, shown->actor, &shown->incident, error);
    if (found < 0 || (found == 0 && new_incident(derivation, shown, now, error) < 0))
        return -1;
    return remember_incident(derivation, shown, error);
}
