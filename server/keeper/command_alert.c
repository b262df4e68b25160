/* SPDX-License-Identifier: ISC
 *
 * routes replay ack */
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/listing.h"
#include "server/keeper/order.h"
#include "server/keeper/rows.h"

/* ---- routes: those of the configuration, then those that only the ledger still knows ---- */

#define ROUTE_COUNTS                                                                                                   \
    " 'waiting', (SELECT count(*) FROM delivery WHERE state = 'waiting' AND due = 1 AND route = n.name) +"             \
    " (SELECT count(*) FROM delivery WHERE state = 'waiting' AND due = 0 AND route = n.name),"                         \
    " 'delivered', (SELECT count(*) FROM delivery WHERE state = 'delivered' AND route = n.name),"                      \
    " 'dead', (SELECT count(*) FROM delivery WHERE state = 'dead' AND route = n.name),"                                \
    " 'failures', coalesce(r.failures, 0), 'succeeded', time_text(r.succeeded), 'failed', time_text(r.failed),"        \
    " 'status', nullif(r.status, 0), 'text', r.text"

/* Without user information and query, which may hold secrets of the receiver's. */
static void show_url(struct buffer *out, const char *url)
{
    const char *host = strstr(url, "://"), *at;
    size_t scheme = host != NULL ? (size_t)(host + 3 - url) : 0, length;

    host = url + scheme;
    length = strcspn(host, "/?#");
    at = memrchr(host, '@', length);
    if (at != NULL) {
        length -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    length += strcspn(host + length, "?#");
    (void)buffer_add(out, url, scheme);
    (void)buffer_add(out, host, length);
}

static int configured_route(struct request *request, const struct route *route, struct error *error)
{
    static const char sql[] = "SELECT json_object('route', n.name, 'format', ?2, 'url', ?3, 'configured', json('true'),"
                              ROUTE_COUNTS ") FROM (SELECT ?1 AS name) n LEFT JOIN route r ON r.name = n.name";
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    struct buffer url;
    int result = -1;

    buffer_init(&url, CHANNEL_MESSAGE);
    show_url(&url, route->url);
    if (statement != NULL) {
        ledger_bind_text(statement, 1, slice_of(route->name));
        ledger_bind_text(statement, 2, slice_of(route->format));
        ledger_bind_text(statement, 3, buffer_slice(&url));
        result = ledger_step(ledger, statement, error);
        if (result == 1)
            request_row(request, "row", SLICE_NONE, ledger_column(statement, 0));
        sqlite3_reset(statement);
    }
    buffer_free(&url);
    return result < 0 ? -1 : 0;
}

static bool is_configured(const struct configuration *configuration, struct slice name)
{
    for (size_t i = 0; i < configuration->route_count; i++)
        if (slice_is(name, configuration->routes[i].name))
            return true;
    return false;
}

static int former_routes(struct request *request, struct error *error)
{
    static const char sql[] = "SELECT n.name, json_object('route', n.name, 'format', NULL, 'url', NULL, 'configured',"
                              " json('false')," ROUTE_COUNTS ") FROM route n JOIN route r ON r.name = n.name"
                              " ORDER BY n.name";
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    int result;

    if (statement == NULL)
        return -1;
    while ((result = ledger_step(ledger, statement, error)) == 1)
        if (!is_configured(request->keeper->configuration, ledger_column(statement, 0)))
            request_row(request, "row", SLICE_NONE, ledger_column(statement, 1));
    return result;
}

void command_routes(struct request *request)
{
    const struct configuration *configuration = request->keeper->configuration;
    struct error error;
    int result = 0;

    for (size_t i = 0; i < configuration->route_count && result == 0; i++)
        result = configured_route(request, &configuration->routes[i], &error);
    if (result == 0)
        result = former_routes(request, &error);
    if (result != 0)
        request_fail(request, &error);
    else
        request_done(request, REQUEST_DONE, "%s", "");
}

/* ---- replay ---- */

/* 0, 1 when there is no such delivery, 2 when its route is gone, 3 when its alert was erased, -1. */
static int replay(struct request *request, struct id id, struct error *error)
{
    struct keeper *keeper = request->keeper;
    char text[ID_TEXT];
    int result;

    if (ledger_begin(&keeper->ledger, error) != 0)
        return -1;
    result = outbox_replay(&keeper->outbox, id, clock_wall(), clock_monotonic(), error);
    if (result == 0 && order_operation(request, "replay", id_text(id, 'd', text), "", error) == 0)
        return ledger_commit(&keeper->ledger, error);
    ledger_rollback(&keeper->ledger);
    return result > 0 ? result : -1;
}

void command_replay(struct request *request)
{
    struct error error;
    struct id id;
    int result;

    if (request_id(request, "delivery", 'd', &id) != 0)
        return;
    result = replay(request, id, &error);
    if (result == 1) {
        request_unknown(request, 'd', id);
    } else if (result == 2) {
        request_done(request, REQUEST_FAILED, "the configuration has no route of that name any more; put it back, run "
                                              "`sundew reload`, then replay");
    } else if (result == 3) {
        request_done(request, REQUEST_FAILED, "its alert was erased (retention:), so there is nothing left to send; "
                                              "`sundew show` tells of its sighting what is kept");
    } else if (result != 0) {
        request_fail(request, &error);
    } else {
        keeper_stir(request->keeper);
        if (listing_one(request, "row", "SELECT " ROW_DELIVERY " FROM delivery d WHERE d.id = ?1", id) == 1)
            request_done(request, REQUEST_DONE, "%s", "");
    }
}

/* ---- ack ---- */

static int update_incident(struct request *request, struct id id, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement =
        ledger_statement(ledger,
                         "UPDATE incident SET verdict = coalesce(?2, verdict), note = coalesce(?3, note),"
                         " state = iif(?2 IS NULL, state, 'closed'), closed = iif(?2 IS NULL, closed,"
                         " coalesce(closed, ?4)), updated = ?4 WHERE id = ?1",
                         error);

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &id);
    ledger_bind_text(statement, 2, request_slice(request, "verdict"));
    ledger_bind_text(statement, 3, request_slice(request, "note"));
    sqlite3_bind_int64(statement, 4, clock_wall());
    return ledger_run(ledger, statement, error);
}

