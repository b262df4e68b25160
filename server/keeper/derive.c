/* SPDX-License-Identifier: ISC */
#include "server/keeper/derive.h"

#include <sodium.h>
#include <string.h>
#include "server/base/json.h"
#include "server/base/channel.h"
#include "server/keeper/fold.h"
#include "server/keeper/record.h"
#include "server/keeper/recognise.h"


struct token_facts {
    struct id id;
    bool retired, bound, drill, planted;
    int64_t expires;
    int secret_bits;
};

/* One match of one observation on its way to being a sighting. */
struct shown {
    sqlite3_stmt *row;
    int64_t seq, time;
    struct id observation;
    struct match match;
    struct token_facts token;
    int64_t actor, incident, sighting;
    bool opened; /* the incident is new */
    bool drill;
};

enum row_column { ROW_SEQ, ROW_ID, ROW_TIME, ROW_DECOY, ROW_SERVICE, ROW_SOURCE, ROW_PORT, ROW_FLOW, ROW_CONTEXT,
                  ROW_PRESENTED, ROW_MATCHED };

static struct slice text_of(sqlite3_stmt *row, enum row_column column)
{
    struct slice text = ledger_column(row, column);

    return text.data != NULL ? text : slice_of("");
}

static int read_token(struct derivation *derivation, struct shown *shown, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "SELECT id, state = 'retired', bound, drill, coalesce(expires, 0), secret_bits, "
        "EXISTS (SELECT 1 FROM placement WHERE token = token.number AND planted IS NOT NULL) "
        "FROM token WHERE number = ?", error);
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

static int count_actor(struct derivation *derivation, const struct shown *shown, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "UPDATE actor SET sightings = sightings + 1, last_seen = max(last_seen, ?2), "
        "first_seen = min(first_seen, ?2) WHERE number = ?1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, shown->actor);
    sqlite3_bind_int64(statement, 2, shown->time);
    return ledger_run(derivation->ledger, statement, error);
}

/* Who an address is. Drills are an actor of their own, whatever address they come from, so that nothing that they
 * hold is laid at the door of others there: a prefix that no client has (RFC 6666). */
static struct address actor_prefix(const struct shown *shown, const struct address *address)
{
    return shown->drill ? (struct address){{1}} : address_prefix(address);
}

static int new_actor(struct derivation *derivation, struct shown *shown, const struct address *address,
                     struct error *error)
{
    struct address prefix = actor_prefix(shown, address);
    struct id id, base = {{0}};
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "INSERT INTO actor (id, prefix, address, first_seen, last_seen, sightings) "
        "VALUES (?1, ?2, ?3, ?4, ?4, 1)", error);

    if (statement == NULL)
        return -1;
    memcpy(base.bytes, prefix.bytes, sizeof base.bytes);
    id = derived_id(derivation->keyring, 'c', shown->observation, base, 0);
    ledger_bind_id(statement, 1, &id);
    ledger_bind_blob(statement, 2, (struct slice){prefix.bytes, ADDRESS_BYTES});
    ledger_bind_blob(statement, 3, (struct slice){address->bytes, ADDRESS_BYTES});
    sqlite3_bind_int64(statement, 4, shown->time);
    if (ledger_run(derivation->ledger, statement, error) < 0)
        return -1;
    shown->actor = sqlite3_last_insert_rowid(derivation->ledger->db);
    return 0;
}

/* Look-up and update by number, not an upsert that returns: SQLite would make a table for each of those. */
static int find_actor(struct derivation *derivation, struct shown *shown, struct error *error)
{
    struct slice source = ledger_column(shown->row, ROW_SOURCE);
    struct address address = {{0}}, prefix;
    sqlite3_stmt *statement = ledger_statement(derivation->ledger, "SELECT number FROM actor WHERE prefix = ?", error);
    int found;

    if (statement == NULL)
        return -1;
    if (source.length == ADDRESS_BYTES)
        memcpy(address.bytes, source.data, ADDRESS_BYTES);
    prefix = actor_prefix(shown, &address);
    ledger_bind_blob(statement, 1, (struct slice){prefix.bytes, ADDRESS_BYTES});
    found = ledger_step(derivation->ledger, statement, error);
    if (found == 1) {
        shown->actor = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return count_actor(derivation, shown, error);
    }
    return found < 0 ? -1 : new_actor(derivation, shown, &address, error);
}

