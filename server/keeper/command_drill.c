/* SPDX-License-Identifier: ISC
 *
 * drill: which tokens, and for each what the planter needs at the door; "drilling": the planter stands there, its use
 * is announced; "drilled": how far the alert has come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/listing.h"
#include "server/keeper/order.h"
#include "server/keeper/token.h"

#define PAGE 1024        /* rows looked at in one turn */
#define LOOKED_AT 10000  /* newest rows among which a token of each kind is chosen; older ones for decoys without any */
#define SIGHTINGS "512"  /* the same of a drill's sighting */

/* ---- drill ---- */

static void add_listeners(const struct decoy *decoy, struct buffer *json)
{
    json_member_open(json, "listeners");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < decoy->listener_count; i++) {
        buffer_add_text(json, i > 0 ? ",{" : "{");
        json_member_text(json, "address", decoy->listeners[i].address);
        json_member_number(json, "port", decoy->listeners[i].port);
        json_member_text(json, "tls", tls_mode_name(decoy->listeners[i].tls));
        buffer_add_char(json, '}');
    }
    buffer_add_char(json, ']');
}

static void add_proxies(const struct configuration *configuration, struct buffer *json)
{
    json_member_open(json, "proxies");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < configuration->proxy_count; i++) {
        const struct network *network = &configuration->proxies[i];
        char address[ADDRESS_TEXT], text[ADDRESS_TEXT + 8];

        snprintf(text, sizeof text, "%s/%d", address_text(&network->address, address),
                 address_is_v4(&network->address) ? network->bits - 96 : network->bits);
        json_element(json, slice_of(text));
    }
    buffer_add_char(json, ']');
}

static void job_json(const struct request *request, const struct order *order, struct buffer *json)
{
    const struct decoy *decoy = order->decoy;
    char id[ID_TEXT];

    buffer_add_char(json, '{');
    json_member_text(json, "token", id_text(order->token, 't', id));
    json_member_text(json, "kind", order->kind);
    json_member_text(json, "identity", order->identity);
    json_member_text(json, "domain", request->keeper->configuration->domain);
    if (decoy != NULL) {
        json_member_text(json, "decoy", decoy->name);
        json_member_text(json, "service", decoy->service);
        json_member_text(json, "site", decoy->site);
        json_member_text(json, "host", decoy->name_count > 0 ? decoy->names[0] : "");
        json_member_bool(json, "proxy", decoy->proxy);
        add_proxies(request->keeper->configuration, json);
        add_listeners(decoy, json);
    }
    buffer_add_char(json, '}');
}

/* The record first: no secret leaves without it. */
static int record(struct request *request, const struct order *order, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct buffer details;
    char id[ID_TEXT];
    int result;

    buffer_init(&details, CHANNEL_MESSAGE);
    json_member_text(&details, "decoy", order->decoy->name);
    if (ledger_begin(ledger, error) != 0) {
        buffer_free(&details);
        return -1;
    }
    result = order_operation(request, "drill", id_text(order->token, 't', id), buffer_text(&details), error);
    buffer_free(&details);
    if (result == 0)
        return ledger_commit(ledger, error);
    ledger_rollback(ledger);
    return -1;
}

/* One job, with the secret behind it; a token whose decoy is gone has none. -1: the request was ended. */
static int send_job(struct request *request, struct id token)
{
    struct order order;
    struct buffer json;
    struct error error;
    int result;

    order_init(&order);
    buffer_init(&json, CHANNEL_MESSAGE);
    result = order_load(request, token, &order);
    if (result == 0) {
        job_json(request, &order, &json);
        if (order.decoy != NULL && record(request, &order, &error) != 0) {
            request_fail(request, &error);
            result = -1;
        }
    }
    if (result == 0) {
        request_row(request, "job", SLICE_NONE, buffer_slice(&json));
        if (order.decoy != NULL)
            request_row(request, "file", slice_of("secret"), buffer_slice(&order.secret));
    }
    buffer_free(&json);
    order_free(&order);
    return result;
}

/* ---- which: of each decoy and kind the newest armed token, planted ones before others ---- */

struct choosing {
    uint16_t port; /* only decoys with such a listener; 0: all */
    size_t way;
    int64_t before, looked_at; /* the page's end; rows looked at in this way */
    size_t at;                 /* of those chosen, the next to be sent */
    int count;                 /* sent */
    size_t decoys;
    struct {
        int64_t number; /* 0: none */
        struct id id;
    } chosen[];         /* of each decoy its kinds */
};

