/* SPDX-License-Identifier: ISC */
#include "server/keeper/sources.h"

#include <stdlib.h>
#include <string.h>
#include "server/keeper/observe.h"

#define PLACES (BATCH_MESSAGES * 2)
#define HOUR_US 3600000000LL

struct sources {
    struct source entries[BATCH_MESSAGES + 1];
    size_t count;
    int16_t places[PLACES]; /* open addressing; -1: free */
    int64_t hour;
    int64_t fresh; /* sources first seen in this hour */
};

struct sources *sources_new(void)
{
    return calloc(1, sizeof(struct sources));
}

void sources_free(struct sources *sources)
{
    free(sources);
}

void sources_begin(struct sources *sources, int64_t now)
{
    int64_t hour = now - now % HOUR_US;

    if (hour != sources->hour)
        sources->fresh = 0;
    sources->hour = hour;
    sources->count = 0;
    memset(sources->places, 0xff, sizeof sources->places);
}

static size_t place_of(const struct address *prefix, struct slice decoy)
{
    uint64_t hash = 1469598103934665603ull;
    size_t i;

    for (i = 0; i < ADDRESS_BYTES; i++)
        hash = (hash ^ prefix->bytes[i]) * 1099511628211ull;
    for (i = 0; i < decoy.length; i++)
        hash = (hash ^ decoy.data[i]) * 1099511628211ull;
    return (hash ^ hash >> 32) % PLACES;
}

/* Rows that this source has already in this hour. *fresh: no counter bears its name yet. */
static int read_kept(struct sources *sources, struct ledger *ledger, struct source *source, bool *fresh,
                     struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        ledger, "SELECT count(*), coalesce(sum(kept), 0) FROM noise WHERE prefix = ? AND hour = ?", error);

    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){source->prefix.bytes, ADDRESS_BYTES});
    sqlite3_bind_int64(statement, 2, sources->hour);
    if (ledger_step(ledger, statement, error) != 1)
        return -1;
    *fresh = sqlite3_column_int64(statement, 0) == 0;
    source->kept_before = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    return 0;
}

static struct source *find(struct sources *sources, const struct address *prefix, struct slice decoy, size_t *place)
{
    size_t at = place_of(prefix, decoy);
    struct source *source;

    for (; sources->places[at] >= 0; at = (at + 1) % PLACES) {
        source = &sources->entries[sources->places[at]];
        if (memcmp(&source->prefix, prefix, sizeof *prefix) == 0 && slice_is(decoy, source->decoy))
            return source;
    }
    *place = at;
    return NULL;
}

struct source *sources_get(struct sources *sources, struct ledger *ledger, const struct address *prefix,
                           struct slice decoy, int64_t time, struct error *error)
{
    static const struct address together;
    struct source *source;
    size_t place;
    bool fresh;

    if (decoy.length >= sizeof source->decoy)
        decoy.length = sizeof source->decoy - 1;
    source = find(sources, prefix, decoy, &place);
    if (source == NULL && sources->fresh >= OBSERVE_NOISE_ROWS) {
        prefix = &together;
        source = find(sources, prefix, decoy, &place);
    }
    if (source == NULL) {
        source = &sources->entries[sources->count];
        memset(source, 0, sizeof *source);
        source->prefix = *prefix;
        memcpy(source->decoy, decoy.data, decoy.length);
        source->first = source->last = time;
        if (read_kept(sources, ledger, source, &fresh, error) < 0)
            return NULL;
        sources->fresh += fresh;
        sources->places[place] = (int16_t)sources->count++;
    }
    source->first = time < source->first ? time : source->first;
    source->last = time > source->last ? time : source->last;
    return source;
}

int sources_write(struct sources *sources, struct ledger *ledger, struct error *error)
{
    static const char sql[] =
        "INSERT INTO noise (prefix, hour, decoy, count, kept, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
        "ON CONFLICT (prefix, hour, decoy) DO UPDATE SET count = count + ?4, kept = kept + ?5, "
        "first = min(first, ?6), last = max(last, ?7)";
    size_t i;

    for (i = 0; i < sources->count; i++) {
        const struct source *source = &sources->entries[i];
        sqlite3_stmt *statement = ledger_statement(ledger, sql, error);

        if (statement == NULL)
            return -1;
        ledger_bind_blob(statement, 1, (struct slice){source->prefix.bytes, ADDRESS_BYTES});
        sqlite3_bind_int64(statement, 2, sources->hour);
        ledger_bind_text(statement, 3, slice_of(source->decoy));
        sqlite3_bind_int64(statement, 4, (int64_t)source->count);
        sqlite3_bind_int64(statement, 5, (int64_t)source->kept);
        sqlite3_bind_int64(statement, 6, source->first);
        sqlite3_bind_int64(statement, 7, source->last);
        if (ledger_run(ledger, statement, error) < 0)
            return -1;
    }
    return 0;
}
