/* SPDX-License-Identifier: ISC
 *
 * show: one whole object by its id, with what belongs to it. Of long lists the last SHOW_LIST. */
#include <stdlib.h>
#include <string.h>
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/listing.h"
#include "server/keeper/rows.h"

/* A JSON array of `row` objects, oldest first. */
#define SHOW_LIST 100
#define LIST(row, from, number)                                                                                        \
    "json((SELECT json_group_array(json(j)) FROM (SELECT n, j FROM (SELECT " number " AS n, " row " AS j"              \
    " FROM " from " ORDER BY " number " DESC LIMIT 100) ORDER BY n)))"

#define SIGHTINGS(where) LIST(ROW_SIGHTING, "sighting s WHERE " where, "s.number")
#define ALERTS(where) LIST(ROW_ALERT, "alert a WHERE " where, "a.number")
#define TOKENS(where) LIST(ROW_TOKEN, "token t WHERE " where, "t.number")
#define PLACEMENTS(where) LIST(ROW_PLACEMENT, "placement p WHERE " where, "p.number")
#define DELIVERIES(where) LIST(ROW_DELIVERY, "delivery d WHERE " where, "d.number")

static const char token_sql[] =
    "SELECT json_set(" ROW_TOKEN ", '$.placements', " PLACEMENTS("p.token = coalesce(t.beside, t.number)")
    ", '$.sightings', " SIGHTINGS("s.token = t.number") ", '$.alerts', " ALERTS("a.token = t.number")
    ") FROM token t WHERE t.id = ?1";

static const char placement_sql[] =
    "SELECT json_set(" ROW_PLACEMENT ", '$.meta', json(p.meta), '$.tokens', " TOKENS("t.number = p.token OR t.beside = p.token")
    ", '$.sightings', " SIGHTINGS("s.token = p.token") ") FROM placement p WHERE p.id = ?1";

static const char sighting_sql[] =
    "SELECT json_set(" ROW_SIGHTING ", '$.tokens', " TOKENS("t.number = s.token")
    ", '$.placements', " PLACEMENTS("p.token = " LIES("s.token"))
    ", '$.alerts', " ALERTS("a.sighting = s.number") ") FROM sighting s WHERE s.id = ?1";

static const char incident_sql[] =
    "SELECT json_set(" ROW_INCIDENT ", '$.sightings', " SIGHTINGS("s.incident = i.number")
    ", '$.alerts', " ALERTS("a.incident = i.number") ") FROM incident i WHERE i.id = ?1";

/* ?2: JSON array of the sightings' numbers */
static const char actor_sql[] =
    "SELECT json_set(" ROW_ACTOR ", '$.uses', " SIGHTINGS("s.number IN (SELECT value FROM json_each(?2))")
    ") FROM actor c WHERE c.number = ?1";

static const char alert_sql[] =
    "SELECT json_set(" ROW_ALERT ", '$.deliveries', " DELIVERIES("d.alert = a.number")
    ", '$.record', json(a.record)) FROM alert a WHERE a.id = ?1";

static const char delivery_sql[] =
    "SELECT json_set(" ROW_DELIVERY ", '$.alerts', " ALERTS("a.number = d.alert") ") FROM delivery d WHERE d.id = ?1";

static const char operation_sql[] = "SELECT " ROW_OPERATION " FROM operation x WHERE x.seq = ?1";

static const char observation_sql[] =
    "SELECT json_set(" ROW_OBSERVATION ", '$.sightings', " SIGHTINGS("s.observation = o.seq")
    "), o.flow, o.presented FROM observation o WHERE o.seq = ?1";

static const char *part_name(uint8_t part)
{
    static const char *const names[] = {
        [CANDIDATE_IDENTITY] = "identity", [CANDIDATE_SECRET] = "secret", [CANDIDATE_EITHER] = "either",
        [CANDIDATE_PUBLIC] = "public",     [CANDIDATE_PROOF] = "proof",
    };

    return part < sizeof names / sizeof names[0] && names[part] != NULL ? names[part] : "";
}

static void add_classes(struct buffer *json, uint8_t classes)
{
    static const char *const names[] = {"lower", "upper", "digit", "space", "punctuation", "control", "high"};

    json_member_open(json, "classes");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (classes & 1u << i)
            json_element(json, slice_of(names[i]));
    buffer_add_char(json, ']');
}

