/* SPDX-License-Identifier: ISC */
#include "server/keeper/making.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"

#define OTHERS 10
#define SHORT_TEXT 200  /* bytes */
#define SHORT_JSON 8192

/* ---- members ---- */

static void member_id(struct buffer *out, const char *name, char letter, struct id id)
{
    char text[ID_TEXT];

    json_member_text(out, name, id_text(id, letter, text));
}

static void member_time(struct buffer *out, const char *name, int64_t time)
{
    char text[CLOCK_TEXT];

    json_member_text(out, name, clock_text(time, text));
}

static void member_text(struct making *making, const char *name, struct slice text)
{
    if (making->most > 0 && text.length > making->most)
        text.length = making->most;
    json_member(making->out, name, text);
}

static void column_text(struct making *making, const char *name, enum fact fact)
{
    if (sqlite3_column_type(making->facts, fact) == SQLITE_NULL)
        json_member_null(making->out, name);
    else
        member_text(making, name, ledger_column(making->facts, fact));
}

static void column_id(struct making *making, const char *name, char letter, enum fact fact)
{
    member_id(making->out, name, letter, ledger_column_id(making->facts, fact));
}

static void column_time(struct making *making, const char *name, enum fact fact)
{
    if (sqlite3_column_type(making->facts, fact) == SQLITE_NULL)
        json_member_null(making->out, name);
    else
        member_time(making->out, name, sqlite3_column_int64(making->facts, fact));
}

static void column_address(struct making *making, const char *name, enum fact fact)
{
    struct slice bytes = ledger_column(making->facts, fact);
    char text[ADDRESS_TEXT];
    struct address address;

    if (bytes.length != ADDRESS_BYTES)
        return;
    memcpy(address.bytes, bytes.data, ADDRESS_BYTES);
    json_member_text(making->out, name, address_text(&address, text));
}

/* A column that holds JSON: taken over only when it is well formed, else `otherwise`. */
static void column_json(struct making *making, const char *name, enum fact fact, const char *otherwise)
{
    struct slice text = ledger_column(making->facts, fact);
    json_t *tree = text.length > 0 ? json_loadb((const char *)text.data, text.length, 0, NULL) : NULL;

    json_member_open(making->out, name);
    if (tree != NULL && (making->most == 0 || text.length <= SHORT_JSON) &&
        (json_is_object(tree) ? '{' : '[') == otherwise[0])
        buffer_add_slice(making->out, text);
    else
        buffer_add_text(making->out, otherwise);
    json_decref(tree);
}

/* ---- parts of the record ---- */

/* Is the word among the sighting's context? */
static bool has_context(const struct making *making, const char *word)
{
    struct slice context = ledger_column(making->facts, S_CONTEXT);

    return context.length > 0 && memmem(context.data, context.length, word, strlen(word)) != NULL;
}

static const char *certainty(const struct making *making)
{
    struct slice grade = slice_of(making->grade);

    if (making->facts == NULL)
        return "possible";
    if (slice_is(grade, "secret"))
        return has_context(making, "\"proof\"") ? "certain: knowledge of the planted secret was proven"
                                                : "certain: the planted secret was presented";
    if (slice_is(grade, "secret-elsewhere"))
        return has_context(making, "\"proof\"") ? "certain: knowledge of the planted secret was proven, out of its place"
                                                : "certain: the planted secret was presented, out of its place";
    if (slice_is(grade, "key-offered"))
        return "high: the public half of a planted key was offered";
    if (slice_is(grade, "identity"))
        return "high: an identity that exists only in this lure was presented";
    if (slice_is(grade, "beacon"))
        return "low: an address that exists only in this lure was fetched";
    return "possible";
}

