/* SPDX-License-Identifier: ISC
 *
 * backup: a copy of the ledger as of one moment, without the key. SQLite copies page by page into a file beside the
 * ledger, a few at each turn of the loop, and keeps it up with what is written meanwhile; then its bytes go to
 * `sundew`, as rows of kind "piece", and the file is removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/json.h"
#include "server/base/paths.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"

#define PAGES 128     /* copied in one turn */
#define PIECES 8      /* sent in one turn */
#define PIECE 16384
#define ROOM (64LL * 1024 * 1024) /* that stays free beside the copy */

struct backing {
    struct request *request;
    char *path;
    sqlite3 *copy;
    sqlite3_backup *backup;
    int fd;       /* of the whole copy, or -1 */
    bool copied;
    int64_t sent; /* bytes */
};

static void release(void *state)
{
    struct backing *backing = state;

    if (backing->backup != NULL)
        sqlite3_backup_finish(backing->backup);
    sqlite3_close(backing->copy);
    if (backing->fd >= 0)
        close(backing->fd);
    if (backing->path != NULL)
        shrink_file(&backing->request->keeper->shrink, backing->path);
    free(backing->path);
    free(backing);
}

static void fail(struct backing *backing, const char *why)
{
    request_done(backing->request, REQUEST_FAILED, "the ledger cannot be copied beside itself, as %s: %s", backing->path,
                 why);
}

/* ---- copying ---- */

static int check_room(struct backing *backing)
{
    struct ledger *ledger = &backing->request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement = ledger_statement(
        ledger, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &error);
    struct statvfs disk;
    int64_t size, left;

    if (statement == NULL || ledger_step(ledger, statement, &error) != 1 || fstatvfs(ledger->folder, &disk) < 0)
        return 0;
    size = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    left = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    if (left >= size + ROOM)
        return 0;
    request_done(backing->request, REQUEST_FAILED,
                 "the copy needs %lld MiB beside the ledger, and %lld MiB are left there; make room",
                 (long long)((size + ROOM) >> 20), (long long)(left >> 20));
    return -1;
}

static int open_copy(struct backing *backing)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_NOFOLLOW;
    mode_t before;
    int code;

    unlink(backing->path);
    before = umask(0077);
    code = sqlite3_open_v2(backing->path, &backing->copy, flags, "unix");
    if (code == SQLITE_OK)
        code = sqlite3_exec(backing->copy, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", NULL, NULL, NULL);
    umask(before);
    if (code != SQLITE_OK)
        return -1;
    backing->backup = sqlite3_backup_init(backing->copy, "main", backing->request->keeper->ledger.db, "main");
    return backing->backup != NULL ? 0 : -1;
}

/* The copy becomes one file that needs no log beside it. */
static int close_copy(struct backing *backing)
{
    int code = sqlite3_backup_finish(backing->backup);

    backing->backup = NULL;
    if (code == SQLITE_OK)
        code = sqlite3_exec(backing->copy, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_close(backing->copy);
    if (code != SQLITE_OK)
        return -1;
    backing->copy = NULL;
    backing->fd = open(backing->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return backing->fd >= 0 ? 0 : -1;
}

static void copy_some(struct backing *backing)
{
    switch (sqlite3_backup_step(backing->backup, PAGES)) {
    case SQLITE_OK:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return;
    case SQLITE_DONE:
        if (close_copy(backing) == 0) {
            backing->copied = true;
            return;
        }
        __attribute__((fallthrough));
    default:
        fail(backing, backing->copy != NULL ? sqlite3_errmsg(backing->copy) : "it cannot be read again");
    }
}

/* ---- sending ---- */

static void send_some(struct backing *backing)
{
    unsigned char piece[PIECE];
    ssize_t got = 1;

    for (int i = 0; i < PIECES && got > 0 && request_ready(backing->request); i++) {
        got = pread(backing->fd, piece, sizeof piece, backing->sent);
        if (got > 0) {
            request_row(backing->request, "piece", SLICE_NONE, (struct slice){piece, (size_t)got});
            backing->sent += got;
        }
    }
    if (got == 0)
        request_done(backing->request, REQUEST_DONE, "%s", "");
    else if (got < 0)
        fail(backing, "it cannot be read again");
}

static void resume(struct request *request)
{
    struct backing *backing = request->state;

    if (backing->copied)
        send_some(backing);
    else
        copy_some(backing);
}

/* Who took all sealed secrets away stands in the record before the first byte goes, and in the copy. */
static int record(struct request *request, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct buffer details;
    int result;

    buffer_init(&details, CHANNEL_MESSAGE);
    json_member(&details, "file", request_slice(request, "file"));
    result = ledger_begin(ledger, error);
    if (result == 0) {
        result = order_operation(request, "backup", "", buffer_text(&details), error);
        if (result == 0)
            result = ledger_commit(ledger, error);
        else
            ledger_rollback(ledger);
    }
    buffer_free(&details);
    return result;
}

void command_backup(struct request *request)
{
    struct backing *backing = calloc(1, sizeof *backing);
    struct error error;

    if (backing == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    backing->request = request;
    backing->fd = -1;
    request->state = backing;
    request->release = release;
    backing->path = paths_join(request->keeper->configuration->state, LEDGER_COPY);
    if (backing->path == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
    } else if (check_room(backing) == 0) {
        if (record(request, &error) != 0)
            request_fail(request, &error);
        else if (open_copy(backing) != 0)
            fail(backing, backing->copy != NULL ? sqlite3_errmsg(backing->copy) : "out of memory");
        else
            request->resume = resume;
    }
}
