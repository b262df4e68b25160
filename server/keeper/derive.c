/* SPDX-License-Identifier: ISC */
#include "server/keeper/derive.h"

#include <sodium.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/keeper/correlate.h"
#include "server/keeper/fold.h"
#include "server/keeper/record.h"
#include "server/keeper/sighting.h"

/* Uses of one token from one source with one grade that follow each other: after the first none brings anything new, and
 * they are counted together. shown.incident 0: there is none. */
struct streak {
    struct shown shown; /* the first */
    struct address source;
    int64_t count, earliest, latest, sighting; /* of those behind it */
};

/* What one derive_step() works with. */
struct turn {
    struct derivation *derivation;
    int64_t now;
    struct streak streak;
};

static int read_token(struct derivation *derivation, struct shown *shown, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "SELECT id, state = 'retired', bound, drill, coalesce(expires, 0), secret_bits, "
        "EXISTS (SELECT 1 FROM placement WHERE token = coalesce(t.beside, t.number) AND planted IS NOT NULL), "
        "EXISTS (SELECT 1 FROM placement p JOIN placement r ON r.rotates = p.number "
        "WHERE p.token = coalesce(t.beside, t.number) AND r.planted IS NOT NULL) FROM token t WHERE number = ?", error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, shown->match.token);
    found = ledger_step(derivation->ledger, statement, error);
    if (found == 1) {
        shown->token.id = ledger_column_id(statement, 0);
        shown->token.retired = sqlite3_column_int(statement, 1) != 0;
        shown->token.bound = sqlite3_column_int(statement, 2) != 0;
        shown->token.drill = sqlite3_column_int(statement, 3) != 0;
        shown->token.expires = sqlite3_column_int64(statement, 4);
        shown->token.secret_bits = sqlite3_column_int(statement, 5);
        shown->token.planted = sqlite3_column_int(statement, 6) != 0;
        shown->token.rotated = sqlite3_column_int(statement, 7) != 0;
        sqlite3_reset(statement);
    }
    return found;
}

static int is_derived(struct derivation *derivation, const struct shown *shown, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "SELECT 1 FROM sighting WHERE observation = ? AND token = ?", error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, shown->seq);
    sqlite3_bind_int64(statement, 2, shown->match.token);
    found = ledger_step(derivation->ledger, statement, error);
    sqlite3_reset(statement);
    return found;
}

static int fold(struct turn *turn, const struct shown *shown, int64_t count, int64_t first, int64_t last,
                int64_t sighting, struct error *error)
{
    const char *grade = grade_name(shown->match.grade);
    struct folded folded = {shown->incident, shown->match.token, shown->actor, sighting, count, first, last, grade,
                            shown->drill ? SEVERITY_INFORMATIONAL :
                                           grade_severity(slice_of(grade), shown->token.secret_bits),
                            shown->opened};

    return fold_add(turn->derivation, &folded, turn->now, error);
}

static int streak_end(struct turn *turn, struct error *error)
{
    struct streak *streak = &turn->streak;
    struct shown *shown = &streak->shown;
    int result = 0;

    shown->opened = false;
    if (streak->count > 0 &&
        (correlate_count_actor(turn->derivation, shown->actor, streak->count, streak->earliest, streak->latest,
                               error) < 0 ||
         correlate_count_token(turn->derivation, shown, streak->count, streak->latest, error) < 0 ||
         fold(turn, shown, streak->count, streak->earliest, streak->latest, streak->sighting, error) < 0))
        result = -1;
    streak->count = shown->incident = 0;
    return result;
}

static void streak_begin(struct streak *streak, const struct shown *shown)
{
    *streak = (struct streak){.shown = *shown, .source = shown_source(shown->row), .earliest = shown->time,
                              .latest = shown->time};
    streak->source = address_prefix(&streak->source);
}

static bool streak_goes_on(const struct streak *streak, const struct shown *shown)
{
    const struct match *one = &streak->shown.match, *other = &shown->match;
    struct address source = shown_source(shown->row);

    source = address_prefix(&source);
    return streak->shown.incident != 0 && one->token == other->token && one->grade == other->grade &&
           ((one->reasons ^ other->reasons) & MATCH_DRILL) == 0 && memcmp(&source, &streak->source, sizeof source) == 0;
}

