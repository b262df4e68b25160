/* SPDX-License-Identifier: ISC
 *
 * What the minter is told of an order: the token, the persona, and where the secret is to be used. */
#include <stdio.h>
#include <string.h>
#include "server/base/json.h"
#include "server/keeper/host_key.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"

static const struct listener *chief_listener(const struct decoy *decoy)
{
    for (size_t i = 0; i < decoy->listener_count; i++)
        if (decoy->listeners[i].tls == TLS_DIRECT)
            return &decoy->listeners[i];
    return decoy->listener_count > 0 ? &decoy->listeners[0] : NULL;
}

struct named {
    const char *decoy, *service, *site, *host;
    uint16_t port;
    bool tls, chosen; /* chosen: the host is to be kept with the token */
};

static void add_door(struct buffer *json, const struct named *named)
{
    bool bare = strchr(named->host, ':') != NULL;
    char url[512], suffix[16] = "";

    if (named->port != transport_port(named->service, named->tls))
        (void)snprintf(suffix, sizeof suffix, ":%u", named->port);
    (void)snprintf(url, sizeof url, "%s%s://%s%.256s%s%s", named->service, named->tls ? "s" : "", bare ? "[" : "",
                   named->host, bare ? "]" : "", suffix);
    json_member_open(json, "decoy");
    buffer_add_char(json, '{');
    json_member_text(json, "name", named->decoy);
    json_member_text(json, "service", named->service);
    json_member_text(json, "site", named->site);
    json_member_text(json, "host", named->host);
    json_member_number(json, "port", named->port);
    json_member_bool(json, "tls", named->tls);
    json_member_bool(json, "chosen", named->chosen);
    json_member_text(json, "url", url);
}

static const char *host_of(const struct decoy *decoy)
{
    const struct listener *listener = chief_listener(decoy);

    return decoy->name_count > 0 ? decoy->names[0] : listener != NULL ? listener->address : "localhost";
}

static void add_host_key(const struct keyring *keyring, const char *host, struct buffer *json)
{
    struct buffer key;

    buffer_init(&key, 256);
    if (host_key_public(keyring, host, &key) == 0)
        json_member(json, "host_key", buffer_slice(&key));
    else
        json->failed = true;
    buffer_free(&key);
}

/* The decoy's first name is what its certificate is for, where the authority signed that. */
static bool is_signed_for(const struct decoy *decoy, const struct named *named)
{
    return named->tls && !named->chosen && decoy->name_count > 0 && decoy->certificate[0] == '\0';
}

/* authority: PEM, or nothing. */
static void add_decoy(const struct decoy *decoy, const char *host, struct slice authority, struct buffer *json)
{
    const struct listener *listener = chief_listener(decoy);
    struct named named = {
        .decoy = decoy->name,
        .service = decoy->service,
        .site = decoy->site,
        .host = host != NULL ? host : host_of(decoy),
        .port = listener != NULL ? listener->port : 0,
        .tls = listener != NULL && listener->tls == TLS_DIRECT,
        .chosen = host != NULL,
    };

    add_door(json, &named);
    if (authority.length > 0 && is_signed_for(decoy, &named))
        json_member(json, "trust", authority);
    json_member_open(json, "names");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < decoy->name_count; i++)
        json_element(json, slice_of(decoy->names[i]));
    buffer_add_text(json, "]}");
}

void order_decoy(const struct decoy *decoy, struct buffer *json)
{
    add_decoy(decoy, NULL, SLICE_NONE, json);
}

/* For a secret that no decoy opens with: the transport's usual port at the first decoy's host. */
static void add_transport(const struct keeper *keeper, const struct order *order, struct buffer *json)
{
    const struct configuration *configuration = keeper->configuration;
    struct kind_door door = {"", ""};
    struct named named = {.decoy = "", .site = "", .chosen = true};

    (void)kind_row_door(order->row, 0, &door);
    named.service = door.service;
    named.host = order->host != NULL ? order->host : host_of(&configuration->decoys[0]);
    named.port = transport_port(door.service, false);
    add_door(json, &named);
    if (strcmp(door.service, "ssh") == 0)
        add_host_key(&keeper->keyring, named.host, json);
    buffer_add_char(json, '}');
}

const struct order *order_at_door(const struct order *order)
{
    return order->beside != NULL ? order->beside : order;
}

static void add_beside(const struct order *beside, struct buffer *json)
{
    json_member_open(json, "beside");
    buffer_add_char(json, '{');
    json_member_text(json, "kind", beside->kind);
    json_member_text(json, "form", beside->form);
    json_member_text(json, "identity", beside->identity);
    json_member(json, "secret", buffer_slice(&beside->secret));
    order_facts(buffer_slice(&beside->facts), json);
    buffer_add_char(json, '}');
}

void order_seen(const struct order *order, struct buffer *json)
{
    char id[ID_TEXT];

    if (order->row != NULL)
        json_member_text(json, "seen", kind_row_seen(order->row));
    if (order->beside != NULL)
        json_member_text(json, "beside", id_text(order->beside->token, 't', id));
}

static void add_world(struct keeper *keeper, const struct order *order, struct slice persona, struct slice authority,
                      struct buffer *json)
{
    const struct order *door = order_at_door(order);

