/* SPDX-License-Identifier: ISC
 *
 * allow-list [--format F] [--place P]: what the house's own secret scanners are told, so that they do not report what is
 * planted. The "entry" of each row is a line, or more, of a file that is kept outside of what is scanned:
 *
 *   {"entry","placement","token","place","path","line","commit"}
 *
 * The first row is the file's head, where it has one, with an "entry" alone. No secret is in it: a digest is
 * HMAC-SHA-256 under a key of its own, which is the same each time. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"
#include "server/keeper/token.h"
#include "server/wire/places.h"

#define ROWS_AT_ONCE 64
#define ENTRY_BYTES (16 * 1024)
#define SECRET_BYTES (64 * 1024)

struct allowing;

/* What one scanner takes. */
struct allow_format {
    const char *name, *head; /* head: NULL: none */
    bool history; /* also of what is gone from its place, which a history may keep */
    bool secrets; /* reads them */
    /* Appends the entry of the row that the statement is at; nothing where the scanner cannot be told of it. */
    int (*entry)(const struct allowing *allowing, sqlite3_stmt *row, struct buffer *entry, struct error *error);
};

struct allowing {
    struct request *request;
    const struct allow_format *format;
    unsigned char key[crypto_auth_hmacsha256_KEYBYTES];
    struct slice place; /* data NULL: all */
    int64_t after;
};

enum column { A_NUMBER, A_PLACEMENT, A_TOKEN, A_TOKEN_NUMBER, A_PLACE, A_PATH, A_LINE, A_COMMIT, A_LIES };

static const char rows_sql[] =
    "SELECT p.number, id_text('p', p.id), id_text('t', t.id), t.number, p.place, json_extract(p.location, '$.path'),"
    " json_extract(p.location, '$.line'), json_extract(p.location, '$.commit'), p.state NOT IN ('gone', 'planned')"
    " FROM placement p JOIN token t ON t.number = p.token OR t.beside = p.token"
    " WHERE p.number > ?1 AND p.number <= ?2 AND p.planted IS NOT NULL ORDER BY p.number, t.number";

static bool takes(sqlite3_stmt *row, const char *type)
{
    const struct place_row *place = place_row(ledger_column(row, A_PLACE));

    return place != NULL && strcmp(place->takes, type) == 0;
}

/* ---- entries ---- */

/* A commit of ours holds nothing but the lure. */
static int gitleaks(const struct allowing *allowing, sqlite3_stmt *row, struct buffer *entry, struct error *error)
{
    struct slice commit = ledger_column(row, A_COMMIT);

    (void)allowing, (void)error;
    for (size_t i = 0; i < commit.length; i++)
        if (strchr("0123456789abcdef", commit.data[i]) == NULL)
            return 0;
    if (commit.length >= 40)
        buffer_add_format(entry, "[[allowlists]]\ndescription = \"%.*s\"\ncommits = [\"%.*s\"]\n",
                          (int)ledger_column(row, A_PLACEMENT).length,
                          (const char *)ledger_column(row, A_PLACEMENT).data, (int)commit.length,
                          (const char *)commit.data);
    return 0;
}

static void add_escaped(struct buffer *entry, struct slice path, const char *special)
{
    for (size_t i = 0; i < path.length; i++) {
        if (strchr(special, path.data[i]) != NULL && path.data[i] != '\0')
            buffer_add_char(entry, '\\');
        buffer_add_char(entry, (char)path.data[i]);
    }
}

/* A path that stands on one line. */
static struct slice path_of(sqlite3_stmt *row)
{
    struct slice path = ledger_column(row, A_PATH);

    return path.length > 0 && memchr(path.data, '\n', path.length) == NULL ? path : SLICE_NONE;
}

/* RE2, of paths within a repository, or of files in a folder. */
static int trufflehog(const struct allowing *allowing, sqlite3_stmt *row, struct buffer *entry, struct error *error)
{
    struct slice path = path_of(row);

    (void)allowing, (void)error;
    if (path.length == 0 || (!takes(row, "repository") && path.data[0] != '/'))
        return 0;
    buffer_add_text(entry, path.data[0] == '/' ? "^" : "(^|/)");
    add_escaped(entry, path, "\\.+*?()|[]{}^$");
    buffer_add_char(entry, '$');
    return 0;
}