static int streak_add(struct turn *turn, struct shown *shown, struct error *error)
{
    struct streak *streak = &turn->streak;
    int made;

    shown->token = streak->shown.token;
    shown->drill = streak->shown.drill;
    shown->actor = streak->shown.actor;
    shown->incident = streak->shown.incident;
    made = sighting_insert(turn->derivation, shown, error);
    if (made != 1)
        return made;
    streak->count++;
    streak->earliest = shown->time < streak->earliest ? shown->time : streak->earliest;
    streak->latest = shown->time > streak->latest ? shown->time : streak->latest;
    streak->sighting = shown->sighting;
    return 1;
}

static int derive_anew(struct turn *turn, struct shown *shown, struct error *error)
{
    struct derivation *derivation = turn->derivation;
    int found = is_derived(derivation, shown, error);

    if (found != 0)
        return found < 0 ? -1 : 0;
    found = read_token(derivation, shown, error);
    if (found <= 0)
        return found;
    shown->drill = shown->token.drill || (shown->match.reasons & MATCH_DRILL) != 0;
    if (correlate_actor(derivation, shown, error) < 0 || correlate_incident(derivation, shown, turn->now, error) < 0 ||
        sighting_insert(derivation, shown, error) < 0 ||
        correlate_count_token(derivation, shown, 1, shown->time, error) < 0 ||
        fold(turn, shown, 1, shown->time, shown->time, shown->sighting, error) < 0)
        return -1;
    streak_begin(&turn->streak, shown);
    return 1;
}

static int derive_match(struct turn *turn, struct shown *shown, struct error *error)
{
    int made;

    if (streak_goes_on(&turn->streak, shown))
        made = streak_add(turn, shown, error);
    else
        made = streak_end(turn, error) < 0 ? -1 : derive_anew(turn, shown, error);
    turn->derivation->sightings += made == 1;
    return made;
}

/* Was the identity named with the secret that another token of that name had before it was rotated? Then only the newest
 * of them was found by it, and nothing else was tried. 1, 0, -1. */
static int is_namesake(struct derivation *derivation, const struct match *match, const struct match *other,
                       struct error *error)
{
    sqlite3_stmt *statement;
    int found;

    if (match->grade != GRADE_IDENTITY || match == other || grade_rank(other->grade) <= grade_rank(GRADE_KEY_OFFERED))
        return 0;
    statement = ledger_statement(derivation->ledger, "SELECT 1 FROM token t JOIN token o ON o.identity_digest ="
                                 " t.identity_digest WHERE t.number = ?1 AND o.number = ?2", error);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, match->token);
    sqlite3_bind_int64(statement, 2, other->token);
    found = ledger_step(derivation->ledger, statement, error);
    sqlite3_reset(statement);
    return found;
}

static int derive_row(struct turn *turn, sqlite3_stmt *row, struct error *error)
{
    struct match matches[MATCHES];
    size_t count = recognition_unpack(ledger_column(row, ROW_MATCHED), matches), i;
    int made = 0, result;

    for (i = 0; i < count; i++) {
        struct shown shown = {.row = row, .seq = sqlite3_column_int64(row, ROW_SEQ),
                              .observation = ledger_column_id(row, ROW_ID),
                              .time = sqlite3_column_int64(row, ROW_TIME), .match = matches[i]};
        int namesake = 0;

        for (size_t k = 0; k < count && namesake == 0; k++)
            namesake = is_namesake(turn->derivation, &matches[i], &matches[k], error);
        result = namesake == 0 ? derive_match(turn, &shown, error) : namesake > 0 ? 0 : -1;
        if (result < 0)
            return -1;
        made += result;
    }
    return made;
}

#define ROW_SQL "SELECT seq, id, time, decoy, service, source, port, flow, context, presented, matched FROM observation "

/* How many of the observations with something new are durable. */
static size_t urgent_now(const struct observer *observer)
{
    size_t count = 0;

    while (count < observer->urgent_count && observer->urgent[count] <= observer->durable.sequence)
        count++;
    return count;
}

static void urgent_done(struct observer *observer, size_t count)
{
    observer->urgent_count -= count;
    memmove(observer->urgent, observer->urgent + count, observer->urgent_count * sizeof *observer->urgent);
}

/* What is new, ahead of the backlog; deriving it again when the watermark comes by changes nothing. */
static int derive_urgent(struct turn *turn, struct error *error)
{
    struct derivation *derivation = turn->derivation;
    struct observer *observer = derivation->observer;
    size_t now = urgent_now(observer), count = now < DERIVE_SIGHTINGS ? now : DERIVE_SIGHTINGS;
    int made = 0, found;

    for (size_t i = 0; i < count; i++) {
        sqlite3_stmt *row = ledger_statement(derivation->ledger, ROW_SQL "WHERE seq = ?", error);
        int result = 0;

        if (row == NULL)
            return -1;
        sqlite3_bind_int64(row, 1, observer->urgent[i]);
        found = ledger_step(derivation->ledger, row, error);
        if (found == 1) {
            result = derive_row(turn, row, error);
            sqlite3_reset(row);
        }
        if (found < 0 || result < 0)
            return -1;
        made += result;
    }
    urgent_done(observer, count);
    return made;
}