static void add_token(struct making *making)
{
    struct buffer *out = making->out;

    json_member_open(out, "token");
    buffer_add_char(out, '{');
    column_id(making, "token", 't', T_ID);
    column_text(making, "kind", T_KIND);
    column_text(making, "form", T_FORM);
    column_text(making, "identity", T_IDENTITY);
    json_member_bool(out, "bound", sqlite3_column_int(making->facts, T_BOUND) != 0);
    column_text(making, "state", T_STATE);
    column_time(making, "minted", T_MINTED);
    column_time(making, "expires", T_EXPIRES);
    column_text(making, "owner", T_OWNER);
    column_text(making, "contact", T_CONTACT);
    column_text(making, "memo", T_MEMO);
    json_member_number(out, "secret_bits", sqlite3_column_int64(making->facts, T_BITS));
    column_time(making, "first_used", T_FIRST_USED);
    buffer_add_char(out, '}');
}

/* What lies in the same artifact: where one was read, so was the other. */
static int add_beside(struct making *making, struct error *error)
{
    struct buffer *out = making->out;
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger,
        "SELECT id, kind, form, identity, beside IS NOT NULL FROM token WHERE number = (SELECT beside FROM token WHERE"
        " number = ?1) UNION ALL SELECT id, kind, form, identity, 1 FROM token WHERE beside = ?1", error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, sqlite3_column_int64(making->facts, S_TOKEN));
    found = ledger_step(making->derivation->ledger, statement, error);
    if (found == 1) {
        json_member_open(out, "beside");
        buffer_add_char(out, '{');
        member_id(out, "token", 't', ledger_column_id(statement, 0));
        json_member(out, "kind", ledger_column(statement, 1));
        json_member(out, "form", ledger_column(statement, 2));
        member_text(making, "identity", ledger_column(statement, 3));
        json_member_text(out, "seen", sqlite3_column_int(statement, 4) != 0 ? "vendor" : "here");
        buffer_add_char(out, '}');
    } else if (found == 0) {
        json_member_null(out, "beside");
    }
    sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

static void add_placement(struct making *making)
{
    struct buffer *out = making->out;

    if (sqlite3_column_type(making->facts, P_ID) == SQLITE_NULL) {
        json_member_null(out, "placement");
        return;
    }
    json_member_open(out, "placement");
    buffer_add_char(out, '{');
    column_id(making, "placement", 'p', P_ID);
    column_text(making, "place", P_PLACE);
    column_json(making, "where", P_LOCATION, "{}");
    column_time(making, "planted", P_PLANTED);
    column_text(making, "state", P_STATE);
    column_text(making, "lure", P_LURE);
    column_text(making, "owner", P_OWNER);
    column_text(making, "department", P_DEPARTMENT);
    column_text(making, "manager", P_MANAGER);
    column_time(making, "uprooted", P_UPROOTED);
    column_time(making, "rotated", P_ROTATED);
    if (sqlite3_column_type(making->facts, P_SUCCESSOR) == SQLITE_NULL)
        json_member_null(out, "successor");
    else
        column_id(making, "successor", 'p', P_SUCCESSOR);
    column_json(making, "shared", P_SHARED, "{}");
    buffer_add_char(out, '}');
}

static void add_sighting(struct making *making)
{
    struct buffer *out = making->out;

    json_member_open(out, "sighting");
    buffer_add_char(out, '{');
    column_id(making, "sighting", 's', S_ID);
    column_id(making, "observation", 'o', S_OBSERVATION);
    column_time(making, "time", S_TIME);
    column_text(making, "decoy", S_DECOY);
    column_text(making, "service", S_SERVICE);
    column_text(making, "grade", S_GRADE);
    if (sqlite3_column_type(making->facts, S_DISTANCE) == SQLITE_NULL) {
        json_member_null(out, "near");
    } else {
        json_member_open(out, "near");
        buffer_add_char(out, '{');
        json_member_number(out, "distance", sqlite3_column_int64(making->facts, S_DISTANCE));
        json_member_number(out, "length", sqlite3_column_int64(making->facts, S_LENGTH));
        buffer_add_char(out, '}');
    }
    column_text(making, "part", S_PART);
    column_text(making, "found_in", S_FOUND_IN);
    column_text(making, "reason", S_REASON);
    column_json(making, "context", S_CONTEXT, "[]");
    buffer_add_char(out, '}');
}

