/* SPDX-License-Identifier: ISC */
#include "server/keeper/chain.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/unzeroed.h"
#include "server/keeper/checkpoint.h"
#include "server/keeper/observe.h"

static const char *const last_row[] = {
    [CHAIN_OBSERVATION] = "SELECT seq, link FROM observation ORDER BY seq DESC LIMIT 1",
    [CHAIN_OPERATION] = "SELECT seq, link FROM operation ORDER BY seq DESC LIMIT 1",
};

int chain_load(struct ledger *ledger, enum chain_name name, struct chain *chain, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, last_row[name], error);
    struct slice link;
    int found;

    memset(chain, 0, sizeof *chain);
    if (statement == NULL)
        return -1;
    found = ledger_step(ledger, statement, error);
    if (found == 1) {
        link = ledger_column(statement, 1);
        chain->sequence = sqlite3_column_int64(statement, 0);
        if (link.length == CHAIN_BYTES)
            memcpy(chain->head, link.data, CHAIN_BYTES);
        sqlite3_reset(statement);
    }
    return found < 0 ? -1 : 0;
}

void chain_extend(struct chain *chain, const struct keyring *keyring, const unsigned char digest[CHAIN_BYTES])
{
    UNZEROED crypto_generichash_state state;

    keyring_chain(keyring, &state);
    crypto_generichash_update(&state, chain->head, CHAIN_BYTES);
    crypto_generichash_update(&state, digest, CHAIN_BYTES);
    crypto_generichash_final(&state, chain->head, CHAIN_BYTES);
    chain->sequence++;
}

struct operation {
    int64_t time;
    struct slice who, what, subject, details;
};

static void hash_part(crypto_generichash_state *state, struct slice part)
{
    uint64_t length = part.length;

    crypto_generichash_update(state, (const unsigned char *)&length, sizeof length);
    if (part.length > 0)
        crypto_generichash_update(state, part.data, part.length);
}

static void operation_digest(const struct keyring *keyring, const struct operation *operation,
                             unsigned char digest[CHAIN_BYTES])
{
    crypto_generichash_state state;

    keyring_chain(keyring, &state);
    hash_part(&state, (struct slice){(const unsigned char *)&operation->time, sizeof operation->time});
    hash_part(&state, operation->who);
    hash_part(&state, operation->what);
    hash_part(&state, operation->subject);
    hash_part(&state, operation->details);
    crypto_generichash_final(&state, digest, CHAIN_BYTES);
}

static struct slice or_empty(struct slice s)
{
    return s.data != NULL ? s : slice_of("");
}

int operation_add(struct ledger *ledger, const struct keyring *keyring, struct slice who, struct slice what,
                  struct slice subject, struct slice details, struct error *error)
{
    struct operation operation = {clock_wall(), or_empty(who), or_empty(what), or_empty(subject), or_empty(details)};
    unsigned char digest[CHAIN_BYTES];
    sqlite3_stmt *statement;
    struct chain chain;

    if (chain_load(ledger, CHAIN_OPERATION, &chain, error) < 0)
        return -1;
    operation_digest(keyring, &operation, digest);
    chain_extend(&chain, keyring, digest);
    statement = ledger_statement(ledger, "INSERT INTO operation (seq, time, who, what, subject, details, digest, link) "
                                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, chain.sequence);
    sqlite3_bind_int64(statement, 2, operation.time);
    ledger_bind_text(statement, 3, operation.who);
    ledger_bind_text(statement, 4, operation.what);
    ledger_bind_text(statement, 5, operation.subject);
    ledger_bind_text(statement, 6, operation.details);
    ledger_bind_blob(statement, 7, (struct slice){digest, sizeof digest});
    ledger_bind_blob(statement, 8, (struct slice){chain.head, sizeof chain.head});
    return ledger_run(ledger, statement, error);
}