static int derive_rows(struct turn *turn, struct error *error)
{
    struct derivation *derivation = turn->derivation;
    int64_t last = derivation->observer->durable.sequence, end = derivation->watermark + DERIVE_ROWS, reached;
    int found, count = 0, made = 0, result;
    sqlite3_stmt *row;

    end = end < last ? end : last;
    if (end == derivation->watermark)
        return 0;
    row = ledger_statement(derivation->ledger,
                           ROW_SQL "WHERE seq > ? AND seq <= ? AND matched <> zeroblob(128) ORDER BY seq", error);
    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, derivation->watermark);
    sqlite3_bind_int64(row, 2, end);
    reached = end;
    while (count < derivation->share && (found = ledger_step(derivation->ledger, row, error)) == 1) {
        reached = sqlite3_column_int64(row, ROW_SEQ);
        result = derive_row(turn, row, error);
        if (result < 0) {
            sqlite3_reset(row);
            return -1;
        }
        made += result;
        count++;
    }
    if (count == derivation->share)
        sqlite3_reset(row);
    else if (found < 0)
        return -1;
    else
        reached = end;
    derivation->watermark = reached;
    return made;
}

int derivation_open(struct derivation *derivation, struct ledger *ledger, const struct keyring *keyring,
                    struct observer *observer, const struct configuration *configuration, struct error *error)
{
    _Static_assert(MATCHED_BYTES == 128, "derive_rows() tells an empty match by its length");

    (void)error;
    memset(derivation, 0, sizeof *derivation);
    derivation->ledger = ledger;
    derivation->keyring = keyring;
    derivation->observer = observer;
    derivation->configuration = configuration;
    derivation->share = DERIVE_SIGHTINGS;
    buffer_init(&derivation->record, CHANNEL_MESSAGE - 1024);
    buffer_init(&derivation->scratch, 4096);
    derive_undo(derivation);
    return 0;
}

void derivation_close(struct derivation *derivation)
{
    buffer_free(&derivation->record);
    buffer_free(&derivation->scratch);
}

void derive_undo(struct derivation *derivation)
{
    derivation->watermark = ledger_setting(derivation->ledger, "watermark", 0);
}

int64_t derive_backlog(const struct derivation *derivation)
{
    return derivation->observer->durable.sequence - derivation->watermark;
}

int derive_step(struct derivation *derivation, int64_t now, struct error *error)
{
    struct turn turn = {.derivation = derivation, .now = now};
    int urgent = 0, made;

    if (derive_backlog(derivation) > DERIVE_SIGHTINGS)
        urgent = derive_urgent(&turn, error);
    else
        urgent_done(derivation->observer, urgent_now(derivation->observer));
    made = urgent < 0 ? -1 : derive_rows(&turn, error);
    if (made < 0 || streak_end(&turn, error) < 0 || fold_due(derivation, now, error) < 0 ||
        ledger_set(derivation->ledger, "watermark", derivation->watermark, error) < 0)
        return -1;
    return made + urgent;
}

int derive_behind(struct derivation *derivation, int64_t now, struct error *error)
{
    while (derive_backlog(derivation) > 0) {
        if (ledger_begin_hasty(derivation->ledger, error) < 0)
            return -1;
        if (derive_step(derivation, now, error) < 0 || ledger_commit(derivation->ledger, error) < 0) {
            ledger_rollback(derivation->ledger);
            derive_undo(derivation);
            return error_prefix(error, "deriving alerts");
        }
    }
    return 0;
}

int derive_cover(struct derivation *derivation, struct error *error)
{
    unsigned char filler[3600];
    sqlite3_stmt *statement;
    int i;

    randombytes_buf(filler, 32);
    memset(filler + 32, filler[0], sizeof filler - 32);
    for (i = 0; i < DERIVE_COVER; i++) {
        statement = ledger_statement(derivation->ledger, "INSERT OR REPLACE INTO cover (slot, filler) VALUES (?, ?)",
                                     error);
        if (statement == NULL)
            return -1;
        sqlite3_bind_int(statement, 1, i);
        ledger_bind_blob(statement, 2, (struct slice){filler, sizeof filler});
        if (ledger_run(derivation->ledger, statement, error) < 0)
            return -1;
    }
    return 0;
}