/* As .gitignore; any folder may stand above, for secretlint takes no list from above where it is started. */
static int secretlint(const struct allowing *allowing, sqlite3_stmt *row, struct buffer *entry, struct error *error)
{
    struct slice path = path_of(row);

    (void)allowing, (void)error;
    if (path.length == 0 || !takes(row, "repository"))
        return 0;
    buffer_add_text(entry, "**/");
    add_escaped(entry, path, "\\*?[]!# ");
    return 0;
}

static int place_and_path(const struct allowing *allowing, sqlite3_stmt *row, struct buffer *entry, struct error *error)
{
    struct slice path = path_of(row), place = ledger_column(row, A_PLACE);

    (void)allowing, (void)error;
    if (path.length == 0)
        return 0;
    buffer_add_slice(entry, place);
    buffer_add_char(entry, '\t');
    buffer_add_slice(entry, path);
    if (sqlite3_column_type(row, A_LINE) == SQLITE_INTEGER)
        buffer_add_format(entry, "\t%lld", (long long)sqlite3_column_int64(row, A_LINE));
    return 0;
}

static int digest(const struct allowing *allowing, sqlite3_stmt *row, struct buffer *entry, struct error *error)
{
    struct keeper *keeper = allowing->request->keeper;
    unsigned char hash[crypto_auth_hmacsha256_BYTES];
    char hex[2 * sizeof hash + 1];
    struct buffer secret;
    int rc;

    buffer_init(&secret, SECRET_BYTES);
    rc = token_secret(&keeper->ledger, &keeper->keyring, sqlite3_column_int64(row, A_TOKEN_NUMBER), &secret, error);
    if (rc == 0) {
        crypto_auth_hmacsha256(hash, secret.data, secret.length, allowing->key);
        buffer_add_text(entry, sodium_bin2hex(hex, sizeof hex, hash, sizeof hash));
    }
    buffer_free(&secret); /* wipes */
    return rc;
}

static const struct allow_format formats[] = {
    {"path", NULL, false, false, place_and_path},
    {"digest", "", true, true, digest},
    {"gitleaks", "[extend]\nuseDefault = true\n", true, false, gitleaks},
    {"trufflehog", NULL, true, false, trufflehog},
    {"secretlint", NULL, false, false, secretlint},
};

/* ---- rows ---- */

static void member_or_null(struct buffer *json, const char *name, struct slice value)
{
    if (value.data != NULL)
        json_member(json, name, value);
    else
        json_member_null(json, name);
}

static void send_entry(struct request *request, struct slice entry, sqlite3_stmt *row)
{
    struct buffer json;

    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    json_member(&json, "entry", entry);
    if (row != NULL) {
        json_member(&json, "placement", ledger_column(row, A_PLACEMENT));
        json_member(&json, "token", ledger_column(row, A_TOKEN));
        json_member(&json, "place", ledger_column(row, A_PLACE));
        member_or_null(&json, "path", ledger_column(row, A_PATH));
        if (sqlite3_column_type(row, A_LINE) == SQLITE_INTEGER)
            json_member_number(&json, "line", sqlite3_column_int64(row, A_LINE));
        member_or_null(&json, "commit", ledger_column(row, A_COMMIT));
    }
    buffer_add_char(&json, '}');
    request_json(request, &json);
    buffer_free(&json);
}

static int send_row(const struct allowing *allowing, sqlite3_stmt *row, struct error *error)
{
    struct buffer entry;
    int rc;

    if ((allowing->place.data != NULL && !slice_equal(ledger_column(row, A_PLACE), allowing->place)) ||
        (sqlite3_column_int(row, A_LIES) == 0 && !allowing->format->history))
        return 0;
    buffer_init(&entry, ENTRY_BYTES);
    rc = allowing->format->entry(allowing, row, &entry, error);
    if (rc == 0 && entry.length > 0 && !entry.failed)
        send_entry(allowing->request, buffer_slice(&entry), row);
    buffer_free(&entry);
    return rc;
}