/* What is kept of each candidate: never its text. */
static void add_presented(struct buffer *json, struct slice packed)
{
    struct reader reader = reader_of(packed);
    struct presented presented;

    json_member_open(json, "presented");
    buffer_add_char(json, '[');
    while (presented_next(&reader, &presented)) {
        if (json->data[json->length - 1] != '[')
            buffer_add_char(json, ',');
        buffer_add_char(json, '{');
        json_member_text(json, "part", part_name(presented.part));
        json_member_number(json, "pair", presented.pair);
        json_member(json, "where", presented.where);
        json_member_number(json, "length", presented.length);
        add_classes(json, presented.classes);
        buffer_add_char(json, '}');
    }
    buffer_add_char(json, ']');
}

static void add_flow(struct buffer *json, struct slice packed)
{
    struct flow flow;
    char text[ADDRESS_TEXT];

    if (packed.length == 0 || flow_unpack(packed, &flow) != 0)
        return;
    json_member_open(json, "via");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < flow.via_count; i++)
        json_element(json, slice_of(address_text(&flow.via[i], text)));
    buffer_add_char(json, ']');
    json_member_open(json, "local");
    buffer_add_char(json, '{');
    json_member_text(json, "address", address_text(&flow.local, text));
    json_member_number(json, "port", flow.local_port);
    buffer_add_char(json, '}');
    json_member_number(json, "connection", (int64_t)flow.connection);
    json_member_number(json, "request", flow.request);
}

/* ---- what no index finds, newest first, a page a turn ---- */

#define PAGE " LIMIT 2048"

struct search {
    struct id id;
    char letter;
    int64_t actor;       /* number; 0: what has that id is looked for */
    size_t table;
    int64_t before;      /* number that the next page ends before; 0: that was all */
    size_t want, count;
    int64_t found[SHOW_LIST];
};

static void add_numbers(struct buffer *json, const struct search *search)
{
    buffer_add_char(json, '[');
    for (size_t i = 0; i < search->count; i++)
        buffer_add_format(json, "%s%lld", i > 0 ? "," : "", (long long)search->found[i]);
    buffer_add_char(json, ']');
}

static int show_found(struct request *request, const struct search *search, const char *sql, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct buffer json;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    int result;

    if (statement == NULL)
        return -1;
    buffer_init(&json, JOBS_RESULT);
    sqlite3_bind_int64(statement, 1, search->actor != 0 ? search->actor : search->found[0]);
    if (search->actor != 0) {
        add_numbers(&json, search);
        ledger_bind_text(statement, 2, buffer_slice(&json));
    }
    result = ledger_step(ledger, statement, error);
    if (result == 1) {
        struct slice head = ledger_column(statement, 0);

        buffer_clear(&json);
        buffer_add(&json, head.data, head.length - 1);
        if (sql == observation_sql) {
            add_flow(&json, ledger_column(statement, 1));
            add_presented(&json, ledger_column(statement, 2));
        }
        buffer_add_char(&json, '}');
        request_json(request, &json);
        request_done(request, REQUEST_DONE, "%s", "");
    }
    sqlite3_reset(statement);
    buffer_free(&json);
    return result < 0 ? -1 : 0;
}

static int tell_dropped(struct request *request, const struct search *search, const char *sql, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, search->found[0]);
    found = ledger_step(ledger, statement, error);
    if (found == 1)
        request_done(request, REQUEST_FAILED, "that observation was dropped (retention:); of its sighting %s is kept "
                     "that it happened", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_reset(statement);
    return found == 1 ? 0 : -1;
}

/* Numbers, and whether it is looked for. */
#define LOOK(number, id, table)                                                                                        \
    "SELECT " number ", " id " = ?2 FROM " table " WHERE " number " < ?1 ORDER BY " number " DESC" PAGE

