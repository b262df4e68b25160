/* SPDX-License-Identifier: ISC */
#include "server/keeper/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "server/base/address.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/keeper/gather.h"

#define LOCK_WAIT_US 5000000
#define CACHE_KIB 12288
#define CHECKPOINT_PAGES 2000 /* 8 MiB: what is written again and again is copied back once, and no commit waits long */

extern const char keeper_schema[];

/* What takes a ledger from the version that is its place here to the next. Forward only. */
static const char *const migrations[LEDGER_VERSION] = {
    keeper_schema,
    /* sealed: server/base/facts.h; x'' where there are none */
    "ALTER TABLE token ADD COLUMN facts BLOB NOT NULL DEFAULT x'';",
    /* campaign: the key under which a plan finds a placement again (command_campaign.c) */
    "ALTER TABLE placement ADD COLUMN campaign TEXT;"
    " CREATE INDEX placement_campaign ON placement (campaign) WHERE campaign IS NOT NULL;",
    /* beside: the row of the token in whose artifacts this one lies, which its vendor alone sees used */
    "ALTER TABLE token ADD COLUMN beside INTEGER REFERENCES token (number);"
    " CREATE UNIQUE INDEX token_beside ON token (beside) WHERE beside IS NOT NULL;",
    /* erased: when content and addresses went (erase.h); checkpoint: where the chain of observations begins since */
    "ALTER TABLE observation ADD COLUMN erased INTEGER;"
    " ALTER TABLE surplus ADD COLUMN erased INTEGER;" /* the same columns */
    " ALTER TABLE sighting ADD COLUMN erased INTEGER;"
    " ALTER TABLE actor ADD COLUMN erased INTEGER;"
    " ALTER TABLE alert ADD COLUMN erased INTEGER;"
    " CREATE INDEX alert_kept ON alert (time) WHERE erased IS NULL AND number > 0;"
    " CREATE TABLE checkpoint (number INTEGER PRIMARY KEY CHECK (number = 1), seq INTEGER NOT NULL,"
    " time INTEGER NOT NULL, head BLOB NOT NULL, mark BLOB NOT NULL) STRICT;",
    /* arguments: the options of `plant`, a JSON object, NULL in old rows; replanted: when it was last put there again;
     * rotates: the placement that this one took over from (command_rotate.c) */
    "ALTER TABLE placement ADD COLUMN arguments TEXT; ALTER TABLE placement ADD COLUMN replanted INTEGER;"
    " ALTER TABLE placement ADD COLUMN rotates INTEGER REFERENCES placement (number);"
    " CREATE UNIQUE INDEX placement_rotates ON placement (rotates) WHERE rotates IS NOT NULL;"
    " CREATE INDEX placement_place ON placement (place);",
    /* trusts: its artifacts trust the installation's authority alone; of older ones only kubeconfigs may */
    "ALTER TABLE token ADD COLUMN trusts INTEGER NOT NULL DEFAULT 0;"
    " UPDATE token SET trusts = 1 WHERE kind = 'kubeconfig';"
    " CREATE INDEX token_trusts ON token (decoy, state) WHERE trusts = 1;",
    /* digest of a placement: sealed from here on (ledger.h: digest_text) */
    "",
    /* uses, drilled: of a token's and an incident's sightings, kept with them; step: of a session that the secret opened
     * (sighting.c); indexes: what would be counted or looked through while everybody waits */
    "ALTER TABLE token ADD COLUMN uses INTEGER NOT NULL DEFAULT 0; ALTER TABLE token ADD COLUMN drilled INTEGER;"
    " ALTER TABLE incident ADD COLUMN uses INTEGER NOT NULL DEFAULT 0; ALTER TABLE sighting ADD COLUMN step INTEGER;"
    " UPDATE token SET uses = u.uses, drilled = u.drilled FROM (SELECT token, sum(NOT drill) AS uses,"
    " max(iif(drill, time, NULL)) AS drilled FROM sighting GROUP BY token) u WHERE u.token = token.number;"
    " UPDATE incident SET uses = (SELECT coalesce(sum(count), 0) FROM fold WHERE incident = incident.number);"
    " UPDATE sighting SET step = u.step FROM (SELECT number, row_number() OVER (PARTITION BY incident, token ORDER BY"
    " number) AS step FROM sighting WHERE context LIKE '%\"later-step\"%') u WHERE u.number = sighting.number;"
    " CREATE INDEX sighting_step ON sighting (incident, token, step) WHERE step IS NOT NULL;"
    " CREATE INDEX sighting_drill ON sighting (number) WHERE drill = 1;"
    " DROP INDEX fold_actor; CREATE INDEX fold_actor ON fold (actor, token);"
    " CREATE INDEX fold_incident ON fold (incident, actor);"
    " CREATE INDEX alert_token ON alert (token); CREATE INDEX alert_sighting ON alert (sighting);"
    " CREATE INDEX incident_open ON incident (state) WHERE state = 'open';"
    " CREATE INDEX delivery_dead ON delivery (route) WHERE state = 'dead';"
    " CREATE INDEX delivery_delivered ON delivery (route) WHERE state = 'delivered';"
    " CREATE INDEX operation_what ON operation (what, time);",
};