/* The placements up to that number; a token beside another is in the same one. */
static int send_rows(const struct allowing *allowing, int64_t last, struct error *error)
{
    struct ledger *ledger = &allowing->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, rows_sql, error);
    int found, rc = 0;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, allowing->after);
    sqlite3_bind_int64(statement, 2, last);
    while (rc == 0 && (found = ledger_step(ledger, statement, error)) == 1)
        rc = send_row(allowing, statement, error);
    sqlite3_reset(statement);
    return rc == 0 && found == 0 ? 0 : -1;
}

/* The number of the last of the next placements; that of the one before where there are no more. */
static int64_t next_last(const struct allowing *allowing, struct error *error)
{
    struct ledger *ledger = &allowing->request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT coalesce(max(number), ?1) FROM (SELECT number FROM placement"
                                               " WHERE number > ?1 ORDER BY number LIMIT ?2)", error);
    int64_t last = -1;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, allowing->after);
    sqlite3_bind_int64(statement, 2, ROWS_AT_ONCE);
    if (ledger_step(ledger, statement, error) == 1)
        last = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return last;
}

static void resume(struct request *request)
{
    struct allowing *allowing = request->state;
    struct error error;
    int64_t last = next_last(allowing, &error);

    if (last < 0 || (last > allowing->after && send_rows(allowing, last, &error) != 0))
        request_fail(request, &error);
    else if (last == allowing->after)
        request_done(request, REQUEST_DONE, "%s", "");
    else
        allowing->after = last;
}

/* ---- the beginning ---- */

static void make_key(struct allowing *allowing)
{
    static const unsigned char domain[] = "allow-list";

    crypto_generichash(allowing->key, sizeof allowing->key, domain, sizeof domain,
                       allowing->request->keeper->keyring.seed, KEYRING_BYTES);
}

static void send_head(const struct allowing *allowing)
{
    char hex[2 * sizeof allowing->key + 1], text[128];

    if (allowing->format->head == NULL)
        return;
    snprintf(text, sizeof text, "hmac-sha256 %s", sodium_bin2hex(hex, sizeof hex, allowing->key, sizeof allowing->key));
    send_entry(allowing->request, slice_of(allowing->format->secrets ? text : allowing->format->head), NULL);
    sodium_memzero(hex, sizeof hex);
    sodium_memzero(text, sizeof text);
}

static int record(struct allowing *allowing, struct error *error)
{
    struct ledger *ledger = &allowing->request->keeper->ledger;
    struct buffer details;
    int rc = -1;

    buffer_init(&details, CHANNEL_MESSAGE);
    json_member_text(&details, "format", allowing->format->name);
    if (allowing->place.data != NULL)
        json_member(&details, "place", allowing->place);
    if (ledger_begin(ledger, error) == 0) {
        rc = order_operation(allowing->request, "allow-list", "", buffer_text(&details), error);
        if (rc == 0)
            rc = ledger_commit(ledger, error);
        else
            ledger_rollback(ledger);
    }
    buffer_free(&details);
    return rc;
}

static void release(void *state)
{
    sodium_memzero(state, sizeof(struct allowing));
    free(state);
}

static const struct allow_format *format_of(struct request *request)
{
    const size_t count = sizeof formats / sizeof formats[0];
    const char *names[sizeof formats / sizeof formats[0] + 1] = {NULL};
    struct slice name = request_slice(request, "format");

    for (size_t i = 0; i < count; i++) {
        names[i] = formats[i].name;
        if (slice_is(name, names[i]))
            return &formats[i];
    }
    return name.data == NULL || request_word(request, "format", names) == 0 ? &formats[0] : NULL;
}

void command_allow_list(struct request *request)
{
    const struct allow_format *format = format_of(request);
    struct allowing *allowing = format != NULL ? calloc(1, sizeof *allowing) : NULL;
    struct error error;

    if (format == NULL)
        return;
    if (allowing == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    *allowing = (struct allowing){.request = request, .format = format, .place = request_slice(request, "place")};
    request->state = allowing;
    request->release = release;
    make_key(allowing);
    if (record(allowing, &error) != 0) {
        request_fail(request, &error);
        return;
    }
    send_head(allowing);
    request->resume = resume;
    request_kick(request);
}