static int open_incident_of(struct derivation *derivation, const char *sql, int64_t number, int64_t *incident,
                            struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(derivation->ledger, sql, error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    found = ledger_step(derivation->ledger, statement, error);
    if (found == 1) {
        *incident = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return found;
}

static int new_incident(struct derivation *derivation, struct shown *shown, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger, "INSERT INTO incident (id, severity, opened, updated, hour, state, closed, verdict) "
        "VALUES (?1, 'informational', ?2, ?2, ?3, iif(?4, 'closed', 'open'), iif(?4, ?2, NULL), iif(?4, 'drill', NULL))",
        error);
    struct id id = derived_id(derivation->keyring, 'i', shown->observation, shown->token.id, 0);

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &id);
    sqlite3_bind_int64(statement, 2, shown->time);
    sqlite3_bind_int64(statement, 3, now);
    sqlite3_bind_int(statement, 4, shown->drill);
    if (ledger_run(derivation->ledger, statement, error) < 0)
        return -1;
    shown->incident = sqlite3_last_insert_rowid(derivation->ledger->db);
    shown->opened = true;
    return 0;
}

static int remember_incident(struct derivation *derivation, const char *sql, int64_t number, int64_t incident,
                             struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(derivation->ledger, sql, error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, incident);
    return ledger_run(derivation->ledger, statement, error);
}

/* The open incident of the token, else of the actor, else a new one; for a drill always one of its own. */
static int find_incident(struct derivation *derivation, struct shown *shown, int64_t now, struct error *error)
{
    static const char of_token[] =
        "SELECT i.number FROM token t JOIN incident i ON i.number = t.incident WHERE t.number = ? AND i.state = 'open'";
    static const char of_actor[] =
        "SELECT i.number FROM actor c JOIN incident i ON i.number = c.incident WHERE c.number = ? AND i.state = 'open'";
    int found;

    if (shown->drill)
        return new_incident(derivation, shown, now, error);
    found = open_incident_of(derivation, of_token, shown->match.token, &shown->incident, error);
    if (found == 0)
        found = open_incident_of(derivation, of_actor, shown->actor, &shown->incident, error);
    if (found < 0 || (found == 0 && new_incident(derivation, shown, now, error) < 0))
        return -1;
    if (remember_incident(derivation, "UPDATE token SET incident = ?2 WHERE number = ?1 AND incident IS NOT ?2",
                          shown->match.token, shown->incident, error) < 0)
        return -1;
    return remember_incident(derivation, "UPDATE actor SET incident = ?2 WHERE number = ?1 AND incident IS NOT ?2",
                             shown->actor, shown->incident, error);
}

static void context_json(struct buffer *out, const struct shown *shown)
{
    const struct {
        bool holds;
        const char *text;
    } contexts[] = {
        {shown->token.retired, "retired"},
        {shown->token.expires != 0 && shown->time >= shown->token.expires, "expired"},
        {(shown->match.reasons & MATCH_FORMER) != 0, "former-secret"},
        {(shown->match.reasons & MATCH_OTHER_IDENTITY) != 0, "other-identity"},
        {(shown->match.reasons & MATCH_NO_IDENTITY) != 0, "no-identity"},
        {(shown->match.reasons & MATCH_OTHER_DECOY) != 0, "other-decoy"},
        {shown->match.part == CANDIDATE_SECRET && shown->token.secret_bits < 60, "guessable"},
        {!shown->token.planted, "not-planted"},
        {shown->drill, "drill"},
    };
    size_t i;

    buffer_add_char(out, '[');
    for (i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        if (contexts[i].holds)
            json_element(out, slice_of(contexts[i].text));
    }
    buffer_add_char(out, ']');
}

static void explain(struct buffer *out, const struct shown *shown)
{
    const struct match *match = &shown->match;

    if (match->part == CANDIDATE_IDENTITY) {
        buffer_add_text(out, "a planted identity that nobody guesses, ");
        if ((match->reasons & MATCH_NEAR) != 0)
            buffer_add_format(out, "with a wrong secret (%u of %u characters away from the planted one)",
                              match->distance, match->length);
        else
            buffer_add_text(out, "without a secret");
    } else {
        buffer_add_text(out, (match->reasons & MATCH_FORMER) != 0 ? "a planted secret, rotated since" :
                                                                     "the planted secret itself");
        if ((match->reasons & MATCH_OTHER_IDENTITY) != 0)
            buffer_add_text(out, ", with another identity");
        if ((match->reasons & MATCH_NO_IDENTITY) != 0)
            buffer_add_text(out, ", without its identity");
    }
    if ((match->reasons & MATCH_OTHER_DECOY) != 0)
        buffer_add_text(out, ", at a decoy that it does not open");
}

