/* SPDX-License-Identifier: ISC */
#include "server/keeper/order.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/keeper.h"
#include "server/keeper/token.h"

#define SECRET_BYTES (64 * 1024)

struct kind_entry {
    const char *name, *forms;
};

static const struct kind_entry kinds[] = {
#define KIND(symbol, name, summary, forms, seen, bound, proofs) {name, forms},
#include "server/wire/tables/kinds.def"
#undef KIND
};

/* Which decoys a kind opens, the likeliest first. "": any. A kind that does not stand here opens every decoy. */
static const struct door {
    const char *kind, *service, *site;
} doors[] = {
    {"gitlab-token", "http", "gitlab"},
    {"password", "http", "portal"},
    {"password", "http", ""},
    {"password", "", ""},
    {"url", "http", "gitlab"},
    {"url", "http", ""},
};

#define DOORS (sizeof doors / sizeof doors[0])

void order_init(struct order *order)
{
    memset(order, 0, sizeof *order);
    buffer_init(&order->secret, SECRET_BYTES);
}

void order_free(struct order *order)
{
    free(order->kind);
    free(order->form);
    free(order->identity);
    free(order->owner);
    free(order->contact);
    free(order->memo);
    buffer_free(&order->secret);
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

static int check_kind(struct request *request, const struct order *order)
{
    struct buffer names;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(order->kind, kinds[i].name) != 0)
            continue;
        if (order->form == NULL || is_word_of(order->form, kinds[i].forms))
            return 0;
        request_done(request, REQUEST_USAGE, "%s has no form \"%.60s\"; there are: %s", order->kind, order->form,
                     kinds[i].forms);
        return -1;
    }
    buffer_init(&names, 4096);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        (void)buffer_add_format(&names, "%s%s", i > 0 ? ", " : "", kinds[i].name);
    request_done(request, REQUEST_USAGE, "no kind \"%.60s\"; there are: %s", order->kind, buffer_text(&names));
    buffer_free(&names);
    return -1;
}

static bool leads_to(const struct door *door, const struct decoy *decoy)
{
    return (door->service[0] == '\0' || strcmp(door->service, decoy->service) == 0) &&
           (door->site[0] == '\0' || strcmp(door->site, decoy->site) == 0);
}

static bool opens(const char *kind, const struct decoy *decoy)
{
    bool known = false;

    for (size_t i = 0; i < DOORS; i++) {
        if (strcmp(doors[i].kind, kind) != 0)
            continue;
        if (leads_to(&doors[i], decoy))
            return true;
        known = true;
    }
    return !known;
}

static const struct decoy *default_decoy(const struct configuration *configuration, const char *kind)
{
    for (size_t i = 0; i < DOORS; i++)
        for (size_t k = 0; strcmp(doors[i].kind, kind) == 0 && k < configuration->decoy_count; k++)
            if (leads_to(&doors[i], &configuration->decoys[k]))
                return &configuration->decoys[k];
    for (size_t k = 0; k < configuration->decoy_count; k++)
        if (opens(kind, &configuration->decoys[k]))
            return &configuration->decoys[k];
    return NULL;
}

static int choose_decoy(struct request *request, struct order *order)
{
    const struct configuration *configuration = request->keeper->configuration;
    struct slice name = request_slice(request, "decoy");
    struct buffer names;

    order->decoy = name.data != NULL ? configuration_decoy(configuration, name)
                                     : default_decoy(configuration, order->kind);
    if (order->decoy != NULL && opens(order->kind, order->decoy))
        return 0;
    buffer_init(&names, 65536);
    for (size_t i = 0; i < configuration->decoy_count; i++)
        if (opens(order->kind, &configuration->decoys[i]))
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

int order_read(struct request *request, const char *argument, struct order *order)
{
    order->kind = request_text(request, argument);
    order->form = request_text(request, "form");
    order->identity = request_text(request, "identity");
    order->owner = request_text(request, "owner");
    order->contact = request_text(request, "contact");
    order->memo = request_text(request, "memo");
    if (order->kind == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return -1;
    }
    if (order->identity != NULL && order->identity[0] == '\0') {
        request_done(request, REQUEST_USAGE, "--identity is empty; leave it out and one is drawn");
        return -1;
    }
    return check_kind(request, order) != 0 || choose_decoy(request, order) != 0 || read_expires(request, order) != 0
               ? -1
               : 0;
}

static char *column_text(sqlite3_stmt *statement, int index)
{
    return sqlite3_column_type(statement, index) == SQLITE_NULL ? NULL : slice_copy(ledger_column(statement, index));
}

static int load_row(struct keeper *keeper, struct id token, struct order *order, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(&keeper->ledger,
                                               "SELECT number, kind, form, identity, owner, contact, memo, decoy"
                                               " FROM token WHERE id = ?1", error);
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
        order->decoy = configuration_decoy(keeper->configuration, ledger_column(statement, 7));
    }
    sqlite3_reset(statement);
    return result;
}