static void sql_id_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    const unsigned char *letter = sqlite3_value_text(values[0]);
    const void *bytes = sqlite3_value_blob(values[1]);
    char text[ID_TEXT];
    struct id id;

    (void)count;
    if (letter == NULL || bytes == NULL || sqlite3_value_bytes(values[1]) != ID_BYTES)
        return;
    memcpy(id.bytes, bytes, ID_BYTES);
    sqlite3_result_text(context, id_text(id, (char)letter[0], text), -1, SQLITE_TRANSIENT);
}

static void sql_time_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    char text[CLOCK_TEXT];

    (void)count;
    if (sqlite3_value_type(values[0]) != SQLITE_NULL)
        sqlite3_result_text(context, clock_text(sqlite3_value_int64(values[0]), text), -1, SQLITE_TRANSIENT);
}

static void sql_address_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    const void *bytes = sqlite3_value_blob(values[0]);
    char text[ADDRESS_TEXT];
    struct address address;

    (void)count;
    if (bytes == NULL || sqlite3_value_bytes(values[0]) != ADDRESS_BYTES)
        return;
    memcpy(address.bytes, bytes, ADDRESS_BYTES);
    sqlite3_result_text(context, address_text(&address, text), -1, SQLITE_TRANSIENT);
}

/* No text of an earlier version begins with a key's number. */
static void sql_digest_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct ledger *ledger = sqlite3_user_data(context);
    struct slice digest = {sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0])};
    struct buffer plain;

    (void)count;
    if (digest.data == NULL)
        return;
    buffer_init(&plain, digest.length);
    if (digest.data[0] != KEYRING_NUMBER)
        sqlite3_result_text(context, (const char *)digest.data, (int)digest.length, SQLITE_TRANSIENT);
    else if (keyring_open_sealed(ledger->keyring, digest, &plain) == 0)
        sqlite3_result_text(context, (const char *)plain.data, (int)plain.length, SQLITE_TRANSIENT);
    buffer_free(&plain);
}

static int add_functions(struct ledger *ledger)
{
    sqlite3 *db = ledger->db;
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

    if (sqlite3_create_function(db, "id_text", 2, flags, NULL, sql_id_text, NULL, NULL) != SQLITE_OK ||
        sqlite3_create_function(db, "time_text", 1, flags, NULL, sql_time_text, NULL, NULL) != SQLITE_OK ||
        sqlite3_create_function(db, "address_text", 1, flags, NULL, sql_address_text, NULL, NULL) != SQLITE_OK ||
        sqlite3_create_function(db, "digest_text", 1, flags, ledger, sql_digest_text, NULL, NULL) != SQLITE_OK)
        return -1;
    return 0;
}

/* Writes what SQLite says into `error`, with the cure where there is one we know. */
static int fail(struct ledger *ledger, const char *doing, struct error *error)
{
    ledger->code = ledger->db != NULL ? sqlite3_extended_errcode(ledger->db) : SQLITE_NOMEM;
    switch (ledger->code & 0xff) {
    case SQLITE_FULL:
        return error_set(error, "%s: no space left for the ledger %s: free some", doing, ledger->path);
    case SQLITE_READONLY:
        return error_set(error, "%s: the ledger %s cannot be written: it or its folder is read-only, or belongs to "
                         "another user", doing, ledger->path);
    case SQLITE_CANTOPEN:
        return error_set(error, "%s: the ledger %s cannot be opened: check the folder's owner and mode", doing,
                         ledger->path);
    case SQLITE_NOTADB:
        return error_set(error, "%s is not a ledger of ours: move it away, or restore it from a backup",
                         ledger->path);
    case SQLITE_CORRUPT:
        return error_set(error, "%s: the ledger %s is damaged: restore it from a backup", doing, ledger->path);
    default:
        return error_set(error, "%s: ledger %s: %s", doing, ledger->path,
                         ledger->db != NULL ? sqlite3_errmsg(ledger->db) : "out of memory");
    }
}

bool ledger_was_full(const struct ledger *ledger)
{
    int code = ledger->code & 0xff;

    return code == SQLITE_FULL || code == SQLITE_IOERR;
}

bool ledger_exists(const char *state)
{
    char *path = paths_join(state, "ledger.db");
    struct stat status;
    bool there = path != NULL && stat(path, &status) == 0;

    free(path);
    return there;
}