/* What that source did before: counted in all, hit or miss. */
static int add_earlier(struct making *making, struct error *error)
{
    struct slice source = ledger_column(making->facts, S_SOURCE);
    struct address address = {{0}};
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger,
        "SELECT coalesce(sum(count), 0), min(first), max(last) FROM noise WHERE prefix = ?", error);
    int64_t count;

    if (statement == NULL)
        return -1;
    if (source.length == ADDRESS_BYTES)
        memcpy(address.bytes, source.data, ADDRESS_BYTES);
    address = address_prefix(&address);
    ledger_bind_blob(statement, 1, (struct slice){address.bytes, ADDRESS_BYTES});
    if (ledger_step(making->derivation->ledger, statement, error) != 1)
        return -1;
    count = sqlite3_column_int64(statement, 0);
    json_member_open(making->out, "earlier");
    buffer_add_char(making->out, '{');
    json_member_number(making->out, "observations", count > 0 ? count - 1 : 0);
    if (count > 1) {
        member_time(making->out, "first", sqlite3_column_int64(statement, 1));
        member_time(making->out, "last", sqlite3_column_int64(statement, 2));
    } else {
        json_member_null(making->out, "first");
        json_member_null(making->out, "last");
    }
    buffer_add_char(making->out, '}');
    sqlite3_reset(statement);
    return 0;
}

static int add_source(struct making *making, struct error *error)
{
    struct buffer *out = making->out;

    json_member_open(out, "source");
    buffer_add_char(out, '{');
    column_address(making, "address", S_SOURCE);
    json_member_number(out, "port", sqlite3_column_int64(making->facts, S_PORT));
    column_json(making, "via", S_VIA, "[]");
    if (add_earlier(making, error) < 0)
        return -1;
    buffer_add_char(out, '}');
    column_json(making, "client", S_CLIENT, "{}");
    return 0;
}

/* Tokens that the actor was seen with: all their ids, and facts on those that are not this one. */
static int add_actor(struct making *making, struct error *error)
{
    struct buffer *out = making->out;
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger, "SELECT DISTINCT t.id FROM fold f JOIN token t ON t.number = f.token "
        "WHERE f.actor = ? ORDER BY t.number LIMIT 100", error);
    char text[ID_TEXT];
    int found;

    if (statement == NULL)
        return -1;
    json_member_open(out, "actor");
    buffer_add_char(out, '{');
    column_id(making, "actor", 'c', C_ID);
    column_address(making, "address", C_ADDRESS);
    json_member_open(out, "tokens");
    buffer_add_char(out, '[');
    sqlite3_bind_int64(statement, 1, sqlite3_column_int64(making->facts, S_ACTOR));
    while ((found = ledger_step(making->derivation->ledger, statement, error)) == 1)
        json_element(out, slice_of(id_text(ledger_column_id(statement, 0), 't', text)));
    buffer_add_char(out, ']');
    column_time(making, "first_seen", C_FIRST_SEEN);
    json_member_number(out, "sightings", sqlite3_column_int64(making->facts, C_SIGHTINGS));
    buffer_add_char(out, '}');
    return found;
}

static int add_others(struct making *making, struct error *error)
{
    struct buffer *out = making->out;
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger, "SELECT t.id, t.kind, t.identity, max(f.last_seen) AS seen FROM fold f "
        "JOIN token t ON t.number = f.token WHERE f.actor = ? AND f.token <> ? GROUP BY f.token "
        "ORDER BY seen DESC LIMIT ?", error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, sqlite3_column_int64(making->facts, S_ACTOR));
    sqlite3_bind_int64(statement, 2, sqlite3_column_int64(making->facts, S_TOKEN));
    sqlite3_bind_int(statement, 3, sqlite3_column_int(making->facts, S_DRILL) != 0 ? 0 : OTHERS);
    json_member_open(out, "others");
    buffer_add_char(out, '[');
    while ((found = ledger_step(making->derivation->ledger, statement, error)) == 1) {
        if (out->data[out->length - 1] != '[')
            buffer_add_char(out, ',');
        buffer_add_char(out, '{');
        member_id(out, "token", 't', ledger_column_id(statement, 0));
        json_member(out, "kind", ledger_column(statement, 1));
        member_text(making, "identity", ledger_column(statement, 2));
        member_time(out, "time", sqlite3_column_int64(statement, 3));
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
    return found;
}

