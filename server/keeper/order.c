/* SPDX-License-Identifier: ISC */
#include "server/keeper/order.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/address.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/keeper.h"
#include "server/keeper/token.h"

#define SECRET_BYTES (64 * 1024)
#define SETTINGS_BYTES (48 * 1024)
#define IDENTITY_MOST 255

/* Options of `mint` and `plant` that kinds know as settings. */
static const char *const settings[] = {"account", "length"};

void order_init(struct order *order)
{
    memset(order, 0, sizeof *order);
    buffer_init(&order->secret, SECRET_BYTES);
    buffer_init(&order->facts, FACTS_BYTES);
    buffer_init(&order->settings, SETTINGS_BYTES);
}

void order_free(struct order *order)
{
    free(order->kind);
    free(order->form);
    free(order->identity);
    free(order->style);
    free(order->owner);
    free(order->contact);
    free(order->memo);
    free(order->host);
    if (order->beside != NULL)
        order_free(order->beside);
    free(order->beside);
    buffer_free(&order->secret);
    buffer_free(&order->facts);
    buffer_free(&order->settings);
}

static bool is_word_of(const char *word, const char *words)
{
    size_t length = strlen(word);

    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t end = strcspn(at, " ");

        if (end == length && memcmp(at, word, length) == 0)
            return true;
        at += end;
    }
    return false;
}

static int check_kind(struct request *request, struct order *order)
{
    const struct kind_row *row;
    struct buffer names;

    order->row = kind_row(order->kind);
    if (order->row != NULL && (order->form == NULL || is_word_of(order->form, order->row->forms)))
        return 0;
    if (order->row != NULL) {
        request_done(request, REQUEST_USAGE, "%s has no form \"%.60s\"; there are: %s", order->kind, order->form,
                     order->row->forms);
        return -1;
    }
    buffer_init(&names, 4096);
    for (size_t i = 0; (row = kind_row_at(i)) != NULL; i++)
        (void)buffer_add_format(&names, "%s%s", i > 0 ? ", " : "", row->name);
    request_done(request, REQUEST_USAGE, "no kind \"%.60s\"; there are: %s", order->kind, buffer_text(&names));
    buffer_free(&names);
    return -1;
}

static bool opens(const struct order *order, const struct decoy *decoy)
{
    return kind_row_opens(order->row, decoy->service, decoy->site);
}

/* The first decoy behind the kind's best door. */
static const struct decoy *default_decoy(const struct configuration *configuration, const struct kind_row *row)
{
    struct kind_door door;

    for (size_t i = 0; kind_row_door(row, i, &door); i++)
        for (size_t k = 0; k < configuration->decoy_count; k++)
            if (kind_door_leads_to(&door, configuration->decoys[k].service, configuration->decoys[k].site))
                return &configuration->decoys[k];
    return NULL;
}

bool order_is_vendors(const struct order *order)
{
    return order->row != NULL && strcmp(kind_row_seen(order->row), "vendor") == 0;
}

/* The secret is for a transport that nothing of ours speaks, or for a vendor's own host. */
static bool has_no_door(const struct order *order)
{
    return strcmp(kind_row_seen(order->row), "here") != 0;
}

static void refuse_decoy(struct request *request, const struct order *order, struct slice name)
{
    const struct configuration *configuration = request->keeper->configuration;
    struct buffer names;

    buffer_init(&names, 65536);
    for (size_t i = 0; i < configuration->decoy_count; i++)
        if (opens(order, &configuration->decoys[i]))
            (void)buffer_add_format(&names, "%s%s", names.length > 0 ? ", " : "", configuration->decoys[i].name);
    if (names.length == 0)
        request_done(request, REQUEST_USAGE,
                     "no decoy of the configuration opens with a %s, so nobody would see it used; add one, then "
                     "`sundew reload`", order->kind);
    else if (order->decoy != NULL)
        request_done(request, REQUEST_USAGE, "decoy %s does not open with a %s; these do: %.400s", order->decoy->name,
                     order->kind, buffer_text(&names));
    else
        request_done(request, REQUEST_USAGE, "no decoy \"%.*s\"; there are: %.400s",
                     (int)(name.length < 60 ? name.length : 60), (const char *)name.data, buffer_text(&names));
    buffer_free(&names);
}