static const char *const kinds[] = {
#define KIND(symbol, name, summary, forms, opens, bound, proofs) name,
#include "server/wire/tables/kinds.def"
#undef KIND
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static const char *const ways[] = {
    "SELECT p.number, t.number, t.id, t.decoy, t.kind, t.state = 'armed' AND p.planted IS NOT NULL AND p.uprooted IS NULL"
    " FROM (SELECT number, token, planted, uprooted FROM placement WHERE number < ?1 ORDER BY number DESC LIMIT ?2) p"
    " JOIN token t ON t.number = p.token",
    "SELECT number, number, id, decoy, kind, state = 'armed' FROM token WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
};
#define WAYS (sizeof ways / sizeof ways[0])

static bool has_port(const struct decoy *decoy, uint16_t port)
{
    bool has = port == 0;

    for (size_t i = 0; i < decoy->listener_count && !has; i++)
        has = decoy->listeners[i].port == port;
    return has;
}

/* The place in `chosen`, or SIZE_MAX. */
static size_t place_of(const struct configuration *configuration, uint16_t port, struct slice decoy, struct slice kind)
{
    for (size_t i = 0; i < configuration->decoy_count; i++)
        for (size_t k = 0; slice_is(decoy, configuration->decoys[i].name) && k < KINDS; k++)
            if (slice_is(kind, kinds[k]) && has_port(&configuration->decoys[i], port))
                return i * KINDS + k;
    return SIZE_MAX;
}

/* Has every decoy a token? */
static bool is_enough(const struct configuration *configuration, const struct choosing *choosing)
{
    bool every = true;

    for (size_t i = 0; i < choosing->decoys && every; i++) {
        every = !has_port(&configuration->decoys[i], choosing->port);
        for (size_t k = 0; k < KINDS && !every; k++)
            every = choosing->chosen[i * KINDS + k].number > 0;
    }
    return every;
}

/* What was found in an earlier way stays. */
static void consider(const struct request *request, struct choosing *choosing, sqlite3_stmt *row)
{
    int64_t number = sqlite3_column_int64(row, 1);
    size_t place = place_of(request->keeper->configuration, choosing->port, ledger_column(row, 3), ledger_column(row, 4));

    if (place == SIZE_MAX || number <= choosing->chosen[place].number ||
        (choosing->way > 0 && choosing->chosen[place].number > 0))
        return;
    choosing->chosen[place].number = number;
    choosing->chosen[place].id = ledger_column_id(row, 2);
}

static int look(const struct request *request, struct choosing *choosing, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, ways[choosing->way], error);
    int64_t end = choosing->before;
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, end);
    sqlite3_bind_int64(statement, 2, PAGE);
    while ((found = ledger_step(ledger, statement, error)) == 1) {
        end = sqlite3_column_int64(statement, 0) < end ? sqlite3_column_int64(statement, 0) : end;
        if (sqlite3_column_int(statement, 5) != 0)
            consider(request, choosing, statement);
    }
    choosing->looked_at += PAGE;
    if (end == choosing->before ||
        (choosing->looked_at >= LOOKED_AT && is_enough(request->keeper->configuration, choosing))) {
        choosing->way++;
        choosing->looked_at = 0;
        end = INT64_MAX;
    }
    choosing->before = end;
    return found;
}

static int read_port(struct request *request, const char *name, uint16_t *port)
{
    char *text = request_text(request, name), *end = NULL;
    unsigned long value = text != NULL ? strtoul(text, &end, 10) : 0;
    bool good = text != NULL && *text != '\0' && *end == '\0' && value > 0 && value <= 65535;

    if (!good)
        request_done(request, REQUEST_USAGE, "--%s \"%.20s\" is no port; give a number from 1 to 65535", name,
                     text != NULL ? text : "");
    *port = (uint16_t)value;
    free(text);
    return good ? 0 : -1;
}

static void end_drill(struct request *request, int count, uint16_t port)
{
    if (count == 0 && port != 0)
        request_done(request, REQUEST_WANTING, "no armed token opens a decoy with a listener on port %u; `sundew decoys` "
                                               "lists them", port);
    else if (count == 0)
        request_done(request, REQUEST_WANTING, "there is no armed token whose secret opens a decoy; plant one, such as "
                                               "by `sundew plant password file:PATH`, and drill it");
    else if (count > 0)
        request_done(request, REQUEST_DONE, "%s", "");
}

static void resume(struct request *request)
{
    struct choosing *choosing = request->state;
    struct error error;

    if (choosing->way < WAYS) {
        if (look(request, choosing, &error) < 0)
            request_fail(request, &error);
        return;
    }
    while (choosing->at < choosing->decoys * KINDS && choosing->chosen[choosing->at].number == 0)
        choosing->at++;
    if (choosing->at == choosing->decoys * KINDS)
        end_drill(request, choosing->count, choosing->port);
    else if (send_job(request, choosing->chosen[choosing->at++].id) == 0)
        choosing->count++;
}