    json_member_open(json, "persona");
    buffer_add_slice(json, persona);
    if (door->decoy != NULL)
        add_decoy(door->decoy, door->host, authority, json);
    else if (door->row != NULL && keeper->configuration->decoy_count > 0)
        add_transport(keeper, door, json);
    if (order->beside != NULL)
        add_beside(order->beside, json);
}

int order_world(struct keeper *keeper, const struct order *order, struct buffer *json, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(&keeper->ledger,
                                               "SELECT persona, authority FROM persona WHERE number = 1", error);
    int result = statement != NULL ? ledger_step(&keeper->ledger, statement, error) : -1;

    if (result == 1)
        add_world(keeper, order, ledger_column(statement, 0), ledger_column(statement, 1), json);
    if (statement != NULL)
        sqlite3_reset(statement);
    if (result == 0)
        return error_set(error, "the ledger holds no persona, so `sundew init` did not end well; make a new "
                                "installation with it");
    return result < 0 ? -1 : 0;
}

const char *order_decoy_name(const struct order *order)
{
    return order->decoy != NULL ? order->decoy->name : "";
}

int order_door(struct request *request, const struct order *order)
{
    order = order_at_door(order);
    if (!order->lost && order->row != NULL)
        return 0;
    if (order->row == NULL)
        request_done(request, REQUEST_FAILED, "this release knows no kind \"%.60s\"; install the newer one again",
                     order->kind);
    else
        request_done(request, REQUEST_FAILED,
                     "the decoy of this token is no longer in the configuration; add it again, then `sundew reload`");
    return -1;
}

/* People's passwords are good anywhere, so that no decoy is the wrong one. */
static bool opens_any(const struct kind_row *row)
{
    return kind_row_opens(row, "", "");
}

void order_note(const struct order *order, unsigned bits, struct buffer *note)
{
    struct kind_door door = {"", ""};
    bool known = order->row != NULL && kind_row_door(order->row, 0, &door);
    char id[ID_TEXT];

    if (order->beside != NULL)
        (void)buffer_add_format(note, "its vendor alone sees this %s used; here only the use of %s, the %s beside it, shows",
                                order->kind, id_text(order->beside->token, 't', id), order->beside->kind);
    else if (known && order->decoy == NULL)
        (void)buffer_add_format(note, "no decoy speaks %s yet, so nobody sees a %s used until one does",
                                door.service, order->kind);
    else if (known && !kind_door_leads_to(&door, order->decoy->service, order->decoy->site) && !opens_any(order->row))
        (void)buffer_add_format(note, "no decoy looks like %s: the artifacts name %s, which recognises the secret but "
                                "answers as what it is", door.site[0] != '\0' ? door.site : door.service,
                                order->decoy->name);
    if (bits < TOKEN_GUESSABLE)
        (void)buffer_add_format(note, "%swith %u bits the secret could be guessed: its use alerts as high, not critical",
                                note->length > 0 ? "; " : "", bits);
}

void order_facts(struct slice facts, struct buffer *json)
{
    struct reader reader = reader_of(facts);
    struct token_fact fact;
    char name[FACT_NAME + 1];

    json_member_open(json, "facts");
    buffer_add_char(json, '{');
    while (fact_next(&reader, &fact)) {
        (void)snprintf(name, sizeof name, "%.*s", (int)fact.name.length, (const char *)fact.name.data);
        json_member(json, name, fact.value);
    }
    buffer_add_char(json, '}');
}

static void add_given(struct buffer *json, const char *name, const char *text)
{
    if (text != NULL)
        json_member_text(json, name, text);
}

static void add_policy(const struct configuration *configuration, struct buffer *json)
{
    json_member_open(json, "passwords");
    buffer_add_char(json, '{');
    json_member_number(json, "least", configuration->password_least);
    json_member_number(json, "most", configuration->password_most);
    json_member_number(json, "classes", configuration->password_classes);
    buffer_add_char(json, '}');
}

/* Seconds since 1970, which its id begins with: what its artifacts' containers are dated by. */
static int64_t minted(struct id token)
{
    int64_t milliseconds = 0;

    for (int i = 0; i < 6; i++)
        milliseconds = milliseconds << 8 | token.bytes[i];
    return milliseconds / 1000;
}

int order_view(struct keeper *keeper, const struct order *order, struct buffer *json, struct error *error)
{
    add_given(json, "kind", order->kind);
    add_given(json, "form", order->form);
    add_given(json, "identity", order->identity);
    add_given(json, "style", order->style);
    if (order->number != 0) {
        json_member(json, "secret", buffer_slice(&order->secret));
        order_facts(buffer_slice(&order->facts), json);
        json_member_number(json, "minted", minted(order->token));
    } else {
        json_member_open(json, "settings");
        buffer_add_char(json, '{');
        buffer_add_slice(json, buffer_slice(&order->settings));
        buffer_add_char(json, '}');
        add_policy(keeper->configuration, json);
    }
    add_given(json, "owner", order->owner);
    add_given(json, "memo", order->memo);
    return order_world(keeper, order, json, error);
}
