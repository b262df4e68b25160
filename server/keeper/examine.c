/* SPDX-License-Identifier: ISC */
#include "server/keeper/examine.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/cage.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/keeper/chain.h"

#define LINE 4096

/* Of the first row's first column; `out` is "" where there is none. */
static int first_text(sqlite3 *db, const char *sql, char out[LINE])
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    out[0] = '\0';
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL)
            snprintf(out, LINE, "%s", (const char *)sqlite3_column_text(statement, 0));
        code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_OK ? 0 : -1;
}

static int add_heads(sqlite3 *db, struct buffer *line)
{
    static const char *const heads[][2] = {
        {"observations", "SELECT seq || ':' || lower(hex(link)) FROM observation ORDER BY seq DESC LIMIT 1"},
        {"operations", "SELECT seq || ':' || lower(hex(link)) FROM operation ORDER BY seq DESC LIMIT 1"},
    };
    char text[LINE];

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (first_text(db, heads[i][1], text) < 0)
            return -1;
        json_member_text(line, heads[i][0], text);
    }
    return 0;
}

static int look(sqlite3 *db, struct buffer *line, char why[LINE])
{
    char text[LINE];

    if (first_text(db, "PRAGMA application_id", text) < 0 || strtol(text, NULL, 10) != LEDGER_APPLICATION) {
        snprintf(why, LINE, "it is no ledger");
        return -1;
    }
    if (first_text(db, "PRAGMA user_version", text) < 0 || strtol(text, NULL, 10) > LEDGER_VERSION) {
        snprintf(why, LINE, "it is of a newer version than this program");
        return -1;
    }
    json_member_number(line, "version", strtol(text, NULL, 10));
    if (first_text(db, "PRAGMA quick_check(1)", why) < 0)
        snprintf(why, LINE, "%s", sqlite3_errmsg(db));
    if (strcmp(why, "ok") != 0)
        return -1;
    why[0] = '\0';
    if (first_text(db, "SELECT count(*) FROM token", text) < 0 || add_heads(db, line) < 0) {
        snprintf(why, LINE, "%s", sqlite3_errmsg(db));
        return -1;
    }
    json_member_number(line, "tokens", strtol(text, NULL, 10));
    return 0;
}

/* "file:/path?immutable=1" with what an URI takes for itself escaped. */
static void add_uri(struct buffer *uri, const char *file)
{
    buffer_add_text(uri, "file:");
    for (; *file != '\0'; file++)
        buffer_add_format(uri, strchr("%?#", *file) != NULL ? "%%%02X" : "%c", (unsigned char)*file);
    buffer_add_text(uri, "?immutable=1");
}

static int shut(const char *file, struct error *error)
{
    static const char *const calls[] = {"open",  "openat",  "pread64", "lseek",    "stat",     "lstat", "statx",
                                        "access", "faccessat", "readlink", "getcwd", "fstatfs", NULL};
    const struct cage_path paths[] = {{file, false}, {NULL, false}};

    return cage_shut(&(struct cage){"keeper", calls, paths}, error);
}

int examine(const char *file)
{
    struct buffer line, uri;
    struct error error;
    char why[LINE] = "";
    sqlite3 *db = NULL;
    int code = 3;

    buffer_init(&line, 4 * LINE);
    buffer_init(&uri, 4 * LINE);
    add_uri(&uri, file);
    buffer_add_char(&line, '{');
    if (shut(file, &error) < 0) {
        log_error("%s", error.text);
    } else if (sqlite3_open_v2(buffer_text(&uri), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, "unix") != SQLITE_OK) {
        log_error("%s cannot be read: %s", file, sqlite3_errmsg(db));
    } else {
        code = look(db, &line, why) == 0 ? 0 : 1;
        json_member_bool(&line, "ok", code == 0);
        json_member_text(&line, "text", why);
        buffer_add_text(&line, "}\n");
        if (line.failed || fwrite(line.data, 1, line.length, stdout) != line.length || fflush(stdout) != 0)
            code = 3;
    }
    sqlite3_close(db);
    buffer_free(&uri);
    buffer_free(&line);
    return code;
}