/* In an update that lists all: this page's tokens, actors and grades with how often. */
static int add_folded(struct making *making, struct error *error)
{
    struct buffer *out = making->out;
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger,
        "SELECT t.id, t.kind, t.identity, p.id, s.id, c.id, c.address, f.grade, f.unsent, f.last_seen FROM fold f "
        "JOIN token t ON t.number = f.token JOIN actor c ON c.number = f.actor JOIN sighting s ON s.number = f.sighting "
        "LEFT JOIN placement p ON p.token = coalesce(t.beside, t.number) "
        "WHERE f.incident = ? AND f.unsent > 0 AND f.sighting <= ? ORDER BY f.sighting", error);
    int found;
    char text[ADDRESS_TEXT];

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, sqlite3_column_int64(making->facts, S_INCIDENT));
    sqlite3_bind_int64(statement, 2, making->told->upto);
    json_member_open(out, "folded");
    buffer_add_char(out, '[');
    while ((found = ledger_step(making->derivation->ledger, statement, error)) == 1) {
        struct slice bytes = ledger_column(statement, 6);
        struct address address = {{0}};

        if (bytes.length == ADDRESS_BYTES)
            memcpy(address.bytes, bytes.data, ADDRESS_BYTES);
        buffer_add_text(out, out->data[out->length - 1] != '[' ? ",{" : "{");
        member_id(out, "token", 't', ledger_column_id(statement, 0));
        json_member(out, "kind", ledger_column(statement, 1));
        member_text(making, "identity", ledger_column(statement, 2));
        if (ledger_column(statement, 3).length == ID_BYTES)
            member_id(out, "placement", 'p', ledger_column_id(statement, 3));
        member_id(out, "sighting", 's', ledger_column_id(statement, 4));
        member_id(out, "actor", 'c', ledger_column_id(statement, 5));
        json_member_text(out, "address", address_text(&address, text));
        json_member(out, "grade", ledger_column(statement, 7));
        json_member_number(out, "count", sqlite3_column_int64(statement, 8));
        member_time(out, "time", sqlite3_column_int64(statement, 9));
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
    return found;
}

static void add_chain(struct making *making)
{
    const struct chain *chain = &making->derivation->observer->durable;
    char hex[2 * CHAIN_BYTES + 1];

    json_member_open(making->out, "chain");
    buffer_add_char(making->out, '{');
    json_member_number(making->out, "sequence", chain->sequence);
    json_member_text(making->out, "head", sodium_bin2hex(hex, sizeof hex, chain->head, CHAIN_BYTES));
    buffer_add_char(making->out, '}');
}

static void add_head(struct making *making, const char *type, bool create, bool drill)
{
    struct buffer *out = making->out;

    buffer_clear(out);
    buffer_add_char(out, '{');
    member_id(out, "alert", 'a', making->id);
    if (making->facts != NULL)
        column_id(making, "incident", 'i', I_ID);
    else
        json_member_null(out, "incident");
    json_member_number(out, "sequence", making->sequence);
    member_time(out, "time", making->now);
    json_member_text(out, "activity", create ? "create" : "update");
    json_member_text(out, "type", type);
    json_member_text(out, "severity", severity_name(making->severity));
    json_member_text(out, "grade", making->grade);
    json_member_text(out, "certainty", certainty(making));
    json_member_text(out, "title", making->title);
    json_member_bool(out, "drill", drill);
}

