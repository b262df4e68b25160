/* SPDX-License-Identifier: ISC
 *
 * The part of record.h that makes alerts' rows, and their deliveries'. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/keeper/making.h"
#include "server/keeper/rows.h"

static const char *const severities[] = {
    [SEVERITY_CRITICAL] = "critical", [SEVERITY_HIGH] = "high",   [SEVERITY_MEDIUM] = "medium",
    [SEVERITY_LOW] = "low",           [SEVERITY_INFORMATIONAL] = "informational",
};

const char *severity_name(enum severity severity)
{
    return severities[severity];
}

enum severity severity_of(struct slice name)
{
    int severity;

    for (severity = SEVERITY_CRITICAL; severity < SEVERITY_INFORMATIONAL; severity++) {
        if (slice_is(name, severities[severity]))
            break;
    }
    return (enum severity)severity;
}

enum severity grade_severity(struct slice grade, int secret_bits)
{
    if (slice_is(grade, "secret") || slice_is(grade, "secret-elsewhere"))
        return secret_bits < TOKEN_GUESSABLE ? SEVERITY_HIGH : SEVERITY_CRITICAL;
    if (slice_is(grade, "identity") || slice_is(grade, "key-offered"))
        return SEVERITY_HIGH;
    return SEVERITY_LOW;
}

struct id derived_id(const struct keyring *keyring, char letter, struct id base, struct id other, int64_t number)
{
    crypto_generichash_state state;
    unsigned char hash[16];

    crypto_generichash_init(&state, keyring->chain_key, KEYRING_BYTES, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *)&letter, 1);
    crypto_generichash_update(&state, base.bytes, ID_BYTES);
    crypto_generichash_update(&state, other.bytes, ID_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)&number, sizeof number);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(base.bytes + 6, hash, ID_BYTES - 6);
    return base;
}

static const char facts_sql[] =
    "SELECT s.id, s.observation_id, s.time, s.decoy, s.service, s.grade, s.near_distance, s.near_length, s.part, "
    "s.found_in, s.reason, s.source, s.port, s.via, s.client, s.context, s.drill, s.token, s.actor, s.incident, "
    "t.id, t.kind, t.form, t.identity, t.bound, t.state, t.minted, t.expires, t.owner, t.contact, t.memo, "
    "t.secret_bits, (SELECT min(f.first_seen) FROM fold f JOIN sighting v ON v.number = f.sighting "
    "WHERE f.token = t.number AND v.drill = s.drill), "
    "c.id, c.address, c.first_seen, c.sightings, i.id, "
    "p.id, p.place, " ROW_WHERE ", p.planted, p.state, p.lure, p.owner, p.uprooted, "
    "json_extract(p.meta, '$.shared'), " ROTATED("w.planted") ", " ROTATED("w.id") ", "
    "p.arguments ->> '$.department', p.arguments ->> '$.manager' "
    "FROM sighting s JOIN token t ON t.number = s.token JOIN actor c ON c.number = s.actor "
    "JOIN incident i ON i.number = s.incident LEFT JOIN placement p ON p.token = coalesce(t.beside, t.number) WHERE s.number = ?";

static int insert_alert(struct making *making, const char *type, bool create, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger, "INSERT INTO alert (number, id, incident, sighting, token, time, type, activity, "
        "severity, grade, title, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, making->number);
    ledger_bind_id(statement, 2, &making->id);
    if (making->facts != NULL) {
        sqlite3_bind_int64(statement, 3, sqlite3_column_int64(making->facts, S_INCIDENT));
        sqlite3_bind_int64(statement, 4, making->told->sighting);
        sqlite3_bind_int64(statement, 5, sqlite3_column_int64(making->facts, S_TOKEN));
    }
    sqlite3_bind_int64(statement, 6, making->now);
    ledger_bind_text(statement, 7, slice_of(type));
    ledger_bind_text(statement, 8, slice_of(create ? "create" : "update"));
    ledger_bind_text(statement, 9, slice_of(severity_name(making->severity)));
    ledger_bind_text(statement, 10, slice_of(making->grade));
    ledger_bind_text(statement, 11, slice_of(making->title));
    ledger_bind_text(statement, 12, buffer_slice(making->out));
    return ledger_run(making->derivation->ledger, statement, error);
}

static int insert_delivery(struct making *making, const char *route, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger, "INSERT INTO delivery (id, alert, route, rank, state, due, next, deadline, made) "
        "VALUES (?1, ?2, ?3, ?4, 'waiting', 1, ?5, ?6, ?5) ON CONFLICT (alert, route) DO NOTHING", error);
    struct id name = {{0}}, id;

    if (statement == NULL)
        return -1;
    crypto_generichash(name.bytes, ID_BYTES, (const unsigned char *)route, strlen(route), NULL, 0);
    id = derived_id(making->derivation->keyring, 'd', making->id, name, 0);
    ledger_bind_id(statement, 1, &id);
    sqlite3_bind_int64(statement, 2, making->number);
    ledger_bind_text(statement, 3, slice_of(route));
    sqlite3_bind_int(statement, 4, making->severity);
    sqlite3_bind_int64(statement, 5, making->now);
    sqlite3_bind_int64(statement, 6, making->derivation->running + DERIVE_KEPT_US);
    return ledger_run(making->derivation->ledger, statement, error);
}

static int insert_deliveries(struct making *making, const char *but, struct error *error)
{
    const struct configuration *configuration = making->derivation->configuration;
    size_t i;

    for (i = 0; i < configuration->route_count; i++) {
        if (but != NULL && strcmp(configuration->routes[i].name, but) == 0)
            continue;
        if (insert_delivery(making, configuration->routes[i].name, error) < 0)
            return -1;
    }
    making->derivation->alerts++;
    return 0;
}

static int next_number(struct making *making, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(making->derivation->ledger,
                                               "SELECT max(coalesce(max(number), 0), 0) + 1 FROM alert", error);

    if (statement == NULL || ledger_step(making->derivation->ledger, statement, error) != 1)
        return -1;
    making->number = making->sequence = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return 0;
}

/* What was done with it, as the title says. */
static const char *deed(const struct making *making)
{
    if (strcmp(making->grade, "beacon") == 0)
        return "fetched";
    if (strcmp(making->grade, "key-offered") == 0)
        return "offered without a proof";
    if (strcmp(making->grade, "identity") != 0)
        return "used";
    return sqlite3_column_type(making->facts, S_DISTANCE) != SQLITE_NULL ? "identity tried with a wrong secret"
                                                                        : "identity named without its secret";
}