static int choose_decoy(struct request *request, struct order *order)
{
    const struct configuration *configuration = request->keeper->configuration;
    struct slice name = request_slice(request, "decoy");

    if (order_is_vendors(order))
        return 0;
    order->decoy = name.data != NULL ? configuration_decoy(configuration, name)
                                     : default_decoy(configuration, order->row);
    if (order->decoy != NULL ? opens(order, order->decoy) : name.data == NULL && has_no_door(order))
        return 0;
    refuse_decoy(request, order, name);
    return -1;
}

/* Labels of letters, digits, '-' and '_', or an address. */
static bool is_host(const char *host)
{
    struct address address;
    size_t label = 0, length = strlen(host);

    if (address_parse(host, &address) == 0)
        return true;
    for (size_t i = 0; i <= length; i++) {
        if (i == length || host[i] == '.') {
            if (label == 0 || label > 63 || host[i - 1] == '-')
                return false;
            label = 0;
        } else if (isalnum((unsigned char)host[i]) || host[i] == '_' || (host[i] == '-' && label > 0)) {
            label++;
        } else {
            return false;
        }
    }
    return length > 0 && length <= 253;
}

static int read_host(struct request *request, struct order *order)
{
    order->host = request_text(request, "host");
    if (order->host == NULL || is_host(order->host))
        return 0;
    request_done(request, REQUEST_USAGE, "--host \"%.80s\" is no host name or address; give one that leads to the decoy",
                 order->host);
    return -1;
}

static int read_expires(struct request *request, struct order *order)
{
    if (request_time(request, "expires", &order->expires) != 0)
        return -1;
    if (request_has(request, "expires") && order->expires <= clock_wall()) {
        request_done(request, REQUEST_USAGE, "--expires lies in the past; give a later date, or none for a token that "
                                             "never expires");
        return -1;
    }
    return 0;
}

static void read_settings(struct request *request, struct order *order)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (request_has(request, settings[i]))
            json_member(&order->settings, settings[i], request_slice(request, settings[i]));
}

/* ---- what it lies beside ---- */

static int load_beside(struct request *request, struct id token, struct order *order)
{
    order->beside = malloc(sizeof *order->beside);
    if (order->beside == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return -1;
    }
    order_init(order->beside);
    return order_load(request, token, order->beside);
}

/* Where it lies, or what lies beside it already. -1: the request was ended. */
static int check_alone(struct request *request, const struct order *beside)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    char token[ID_TEXT];
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT coalesce((SELECT id_text('p', id) FROM placement WHERE"
                                               " token = ?1), (SELECT id_text('t', id) FROM token WHERE beside = ?1))",
                                               &error);
    struct slice other;
    int result = -1;

    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, beside->number);
        result = ledger_step(ledger, statement, &error);
    }
    (void)id_text(beside->token, 't', token);
    if (result != 1) {
        request_fail(request, &error);
        return -1;
    }
    other = ledger_column(statement, 0);
    if (other.length > 0)
        request_done(request, REQUEST_FAILED, other.data[0] == 'p'
                         ? "%s was planted already, as %.*s, so nothing can lie beside it any more; mint another"
                         : "beside %s lies %.*s already; mint another for this one",
                     token, (int)other.length, (const char *)other.data);
    result = other.length > 0 ? -1 : 0;
    sqlite3_reset(statement);
    return result;
}

/* Only what is armed, free, and seen by a decoy of ours tells that its neighbour was read. */
static int check_beside(struct request *request, const struct order *order)
{
    const struct order *beside = order->beside;
    char token[ID_TEXT];

    (void)id_text(beside->token, 't', token);
    if (beside->row == NULL || beside->decoy == NULL || strcmp(kind_row_seen(beside->row), "here") != 0)
        request_done(request, REQUEST_USAGE, "nobody of ours sees %s, a %s, used; take one that opens a decoy beside the %s",
                     token, beside->kind, order->kind);
    else if (beside->retired)
        request_done(request, REQUEST_FAILED, "%s is retired; mint another", token);
    else
        return check_alone(request, beside);
    return -1;
}

static int read_beside(struct request *request, struct order *order)
{
    bool vendor = order_is_vendors(order), given = request_has(request, "beside");
    struct id token;

    if (!vendor && given)
        request_done(request, REQUEST_USAGE, "the use of kind %s is seen by itself; leave --beside out", order->kind);
    else if (vendor && !given)
        request_done(request, REQUEST_USAGE, "the use of kind %s is seen by its vendor alone, so it lies beside a token of ours: "
                                             "mint one that lives in the same file, such as a gitlab-token in .env, and say "
                                             "--beside TOKEN", order->kind);
    else if (vendor && (request_has(request, "decoy") || order->host != NULL))
        request_done(request, REQUEST_USAGE,
                     "kind %s is for its vendor's host; --decoy and --host are for the token beside it", order->kind);
    else if (!vendor || (request_id(request, "beside", 't', &token) == 0 && load_beside(request, token, order) == 0 &&
                         check_beside(request, order) == 0))
        return 0;
    return -1;
}

