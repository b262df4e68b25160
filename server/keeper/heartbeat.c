/* SPDX-License-Identifier: ISC
 *
 * The part of outbox.h for heartbeats. One row of `alert` for each route, under a number below 0: outside the alerts'
 * sequence. The next one replaces it, once it has been delivered or given up. */
#include "server/keeper/outbox.h"

#define SECOND_US 1000000LL

/* The last one of a route. */
struct beat {
    int64_t number; /* 0: there was none */
    int64_t time;
    bool waiting;
};

static int64_t interval_of(const struct outbox *outbox, size_t route)
{
    return outbox->derivation->configuration->routes[route].heartbeat_s * SECOND_US;
}

static int read_beat(struct outbox *outbox, size_t route, struct beat *beat, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "SELECT a.number, a.time, d.state = 'waiting' FROM alert a JOIN delivery d ON d.alert = a.number "
        "AND d.route = ? WHERE a.number < 0", error);
    int found;

    *beat = (struct beat){0};
    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(outbox->routes[route].name));
    found = ledger_step(outbox->ledger, statement, error);
    if (found == 1) {
        *beat = (struct beat){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                              sqlite3_column_int(statement, 2) != 0};
        sqlite3_reset(statement);
    }
    return found < 0 ? -1 : 0;
}

/* A last one that lies ahead comes from a clock that was set back. */
static bool is_due(const struct outbox *outbox, size_t route, const struct beat *beat, int64_t now)
{
    return beat->number == 0 || (!beat->waiting && (beat->time > now || now - beat->time >= interval_of(outbox, route)));
}

bool outbox_beat_due(struct outbox *outbox, int64_t now)
{
    struct error ignored;
    struct beat beat;

    for (size_t i = 0; i < outbox->route_count; i++)
        if (interval_of(outbox, i) > 0 && read_beat(outbox, i, &beat, &ignored) == 0 && is_due(outbox, i, &beat, now))
            return true;
    return false;
}

static int drop(struct outbox *outbox, int64_t number, struct error *error)
{
    static const char *const texts[] = {"DELETE FROM delivery WHERE alert = ?", "DELETE FROM alert WHERE number = ?"};

    for (size_t i = 0; number < 0 && i < sizeof texts / sizeof texts[0]; i++) {
        sqlite3_stmt *statement = ledger_statement(outbox->ledger, texts[i], error);

        if (statement == NULL)
            return -1;
        sqlite3_bind_int64(statement, 1, number);
        if (ledger_run(outbox->ledger, statement, error) < 0)
            return -1;
    }
    return 0;
}

static int beat_route(struct outbox *outbox, size_t route, int64_t now, struct error *error)
{
    struct beat beat;

    if (read_beat(outbox, route, &beat, error) < 0)
        return -1;
    if (!is_due(outbox, route, &beat, now))
        return 0;
    return drop(outbox, beat.number, error) < 0
               ? -1
               : derive_heartbeat(outbox->derivation, &outbox->derivation->configuration->routes[route], now, error);
}

int outbox_beat(struct outbox *outbox, int64_t now, struct error *error)
{
    for (size_t i = 0; i < outbox->route_count; i++)
        if (interval_of(outbox, i) > 0 && beat_route(outbox, i, now, error) < 0)
            return -1;
    return 0;
}