/* Columns: seq, digest, link, then the row's own. The digest of a row whose content was erased is taken as it is. */
static bool observation_row(const struct keyring *keyring, sqlite3_stmt *row, unsigned char digest[CHAIN_BYTES])
{
    struct observed observed = {
        .id = ledger_column_id(row, 3),
        .time = sqlite3_column_int64(row, 4),
        .decoy = ledger_column(row, 5),
        .service = ledger_column(row, 6),
        .source = ledger_column(row, 7),
        .port = (uint16_t)sqlite3_column_int(row, 8),
        .flow = ledger_column(row, 9),
        .context = ledger_column(row, 10),
        .presented = ledger_column(row, 11),
        .matched = ledger_column(row, 12),
    };

    if (sqlite3_column_type(row, 9) == SQLITE_NULL)
        return false;
    observed_digest(keyring, &observed, digest);
    return true;
}

static bool operation_row(const struct keyring *keyring, sqlite3_stmt *row, unsigned char digest[CHAIN_BYTES])
{
    struct operation operation = {sqlite3_column_int64(row, 3), ledger_column(row, 4), ledger_column(row, 5),
                                  ledger_column(row, 6), ledger_column(row, 7)};

    if (sqlite3_column_int(row, 8) != 0)
        return false;
    operation_digest(keyring, &operation, digest);
    return true;
}

static const struct {
    const char *sql;
    bool (*digest)(const struct keyring *keyring, sqlite3_stmt *row, unsigned char digest[CHAIN_BYTES]);
} walks[] = {
    [CHAIN_OBSERVATION] = {"SELECT seq, digest, link, id, time, decoy, service, source, port, flow, context, presented, "
                           "matched FROM observation WHERE seq > ? ORDER BY seq LIMIT ?", observation_row},
    [CHAIN_OPERATION] = {"SELECT seq, digest, link, time, who, what, subject, details, CASE WHEN what = 'ack' AND "
                         "json_valid(details) THEN json_extract(details, '$.erased') IS NOT NULL ELSE 0 END FROM operation "
                         "WHERE seq > ? ORDER BY seq LIMIT ?", operation_row},
};

static void fault_at(struct chain_fault *fault, int64_t sequence, const char *text)
{
    fault->sequence = sequence;
    snprintf(fault->text, sizeof fault->text, "row %" PRId64 ": %s", sequence, text);
}

static bool same(struct slice column, const unsigned char value[CHAIN_BYTES])
{
    return column.length == CHAIN_BYTES && memcmp(column.data, value, CHAIN_BYTES) == 0;
}

/* Checks one row against the chain so far, which it extends. */
static void check_row(const struct keyring *keyring, enum chain_name name, sqlite3_stmt *row,
                      const struct chain *anchor, struct chain *chain, struct chain_fault *fault)
{
    unsigned char digest[CHAIN_BYTES];
    int64_t sequence = sqlite3_column_int64(row, 0);
    struct slice kept = ledger_column(row, 1);

    if (sequence != chain->sequence + 1) {
        fault_at(fault, chain->sequence + 1, "is missing");
        return;
    }
    if (kept.length != CHAIN_BYTES) {
        fault_at(fault, sequence, "has no digest");
        return;
    }
    if (walks[name].digest(keyring, row, digest) && !same(kept, digest)) {
        fault_at(fault, sequence, "was changed");
        return;
    }
    memcpy(digest, kept.data, CHAIN_BYTES);
    chain_extend(chain, keyring, digest);
    if (!same(ledger_column(row, 2), chain->head))
        fault_at(fault, sequence, "does not follow from the row before it");
    else if (anchor != NULL && anchor->sequence == sequence &&
             memcmp(anchor->head, chain->head, CHAIN_BYTES) != 0)
        fault_at(fault, sequence, "is not the one of the anchor: the ledger was replaced or rewritten");
}

/* The last observation that a sighting was derived from must still be there. */
static int check_tail(struct ledger *ledger, const struct chain *anchor, const struct chain *end,
                      struct chain_fault *fault, bool observations, struct error *error)
{
    sqlite3_stmt *statement;
    int64_t last = 0;

