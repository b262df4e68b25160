/* SPDX-License-Identifier: ISC
 *
 * plant: what was asked for. */
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/keeper.h"
#include "server/keeper/planting.h"
#include "server/keeper/rows.h"
#include "server/wire/remote.h"

const char *const planting_in_history[] = {"as", "name", "signed-off", NULL};

void planting_option(const struct planting *planting, struct buffer *json, const char *name)
{
    struct slice value = request_slice(planting->request, name);

    if (value.data != NULL)
        json_member(json, name, value);
}

/* ---- the token ---- */

/* A token that lies somewhere already, or is retired, is not planted. Nor alone what another lies beside. */
static int check_free(struct request *request, const struct order *order)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    char token[ID_TEXT], placement[ID_TEXT];
    sqlite3_stmt *statement = ledger_statement(ledger,
                                               "SELECT t.state = 'retired', p.id,"
                                               " (SELECT v.id FROM token v WHERE v.beside = t.number) FROM token t"
                                               " LEFT JOIN placement p ON p.token = coalesce(t.beside, t.number)"
                                               " WHERE t.number = ?1",
                                               &error);
    int result = -1;

    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, order->number);
        result = ledger_step(ledger, statement, &error);
    }
    (void)id_text(order->token, 't', token);
    if (result != 1) {
        request_done(request, REQUEST_FAILED, "%s", result == 0 ? "the token is gone" : error.text);
    } else if (sqlite3_column_type(statement, 1) != SQLITE_NULL) {
        request_done(request, REQUEST_FAILED,
                     "%s was planted already, as %s; one token lies in one place, so mint another for this one", token,
                     id_text(ledger_column_id(statement, 1), 'p', placement));
        result = -1;
    } else if (sqlite3_column_int(statement, 0) != 0 || (order->beside != NULL && order->beside->retired)) {
        request_done(request, REQUEST_FAILED, "%s%s is retired; mint another", token,
                     sqlite3_column_int(statement, 0) != 0 ? "" : " lies beside a token that");
        result = -1;
    } else if (sqlite3_column_type(statement, 2) != SQLITE_NULL) {
        request_done(request, REQUEST_FAILED, "beside %s lies %s; plant that one, and both lie in one place", token,
                     id_text(ledger_column_id(statement, 2), 't', placement));
        result = -1;
    }
    if (statement != NULL)
        sqlite3_reset(statement);
    return result == 1 ? 0 : -1;
}

static int check_armed(struct request *request, const struct order *order)
{
    char token[ID_TEXT];

    if (!order->retired)
        return 0;
    request_done(request, REQUEST_FAILED, "%s is retired; mint another", id_text(order->token, 't', token));
    return -1;
}

static int read_token(struct planting *planting)
{
    static const char *const minting[] = {"form", "identity", "decoy",   "host",   "owner",  "contact",
                                          "memo", "expires",  "account", "length", "beside", "style"};
    struct request *request = planting->request;
    struct slice word = request_slice(request, "token");
    struct id id;

    if (word.length < 2 || word.data[1] != '-')
        return order_read(request, "token", &planting->order);
    for (size_t i = 0; i < sizeof minting / sizeof minting[0]; i++) {
        if (request_has(request, minting[i])) {
            request_done(request, REQUEST_USAGE, "--%s is for a token that is minted now; this one has its own",
                         minting[i]);
            return -1;
        }
    }
    if (request_id(request, "token", 't', &id) != 0 || order_load(request, id, &planting->order) != 0)
        return -1;
    if (order_door(request, &planting->order) != 0)
        return -1;
    return planting->again ? check_armed(request, &planting->order) : check_free(request, &planting->order);
}

/* ---- the place ---- */

static void no_place(struct planting *planting)
{
    struct buffer list;

    buffer_init(&list, 4096);
    for (size_t i = 0; place_row_at(i) != NULL; i++)
        (void)buffer_add_format(&list, "%s%s:", i > 0 ? ", " : "", place_row_at(i)->scheme);
    request_done(planting->request, REQUEST_USAGE, "\"%.200s\" is no place; a place begins with one of: %s",
                 planting->place != NULL ? planting->place : "", buffer_text(&list));
    buffer_free(&list);
}

/* A file or folder of this machine must be named; what is printed lies nowhere. */
static int check_path(struct planting *planting)
{
    const char *path = planting->place + strlen(planting->row->scheme) + 1;

    if (planting->row->reach[0] != '\0' || strcmp(planting->row->scheme, "stdout") == 0 ||
        (path[0] != '\0' && path[0] != '#'))
        return 0;
    request_done(planting->request, REQUEST_USAGE, "\"%.200s\" does not say where; %s", planting->place,
                 planting->row->summary);
    return -1;
}