static void via_json(struct buffer *out, struct slice packed)
{
    char text[ADDRESS_TEXT];
    struct flow flow;
    size_t i;

    buffer_add_char(out, '[');
    if (flow_unpack(packed, &flow) == 0) {
        for (i = 0; i < flow.via_count; i++)
            json_element(out, slice_of(address_text(&flow.via[i], text)));
    }
    buffer_add_char(out, ']');
}

/* Where in the request the candidate stood. */
static struct slice found_in(const struct shown *shown)
{
    struct reader reader = reader_of(ledger_column(shown->row, ROW_PRESENTED));
    struct presented presented;
    unsigned i;

    for (i = 0; presented_next(&reader, &presented); i++) {
        if (i == shown->match.candidate)
            return presented.where.data != NULL ? presented.where : slice_of("");
    }
    return slice_of("");
}

static void bind_sighting(sqlite3_stmt *statement, const struct shown *shown, struct slice via, struct slice context,
                          struct slice reason)
{
    bool near = (shown->match.reasons & MATCH_NEAR) != 0;

    sqlite3_bind_int64(statement, 2, shown->seq);
    ledger_bind_id(statement, 3, &shown->observation);
    sqlite3_bind_int64(statement, 4, shown->match.token);
    sqlite3_bind_int64(statement, 5, shown->actor);
    sqlite3_bind_int64(statement, 6, shown->incident);
    sqlite3_bind_int64(statement, 7, shown->time);
    ledger_bind_text(statement, 8, slice_of(grade_name(shown->match.grade)));
    if (near) {
        sqlite3_bind_int(statement, 9, shown->match.distance);
        sqlite3_bind_int(statement, 10, shown->match.length);
    }
    ledger_bind_text(statement, 11, slice_of(shown->match.part == CANDIDATE_IDENTITY ? "identity" : "secret"));
    ledger_bind_text(statement, 12, found_in(shown));
    ledger_bind_text(statement, 13, reason);
    ledger_bind_text(statement, 14, text_of(shown->row, ROW_DECOY));
    ledger_bind_text(statement, 15, text_of(shown->row, ROW_SERVICE));
    ledger_bind_blob(statement, 16, ledger_column(shown->row, ROW_SOURCE));
    sqlite3_bind_int(statement, 17, sqlite3_column_int(shown->row, ROW_PORT));
    ledger_bind_text(statement, 18, via);
    ledger_bind_text(statement, 19, ledger_column(shown->row, ROW_CONTEXT).length > 0 ?
                     ledger_column(shown->row, ROW_CONTEXT) : slice_of("{}"));
    ledger_bind_text(statement, 20, context);
    sqlite3_bind_int(statement, 21, shown->drill);
}