int order_load(struct request *request, struct id token, struct order *order)
{
    struct keeper *keeper = request->keeper;
    struct error error;
    int result = load_row(keeper, token, order, &error);

    order->token = token;
    if (result == 1 && token_secret(&keeper->ledger, &keeper->keyring, order->number, &order->secret, &error) != 0)
        result = -1;
    if (result == 0)
        request_unknown(request, 't', token);
    else if (result < 0)
        request_fail(request, &error);
    return result == 1 ? 0 : -1;
}

/* ---- the view ---- */

static const struct listener *chief_listener(const struct decoy *decoy)
{
    for (size_t i = 0; i < decoy->listener_count; i++)
        if (decoy->listeners[i].tls == TLS_DIRECT)
            return &decoy->listeners[i];
    return decoy->listener_count > 0 ? &decoy->listeners[0] : NULL;
}

static uint16_t usual_port(const char *service, bool tls)
{
#define SERVICE(symbol, name, summary, plain, secure)                                                                  \
    if (strcmp(service, name) == 0)                                                                                    \
        return tls ? secure : plain;
#include "server/wire/tables/services.def"
#undef SERVICE
    return 0;
}

void order_decoy(const struct decoy *decoy, struct buffer *json)
{
    const struct listener *listener = chief_listener(decoy);
    const char *host = decoy->name_count > 0 ? decoy->names[0] : listener != NULL ? listener->address : "localhost";
    bool tls = listener != NULL && listener->tls == TLS_DIRECT, bare = strchr(host, ':') != NULL;
    uint16_t port = listener != NULL ? listener->port : 0;
    char url[512], suffix[16] = "";

    if (port != usual_port(decoy->service, tls))
        (void)snprintf(suffix, sizeof suffix, ":%u", port);
    (void)snprintf(url, sizeof url, "%s%s://%s%.256s%s%s", decoy->service, tls ? "s" : "", bare ? "[" : "", host,
                   bare ? "]" : "", suffix);
    json_member_open(json, "decoy");
    buffer_add_char(json, '{');
    json_member_text(json, "name", decoy->name);
    json_member_text(json, "service", decoy->service);
    json_member_text(json, "site", decoy->site);
    json_member_text(json, "host", host);
    json_member_number(json, "port", port);
    json_member_bool(json, "tls", tls);
    json_member_text(json, "url", url);
    json_member_open(json, "names");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < decoy->name_count; i++)
        json_element(json, slice_of(decoy->names[i]));
    buffer_add_text(json, "]}");
}

int order_world(struct keeper *keeper, const struct decoy *decoy, struct buffer *json, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(&keeper->ledger, "SELECT persona FROM persona WHERE number = 1", error);
    int result = statement != NULL ? ledger_step(&keeper->ledger, statement, error) : -1;

    if (result == 1) {
        json_member_open(json, "persona");
        buffer_add_slice(json, ledger_column(statement, 0));
    }
    if (statement != NULL)
        sqlite3_reset(statement);
    if (result == 0)
        return error_set(error, "the ledger holds no persona, so `sundew init` did not end well; make a new "
                                "installation with it");
    if (decoy != NULL)
        order_decoy(decoy, json);
    return result < 0 ? -1 : 0;
}

static void add_given(struct buffer *json, const char *name, const char *text)
{
    if (text != NULL)
        json_member_text(json, name, text);
}

int order_view(struct keeper *keeper, const struct order *order, struct buffer *json, struct error *error)
{
    add_given(json, "kind", order->kind);
    add_given(json, "form", order->form);
    add_given(json, "identity", order->identity);
    if (order->number != 0)
        json_member(json, "secret", buffer_slice(&order->secret));
    add_given(json, "owner", order->owner);
    add_given(json, "memo", order->memo);
    return order_world(keeper, order->decoy, json, error);
}