static int read_place(struct planting *planting)
{
    const char *place = planting->place = request_text(planting->request, "place");

    planting->row = place != NULL && strchr(place, ':') != NULL ? place_row(slice_of(place)) : NULL;
    if (planting->row != NULL)
        return check_path(planting);
    no_place(planting);
    return -1;
}

/* What lies in the future is nothing that a thief believes, nor a server takes. */
static int read_time(struct planting *planting)
{
    struct request *request = planting->request;
    int64_t at = 0;

    if (request_time(request, "at", &at) != 0)
        return -1;
    if (at > clock_wall()) {
        request_done(request, REQUEST_USAGE, "--at lies in the future; give a date that has passed, or leave it out");
        return -1;
    }
    if (request_has(request, "at"))
        (void)clock_text(at, planting->at);
    return 0;
}

static bool takes(const struct planting *planting, const char *type)
{
    return strcmp(planting->row->takes, type) == 0;
}

/* Of a change, and within the repository: relative, and nowhere upwards. */
static int check_file(struct planting *planting)
{
    char *path = request_text(planting->request, "path");
    bool good = path == NULL || !takes(planting, "repository") ||
                (path[0] != '\0' && path[0] != '/' && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0 &&
                 strstr(path, "/../") == NULL);

    if (!good)
        request_done(planting->request, REQUEST_USAGE,
                     "--path \"%.200s\" is no path within a repository; write one such as deploy/.env", path);
    free(path);
    return good ? 0 : -1;
}

static int read_flag(struct request *request, const char *name, bool *flag)
{
    static const char *const words[] = {"true", "false", NULL};

    *flag = slice_is(request_slice(request, name), "true");
    return request_word(request, name, words);
}

static int read_shape(struct planting *planting)
{
    struct slice as = request_slice(planting->request, "as");
    struct buffer list;

    planting->shape = shape_find(planting->row->scheme, as);
    if (planting->shape == NULL) {
        buffer_init(&list, 1024);
        shape_list(planting->row->scheme, &list);
        request_done(planting->request, REQUEST_USAGE, "\"%.*s\" is nothing that a lure can be in %s:; --as takes %s",
                     (int)as.length, (const char *)as.data, planting->row->scheme, buffer_text(&list));
        buffer_free(&list);
        return -1;
    }
    if (!planting->buried || planting->shape->commits)
        return 0;
    request_done(planting->request, REQUEST_USAGE, "--buried is for commits: a %s has no history",
                 planting->shape->name);
    return -1;
}

static int check_options(struct planting *planting)
{
    static const char *const answers[] = {"yes", "no", NULL}, *const languages[] = {"en", "fr", NULL};
    struct request *request = planting->request;
    const char *given = planting->buried ? "buried" : NULL;

    for (size_t i = 0; planting_in_history[i] != NULL && given == NULL; i++)
        given = request_has(request, planting_in_history[i]) ? planting_in_history[i] : NULL;
    if (given != NULL && !takes(planting, "repository")) {
        request_done(request, REQUEST_USAGE, "--%s is for repositories: only they keep a history", given);
        return -1;
    }
    if (planting->enable && !takes(planting, "directory")) {
        request_done(request, REQUEST_USAGE, "--enable is for directories: only accounts can be logged in to");
        return -1;
    }
    return read_shape(planting) != 0 || request_word(request, "language", languages) != 0
               ? -1
               : request_word(request, "signed-off", answers);
}

/* A mailbox on another host says itself whose it is; the user of a repository's address is nobody ("git"). */
static int default_owner(struct planting *planting)
{
    struct remote remote = {NULL};
    struct error error;
    int result = 0;

    if (!remote_is(slice_of(planting->place)) || !takes(planting, "mail") || planting->order.owner != NULL)
        return 0;
    if (remote_parse(planting->place, &remote, &error) != 0) {
        request_done(planting->request, REQUEST_USAGE, "%s", error.text);
        result = -1;
    } else if (remote.user != NULL &&
               asprintf(&planting->order.owner, strchr(remote.user, '@') != NULL ? "%s" : "%s@%s", remote.user,
                        planting->request->keeper->configuration->domain) < 0) {
        planting->order.owner = NULL;
    }
    remote_free(&remote);
    return result;
}

int planting_read(struct planting *planting)
{
    struct request *request = planting->request;

    planting->rotates = request_has(request, "rotates");
    planting->again = request_has(request, "again");
    if ((planting->rotates && request_id(request, "rotates", 'p', &planting->before) != 0) ||
        (planting->again && request_id(request, "again", 'p', &planting->before) != 0))
        return -1;
    if (read_place(planting) != 0 || read_flag(request, "buried", &planting->buried) != 0 ||
        read_flag(request, "enable", &planting->enable) != 0 || check_options(planting) != 0 ||
        read_flag(request, "dry-run", &planting->dry_run) != 0 || read_time(planting) != 0 ||
        check_file(planting) != 0)
        return -1;
    return read_token(planting) != 0 ? -1 : default_owner(planting);
}
