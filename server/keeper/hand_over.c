/* SPDX-License-Identifier: ISC
 *
 * The part of outbox.h for routes that are gone. */
#include <stdio.h>
#include "server/base/log.h"
#include "server/keeper/outbox.h"
#include "server/keeper/record.h"

#define ROUTE 256

bool outbox_has(const struct outbox *outbox, struct slice route)
{
    size_t i;

    for (i = 0; i < outbox->route_count; i++) {
        if (slice_is(route, outbox->routes[i].name))
            return true;
    }
    return false;
}

/* The next route after *route that deliveries wait for and the configuration does not have; 1, 0, or -1. */
static int next_gone(struct outbox *outbox, char route[ROUTE], struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "SELECT route FROM delivery WHERE state = 'waiting' AND due = 1 AND route > ? "
        "ORDER BY route LIMIT 1", error);
    struct slice name;
    bool known;
    int found;

    if (statement == NULL)
        return -1;
    do {
        ledger_bind_text(statement, 1, slice_of(route));
        found = ledger_step(outbox->ledger, statement, error);
        if (found != 1)
            return found;
        name = ledger_column(statement, 0);
        known = outbox_has(outbox, name);
        snprintf(route, ROUTE, "%.*s", (int)name.length, (const char *)name.data);
        sqlite3_reset(statement);
    } while (known);
    return 1;
}

static int bury(struct outbox *outbox, int64_t number, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "UPDATE delivery SET state = 'dead', due = 0, done = ?2, status = NULL, text = 'the "
        "configuration has no route of this name any more; the alert went to the routes that it has' "
        "WHERE number = ?1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, now);
    return ledger_run(outbox->ledger, statement, error);
}

/* 1, 0 when nothing waits for that route any more, or -1. */
static int hand_over_one(struct outbox *outbox, const char *route, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "SELECT d.number, d.rank, a.number, a.id FROM delivery d JOIN alert a ON a.number = d.alert "
        "WHERE d.route = ? AND d.state = 'waiting' AND d.due = 1 ORDER BY d.rank, d.number DESC LIMIT 1", error);
    int64_t number, rank, alert;
    struct id id;
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(route));
    found = ledger_step(outbox->ledger, statement, error);
    if (found != 1)
        return found;
    number = sqlite3_column_int64(statement, 0);
    rank = sqlite3_column_int64(statement, 1);
    alert = sqlite3_column_int64(statement, 2);
    id = ledger_column_id(statement, 3);
    sqlite3_reset(statement);
    if (alert > 0 && /* a heartbeat is nobody else's */
        record_deliveries(outbox->derivation, id, alert, (enum severity)rank, now, error) < 0)
        return -1;
    return bury(outbox, number, now, error) < 0 ? -1 : 1;
}

int outbox_hand_over(struct outbox *outbox, int64_t now, struct error *error)
{
    char route[ROUTE] = "";
    int64_t count;
    int found = 0, more;

    while (outbox->route_count > 0 && (found = next_gone(outbox, route, error)) == 1) {
        for (count = 0; (more = hand_over_one(outbox, route, now, error)) == 1; count++)
            ;
        if (more < 0)
            return -1;
        log_warning("the configuration has no route %s any more: %lld alerts that waited for it go to the other routes",
                    route, (long long)count);
    }
    return found;
}