/* Of an observation that was dropped its sighting tells. */
static const struct {
    char letter;
    const char *look;
    int (*show)(struct request *request, const struct search *search, const char *sql, struct error *error);
    const char *sql;
} tables[] = {
    {'x', LOOK("seq", "substr(digest, 1, 16)", "operation"), show_found, operation_sql},
    {'o', LOOK("seq", "id", "observation"), show_found, observation_sql},
    {'o', LOOK("number", "observation_id", "sighting"), tell_dropped,
     "SELECT id_text('s', id) FROM sighting WHERE number = ?1"},
    {'c', LOOK("number", "actor", "sighting"), show_found, actor_sql},
};
static const size_t table_count = sizeof tables / sizeof tables[0];

/* Through one page. */
static int look(struct request *request, struct search *search, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, tables[search->table].look, error);
    int64_t before = 0;
    int found = 1;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, search->before);
    if (search->actor != 0)
        sqlite3_bind_int64(statement, 2, search->actor);
    else
        ledger_bind_id(statement, 2, &search->id);
    while (search->count < search->want && (found = ledger_step(ledger, statement, error)) == 1) {
        before = sqlite3_column_int64(statement, 0);
        if (sqlite3_column_int(statement, 1) != 0)
            search->found[search->count++] = before;
    }
    sqlite3_reset(statement);
    search->before = before;
    return found < 0 ? -1 : 0;
}

static void next_table(struct search *search)
{
    do
        search->table++;
    while (search->table < table_count && tables[search->table].letter != search->letter);
    search->before = INT64_MAX;
}

static void resume(struct request *request)
{
    struct search *search = request->state;
    struct error error;
    int result = look(request, search, &error);

    if (result == 0 && search->count < search->want && search->before > 0)
        return;
    if (result == 0 && (search->count > 0 || search->actor != 0))
        result = tables[search->table].show(request, search, tables[search->table].sql, &error);
    else if (result == 0)
        next_table(search);
    if (result < 0)
        request_fail(request, &error);
    else if (search->table == table_count)
        request_unknown(request, search->letter, search->id);
}

/* Its number, and how many sightings are to be found. 1, 0, -1. */
static int read_actor(struct request *request, struct search *search, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT number, sightings FROM actor WHERE id = ?1", error);
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &search->id);
    found = ledger_step(ledger, statement, error);
    if (found == 1) {
        search->actor = sqlite3_column_int64(statement, 0);
        if (sqlite3_column_int64(statement, 1) < SHOW_LIST)
            search->want = (size_t)sqlite3_column_int64(statement, 1);
        sqlite3_reset(statement);
    }
    return found;
}

/* As listing_one(); -1 also: the request goes on. */
static int search(struct request *request, char letter, struct id id)
{
    struct search *search = calloc(1, sizeof *search);
    struct error error;
    int found = 1;

    if (search == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return -1;
    }
    *search = (struct search){.id = id, .letter = letter, .table = SIZE_MAX, .want = letter == 'c' ? SHOW_LIST : 1};
    request->state = search;
    request->release = free;
    next_table(search);
    if (letter == 'c')
        found = read_actor(request, search, &error);
    if (found < 0)
        request_fail(request, &error);
    if (found != 1)
        return found;
    request->resume = resume;
    return -1;
}

static int show(struct request *request, char letter, struct id id)
{
    switch (letter) {
    case 't':
        return listing_one(request, "row", token_sql, id);
    case 'p':
        return listing_one(request, "row", placement_sql, id);
    case 's':
        return listing_one(request, "row", sighting_sql, id);
    case 'i':
        return listing_one(request, "row", incident_sql, id);
    case 'a':
        return listing_one(request, "row", alert_sql, id);
    case 'd':
        return listing_one(request, "row", delivery_sql, id);
    default:
        return search(request, letter, id);
    }
}

void command_show(struct request *request)
{
    char *text = request_text(request, "id");
    struct id id;
    int result;

    if (text == NULL || strchr("tpsicadxo", text[0]) == NULL || id_parse(text, text[0], &id) != 0) {
        request_done(request, REQUEST_USAGE,
                     "\"%.60s\" is no id; an id is one of t p s i c a d x o, \"-\" and 26 letters and digits, as the "
                     "listings show them",
                     text != NULL ? text : "");
    } else {
        result = show(request, text[0], id);
        if (result == 1)
            request_done(request, REQUEST_DONE, "%s", "");
        else if (result == 0)
            request_unknown(request, text[0], id);
    }
    free(text);
}