static int insert_sighting(struct derivation *derivation, struct shown *shown, struct error *error)
{
    struct id id = derived_id(derivation->keyring, 's', shown->observation, shown->token.id, 0);
    struct buffer *scratch = &derivation->scratch;
    size_t context, reason;
    sqlite3_stmt *statement = ledger_statement(
        derivation->ledger,
        "INSERT INTO sighting (id, observation, observation_id, token, actor, incident, time, grade, near_distance, "
        "near_length, part, found_in, reason, decoy, service, source, port, via, client, context, drill) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);

    if (statement == NULL)
        return -1;
    buffer_clear(scratch);
    via_json(scratch, ledger_column(shown->row, ROW_FLOW));
    context = scratch->length;
    context_json(scratch, shown);
    reason = scratch->length;
    explain(scratch, shown);
    if (scratch->failed)
        return error_set(error, "out of memory");
    ledger_bind_id(statement, 1, &id);
    bind_sighting(statement, shown, (struct slice){scratch->data, context},
                  (struct slice){scratch->data + context, reason - context},
                  (struct slice){scratch->data + reason, scratch->length - reason});
    if (ledger_run(derivation->ledger, statement, error) < 0)
        return -1;
    shown->sighting = sqlite3_last_insert_rowid(derivation->ledger->db);
    return 0;
}

static int derive_match(struct derivation *derivation, struct shown *shown, int64_t now, struct error *error)
{
    struct folded folded;
    int found = is_derived(derivation, shown, error);

    if (found != 0)
        return found < 0 ? -1 : 0;
    found = read_token(derivation, shown, error);
    if (found <= 0)
        return found;
    shown->drill = shown->token.drill || (shown->match.reasons & MATCH_DRILL) != 0;
    if (find_actor(derivation, shown, error) < 0 || find_incident(derivation, shown, now, error) < 0 ||
        insert_sighting(derivation, shown, error) < 0)
        return -1;
    folded = (struct folded){shown->incident, shown->match.token, shown->actor, shown->sighting, shown->time,
                             grade_name(shown->match.grade),
                             shown->drill ? SEVERITY_INFORMATIONAL :
                                            grade_severity(slice_of(grade_name(shown->match.grade)),
                                                           shown->token.secret_bits),
                             shown->opened};
    if (fold_add(derivation, &folded, now, error) < 0)
        return -1;
    derivation->sightings++;
    return 1;
}

static int derive_row(struct derivation *derivation, sqlite3_stmt *row, int64_t now, struct error *error)
{
    struct match matches[MATCHES];
    struct shown shown;
    size_t count = recognition_unpack(ledger_column(row, ROW_MATCHED), matches), i;
    int made = 0, result;

    for (i = 0; i < count; i++) {
        memset(&shown, 0, sizeof shown);
        shown.row = row;
        shown.seq = sqlite3_column_int64(row, ROW_SEQ);
        shown.observation = ledger_column_id(row, ROW_ID);
        shown.time = sqlite3_column_int64(row, ROW_TIME);
        shown.match = matches[i];
        result = derive_match(derivation, &shown, now, error);
        if (result < 0)
            return -1;
        made += result;
    }
    return made;
}

#define ROW_SQL "SELECT seq, id, time, decoy, service, source, port, flow, context, presented, matched FROM observation "

/* What is new, ahead of the backlog; deriving it again when the watermark comes by changes nothing. */
static int derive_urgent(struct derivation *derivation, int64_t now, struct error *error)
{
    struct observer *observer = derivation->observer;
    size_t count = observer->urgent_count < DERIVE_SIGHTINGS ? observer->urgent_count : DERIVE_SIGHTINGS;
    int made = 0, found;

    for (size_t i = 0; i < count; i++) {
        sqlite3_stmt *row = ledger_statement(derivation->ledger, ROW_SQL "WHERE seq = ?", error);
        int result = 0;

        if (row == NULL)
            return -1;
        sqlite3_bind_int64(row, 1, observer->urgent[i]);
        found = ledger_step(derivation->ledger, row, error);
        if (found == 1) {
            result = derive_row(derivation, row, now, error);
            sqlite3_reset(row);
        }
        if (found < 0 || result < 0)
            return -1;
        made += result;
    }
    observer->urgent_count -= count;
    memmove(observer->urgent, observer->urgent + count, observer->urgent_count * sizeof *observer->urgent);
    return made;
}

static int derive_rows(struct derivation *derivation, int64_t now, struct error *error)
{
    int64_t last = derivation->observer->chain.sequence, end = derivation->watermark + DERIVE_ROWS, reached;
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
    while (count < DERIVE_SIGHTINGS && (found = ledger_step(derivation->ledger, row, error)) == 1) {
        reached = sqlite3_column_int64(row, ROW_SEQ);
        result = derive_row(derivation, row, now, error);
        if (result < 0) {
            sqlite3_reset(row);
            return -1;
        }
        made += result;
        count++;
    }
    if (count == DERIVE_SIGHTINGS)
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
    return derivation->observer->chain.sequence - derivation->watermark;
}

int derive_step(struct derivation *derivation, int64_t now, struct error *error)
{
    int urgent = 0, made;

    if (derive_backlog(derivation) > DERIVE_SIGHTINGS)
        urgent = derive_urgent(derivation, now, error);
    else
        derivation->observer->urgent_count = 0;
    made = urgent < 0 ? -1 : derive_rows(derivation, now, error);
    if (made < 0 || fold_due(derivation, now, error) < 0 ||
        ledger_set(derivation->ledger, "watermark", derivation->watermark, error) < 0)
        return -1;
    return made + urgent;
}

int derive_behind(struct derivation *derivation, int64_t now, struct error *error)
{
    while (derive_backlog(derivation) > 0) {
        if (ledger_begin_derived(derivation->ledger, error) < 0)
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