static int open_folder(struct ledger *ledger, const char *state, bool create, struct error *error)
{
    if (create && mkdir(state, 0700) < 0 && errno != EEXIST)
        return error_errno(error, "state folder %s cannot be made", state);
    ledger->folder = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ledger->folder < 0)
        return error_errno(error, "state folder %s cannot be opened", state);
    return 0;
}

/* One keeper at a time; a dying one is waited for. */
static int take_lock(struct ledger *ledger, const char *state, struct error *error)
{
    const struct timespec pause = {0, 20000000};
    int64_t end = clock_monotonic() + LOCK_WAIT_US;

    ledger->lock = openat(ledger->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ledger->lock < 0)
        return error_errno(error, "state folder %s cannot be written: check its owner and mode, and that its file "
                           "system is writable and not full", state);
    while (flock(ledger->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_errno(error, "lock of %s", state);
        if (clock_monotonic() > end) {
            error_set(error, "another keeper is at work on %s: wait until the command that started it is done, or "
                      "stop it", state);
            return LEDGER_BUSY;
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int64_t pragma_number(struct ledger *ledger, const char *sql, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;

    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        fail(ledger, "opening", error);
    else
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static int script(struct ledger *ledger, const char *sql, const char *doing, struct error *error)
{
    return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(ledger, doing, error);
}

/* One thread uses SQLite here: no locks, no statistics. Without effect once SQLite was used. */
static void tune(void)
{
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1024, 256);
}

/* A copy made by backup says that it has no log (bytes 18 and 19 of SQLite's header); the ledger in use never does. A log
 * beside a copy is what was left of the ledger before it, and SQLite would write that over the copy. */
static int check_log(const struct ledger *ledger, struct error *error)
{
    unsigned char versions[2] = {0};
    int fd = openat(ledger->folder, "ledger.db", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool copy = fd >= 0 && pread(fd, versions, 2, 18) == 2 && versions[0] == 1 && versions[1] == 1;
    struct stat log;

    if (fd >= 0)
        close(fd);
    if (!copy || fstatat(ledger->folder, "ledger.db-wal", &log, AT_SYMLINK_NOFOLLOW) < 0 || log.st_size == 0)
        return 0;
    return error_set(error,
                     "%s was put back from a backup, and ledger.db-wal beside it is of the ledger before it: take "
                     "ledger.db-wal and ledger.db-shm away, and start again", ledger->path);
}

static int open_database(struct ledger *ledger, bool create, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;
    char text[256];
    int made = create ? openat(ledger->folder, "ledger.db", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

    if (made >= 0)
        close(made); /* SQLite would let others read it, and gives what lies beside it the same mode */
    tune();
    if (sqlite3_open_v2(ledger->path, &ledger->db, flags | (create ? SQLITE_OPEN_CREATE : 0), gather_register()) !=
        SQLITE_OK)
        return fail(ledger, "opening", error);
    sqlite3_extended_result_codes(ledger->db, 1);
    if (sqlite3_db_readonly(ledger->db, "main") == 1)
        return error_set(error, "the ledger %s cannot be written: it or its folder is read-only, or belongs to "
                         "another user", ledger->path);
    snprintf(text, sizeof text,
             "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-%d; "
             "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA secure_delete=ON;", CACHE_KIB);
    if (script(ledger, text, "opening", error) < 0)
        return -1;
    return add_functions(ledger) < 0 ? error_set(error, "out of memory") : 0;
}

static int begin_wal(struct ledger *ledger, struct error *error)
{
    char text[160];

    snprintf(text, sizeof text,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=%d; "
             "PRAGMA journal_size_limit=67108864;", CHECKPOINT_PAGES);
    return script(ledger, text, "opening", error);
}

static int migrate(struct ledger *ledger, int64_t version, struct error *error)
{
    char text[96];

    for (; version < LEDGER_VERSION; version++) {
        snprintf(text, sizeof text, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", LEDGER_APPLICATION,
                 (int)version + 1);
        if (script(ledger, "BEGIN EXCLUSIVE", "making the ledger", error) < 0)
            return -1;
        if (script(ledger, migrations[version], "making the ledger", error) < 0 ||
            script(ledger, text, "making the ledger", error) < 0) {
            ledger_rollback(ledger);
            return -1;
        }
    }
    return 0;
}

/* Ours, not newer, brought to this version; a new file is empty and gets the schema. */
static int check_version(struct ledger *ledger, bool create, struct error *error)
{
    int64_t application, version, pages;

    application = pragma_number(ledger, "PRAGMA application_id", error);
    version = pragma_number(ledger, "PRAGMA user_version", error);
    pages = pragma_number(ledger, "PRAGMA page_count", error);
    if (application < 0 || version < 0 || pages < 0)
        return -1;
    if (pages > 0 && application != LEDGER_APPLICATION)
        return error_set(error, "%s is another program's database, not a ledger of ours: name another state folder",
                         ledger->path);
    if (pages == 0 && !create)
        return error_set(error, "the ledger %s is empty: restore it from a backup, or remove it and run sundew init",
                         ledger->path);
    if (version > LEDGER_VERSION)
        return error_set(error, "the ledger %s was written by a newer release (schema %lld, this one knows %d): "
                         "install that release again", ledger->path, (long long)version, LEDGER_VERSION);
    if (begin_wal(ledger, error) < 0)
        return -1;
    return migrate(ledger, version, error);
}

static int check_key(struct ledger *ledger, const struct keyring *keyring, struct error *error)
{
    unsigned char value[KEYRING_BYTES];
    sqlite3_stmt *statement;
    struct slice kept;
    int found, result = -1;

    keyring_check(keyring, value);
    statement = ledger_statement(ledger, "SELECT value FROM setting WHERE name = 'check'", error);
    found = statement == NULL ? -1 : ledger_step(ledger, statement, error);
    if (found < 0)
        goto out;
    if (found == 1) {
        kept = ledger_column(statement, 0);
        if (kept.length == sizeof value && sodium_memcmp(kept.data, value, sizeof value) == 0)
            result = 0;
        else
            error_set(error, "the master key is not the one that the ledger %s was made with: name the right key in "
                      "the configuration (key:)", ledger->path);
        sqlite3_reset(statement);
        goto out;
    }
    statement = ledger_statement(ledger, "INSERT INTO setting (name, value) VALUES ('check', ?)", error);
    if (statement == NULL)
        goto out;
    ledger_bind_blob(statement, 1, (struct slice){value, sizeof value});
    result = ledger_run(ledger, statement, error);
out:
    sodium_memzero(value, sizeof value);
    return result;
}

/* A full disk has no room for it; then all stays in the log, which flusher_open() asks the disk about. */
int ledger_settle(struct ledger *ledger, struct error *error)
{
    int code;

    for (size_t i = 0; i < LEDGER_STATEMENTS; i++)
        sqlite3_reset(ledger->statements[i].statement); /* one that was left at a row reads on */
    code = sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_FULL)
        return 0;
    return fail(ledger, "emptying the log", error);
}

int ledger_open(struct ledger *ledger, const char *state, const struct keyring *keyring, bool create,
                struct error *error)
{
    int result = -1;

    memset(ledger, 0, sizeof *ledger);
    ledger->lock = ledger->folder = ledger->flusher.log = ledger->flusher.ended = -1;
    ledger->keyring = keyring;
    ledger->path = paths_join(state, "ledger.db");
    if (ledger->path == NULL)
        return error_set(error, "out of memory");
    if (!create && !ledger_exists(state)) {
        error_set(error, "there is no ledger in %s: run sundew init, or name the right state folder (state:)", state);
        goto fail;
    }
    if (open_folder(ledger, state, create, error) < 0)
        goto fail;
    result = take_lock(ledger, state, error);
    if (result < 0)
        goto fail;
    result = -1;
    if (check_log(ledger, error) < 0 || open_database(ledger, create, error) < 0 || check_version(ledger, create, error) < 0 ||
        check_key(ledger, keyring, error) < 0 || ledger_settle(ledger, error) < 0 ||
        flusher_open(&ledger->flusher, ledger->folder, "ledger.db-wal", error) < 0)
        goto fail;
    (void)unlinkat(ledger->folder, LEDGER_COPY, 0);
    if (!ledger_reserve_make(ledger, create, error)) {
        if (create)
            goto fail;
        log_warning("%s: noise is not stored until there is room", error->text);
        ledger->full = true;
    }
    return 0;
fail:
    ledger_close(ledger);
    return result;
}

void ledger_close(struct ledger *ledger)
{
    size_t i;

    for (i = 0; i < LEDGER_STATEMENTS; i++) {
        sqlite3_finalize(ledger->statements[i].statement);
        ledger->statements[i].sql = NULL;
        ledger->statements[i].statement = NULL;
    }
    if (ledger->db != NULL)
        sqlite3_close_v2(ledger->db);
    ledger->db = NULL;
    flusher_close(&ledger->flusher);
    if (ledger->folder >= 0)
        close(ledger->folder);
    if (ledger->lock >= 0)
        close(ledger->lock);
    ledger->folder = ledger->lock = -1;
    fingerprints_close(&ledger->fingerprints);
    pending_clear(&ledger->pending);
    free(ledger->path);
    ledger->path = NULL;
}
