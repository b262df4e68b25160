/* SPDX-License-Identifier: ISC */
#include "server/keeper/token.h"

#include <string.h>
#include "server/keeper/normalise.h"
#include "server/keeper/pending.h"

enum { PART_IDENTITY = 1, PART_SECRET = 2 };

static void bind_time(sqlite3_stmt *statement, int index, int64_t time)
{
    if (time != 0)
        sqlite3_bind_int64(statement, index, time);
}

static int insert_row(struct ledger *ledger, const struct token_result *token, const struct token_details *details,
                      struct slice sealed, const struct digest *identity, int64_t *number, struct error *error)
{
    static const unsigned char none[1] = "";
    sqlite3_stmt *statement = ledger_statement(
        ledger,
        "INSERT INTO token (id, kind, form, identity, identity_digest, secret, secret_bits, identity_bits, bound, "
        "distinctive, decoy, state, minted, expires, owner, contact, memo, drill) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'armed', ?, ?, ?, ?, ?, ?)",
        error);

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &details->id);
    ledger_bind_text(statement, 2, token->kind);
    ledger_bind_text(statement, 3, token->form);
    ledger_bind_text(statement, 4, token->identity.data != NULL ? token->identity : (struct slice){none, 0});
    ledger_bind_blob(statement, 5, (struct slice){identity->bytes, DIGEST_BYTES});
    ledger_bind_blob(statement, 6, sealed);
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
    if (ledger_run(ledger, statement, error) < 0)
        return -1;
    *number = sqlite3_last_insert_rowid(ledger->db);
    return 0;
}

static int insert_digests(struct ledger *ledger, const struct keyring *keyring, const struct token_result *token,
                          const struct spellings *spellings, int64_t number, struct error *error)
{
    struct digest digest;
    size_t i;

    for (i = 0; i < spellings->count; i++) {
        digest = keyring_digest(keyring, DIGEST_IDENTITY, spellings->items[i]);
        if (pending_add(ledger, &digest, number, PART_IDENTITY, error) < 0)
            return -1;
    }
    digest = keyring_digest(keyring, DIGEST_SECRET, normalise_secret(token->secret));
    return pending_add(ledger, &digest, number, PART_SECRET, error);
}

int token_insert(struct ledger *ledger, const struct keyring *keyring, const struct token_result *token,
                 const struct token_details *details, int64_t *number, struct error *error)
{
    struct spellings spellings;
    struct digest identity;
    struct buffer sealed;
    int result = -1;

    buffer_init(&sealed, TOKEN_SECRET + SEAL_OVERHEAD);
    normalise_identity(token->identity, &spellings);
    identity = keyring_digest(keyring, DIGEST_IDENTITY, spellings.count > 0 ? spellings.items[0] : SLICE_NONE);
    if (normalise_secret(token->secret).length == 0)
        error_set(error, "a token without a secret cannot be kept");
    else if (keyring_seal(keyring, token->secret, &sealed) < 0)
        error_set(error, "the secret is longer than %d bytes", TOKEN_SECRET);
    else if (insert_row(ledger, token, details, buffer_slice(&sealed), &identity, number, error) == 0 &&
             insert_digests(ledger, keyring, token, &spellings, *number, error) == 0)
        result = 0;
    buffer_free(&sealed);
    return result;
}

int token_secret(struct ledger *ledger, const struct keyring *keyring, int64_t number, struct buffer *out,
                 struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT secret FROM token WHERE number = ?", error);
    int found, result = -1;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    found = ledger_step(ledger, statement, error);
    if (found == 1) {
        result = keyring_open_sealed(keyring, ledger_column(statement, 0), out);
        if (result < 0)
            error_set(error, "the sealed secret cannot be opened: the ledger is damaged or the key is another");
        sqlite3_reset(statement);
    } else if (found == 0) {
        error_set(error, "there is no such token");
    }
    return result;
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
