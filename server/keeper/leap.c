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
#define AHEAD "wall-ahead" /* settings: what is doubted */
#define REST "wall-doubt"

void leap_init(struct leap *leap, int64_t kept)
{
    *leap = (struct leap){.most = kept / 24 < LEAP_DOUBT_US ? kept / 24 : LEAP_DOUBT_US};
}

static int64_t least(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* Back and forth by as much is nothing, as of a host that begins in 1970 until it is told the time. */
static void doubt(struct leap *leap, int64_t by)
{
    leap->ahead += by;
    if (leap->ahead >= 0 && leap->ahead <= LEAP_DOUBTED_US)
        leap->ahead = 0;
    leap->rest = least(llabs(leap->ahead), leap->most);
}

static void run_on(struct leap *leap, int64_t monotonic)
{
    if (leap->watched)
        leap->rest -= monotonic - leap->looked;
    if (leap->rest <= 0)
        leap->ahead = leap->rest = 0;
    leap->looked = monotonic;
}

int64_t leap_look(struct leap *leap, int64_t wall, int64_t monotonic)
{
    int64_t drift = wall - monotonic, by = drift - leap->drift;
    bool leapt = leap->watched && llabs(by) >= LEAP_LEAST_US;

    run_on(leap, monotonic);
    leap->watched = true;
    leap->drift = drift;
    return leapt ? by : 0;
}

int64_t leap_believed(const struct leap *leap, int64_t wall)
{
    return leap->ahead > 0 ? wall - leap->ahead : wall;
}

const char *leap_span(int64_t us, char text[LEAP_SPAN])
{
    long long seconds = llabs(us) / SECOND_US, days = seconds / 86400;
    int length = days > 0 ? snprintf(text, LEAP_SPAN, "%lld days ", days) : 0;

    snprintf(text + length, (size_t)(LEAP_SPAN - length), "%lld:%02lld:%02lld", seconds / 3600 % 24, seconds / 60 % 60,
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
    char from[CLOCK_TEXT], to[CLOCK_TEXT], span[LEAP_SPAN];

    log_warning("the clock leapt %s %s, from %s to %s; nothing is lost, but times before and after do not compare: see "
                "that one service sets it (chrony, systemd-timesyncd), and whether the host slept", leap_span(by, span),
                by < 0 ? "back" : "forward", clock_text(wall - by, from), clock_text(wall, to));
}

static void tell_doubt(const struct leap *leap)
{
    char ahead[LEAP_SPAN], rest[LEAP_SPAN];

    log_warning("the clock is %s ahead of the time that has run, and retention erases nothing for that until %s more have "
                "run: if the clock is wrong, set it right by then", leap_span(leap->ahead, ahead),
                leap_span(leap->rest, rest));
}

int leap_take(struct leap *leap, struct outbox *outbox, const struct keyring *keyring, int64_t by, int64_t wall,
              int64_t monotonic, struct error *error)
{
    const struct leap before = *leap;
    bool told = is_told(leap, monotonic);

    doubt(leap, by);
    if (ledger_begin(outbox->ledger, error) < 0)
        goto failed;
    if (shift(outbox->ledger, by, error) < 0 || outbox_wake(outbox, NULL, error) < 0 ||
        (told && chain_leap(outbox, keyring, by, wall, leap->untold, error) < 0) ||
        leap_save(leap, outbox->ledger, wall, error) < 0 || ledger_commit(outbox->ledger, error) < 0) {
        ledger_rollback(outbox->ledger);
        goto failed;
    }
    if (told) {
        leap->untold = 0;
        tell(by, wall);
        if (leap->ahead > 0)
            tell_doubt(leap);
    }
    return 0;
failed:
    *leap = before;
    leap->drift -= by;
    return -1;
}

static int set_back(struct leap *leap, struct outbox *outbox, const struct keyring *keyring, int64_t by, int64_t wall,
                    struct error *error)
{
    char now[CLOCK_TEXT], then[CLOCK_TEXT], span[LEAP_SPAN];

    log_warning("the clock is behind: it says %s, and when the ledger was last written it said %s, %s later; nothing "
                "is lost, but set the clock right: what is seen now has that time", clock_text(wall, now),
                clock_text(wall - by, then), leap_span(by, span));
    if (ledger_begin(outbox->ledger, error) < 0)
        return -1;
    if (shift(outbox->ledger, by, error) < 0 || chain_leap(outbox, keyring, by, wall, 0, error) < 0 ||
        leap_save(leap, outbox->ledger, wall, error) < 0 || ledger_commit(outbox->ledger, error) < 0) {
        ledger_rollback(outbox->ledger);
        return -1;
    }
    return 0;
}

int leap_open(struct leap *leap, struct outbox *outbox, const struct keyring *keyring, int64_t wall,
              struct error *error)
{
    struct ledger *ledger = outbox->ledger;
    int64_t by = wall - ledger_setting(ledger, WALL, wall);

    leap->ahead = ledger_setting(ledger, AHEAD, 0);
    leap->rest = least(ledger_setting(ledger, REST, 0), leap->most);
    if (llabs(by) >= LEAP_LEAST_US)
        doubt(leap, by);
    if (leap->ahead > 0)
        tell_doubt(leap);
    if (by <= -LEAP_LEAST_US)
        return set_back(leap, outbox, keyring, by, wall, error);
    return by >= LEAP_LEAST_US ? leap_save(leap, ledger, wall, error) : 0;
}

int leap_save(const struct leap *leap, struct ledger *ledger, int64_t wall, struct error *error)
{
    if (ledger_set(ledger, AHEAD, leap->ahead, error) < 0 || ledger_set(ledger, REST, leap->rest, error) < 0)
        return -1;
    return ledger_set(ledger, WALL, wall, error);
}
