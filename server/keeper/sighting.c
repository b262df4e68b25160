/* SPDX-License-Identifier: ISC */
#include "server/keeper/sighting.h"

#include "server/base/json.h"
#include "server/keeper/observe.h"
#include "server/keeper/record.h"
#include "server/wire/transcript.h"

/* A proof is as good as the secret. */
static bool is_secret(const struct match *match)
{
    return match->part == CANDIDATE_SECRET || match->part == CANDIDATE_PROOF || match->part == CANDIDATE_SESSION;
}

static struct slice text_of(sqlite3_stmt *row, enum row_column column)
{
    struct slice text = ledger_column(row, column);

    return text.data != NULL ? text : slice_of("");
}

static void context_json(struct buffer *out, const struct shown *shown)
{
    const struct {
        bool holds;
        const char *text;
    } contexts[] = {
        {shown->token.retired, "retired"},
        {shown->token.rotated, "rotated"},
        {shown->token.expires != 0 && shown->time >= shown->token.expires, "expired"},
        {(shown->match.reasons & MATCH_FORMER) != 0, "former-secret"},
        {(shown->match.reasons & MATCH_OTHER_IDENTITY) != 0, "other-identity"},
        {(shown->match.reasons & MATCH_NO_IDENTITY) != 0, "no-identity"},
        {(shown->match.reasons & MATCH_OTHER_DECOY) != 0, "other-decoy"},
        {shown->match.part == CANDIDATE_PROOF, "proof"},
        {(shown->match.reasons & MATCH_GRANTED) != 0, "let-in"},
        {(shown->match.reasons & MATCH_SESSION) != 0, "later-step"},
        {is_secret(&shown->match) && shown->token.secret_bits < TOKEN_GUESSABLE, "guessable"},
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

    if (match->grade == GRADE_BEACON) {
        buffer_add_text(out, "a planted address was fetched");
    } else if (match->part == CANDIDATE_PUBLIC) {
        buffer_add_text(out, "the public half of a planted key was offered, without proof of the private half");
    } else if (match->part == CANDIDATE_IDENTITY) {
        buffer_add_text(out, "a planted identity that nobody guesses, ");
        if ((match->reasons & MATCH_NEAR) != 0)
            buffer_add_format(out, "with a wrong secret (%u of %u characters away from the planted one)",
                              match->distance, match->length);
        else
            buffer_add_text(out, "without its secret");
    } else if (match->part == CANDIDATE_SESSION) {
        buffer_add_format(out, "code number %d for the second factor, refused, in a session that the planted secret "
                          "had opened", shown->step);
    } else if (match->part == CANDIDATE_PROOF) {
        buffer_add_format(out, "a proof of the planted secret, which was not sent itself (%s)",
                          transcript_name(match->distance));
    } else {
        buffer_add_text(out, (match->reasons & MATCH_FORMER) != 0 ? "a planted secret, rotated since" :
                                                                     "the planted secret itself");
        if ((match->reasons & MATCH_OTHER_IDENTITY) != 0)
            buffer_add_text(out, ", with another identity");
        if ((match->reasons & MATCH_NO_IDENTITY) != 0)
            buffer_add_text(out, ", without its identity");
        if ((match->reasons & MATCH_GRANTED) != 0)
            buffer_add_text(out, "; the decoy took it and asked for a second factor, so whoever sent it knows that it is "
                                 "right");
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
    ledger_bind_text(statement, 11, slice_of(is_secret(&shown->match) ? "secret" : "identity"));
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
    if (shown->step > 0)
        sqlite3_bind_int(statement, 22, shown->step);
}

/* Which of the steps of its incident's sessions this is. */
static int count_steps(struct derivation *derivation, struct shown *shown, struct error *error)
{
    sqlite3_stmt *statement;

    if (shown->match.part != CANDIDATE_SESSION)
        return 0;
    statement = ledger_statement(derivation->ledger,
                                 "SELECT coalesce(max(step), 0) + 1 FROM sighting WHERE incident = ? AND token = ? AND "
                                 "step IS NOT NULL", error);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, shown->incident);
    sqlite3_bind_int64(statement, 2, shown->match.token);
    if (ledger_step(derivation->ledger, statement, error) != 1)
        return -1;
    shown->step = sqlite3_column_int(statement, 0);
    sqlite3_reset(statement);
    return 0;
}

int sighting_insert(struct derivation *derivation, struct shown *shown, struct error *error)
{
    struct id id = derived_id(derivation->keyring, 's', shown->observation, shown->token.id, 0);
    struct buffer *scratch = &derivation->scratch;
    size_t context, reason;
    sqlite3_stmt *statement;

    if (count_steps(derivation, shown, error) < 0)
        return -1;
    statement = ledger_statement(
        derivation->ledger,
        "INSERT INTO sighting (id, observation, observation_id, token, actor, incident, time, grade, near_distance, "
        "near_length, part, found_in, reason, decoy, service, source, port, via, client, context, drill, step) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (observation, token) DO NOTHING", error);
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
    if (sqlite3_changes(derivation->ledger->db) == 0)
        return 0;
    shown->sighting = sqlite3_last_insert_rowid(derivation->ledger->db);
    return 1;
}
