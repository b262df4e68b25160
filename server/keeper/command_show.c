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

static const char actor_sql[] =
    "SELECT json_set(" ROW_ACTOR ", '$.uses', " SIGHTINGS("s.actor = c.number") ") FROM actor c WHERE c.id = ?1";

static const char alert_sql[] =
    "SELECT json_set(" ROW_ALERT ", '$.deliveries', " DELIVERIES("d.alert = a.number")
    ", '$.record', json(a.record)) FROM alert a WHERE a.id = ?1";

static const char delivery_sql[] =
    "SELECT json_set(" ROW_DELIVERY ", '$.alerts', " ALERTS("a.number = d.alert") ") FROM delivery d WHERE d.id = ?1";

static const char operation_sql[] =
    "SELECT " ROW_OPERATION " FROM operation x WHERE substr(x.digest, 1, 16) = ?1";

static const char observation_sql[] =
    "SELECT json_set(" ROW_OBSERVATION ", '$.sightings', " SIGHTINGS("s.observation = o.seq")
    "), o.flow, o.presented FROM observation o WHERE o.seq ="
    " coalesce((SELECT observation FROM sighting WHERE observation_id = ?1),"
    " (SELECT seq FROM observation WHERE id = ?1))";

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

static int show_observation(struct request *request, struct id id)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    struct buffer json;
    sqlite3_stmt *statement = ledger_statement(ledger, observation_sql, &error);
    int result = -1;

    buffer_init(&json, JOBS_RESULT);
    if (statement != NULL) {
        ledger_bind_id(statement, 1, &id);
        result = ledger_step(ledger, statement, &error);
    }
    if (result == 1) {
        struct slice head = ledger_column(statement, 0);

        buffer_add(&json, head.data, head.length - 1);
        add_flow(&json, ledger_column(statement, 1));
        add_presented(&json, ledger_column(statement, 2));
        buffer_add_char(&json, '}');
        request_json(request, &json);
    }
    if (statement != NULL)
        sqlite3_reset(statement);
    if (result < 0)
        request_fail(request, &error);
    buffer_free(&json);
    return result;
}

/* 1 when a sighting tells of it: then the command was ended. */
static int dropped_observation(struct request *request, struct id id)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement =
        ledger_statement(ledger, "SELECT id_text('s', id) FROM sighting WHERE observation_id = ?1", &error);
    int found = 0;

    if (statement == NULL)
        return 0;
    ledger_bind_id(statement, 1, &id);
    found = ledger_step(ledger, statement, &error);
    if (found == 1)
        request_done(request, REQUEST_FAILED, "that observation was dropped (retention:); of its sighting %s is kept "
                     "that it happened", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_reset(statement);
    return found == 1;
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
    case 'c':
        return listing_one(request, "row", actor_sql, id);
    case 'a':
        return listing_one(request, "row", alert_sql, id);
    case 'd':
        return listing_one(request, "row", delivery_sql, id);
    case 'x':
        return listing_one(request, "row", operation_sql, id);
    default:
        return show_observation(request, id);
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
        else if (result == 0 && (text[0] != 'o' || dropped_observation(request, id) == 0))
            request_unknown(request, text[0], id);
    }
    free(text);
}