static void add_installation(struct making *making)
{
    const struct configuration *configuration = making->derivation->configuration;

    json_member_open(making->out, "installation");
    buffer_add_char(making->out, '{');
    json_member_text(making->out, "organisation", configuration->organisation);
    json_member_text(making->out, "domain", configuration->domain);
    buffer_add_char(making->out, '}');
}

static void add_span(struct making *making, int64_t count, int64_t first, int64_t last)
{
    json_member_number(making->out, "count", count);
    member_time(making->out, "first_seen", first);
    member_time(making->out, "last_seen", last);
}

static int write_sighting(struct making *making, struct error *error)
{
    const struct told *told = making->told;

    add_head(making, "sighting", told->create, sqlite3_column_int(making->facts, S_DRILL) != 0);
    add_span(making, told->count, told->first_seen, told->last_seen);
    add_installation(making);
    add_token(making);
    if (add_beside(making, error) < 0)
        return -1;
    add_placement(making);
    add_sighting(making);
    if (add_source(making, error) < 0 || add_actor(making, error) < 0 || add_others(making, error) < 0 ||
        (told->list && add_folded(making, error) < 0))
        return -1;
    add_chain(making);
    json_member_null(making->out, "route");
    buffer_add_char(making->out, '}');
    return 0;
}

/* Long texts of operators' (memo, owner, paths) may not keep an alert, and with it all that come later, from going. */
int making_sighting(struct making *making, struct error *error)
{
    making->most = 0;
    if (write_sighting(making, error) < 0)
        return -1;
    if (making->out->failed) {
        making->most = SHORT_TEXT;
        if (write_sighting(making, error) < 0)
            return -1;
    }
    return making->out->failed ? error_set(error, "an alert's record does not fit") : 0;
}

/* What only a sighting has. */
static void add_nothing(struct making *making)
{
    static const char *const names[] = {"token", "placement", "sighting", "source", "client", "actor"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        json_member_null(making->out, names[i]);
    json_member_open(making->out, "others");
    buffer_add_text(making->out, "[]");
}

void making_route(struct making *making, const char *route, int64_t failures, const char *text)
{
    add_head(making, "route", true, false);
    add_span(making, failures, making->now, making->now);
    add_installation(making);
    add_nothing(making);
    add_chain(making);
    json_member_open(making->out, "route");
    buffer_add_char(making->out, '{');
    json_member_text(making->out, "name", route);
    json_member_number(making->out, "failures", failures);
    json_member_text(making->out, "text", text);
    buffer_add_text(making->out, "}}");
}

static int add_route_state(struct making *making, const struct route *route, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        making->derivation->ledger, "SELECT count(*) FROM (SELECT 1 FROM delivery WHERE route = ? AND state = 'waiting' "
        "AND due = 1 LIMIT 100000)", error);

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(route->name));
    if (ledger_step(making->derivation->ledger, statement, error) != 1)
        return -1;
    json_member_open(making->out, "heartbeat");
    buffer_add_char(making->out, '{');
    json_member_number(making->out, "interval", route->heartbeat_s);
    json_member_number(making->out, "waiting", sqlite3_column_int64(statement, 0));
    json_member_number(making->out, "backlog", derive_backlog(making->derivation));
    buffer_add_char(making->out, '}');
    sqlite3_reset(statement);
    return 0;
}

int making_heartbeat(struct making *making, const struct route *route, struct error *error)
{
    add_head(making, "heartbeat", true, false);
    add_span(making, 1, making->now, making->now);
    add_installation(making);
    add_nothing(making);
    add_chain(making);
    if (add_route_state(making, route, error) < 0)
        return -1;
    json_member_open(making->out, "route");
    buffer_add_char(making->out, '{');
    json_member_text(making->out, "name", route->name);
    buffer_add_text(making->out, "}}");
    return making->out->failed ? error_set(error, "a heartbeat's record does not fit") : 0;
}