/* 0, 1 when there is no such incident, -1. */
static int acknowledge(struct request *request, struct id id, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct buffer details;
    char text[ID_TEXT];
    int result = -1;

    buffer_init(&details, 2 * CHANNEL_MESSAGE);
    if (request_has(request, "verdict"))
        json_member(&details, "verdict", request_slice(request, "verdict"));
    if (request_has(request, "note"))
        json_member(&details, "note", request_slice(request, "note"));
    if (ledger_begin(ledger, error) != 0)
        goto out;
    if (update_incident(request, id, error) != 0) {
        ledger_rollback(ledger);
    } else if (sqlite3_changes(ledger->db) == 0) {
        ledger_rollback(ledger);
        result = 1;
    } else if (order_operation(request, "ack", id_text(id, 'i', text), buffer_text(&details), error) != 0) {
        ledger_rollback(ledger);
    } else {
        result = ledger_commit(ledger, error);
    }
out:
    buffer_free(&details);
    return result;
}

/* With a verdict the incident is closed: what comes after opens another and alerts at once. Without, it stays open:
 * somebody has seen it. */
void command_ack(struct request *request)
{
    struct error error;
    struct id id;
    int result;

    if (request_id(request, "incident", 'i', &id) != 0)
        return;
    if (request_slice(request, "verdict").data != NULL && request_slice(request, "verdict").length == 0) {
        request_done(request, REQUEST_USAGE, "--verdict is empty; say what it was, such as confirmed or false-alarm");
        return;
    }
    result = acknowledge(request, id, &error);
    if (result == 1)
        request_unknown(request, 'i', id);
    else if (result != 0)
        request_fail(request, &error);
    else if (listing_one(request, "row", "SELECT " ROW_INCIDENT " FROM incident i WHERE i.id = ?1", id) == 1)
        request_done(request, REQUEST_DONE, "%s", "");
}
