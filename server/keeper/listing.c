/* SPDX-License-Identifier: ISC */
#include "server/keeper/listing.h"
#include <stdlib.h>
#include "server/keeper/keeper.h"
#include "server/keeper/token.h"

#define PAGE_BYTES (128 * 1024) /* of rows, then the loop has its turn */

struct cursor {
    struct request *request;
    const struct listing *listing;
    const char *kind;
    int64_t after;
    bool follow;
    int64_t numbers[LISTING_FILTERS]; /* a token's row, a time */
    bool given[LISTING_FILTERS];
};

static void bind_filters(const struct cursor *cursor, sqlite3_stmt *statement)
{
    const struct listing_filter *filters = cursor->listing->filters;

    sqlite3_bind_int64(statement, 1, cursor->after);
    for (int i = 0; i < LISTING_FILTERS && filters[i].argument != NULL; i++) {
        if (!cursor->given[i])
            sqlite3_bind_null(statement, 2 + i);
        else if (filters[i].type == FILTER_TOKEN || filters[i].type == FILTER_TIME)
            sqlite3_bind_int64(statement, 2 + i, cursor->numbers[i]);
        else
            ledger_bind_text(statement, 2 + i, request_slice(cursor->request, filters[i].argument));
    }
}

/* One page. 1: there may be more; 0: that was the last row; -1: failed. */
static int page(struct cursor *cursor, struct error *error)
{
    struct ledger *ledger = &cursor->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, cursor->listing->sql, error);
    size_t bytes = 0;
    int result;

    if (statement == NULL)
        return -1;
    bind_filters(cursor, statement);
    while ((result = ledger_step(ledger, statement, error)) == 1) {
        struct slice json = ledger_column(statement, 1);

        cursor->after = sqlite3_column_int64(statement, 0);
        if (sqlite3_column_type(statement, 1) != SQLITE_NULL)
            request_row(cursor->request, cursor->kind, SLICE_NONE, json);
        bytes += json.length + 64;
        if (bytes > PAGE_BYTES || !request_ready(cursor->request))
            break;
    }
    sqlite3_reset(statement);
    return result;
}

static void resume(struct request *request)
{
    struct cursor *cursor = request->state;
    struct error error;
    int64_t before = cursor->after;
    int result = page(cursor, &error);

    if (result < 0)
        request_fail(request, &error);
    else if (result == 0 && cursor->after == before && cursor->follow)
        request->resume = NULL;
    else if (result == 0 && cursor->after == before)
        request_done(request, REQUEST_DONE, "%s", "");
}

static void derived(struct request *request)
{
    request->resume = resume;
    request_kick(request);
}

static int read_token(struct request *request, const char *argument, int64_t *number)
{
    struct error error;
    struct id id;

    if (request_id(request, argument, 't', &id) != 0)
        return -1;
    *number = token_number(&request->keeper->ledger, id, &error);
    if (*number < 0)
        request_fail(request, &error);
    else if (*number == 0)
        request_unknown(request, 't', id);
    return *number > 0 ? 0 : -1;
}

/* Names in the configuration, and those that the ledger still knows. */
static int check_name(struct request *request, const struct listing_filter *filter)
{
    const struct configuration *configuration = request->keeper->configuration;
    bool decoy = filter->type == FILTER_DECOY;
    const char *sql = decoy ? "SELECT 1 FROM decoy WHERE name = ?1" : "SELECT 1 FROM route WHERE name = ?1";
    size_t count = decoy ? configuration->decoy_count : configuration->route_count;
    struct error error;
    sqlite3_stmt *statement = ledger_statement(&request->keeper->ledger, sql, &error);
    const char **words = calloc(count + 1, sizeof *words);
    int result = -1;

    for (size_t i = 0; words != NULL && i < count; i++)
        words[i] = decoy ? configuration->decoys[i].name : configuration->routes[i].name;
    if (statement != NULL) {
        ledger_bind_text(statement, 1, request_slice(request, filter->argument));
        result = ledger_step(&request->keeper->ledger, statement, &error);
        sqlite3_reset(statement);
    }
    if (result < 0 || words == NULL)
        request_done(request, REQUEST_FAILED, "%s", words == NULL ? "no memory for a listing" : error.text);
    else
        result = result == 1 ? 0 : request_word(request, filter->argument, words);
    free(words);
    return result;
}

static int read_filter(struct cursor *cursor, int i)
{
    const struct listing_filter *filter = &cursor->listing->filters[i];
    struct request *request = cursor->request;

    cursor->given[i] = request_has(request, filter->argument);
    if (!cursor->given[i])
        return 0;
    switch (filter->type) {
    case FILTER_TOKEN:
        return read_token(request, filter->argument, &cursor->numbers[i]);
    case FILTER_TIME:
        return request_time(request, filter->argument, &cursor->numbers[i]);
    case FILTER_TEXT:
        return filter->words != NULL ? request_word(request, filter->argument, filter->words) : 0;
    default:
        return check_name(request, filter);
    }
}

static struct cursor *start(struct request *request, const struct listing *listing, const char *kind)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);

    if (cursor == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for a listing");
        return NULL;
    }
    *cursor = (struct cursor){.request = request, .listing = listing, .kind = kind};
    request->state = cursor;
    request->release = free;
    for (int i = 0; i < LISTING_FILTERS && listing->filters[i].argument != NULL; i++)
        if (read_filter(cursor, i) != 0)
            return NULL;
    request->resume = resume;
    return cursor;
}

void listing_run(struct request *request, const struct listing *listing, const char *kind)
{
    (void)start(request, listing, kind);
}

void listing_follow(struct request *request, const struct listing *listing, int64_t after)
{
    struct cursor *cursor = start(request, listing, "row");

    if (cursor == NULL)
        return;
    cursor->after = after;
    cursor->follow = true;
    request->derived = derived;
}

int listing_one(struct request *request, const char *kind, const char *sql, struct id id)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, &error);
    int result = -1;

    if (statement != NULL) {
        ledger_bind_id(statement, 1, &id);
        result = ledger_step(ledger, statement, &error);
        if (result == 1)
            request_row(request, kind, SLICE_NONE, ledger_column(statement, 0));
        sqlite3_reset(statement);
    }
    if (result < 0)
        request_fail(request, &error);
    return result;
}
