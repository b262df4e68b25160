/* SPDX-License-Identifier: ISC */
#include "server/keeper/leap.h"

#include <stdio.h>
#include <stdlib.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/keeper/chain.h"

#define SECOND_US 1000000LL
#define HOUR_US (3600 * SECOND_US)
#define WALL "wall" /* setting: the wall clock when it was last written */
#define SPAN 48

int64_t leap_look(struct leap *leap, int64_t wall, int64_t monotonic)
{
    int64_t drift = wall - monotonic, by = drift - leap->drift;
    bool leapt = leap->watched && llabs(by) >= LEAP_LEAST_US;

    leap->watched = true;
    leap->drift = drift;
    return leapt ? by : 0;
}

static const char *span_text(int64_t us, char text[SPAN])
{
    long long seconds = llabs(us) / SECOND_US, days = seconds / 86400;
    int length = days > 0 ? snprintf(text, SPAN, "%lld days ", days) : 0;

    snprintf(text + length, (size_t)(SPAN - length), "%lld:%02lld:%02lld", seconds / 3600 % 24, seconds / 60 % 60,
             seconds % 60);
    return text;
}

static int chain_leap(struct outbox *outbox, const struct keyring *keyring, int64_t by, int64_t wall, unsigned untold,
                      struct error *error)
{
    char from[CLOCK_TEXT], to[CLOCK_TEXT];
    struct buffer json;
    int result;

    buffer_init(&json, 512);
    buffer_add_char(&json, '{');
    json_member_text(&json, "from", clock_text(wall - by, from));
    json_member_text(&json, "to", clock_text(wall, to));
    json_member_number(&json, "seconds", by / SECOND_US);
    if (untold > 0)
        json_member_number(&json, "untold", untold);
    buffer_add_char(&json, '}');
    result = operation_add(outbox->ledger, keyring, slice_of("sundewd"), slice_of("clock"), slice_of(""),
                           buffer_slice(&json), error);
    buffer_free(&json);
    return result;
}

/* Updates, not lists of alerts alone, wait on the wall clock. */
static int shift(struct ledger *ledger, int64_t by, struct error *error)
{
    static const char *const texts[] = {
        "UPDATE fold SET next = next + ? WHERE next IS NOT NULL",
        "UPDATE incident SET flood_next = flood_next + ? WHERE flood_next IS NOT NULL",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sqlite3_stmt *statement = ledger_statement(ledger, texts[i], error);

        if (statement == NULL)
            return -1;
        sqlite3_bind_int64(statement, 1, by);
        if (ledger_run(ledger, statement, error) < 0)
            return -1;
    }
    return 0;
}

/* Is this one to be told? */
static bool is_told(struct leap *leap, int64_t monotonic)
{
    if (leap->told == 0 || monotonic - leap->hour >= HOUR_US) {
        leap->hour = monotonic;
        leap->told = 0;
    }
    if (leap->told >= LEAP_TOLD) {
        leap->untold++;
        return false;
    }
    leap->told++;
    return true;
}

static void tell(int64_t by, int64_t wall)
{
    char from[CLOCK_TEXT], to[CLOCK_TEXT], span[SPAN];

    log_warning("the clock leapt %s %s, from %s to %s; nothing is lost, but times before and after do not compare: see "
                "that one service sets it (chrony, systemd-timesyncd), and whether the host slept", span_text(by, span),
                by < 0 ? "back" : "forward", clock_text(wall - by, from), clock_text(wall, to));
}

int leap_take(struct leap *leap, struct outbox *outbox, const struct keyring *keyring, int64_t by, int64_t wall,
              int64_t monotonic, struct error *error)
{
    bool told = is_told(leap, monotonic);

    if (told)
        tell(by, wall);
    if (ledger_begin(outbox->ledger, error) < 0)
        return -1;
    if (shift(outbox->ledger, by, error) < 0 || outbox_wake(outbox, NULL, error) < 0 ||
        (told && chain_leap(outbox, keyring, by, wall, leap->untold, error) < 0) ||
        leap_save(outbox->ledger, wall, error) < 0 || ledger_commit(outbox->ledger, error) < 0) {
        ledger_rollback(outbox->ledger);
        return -1;
    }
    if (told)
        leap->untold = 0;
    return 0;
}

int leap_open(struct outbox *outbox, const struct keyring *keyring, int64_t wall, struct error *error)
{
    int64_t behind = ledger_setting(outbox->ledger, WALL, wall) - wall;
    char now[CLOCK_TEXT], then[CLOCK_TEXT], span[SPAN];

    if (behind < LEAP_LEAST_US)
        return 0;
    log_warning("the clock is behind: it says %s, and when the ledger was last written it said %s, %s later; nothing "
                "is lost, but set the clock right: what is seen now has that time", clock_text(wall, now),
                clock_text(wall + behind, then), span_text(behind, span));
    if (ledger_begin(outbox->ledger, error) < 0)
        return -1;
    if (shift(outbox->ledger, -behind, error) < 0 || chain_leap(outbox, keyring, -behind, wall, 0, error) < 0 ||
        leap_save(outbox->ledger, wall, error) < 0 || ledger_commit(outbox->ledger, error) < 0) {
        ledger_rollback(outbox->ledger);
        return -1;
    }
    return 0;
}

int leap_save(struct ledger *ledger, int64_t wall, struct error *error)
{
    return ledger_set(ledger, WALL, wall, error);
}