/* The title's parts come from us, but for the address, which is one. */
static void make_title(struct making *making)
{
    struct slice kind = ledger_column(making->facts, T_KIND), decoy = ledger_column(making->facts, S_DECOY);
    struct slice source = ledger_column(making->facts, S_SOURCE);
    struct address address = {{0}};
    char text[ADDRESS_TEXT];

    if (source.length == ADDRESS_BYTES)
        memcpy(address.bytes, source.data, ADDRESS_BYTES);
    if (sqlite3_column_int(making->facts, S_DRILL) != 0)
        snprintf(making->title, sizeof making->title, "DRILL, no attack: planted %.*s used at %.*s by sundew drill",
                 (int)kind.length, (const char *)kind.data, (int)decoy.length, (const char *)decoy.data);
    else if (making->told->list)
        snprintf(making->title, sizeof making->title, "%" PRId64 " more sightings of what was planted, last at %.*s from %s",
                 making->told->count, (int)decoy.length, (const char *)decoy.data, address_text(&address, text));
    else
        snprintf(making->title, sizeof making->title, "Planted %.*s %s at %.*s from %s%s", (int)kind.length,
                 (const char *)kind.data, deed(making), (int)decoy.length, (const char *)decoy.data,
                 address_text(&address, text), making->told->count > 1 ? ", again" : "");
}

static int fill_sighting(struct making *making, struct error *error)
{
    struct slice grade = ledger_column(making->facts, S_GRADE);

    snprintf(making->grade, sizeof making->grade, "%.*s", (int)grade.length, (const char *)grade.data);
    making->severity = sqlite3_column_int(making->facts, S_DRILL) != 0
                           ? SEVERITY_INFORMATIONAL
                           : grade_severity(grade, sqlite3_column_int(making->facts, T_BITS));
    making->id = derived_id(making->derivation->keyring, 'a', ledger_column_id(making->facts, S_ID),
                            ledger_column_id(making->facts, I_ID), making->told->list);
    make_title(making);
    return making_sighting(making, error);
}

int record_sighting(struct derivation *derivation, const struct told *told, int64_t now, struct error *error)
{
    struct making making = {derivation, &derivation->record, NULL, told, .now = now};
    int result = -1;

    making.facts = ledger_statement(derivation->ledger, facts_sql, error);
    if (making.facts == NULL || next_number(&making, error) < 0)
        return -1;
    sqlite3_bind_int64(making.facts, 1, told->sighting);
    if (ledger_step(derivation->ledger, making.facts, error) != 1)
        return -1;
    if (fill_sighting(&making, error) == 0 && insert_alert(&making, "sighting", told->create, error) == 0 &&
        insert_deliveries(&making, NULL, error) == 0)
        result = 0;
    sqlite3_reset(making.facts);
    return result;
}

int record_deliveries(struct derivation *derivation, struct id alert, int64_t number, enum severity severity,
                      int64_t now, struct error *error)
{
    const struct configuration *configuration = derivation->configuration;
    struct making making = {.derivation = derivation, .id = alert, .number = number, .severity = severity, .now = now};

    for (size_t i = 0; i < configuration->route_count; i++)
        if (insert_delivery(&making, configuration->routes[i].name, error) < 0)
            return -1;
    return 0;
}

int derive_route_alert(struct derivation *derivation, const char *route, int64_t failures, const char *text,
                       int64_t now, struct error *error)
{
    struct making making = {derivation, &derivation->record, .now = now, .severity = SEVERITY_HIGH, .grade = "route"};

    if (next_number(&making, error) < 0)
        return -1;
    making.id = id_ordered(now);
    snprintf(making.title, sizeof making.title, "Alert route %.100s fails: alerts do not arrive there", route);
    making_route(&making, route, failures, text);
    if (making.out->failed)
        return error_set(error, "an alert's record does not fit");
    if (insert_alert(&making, "route", true, error) < 0)
        return -1;
    return insert_deliveries(&making, route, error);
}

int derive_heartbeat(struct derivation *derivation, const struct route *route, int64_t now, struct error *error)
{
    struct making making = {derivation, &derivation->record, .now = now, .severity = SEVERITY_INFORMATIONAL,
                            .grade = "heartbeat", .title = "Heartbeat: Sundew watches, and this route takes what it tells"};
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "SELECT coalesce(min(number), 0) - 1 FROM alert WHERE number < 0", error);

    if (statement == NULL || next_number(&making, error) < 0 || ledger_step(derivation->ledger, statement, error) != 1)
        return -1;
    making.sequence--; /* the last alert's */
    making.number = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    making.id = id_ordered(now);
    return making_heartbeat(&making, route, error) < 0 || insert_alert(&making, "heartbeat", true, error) < 0
               ? -1
               : insert_delivery(&making, route->name, error);
}
