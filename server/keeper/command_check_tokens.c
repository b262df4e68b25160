/* SPDX-License-Identifier: ISC
 *
 * check: tokens and placements, a page a turn. */
#include <inttypes.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/examining.h"
#include "server/keeper/keeper.h"
#include "server/wire/kinds.h"

#define PAGE "1024"

/* One page; the page's counts are added up. 1: there is another. */
static int count_page(struct examining *examining, const char *sql, struct error *error)
{
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, examining->after);
    sqlite3_bind_int64(statement, 2, clock_wall());
    ledger_bind_text(statement, 3, buffer_slice(&examining->decoys));
    if (ledger_step(ledger, statement, error) != 1)
        return -1;
    for (int i = 0; i < 4; i++)
        examining->counts[i] += sqlite3_column_int64(statement, i + 1);
    examining->after = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return examining->after != 0;
}

int examine_tokens(struct examining *examining, struct error *error)
{
    static const char sql[] =
        "SELECT coalesce(max(number), 0), sum(state = 'armed'),"
        " sum(state = 'armed' AND decoy <> '' AND decoy NOT IN (SELECT value FROM json_each(?3))),"
        " sum(state = 'armed' AND expires BETWEEN ?2 AND ?2 + 2592000000000), sum(state = 'armed' AND expires < ?2)"
        " FROM (SELECT number, state, decoy, expires FROM token WHERE number > ?1 ORDER BY number LIMIT " PAGE ")";
    int64_t *counts = examining->counts;
    int more = count_page(examining, sql, error);

    if (more != 0)
        return more;
    if (counts[0] == 0)
        check_tell(examining, "warning", "tokens", "", "plant some, such as by `sundew plant password maildir:DIR`",
                   "there are none, so there is nothing to steal");
    else
        check_tell(examining, "ok", "tokens", "", "", "%" PRId64 " are armed", counts[0]);
    if (counts[1] > 0)
        check_tell(examining, "wrong", "tokens", "", "add the decoy again, or retire them; `sundew tokens --json` says "
                   "which", "%" PRId64 " armed tokens open no decoy of the configuration: nobody sees them used",
                   counts[1]);
    if (counts[2] > 0)
        check_tell(examining, "warning", "tokens", "", "plant others in their places, then retire them",
                   "%" PRId64 " tokens are said to end within 30 days", counts[2]);
    if (counts[3] > 0)
        check_tell(examining, "warning", "tokens", "", "plant others in their places, then retire them",
                   "%" PRId64 " armed tokens are past their end, so a thief may not try them", counts[3]);
    return 0;
}

/* Is the token's decoy behind the kind's best door? */
static bool has_own_door(const struct examining *examining, const struct kind_row *row, struct slice decoy)
{
    const struct decoy *found = configuration_decoy(examining->request->keeper->configuration, decoy);
    struct kind_door door;

    return found != NULL && kind_row_door(row, 0, &door) && kind_door_leads_to(&door, found->service, found->site);
}

static void count_doorless(struct examining *examining, struct slice kind, struct slice decoy, int64_t count)
{
    const struct kind_row *row;

    for (size_t i = 0; i < KINDS && (row = kind_row_at(i)) != NULL; i++)
        if (slice_is(kind, row->name) && strcmp(kind_row_seen(row), "vendor") != 0 &&
            !has_own_door(examining, row, decoy))
            examining->doorless[i] += count;
}

static void tell_doorless(struct examining *examining)
{
    const struct kind_row *row;
    struct kind_door door;

    for (size_t i = 0; i < KINDS && (row = kind_row_at(i)) != NULL; i++) {
        if (examining->doorless[i] == 0 || !kind_row_door(row, 0, &door))
            continue;
        if (strcmp(kind_row_seen(row), "here") == 0)
            check_tell(examining, "warning", "doors", row->name, "add a decoy of their own, then plant others in their "
                       "places", "%" PRId64 " armed tokens name a decoy that does not look like %s",
                       examining->doorless[i], door.site[0] != '\0' ? door.site : door.service);
        else
            check_tell(examining, "warning", "doors", row->name, "keep them for when such a decoy comes, or retire "
                       "them", "%" PRId64 " armed tokens have no door: nothing of ours speaks %s",
                       examining->doorless[i], door.service);
    }
}

int examine_doors(struct examining *examining, struct error *error)
{
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(
        ledger, "SELECT kind, decoy, sum(state = 'armed'), max(number) FROM (SELECT kind, decoy, state, number FROM token"
        " WHERE number > ?1 ORDER BY number LIMIT " PAGE ") GROUP BY kind, decoy", error);
    int64_t last = 0;
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, examining->after);
    while ((found = ledger_step(ledger, statement, error)) == 1) {
        count_doorless(examining, ledger_column(statement, 0), ledger_column(statement, 1),
                       sqlite3_column_int64(statement, 2));
        if (sqlite3_column_int64(statement, 3) > last)
            last = sqlite3_column_int64(statement, 3);
    }
    examining->after = last;
    if (found == 0 && last == 0)
        tell_doorless(examining);
    return found < 0 ? -1 : last != 0;
}

int examine_trust(struct examining *examining, struct error *error)
{
    struct ledger *ledger = &examining->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT decoy, count(*) FROM token WHERE trusts = 1"
                                               " AND state = 'armed' GROUP BY decoy", error);
    const struct decoy *decoy;
    int found;

    if (statement == NULL)
        return -1;
    while ((found = ledger_step(ledger, statement, error)) == 1) {
        decoy = configuration_decoy(examining->request->keeper->configuration, ledger_column(statement, 0));
        if (decoy != NULL && decoy->certificate[0] != '\0')
            check_tell(examining, "warning", "certificate", decoy->name, "`sundew rotate` them where they lie, or "
                       "retire them", "%" PRId64 " armed tokens lie in files that trust the installation's authority "
                       "alone, so clients refuse the decoy's own certificate, and nobody sees the secret used",
                       (int64_t)sqlite3_column_int64(statement, 1));
    }
    return found;
}

int examine_placements(struct examining *examining, struct error *error)
{
    static const char sql[] =
        "SELECT coalesce(max(number), 0), sum(state IN ('gone', 'changed') AND uprooted IS NULL AND NOT rotated),"
        " sum(state = 'planned'), sum(uprooted IS NULL AND max(coalesce(checked, 0), coalesce(planted, ?2)) <"
        " ?2 - 2592000000000), count(*) FROM (SELECT number, state, uprooted, checked, planted,"
        " EXISTS (SELECT 1 FROM placement r WHERE r.rotates = p.number) AS rotated"
        " FROM placement p WHERE number > ?1 ORDER BY number LIMIT " PAGE ")";
    int64_t *counts = examining->counts;
    int more = count_page(examining, sql, error);

    if (more != 0)
        return more;
    if (counts[0] > 0)
        check_tell(examining, "warning", "placements", "", "`sundew placements --state gone` and `--state changed` "
                   "list them; `sundew inspect --replant` plants them again", "%" PRId64 " lures are gone or changed",
                   counts[0]);
    if (counts[1] > 0)
        check_tell(examining, "warning", "placements", "", "`sundew placements --state planned` lists them; look "
                   "there, and plant again", "%" PRId64 " were intended, but never told to be in place", counts[1]);
    if (counts[2] > 0)
        check_tell(examining, "warning", "placements", "", "run `sundew inspect`, best each night",
                   "%" PRId64 " were not looked after for 30 days", counts[2]);
    check_tell(examining, "ok", "placements", "", "", "%" PRId64 " in all", counts[3]);
    return 0;
}
