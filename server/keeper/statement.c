/* SPDX-License-Identifier: ISC
 *
 * The part of ledger.h that runs statements. */
#include <stdint.h>
#include <string.h>
#include "server/keeper/ledger.h"

static int fail(struct ledger *ledger, struct error *error)
{
    ledger->code = sqlite3_extended_errcode(ledger->db);
    if ((ledger->code & 0xff) == SQLITE_FULL)
        return error_set(error, "no space left for the ledger %s: free some", ledger->path);
    if ((ledger->code & 0xff) == SQLITE_CORRUPT)
        return error_set(error, "the ledger %s is damaged: restore it from a backup", ledger->path);
    return error_set(error, "ledger %s: %s", ledger->path, sqlite3_errmsg(ledger->db));
}

sqlite3_stmt *ledger_statement(struct ledger *ledger, const char *sql, struct error *error)
{
    size_t i = (((uintptr_t)sql >> 3) * 2654435761u) % LEDGER_STATEMENTS, tried;

    for (tried = 0; tried < LEDGER_STATEMENTS; tried++, i = (i + 1) % LEDGER_STATEMENTS) {
        if (ledger->statements[i].sql == sql) {
            sqlite3_reset(ledger->statements[i].statement);
            sqlite3_clear_bindings(ledger->statements[i].statement);
            return ledger->statements[i].statement;
        }
        if (ledger->statements[i].sql == NULL)
            break;
    }
    if (tried == LEDGER_STATEMENTS) {
        error_set(error, "more than %d statements", LEDGER_STATEMENTS);
        return NULL;
    }
    if (sqlite3_prepare_v3(ledger->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &ledger->statements[i].statement, NULL) !=
        SQLITE_OK) {
        fail(ledger, error);
        return NULL;
    }
    ledger->statements[i].sql = sql;
    return ledger->statements[i].statement;
}

/* Only between transactions. Not a prepared statement: SQLite obeys this one when it reads it. */
static int set_hasty(struct ledger *ledger, bool hasty, struct error *error)
{
    const char *sql = hasty ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL";

    if (ledger->hasty == hasty)
        return 0;
    if (sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(ledger, error);
    ledger->hasty = hasty;
    return 0;
}

/* Does it begin to write on its own, or a transaction that waits for the disk? */
static bool waits(const struct ledger *ledger, sqlite3_stmt *statement)
{
    return ledger->hasty && sqlite3_get_autocommit(ledger->db) != 0 && sqlite3_stmt_readonly(statement) == 0;
}

int ledger_step(struct ledger *ledger, sqlite3_stmt *statement, struct error *error)
{
    int code;

    if (waits(ledger, statement) && set_hasty(ledger, false, error) < 0)
        return -1;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE) {
        sqlite3_reset(statement);
        return 0;
    }
    fail(ledger, error);
    sqlite3_reset(statement);
    return -1;
}

int ledger_run(struct ledger *ledger, sqlite3_stmt *statement, struct error *error)
{
    int result = ledger_step(ledger, statement, error);

    if (result == 1) {
        sqlite3_reset(statement);
        result = 0;
    }
    return result;
}

int ledger_execute(struct ledger *ledger, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(ledger, sql, error);

    return statement == NULL ? -1 : ledger_run(ledger, statement, error);
}

int ledger_begin(struct ledger *ledger, struct error *error)
{
    return ledger_execute(ledger, "BEGIN IMMEDIATE", error);
}

/* "BEGIN" writes nothing, so it does not wait. */
int ledger_begin_hasty(struct ledger *ledger, struct error *error)
{
    if (set_hasty(ledger, true, error) == 0 && ledger_execute(ledger, "BEGIN", error) == 0)
        return 0;
    ledger_rollback(ledger);
    return -1;
}

int ledger_commit(struct ledger *ledger, struct error *error)
{
    if (pending_write(ledger, error) == 0 && ledger_execute(ledger, "COMMIT", error) == 0)
        return 0;
    ledger_rollback(ledger);
    return -1;
}

void ledger_rollback(struct ledger *ledger)
{
    struct error ignored;
    int code = ledger->code;

    pending_clear(&ledger->pending);
    if (ledger->db != NULL && sqlite3_get_autocommit(ledger->db) == 0)
        ledger_execute(ledger, "ROLLBACK", &ignored);
    ledger->code = code;
}

void ledger_bind_text(sqlite3_stmt *statement, int index, struct slice text)
{
    if (text.data == NULL)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_text64(statement, index, (const char *)text.data, text.length, SQLITE_STATIC, SQLITE_UTF8);
}

void ledger_bind_blob(sqlite3_stmt *statement, int index, struct slice blob)
{
    if (blob.data == NULL || blob.length == 0)
        sqlite3_bind_zeroblob(statement, index, 0);
    else
        sqlite3_bind_blob64(statement, index, blob.data, blob.length, SQLITE_STATIC);
}

void ledger_bind_id(sqlite3_stmt *statement, int index, const struct id *id)
{
    sqlite3_bind_blob(statement, index, id->bytes, ID_BYTES, SQLITE_STATIC);
}

struct slice ledger_column(sqlite3_stmt *statement, int index)
{
    const void *data = sqlite3_column_blob(statement, index);

    return (struct slice){data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, index)};
}

struct id ledger_column_id(sqlite3_stmt *statement, int index)
{
    struct slice bytes = ledger_column(statement, index);
    struct id id = {{0}};

    if (bytes.length == ID_BYTES)
        memcpy(id.bytes, bytes.data, ID_BYTES);
    return id;
}

int64_t ledger_setting(struct ledger *ledger, const char *name, int64_t otherwise)
{
    struct error ignored;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT value FROM setting WHERE name = ?", &ignored);

    if (statement == NULL)
        return otherwise;
    ledger_bind_text(statement, 1, slice_of(name));
    if (ledger_step(ledger, statement, &ignored) == 1) {
        otherwise = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return otherwise;
}

int ledger_set(struct ledger *ledger, const char *name, int64_t value, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        ledger, "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", error);

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(name));
    sqlite3_bind_int64(statement, 2, value);
    return ledger_run(ledger, statement, error);
}