    if (anchor != NULL && anchor->sequence > end->sequence)
        fault_at(fault, end->sequence + 1, "is missing: the tail was cut, or the ledger rolled back");
    if (!observations || fault->sequence != 0)
        return 0;
    statement = ledger_statement(ledger, "SELECT observation FROM sighting ORDER BY number DESC LIMIT 1", error);
    if (statement == NULL)
        return -1;
    if (ledger_step(ledger, statement, error) == 1) {
        last = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    if (last > end->sequence)
        fault_at(fault, end->sequence + 1, "is missing: sightings were derived from later ones");
    return 0;
}

/* A chain whose oldest rows were dropped begins at its checkpoint, which may have moved since the last piece. */
static int check_begin(struct ledger *ledger, const struct keyring *keyring, const struct chain *anchor,
                       struct chain *end, struct chain_fault *fault, struct error *error)
{
    struct checkpoint checkpoint;
    int found = checkpoint_load(ledger, keyring, &checkpoint, error);

    if (found == 1)
        fault_at(fault, checkpoint.chain.sequence > 0 ? checkpoint.chain.sequence : 1,
                 "is where the chain is said to begin, by a checkpoint that no keeper made");
    if (found != 0 || checkpoint.chain.sequence <= end->sequence)
        return found < 0 ? -1 : 0;
    *end = checkpoint.chain;
    if (anchor != NULL && anchor->sequence == end->sequence && memcmp(anchor->head, end->head, CHAIN_BYTES) != 0)
        fault_at(fault, end->sequence, "is not the one of the anchor: the ledger was replaced or rewritten");
    return 0;
}

int chain_audit_piece(struct ledger *ledger, const struct keyring *keyring, enum chain_name name,
                      const struct chain *anchor, int64_t rows, struct chain *end, struct chain_fault *fault,
                      struct error *error)
{
    sqlite3_stmt *statement;
    int64_t count = 0;
    int found = 0;

    if (name == CHAIN_OBSERVATION && check_begin(ledger, keyring, anchor, end, fault, error) < 0)
        return -1;
    if (fault->sequence != 0)
        return 0;
    statement = ledger_statement(ledger, walks[name].sql, error);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, end->sequence);
    sqlite3_bind_int64(statement, 2, rows);
    while (fault->sequence == 0 && (found = ledger_step(ledger, statement, error)) == 1) {
        check_row(keyring, name, statement, anchor, end, fault);
        count++;
    }
    sqlite3_reset(statement);
    if (found < 0)
        return -1;
    if (fault->sequence != 0 || count == rows)
        return fault->sequence == 0;
    return check_tail(ledger, anchor, end, fault, name == CHAIN_OBSERVATION, error);
}

int chain_audit(struct ledger *ledger, const struct keyring *keyring, enum chain_name name,
                const struct chain *anchor, struct chain *end, struct chain_fault *fault, struct error *error)
{
    memset(end, 0, sizeof *end);
    memset(fault, 0, sizeof *fault);
    return chain_audit_piece(ledger, keyring, name, anchor, INT64_MAX, end, fault, error);
}

int chain_parse(const char *text, struct chain *chain)
{
    const char *colon = strchr(text, ':'), *end;
    size_t length;
    int64_t sequence = 0;

    if (colon == NULL || colon == text || colon - text > 18)
        return -1;
    for (; text < colon; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        sequence = sequence * 10 + (*text - '0');
    }
    chain->sequence = sequence;
    if (sodium_hex2bin(chain->head, CHAIN_BYTES, colon + 1, strlen(colon + 1), NULL, &length, &end) != 0)
        return -1;
    return length == CHAIN_BYTES && *end == '\0' ? 0 : -1;
}

const char *chain_text(const struct chain *chain, char text[CHAIN_TEXT])
{
    char hex[2 * CHAIN_BYTES + 1];

    sodium_bin2hex(hex, sizeof hex, chain->head, CHAIN_BYTES);
    snprintf(text, CHAIN_TEXT, "%" PRId64 ":%s", chain->sequence, hex);
    return text;
}
