/* SPDX-License-Identifier: ISC */
#include "server/keeper/token.h"

#include <string.h>
#include "server/keeper/normalise.h"
#include "server/keeper/pending.h"

static void bind_time(sqlite3_stmt *statement, int index, int64_t time)
{
    if (time != 0)
        sqlite3_bind_int64(statement, index, time);
}

struct sealed {
    struct buffer secret, facts; /* facts: empty where there are none */
};

static int insert_row(struct ledger *ledger, const struct token_result *token, const struct token_details *details,
                      const struct sealed *sealed, const struct digest *identity, int64_t *number, struct error *error)
{
    static const unsigned char none[1] = "";
    sqlite3_stmt *statement = ledger_statement(
        ledger,
        "INSERT INTO token (id, kind, form, identity, identity_digest, secret, secret_bits, identity_bits, bound, "
        "distinctive, decoy, state, minted, expires, owner, contact, memo, drill, facts, beside, trusts) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'armed', ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?)",
        error);

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &details->id);
    ledger_bind_text(statement, 2, token->kind);
    ledger_bind_text(statement, 3, token->form);
    ledger_bind_text(statement, 4, token->identity.data != NULL ? token->identity : (struct slice){none, 0});
    ledger_bind_blob(statement, 5, (struct slice){identity->bytes, DIGEST_BYTES});
    ledger_bind_blob(statement, 6, buffer_slice(&sealed->secret));
    sqlite3_bind_int(statement, 7, token->secret_bits);
    sqlite3_bind_int(statement, 8, token->identity_bits);
    sqlite3_bind_int(statement, 9, token->bound);
    sqlite3_bind_int(statement, 10, token->distinctive);
    ledger_bind_text(statement, 11, details->decoy.data != NULL ? details->decoy : (struct slice){none, 0});
    sqlite3_bind_int64(statement, 12, details->minted);
    bind_time(statement, 13, details->expires);
    ledger_bind_text(statement, 14, details->owner);
    ledger_bind_text(statement, 15, details->contact);
    ledger_bind_text(statement, 16, details->memo);
    sqlite3_bind_int(statement, 17, details->drill);
    ledger_bind_blob(statement, 18, buffer_slice(&sealed->facts));
    sqlite3_bind_int64(statement, 19, details->beside);
    sqlite3_bind_int(statement, 20, token->trusts);
    if (ledger_run(ledger, statement, error) < 0)
        return -1;
    *number = sqlite3_last_insert_rowid(ledger->db);
    return 0;
}

static int add_identity(struct ledger *ledger, const struct keyring *keyring, const struct spellings *spellings,
                        int64_t number, struct error *error)
{
    struct digest digest;

    for (size_t i = 0; i < spellings->count; i++) {
        digest = keyring_digest(keyring, DIGEST_IDENTITY, spellings->items[i]);
        if (pending_add(ledger, &digest, number, PART_IDENTITY, error) < 0)
            return -1;
    }
    return 0;
}

struct digest token_trial(const struct keyring *keyring, struct slice fact)
{
    return keyring_digest(keyring, DIGEST_TRIAL, fact);
}

