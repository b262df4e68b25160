/* SPDX-License-Identifier: ISC */
#include "server/keeper/checkpoint.h"

#include <sodium.h>
#include <string.h>

static void sign(const struct keyring *keyring, const struct checkpoint *checkpoint, unsigned char mark[CHAIN_BYTES])
{
    static const unsigned char name[] = "checkpoint of the chain of observations";
    crypto_generichash_state state;

    keyring_chain(keyring, &state);
    crypto_generichash_update(&state, name, sizeof name);
    crypto_generichash_update(&state, (const unsigned char *)&checkpoint->chain.sequence,
                              sizeof checkpoint->chain.sequence);
    crypto_generichash_update(&state, checkpoint->chain.head, CHAIN_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)&checkpoint->time, sizeof checkpoint->time);
    crypto_generichash_final(&state, mark, CHAIN_BYTES);
}

int checkpoint_load(struct ledger *ledger, const struct keyring *keyring, struct checkpoint *checkpoint,
                    struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT seq, time, head, mark FROM checkpoint", error);
    unsigned char mark[CHAIN_BYTES];
    struct slice head, kept;
    int found;

    memset(checkpoint, 0, sizeof *checkpoint);
    if (statement == NULL)
        return -1;
    found = ledger_step(ledger, statement, error);
    if (found != 1)
        return found;
    checkpoint->chain.sequence = sqlite3_column_int64(statement, 0);
    checkpoint->time = sqlite3_column_int64(statement, 1);
    head = ledger_column(statement, 2);
    kept = ledger_column(statement, 3);
    if (head.length == CHAIN_BYTES)
        memcpy(checkpoint->chain.head, head.data, CHAIN_BYTES);
    sign(keyring, checkpoint, mark);
    found = kept.length == CHAIN_BYTES && sodium_memcmp(kept.data, mark, CHAIN_BYTES) == 0 ? 0 : 1;
    sqlite3_reset(statement);
    return found;
}

int checkpoint_save(struct ledger *ledger, const struct keyring *keyring, const struct checkpoint *checkpoint,
                    struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        ledger, "INSERT OR REPLACE INTO checkpoint (number, seq, time, head, mark) VALUES (1, ?, ?, ?, ?)", error);
    unsigned char mark[CHAIN_BYTES];

    if (statement == NULL)
        return -1;
    sign(keyring, checkpoint, mark);
    sqlite3_bind_int64(statement, 1, checkpoint->chain.sequence);
    sqlite3_bind_int64(statement, 2, checkpoint->time);
    ledger_bind_blob(statement, 3, (struct slice){checkpoint->chain.head, CHAIN_BYTES});
    ledger_bind_blob(statement, 4, (struct slice){mark, CHAIN_BYTES});
    return ledger_run(ledger, statement, error);
}
