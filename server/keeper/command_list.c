/* SPDX-License-Identifier: ISC
 *
 * tokens placements sightings incidents actors alerts deliveries operations watch */
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/listing.h"
#include "server/keeper/rows.h"

static const char *const kinds[] = {
#define KIND(symbol, name, summary, forms, opens, bound, proofs) name,
#include "server/wire/tables/kinds.def"
#undef KIND
    NULL,
};

static const char *const token_states[] = {"armed", "retired", NULL};
static const char *const placement_states[] = {"planned", "there", "moved", "changed", "gone", "unknown", NULL};
static const char *const grades[] = {"secret", "secret-elsewhere", "key-offered", "identity", "spray", "beacon",
                                     "noise", NULL};
static const char *const incident_states[] = {"open", "closed", NULL};
static const char *const delivery_states[] = {"waiting", "delivered", "dead", NULL};

void command_tokens(struct request *request)
{
    static const struct listing listing = {
        "SELECT t.number, iif((?2 IS NULL OR t.kind = ?2) AND (?3 IS NULL OR t.state = ?3)"
        " AND (?4 IS NULL OR t.decoy = ?4), " ROW_TOKEN ", NULL)"
        " FROM token t WHERE t.number > ?1 ORDER BY t.number" ROWS_PAGE,
        {{"kind", FILTER_TEXT, kinds}, {"state", FILTER_TEXT, token_states}, {"decoy", FILTER_DECOY, NULL}},
    };

    listing_run(request, &listing, "row");
}

void command_placements(struct request *request)
{
    static const struct listing listing = {
        "SELECT p.number, iif((?2 IS NULL OR p.state = ?2) AND (?3 IS NULL OR p.token = ?3), " ROW_PLACEMENT ", NULL)"
        " FROM placement p WHERE p.number > ?1 ORDER BY p.number" ROWS_PAGE,
        {{"state", FILTER_TEXT, placement_states}, {"token", FILTER_TOKEN, NULL}},
    };

    listing_run(request, &listing, "row");
}

void command_sightings(struct request *request)
{
    static const struct listing listing = {
        "SELECT s.number, iif((?2 IS NULL OR s.token = ?2) AND (?3 IS NULL OR s.grade = ?3)"
        " AND (?4 IS NULL OR s.time >= ?4), " ROW_SIGHTING ", NULL)"
        " FROM sighting s WHERE s.number > ?1 ORDER BY s.number" ROWS_PAGE,
        {{"token", FILTER_TOKEN, NULL}, {"grade", FILTER_TEXT, grades}, {"since", FILTER_TIME, NULL}},
    };

    listing_run(request, &listing, "row");
}

void command_incidents(struct request *request)
{
    static const struct listing listing = {
        "SELECT i.number, iif(?2 IS NULL OR i.state = ?2, " ROW_INCIDENT ", NULL)"
        " FROM incident i WHERE i.number > ?1 ORDER BY i.number" ROWS_PAGE,
        {{"state", FILTER_TEXT, incident_states}},
    };

    listing_run(request, &listing, "row");
}

void command_actors(struct request *request)
{
    static const struct listing listing = {
        "SELECT c.number, " ROW_ACTOR " FROM actor c WHERE c.number > ?1 ORDER BY c.number" ROWS_PAGE,
        {{NULL, FILTER_TEXT, NULL}},
    };

    listing_run(request, &listing, "row");
}

void command_alerts(struct request *request)
{
    static const struct listing listing = {
        "SELECT a.number, iif((?2 IS NULL OR a.token = ?2) AND (?3 IS NULL OR a.time >= ?3), " ROW_ALERT ", NULL)"
        " FROM alert a WHERE a.number > ?1 ORDER BY a.number" ROWS_PAGE,
        {{"token", FILTER_TOKEN, NULL}, {"since", FILTER_TIME, NULL}},
    };

    listing_run(request, &listing, "row");
}

void command_deliveries(struct request *request)
{
    static const struct listing listing = {
        "SELECT d.number, iif((?2 IS NULL OR d.state = ?2) AND (?3 IS NULL OR d.route = ?3), " ROW_DELIVERY ", NULL)"
        " FROM delivery d WHERE d.number > ?1 ORDER BY d.number" ROWS_PAGE,
        {{"state", FILTER_TEXT, delivery_states}, {"route", FILTER_ROUTE, NULL}},
    };

    listing_run(request, &listing, "row");
}

void command_operations(struct request *request)
{
    static const struct listing listing = {
        "SELECT x.seq, " ROW_OPERATION " FROM operation x WHERE x.seq > ?1 ORDER BY x.seq" ROWS_PAGE,
        {{NULL, FILTER_TEXT, NULL}},
    };

    listing_run(request, &listing, "row");
}

/* The last sighting there is; its id goes to the client, which may have to come back. -1: the command was ended. */
static int tell_last(struct request *request, int64_t *number)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *last = ledger_statement(ledger, "SELECT number, id_text('s', id) FROM sighting"
                                                  " ORDER BY number DESC LIMIT 1", &error);
    int found = last == NULL ? -1 : ledger_step(ledger, last, &error);

    if (found < 0) {
        request_fail(request, &error);
        return -1;
    }
    *number = found == 1 ? sqlite3_column_int64(last, 0) : 0;
    request_row(request, "behind", found == 1 ? ledger_column(last, 1) : SLICE_NONE, SLICE_NONE);
    sqlite3_reset(last);
    return 0;
}

/* Of the sighting named by "after". -1: the command was ended. */
static int number_of(struct request *request, int64_t *number)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *found;
    struct id id;
    int result;

    if (request_id(request, "after", 's', &id) < 0)
        return -1;
    found = ledger_statement(ledger, "SELECT number FROM sighting WHERE id = ?1", &error);
    if (found != NULL)
        ledger_bind_id(found, 1, &id);
    result = found == NULL ? -1 : ledger_step(ledger, found, &error);
    if (result < 0)
        request_fail(request, &error);
    else if (result == 0)
        request_unknown(request, 's', id);
    else
        *number = sqlite3_column_int64(found, 0);
    if (found != NULL)
        sqlite3_reset(found);
    return result == 1 ? 0 : -1;
}

void command_watch(struct request *request)
{
    static const struct listing listing = {
        "SELECT s.number, " ROW_SIGHTING " FROM sighting s WHERE s.number > ?1 ORDER BY s.number" ROWS_PAGE,
        {{NULL, FILTER_TEXT, NULL}},
    };
    int64_t after = 0;

    if (!request_has(request, "after")) {
        if (tell_last(request, &after) < 0)
            return;
    } else if (request_slice(request, "after").length > 0 && number_of(request, &after) < 0) {
        return;
    }
    listing_follow(request, &listing, after);
}