/* Is it the verifier of a proof by trial? */
static bool is_trial(struct slice fact)
{
    enum { IDENTITY, KEY, TRIAL };
#define PROOF(number, symbol, name, summary, fields, find, stored)                                                     \
    if (find == TRIAL && slice_is(fact, #symbol))                                                                      \
        return true;
#include "server/wire/tables/proofs.def"
#undef PROOF
    return false;
}

/* Facts stand in the index as they are presented; only the role of an identity has spellings. */
static int add_fact(struct ledger *ledger, const struct keyring *keyring, const struct token_fact *fact, int64_t number,
                    struct error *error)
{
    struct spellings spellings;
    struct digest digest;

    if (fact->role == FACT_PLAIN) {
        if (!is_trial(fact->name))
            return 0;
        ledger->trials++;
        digest = token_trial(keyring, fact->name);
        return pending_add(ledger, &digest, number, PART_TRIAL, error);
    }
    if (fact->role == FACT_IDENTITY) {
        normalise_identity(fact->value, &spellings);
        return add_identity(ledger, keyring, &spellings, number, error);
    }
    if (fact->role == FACT_ADDRESS) { /* looked for as a bare value is: lower-cased */
        normalise_identity(fact->value, &spellings);
        digest = keyring_digest(keyring, DIGEST_IDENTITY, spellings.count > 0 ? spellings.items[0] : SLICE_NONE);
    } else {
        digest = keyring_digest(keyring, fact->role == FACT_PUBLIC ? DIGEST_PUBLIC : DIGEST_SECRET,
                                normalise_secret(fact->value));
    }
    return pending_add(ledger, &digest, number, fact->role, error);
}

static int insert_digests(struct ledger *ledger, const struct keyring *keyring, const struct token_result *token,
                          const struct spellings *spellings, int64_t number, struct error *error)
{
    struct digest digest = keyring_digest(keyring, DIGEST_SECRET, normalise_secret(token->secret));
    struct reader reader = reader_of(token->facts);
    struct token_fact fact;

    if (add_identity(ledger, keyring, spellings, number, error) < 0)
        return -1;
    while (fact_next(&reader, &fact))
        if (add_fact(ledger, keyring, &fact, number, error) < 0)
            return -1;
    return pending_add(ledger, &digest, number, PART_SECRET, error);
}

static int seal(const struct keyring *keyring, const struct token_result *token, struct sealed *sealed,
                struct error *error)
{
    if (normalise_secret(token->secret).length == 0)
        return error_set(error, "a token without a secret cannot be kept");
    if (keyring_seal(keyring, token->secret, &sealed->secret) < 0)
        return error_set(error, "the secret is longer than %d bytes", TOKEN_SECRET);
    if (token->facts.length > 0 && keyring_seal(keyring, token->facts, &sealed->facts) < 0)
        return error_set(error, "what belongs to the secret is longer than %d bytes", FACTS_BYTES);
    return 0;
}

int token_insert(struct ledger *ledger, const struct keyring *keyring, const struct token_result *token,
                 const struct token_details *details, int64_t *number, struct error *error)
{
    struct spellings spellings;
    struct digest identity;
    struct sealed sealed;
    int result = -1;

    buffer_init(&sealed.secret, TOKEN_SECRET + SEAL_OVERHEAD);
    buffer_init(&sealed.facts, FACTS_BYTES + SEAL_OVERHEAD);
    normalise_identity(token->identity, &spellings);
    identity = keyring_digest(keyring, DIGEST_IDENTITY, spellings.count > 0 ? spellings.items[0] : SLICE_NONE);
    if (seal(keyring, token, &sealed, error) == 0 &&
        insert_row(ledger, token, details, &sealed, &identity, number, error) == 0 &&
        insert_digests(ledger, keyring, token, &spellings, *number, error) == 0)
        result = 0;
    buffer_free(&sealed.secret);
    buffer_free(&sealed.facts);
    return result;
}

/* Opens the sealed column that a statement on the token yields; an empty one opens to nothing. */
static int open_column(struct ledger *ledger, const struct keyring *keyring, const char *sql, int64_t number,
                       struct buffer *out, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);
    int found, result = -1;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    found = ledger_step(ledger, statement, error);
    if (found == 1) {
        struct slice sealed = ledger_column(statement, 0);

        result = sealed.length == 0 ? 0 : keyring_open_sealed(keyring, sealed, out);
        if (result < 0)
            error_set(error, "what is sealed of the token cannot be opened: the ledger is damaged or the key is "
                             "another");
        sqlite3_reset(statement);
    } else if (found == 0) {
        error_set(error, "there is no such token");
    }
    return result;
}

int token_secret(struct ledger *ledger, const struct keyring *keyring, int64_t number, struct buffer *out,
                 struct error *error)
{
    return open_column(ledger, keyring, "SELECT secret FROM token WHERE number = ?", number, out, error);
}

int token_facts(struct ledger *ledger, const struct keyring *keyring, int64_t number, struct buffer *out,
                struct error *error)
{
    return open_column(ledger, keyring, "SELECT facts FROM token WHERE number = ?", number, out, error);
}

int64_t token_number(struct ledger *ledger, struct id id, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT number FROM token WHERE id = ?", error);
    int64_t number = -1;
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &id);
    found = ledger_step(ledger, statement, error);
    if (found == 1) {
        number = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    } else if (found == 0) {
        number = 0;
    }
    return number;
}