/* What no kind takes (tokens/identity.h). */
static int check_identity(struct request *request, const char *identity)
{
    const char *wrong = identity[0] == '\0' ? "is empty; leave it out and one is drawn" : NULL;

    if (strlen(identity) > IDENTITY_MOST)
        wrong = "is too long; it has 1 to 255 bytes";
    else if (strchr(identity, ':') != NULL)
        wrong = "holds a colon, which HTTP Basic cannot carry; choose one without";
    for (const char *at = identity; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            wrong = "holds a control character; no client could send it";
    if (wrong == NULL)
        return 0;
    request_done(request, REQUEST_USAGE, "--identity %s", wrong);
    return -1;
}

int order_read(struct request *request, const char *argument, struct order *order)
{
    order->kind = request_text(request, argument);
    order->form = request_text(request, "form");
    order->identity = request_text(request, "identity");
    order->style = request_text(request, "style");
    order->owner = request_text(request, "owner");
    order->contact = request_text(request, "contact");
    order->memo = request_text(request, "memo");
    read_settings(request, order);
    if (order->kind == NULL || order->settings.failed) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return -1;
    }
    if (order->identity != NULL && check_identity(request, order->identity) != 0)
        return -1;
    if (order->identity != NULL && order->style != NULL) {
        request_done(request, REQUEST_USAGE, "--style is for identities that are drawn; leave it or --identity out");
        return -1;
    }
    return check_kind(request, order) != 0 || choose_decoy(request, order) != 0 || read_host(request, order) != 0 ||
                   read_expires(request, order) != 0 || read_beside(request, order) != 0
               ? -1
               : 0;
}

static char *column_text(sqlite3_stmt *statement, int index)
{
    return sqlite3_column_type(statement, index) == SQLITE_NULL ? NULL : slice_copy(ledger_column(statement, index));
}

/* beside: the id of that token, or zeros. */
static int load_row(struct keeper *keeper, struct id token, struct order *order, struct id *beside, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        &keeper->ledger,
        "SELECT number, kind, form, identity, owner, contact, memo, decoy, state = 'retired',"
        " (SELECT v.id FROM token v WHERE v.number = token.beside) FROM token WHERE id = ?1", error);
    int result;

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &token);
    result = ledger_step(&keeper->ledger, statement, error);
    if (result == 1) {
        order->number = sqlite3_column_int64(statement, 0);
        order->kind = column_text(statement, 1);
        order->form = column_text(statement, 2);
        order->identity = column_text(statement, 3);
        order->owner = column_text(statement, 4);
        order->contact = column_text(statement, 5);
        order->memo = column_text(statement, 6);
        order->row = order->kind != NULL ? kind_row(order->kind) : NULL;
        order->decoy = configuration_decoy(keeper->configuration, ledger_column(statement, 7));
        order->lost = order->decoy == NULL && ledger_column(statement, 7).length > 0;
        order->retired = sqlite3_column_int(statement, 8) != 0;
        if (sqlite3_column_type(statement, 9) != SQLITE_NULL)
            *beside = ledger_column_id(statement, 9);
    }
    sqlite3_reset(statement);
    return result;
}

int order_load(struct request *request, struct id token, struct order *order)
{
    struct keeper *keeper = request->keeper;
    struct id beside = {{0}}, none = {{0}};
    struct error error;
    int result = load_row(keeper, token, order, &beside, &error);
    struct slice host;

    order->token = token;
    if (result == 1 &&
        (token_secret(&keeper->ledger, &keeper->keyring, order->number, &order->secret, &error) != 0 ||
         token_facts(&keeper->ledger, &keeper->keyring, order->number, &order->facts, &error) != 0))
        result = -1;
    host = fact_value(buffer_slice(&order->facts), "host");
    if (host.data != NULL)
        order->host = slice_copy(host);
    if (result == 0)
        request_unknown(request, 't', token);
    else if (result < 0)
        request_fail(request, &error);
    if (result == 1 && memcmp(&beside, &none, sizeof none) != 0)
        return load_beside(request, beside, order);
    return result == 1 ? 0 : -1;
}