static void choose(struct request *request, uint16_t port)
{
    size_t decoys = request->keeper->configuration->decoy_count;
    struct choosing *choosing = calloc(1, sizeof *choosing + decoys * KINDS * sizeof choosing->chosen[0]);

    if (choosing == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    choosing->port = port;
    choosing->decoys = decoys;
    choosing->before = INT64_MAX;
    request->state = choosing;
    request->release = free;
    request->resume = resume;
}

static int send_named(struct request *request)
{
    int count = 0;

    for (size_t i = 0; i < request->command->argument_count; i++) {
        const struct argument *argument = &request->command->arguments[i];
        char *text;
        struct id token;

        if (!slice_is(argument->name, "token"))
            continue;
        text = slice_copy(argument->value);
        if (text == NULL || id_parse(text, 't', &token) != 0) {
            request_done(request, REQUEST_USAGE, "\"%.60s\" is not the id of a token; `sundew tokens` lists them",
                         text != NULL ? text : "");
            count = -1;
        } else {
            count = send_job(request, token) != 0 ? -1 : count + 1;
        }
        free(text);
        if (count < 0)
            return -1;
    }
    return count;
}

void command_drill(struct request *request)
{
    uint16_t port = 0;

    if (request_has(request, "port") && read_port(request, "port", &port) != 0)
        return;
    if (request_has(request, "token"))
        end_drill(request, send_named(request), port);
    else
        choose(request, port);
}

/* ---- drilling ---- */

static int read_drill(struct request *request, struct drill *drill)
{
    struct slice decoy = request_slice(request, "decoy");
    char *address = request_text(request, "address");
    struct error error;
    struct id token;
    int result = -1;

    if (request_id(request, "token", 't', &token) != 0 || read_port(request, "port", &drill->port) != 0 ||
        read_port(request, "local", &drill->local_port) != 0)
        goto out;
    drill->token = token_number(&request->keeper->ledger, token, &error);
    if (drill->token < 0)
        request_fail(request, &error);
    else if (drill->token == 0)
        request_unknown(request, 't', token);
    else if (address == NULL || address_parse(address, &drill->source) != 0 || decoy.length == 0 ||
             decoy.length >= sizeof drill->decoy)
        request_done(request, REQUEST_USAGE, "address or decoy are damaged");
    else
        result = 0;
    if (result == 0)
        memcpy(drill->decoy, decoy.data, decoy.length);
out:
    free(address);
    return result;
}

void command_drilling(struct request *request)
{
    struct drill drill = {.token = 0};
    struct buffer row;
    struct error error;
    char now[CLOCK_TEXT];

    if (read_drill(request, &drill) != 0)
        return;
    if (drills_announce(&request->keeper->observer.drills, &drill, clock_monotonic(), &error) != 0) {
        request_fail(request, &error);
        return;
    }
    buffer_init(&row, CHANNEL_MESSAGE);
    buffer_add_char(&row, '{');
    json_member_text(&row, "since", clock_text(clock_wall(), now));
    buffer_add_char(&row, '}');
    request_json(request, &row);
    buffer_free(&row);
    request_done(request, REQUEST_DONE, "%s", "");
}

/* ---- drilled ---- */

/* The drill's own sighting before others of the token since then. */
static const char drilled_sql[] =
    "SELECT json_object('sighting', id_text('s', s.id), 'drill', json(iif(s.drill, 'true', 'false')),"
    " 'address', address_text(s.source), 'grade', s.grade, 'alert', id_text('a', a.id),"
    " 'deliveries', (SELECT json_group_array(json_object('route', d.route, 'state', d.state,"
    " 'ms', iif(d.state = 'delivered', max(1, (d.done - s.time + 500) / 1000), NULL), 'attempts', d.attempts,"
    " 'status', nullif(d.status, 0), 'text', d.text)) FROM delivery d WHERE d.alert = a.number))"
    " FROM sighting s LEFT JOIN alert a ON a.sighting = s.number"
    " WHERE s.number IN (SELECT * FROM (SELECT number FROM sighting WHERE token = (SELECT number FROM token WHERE id = ?1)"
    " ORDER BY number DESC LIMIT " SIGHTINGS ") UNION ALL SELECT * FROM (SELECT number FROM sighting WHERE drill = 1"
    " ORDER BY number DESC LIMIT " SIGHTINGS ")) AND s.token = (SELECT number FROM token WHERE id = ?1) AND s.time >= ?2"
    " ORDER BY s.drill AND s.port = ?3 DESC, s.number DESC LIMIT 1";

void command_drilled(struct request *request)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement;
    struct id token;
    uint16_t port;
    int64_t since = 0;
    int found;

    if (request_id(request, "token", 't', &token) != 0 || read_port(request, "port", &port) != 0 ||
        request_time(request, "since", &since) != 0)
        return;
    statement = ledger_statement(ledger, drilled_sql, &error);
    if (statement == NULL) {
        request_fail(request, &error);
        return;
    }
    ledger_bind_id(statement, 1, &token);
    sqlite3_bind_int64(statement, 2, since);
    sqlite3_bind_int(statement, 3, port);
    found = ledger_step(ledger, statement, &error);
    if (found == 1)
        request_row(request, "row", SLICE_NONE, ledger_column(statement, 0));
    sqlite3_reset(statement);
    if (found < 0)
        request_fail(request, &error);
    else
        request_done(request, REQUEST_DONE, "%s", "");
}
