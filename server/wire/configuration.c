/* SPDX-License-Identifier: ISC */
#include "server/wire/configuration.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/channel.h"

#define TEXT 8192
#define ITEMS 4096

const char *tls_mode_name(enum tls_mode mode)
{
    static const char *const names[] = {"none", "tls", "starttls"};

    return names[mode];
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_decoy(struct decoy *decoy)
{
    for (size_t i = 0; i < decoy->listener_count; i++)
        free(decoy->listeners[i].address);
    free(decoy->listeners);
    free_texts(decoy->names, decoy->name_count);
    free_texts(decoy->referrals, decoy->referral_count);
    free(decoy->name);
    free(decoy->service);
    free(decoy->site);
    free(decoy->isolate);
    free(decoy->certificate);
    free(decoy->key);
}

static void free_route(struct route *route)
{
    free_texts(route->secrets, route->secret_count);
    free(route->allow);
    free(route->name);
    free(route->format);
    free(route->url);
    free(route->ca);
    free(route->certificate);
    free(route->key);
    free(route->pins);
}

const char *account_file_name(enum account_file file)
{
    static const char *const names[] = {"password",        "token", "secret",  "certificate", "key",
                                        "service-account", "ca",    "ssh-key", "known-hosts"};

    return names[file];
}

static void free_account(struct account *account)
{
    for (size_t i = 0; i < ACCOUNT_FILES; i++)
        free(account->files[i]);
    free_texts(account->places, account->place_count);
    free(account->allow);
    free(account->name);
    free(account->user);
    free(account->client);
    free(account->tenant);
    free(account->scope);
    free(account->url);
    free(account->token_url);
    free(account->registry);
}

void configuration_free(struct configuration *configuration)
{
    if (configuration == NULL)
        return;
    for (size_t i = 0; i < configuration->decoy_count; i++)
        free_decoy(&configuration->decoys[i]);
    for (size_t i = 0; i < configuration->route_count; i++)
        free_route(&configuration->routes[i]);
    for (size_t i = 0; i < configuration->account_count; i++)
        free_account(&configuration->accounts[i]);
    for (size_t i = 0; i < configuration->user_count; i++) {
        free(configuration->users[i].role);
        free(configuration->users[i].name);
    }
    free(configuration->decoys);
    free(configuration->routes);
    free(configuration->accounts);
    free(configuration->users);
    free(configuration->proxies);
    free(configuration->file);
    free(configuration->organisation);
    free(configuration->domain);
    free(configuration->language);
    free(configuration->state);
    free(configuration->master_key);
    free(configuration->operators);
    free(configuration);
}

void decoy_suffix(const struct decoy *decoy, struct buffer *suffix)
{
    const char *name = decoy->name_count > 0 ? decoy->names[0] : "";
    const char *domain = strchr(name, '.');

    domain = domain != NULL && strchr(domain + 1, '.') != NULL ? domain + 1 : name;
    while (*domain != '\0') {
        size_t label = strcspn(domain, ".");

        buffer_add_format(suffix, "%sdc=%.*s", suffix->length > 0 ? "," : "", (int)label, domain);
        domain += label + (domain[label] == '.');
    }
}

const struct decoy *configuration_decoy(const struct configuration *configuration, struct slice name)
{
    for (size_t i = 0; i < configuration->decoy_count; i++)
        if (slice_is(name, configuration->decoys[i].name))
            return &configuration->decoys[i];
    return NULL;
}

/* ---- packing ---- */

static void add_texts(struct buffer *buffer, char *const *texts, size_t count)
{
    buffer_add_u32(buffer, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        buffer_add_string(buffer, texts[i]);
}

static void add_networks(struct buffer *buffer, const struct network *networks, size_t count)
{
    buffer_add_u32(buffer, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        buffer_add(buffer, networks[i].address.bytes, ADDRESS_BYTES);
        buffer_add_u8(buffer, networks[i].bits);
    }
}

static void add_installation(struct buffer *buffer, const struct configuration *c)
{
    buffer_add_string(buffer, c->file);
    buffer_add_string(buffer, c->organisation);
    buffer_add_string(buffer, c->domain);
    buffer_add_string(buffer, c->language);
    buffer_add_string(buffer, c->state);
    buffer_add_string(buffer, c->master_key);
    buffer_add_string(buffer, c->operators);
    buffer_add_u64(buffer, (uint64_t)c->retention_noise_s);
    buffer_add_u64(buffer, (uint64_t)c->retention_observations_s);
    buffer_add_u64(buffer, (uint64_t)c->budget_noise);
    buffer_add_u64(buffer, (uint64_t)c->budget_source_per_hour);
    buffer_add_u64(buffer, (uint64_t)c->workers);
    buffer_add_u64(buffer, (uint64_t)c->password_least);
    buffer_add_u64(buffer, (uint64_t)c->password_most);
    buffer_add_u64(buffer, (uint64_t)c->password_classes);
}

static void add_decoy(struct buffer *buffer, const struct decoy *decoy)
{
    buffer_add_string(buffer, decoy->name);
    buffer_add_string(buffer, decoy->service);
    buffer_add_string(buffer, decoy->site);
    buffer_add_string(buffer, decoy->isolate);
    buffer_add_string(buffer, decoy->certificate);
    buffer_add_string(buffer, decoy->key);
    buffer_add_u8(buffer, decoy->grant);
    buffer_add_u8(buffer, decoy->proxy);
    add_texts(buffer, decoy->names, decoy->name_count);
    add_texts(buffer, decoy->referrals, decoy->referral_count);
    buffer_add_u32(buffer, (uint32_t)decoy->listener_count);
    for (size_t i = 0; i < decoy->listener_count; i++) {
        buffer_add_string(buffer, decoy->listeners[i].address);
        buffer_add_u16(buffer, decoy->listeners[i].port);
        buffer_add_u8(buffer, decoy->listeners[i].tls);
    }
}

static void add_route(struct buffer *buffer, const struct route *route)
{
    buffer_add_string(buffer, route->name);
    buffer_add_string(buffer, route->format);
    buffer_add_string(buffer, route->url);
    buffer_add_string(buffer, route->ca);
    buffer_add_string(buffer, route->certificate);
    buffer_add_string(buffer, route->key);
    buffer_add_string(buffer, route->pins);
    buffer_add_u64(buffer, (uint64_t)route->heartbeat_s);
    add_texts(buffer, route->secrets, route->secret_count);
    add_networks(buffer, route->allow, route->allow_count);
}

int configuration_pack(struct buffer *buffer, const struct configuration *configuration, unsigned parts)
{
    buffer_add_u32(buffer, parts);
    if (parts & CONFIGURATION_INSTALLATION)
        add_installation(buffer, configuration);
    if (parts & CONFIGURATION_DECOYS) {
        buffer_add_u32(buffer, (uint32_t)configuration->decoy_count);
        for (size_t i = 0; i < configuration->decoy_count; i++)
            add_decoy(buffer, &configuration->decoys[i]);
    }
    if (parts & CONFIGURATION_ROUTES) {
        buffer_add_u32(buffer, (uint32_t)configuration->route_count);
        for (size_t i = 0; i < configuration->route_count; i++)
            add_route(buffer, &configuration->routes[i]);
    }
    if (parts & CONFIGURATION_PROXIES)
        add_networks(buffer, configuration->proxies, configuration->proxy_count);
    return buffer->failed ? -1 : 0;
}

/* ---- unpacking ---- */

/* Room for `*count` items as announced; an announcement beyond ITEMS is damage. */
static void *get_items(struct reader *reader, size_t size, size_t *count)
{
    void *items;

    *count = reader_u32(reader);
    if (*count > ITEMS)
        reader->failed = true;
    if (reader->failed)
        *count = 0;
    items = calloc(*count + 1, size);
    if (items == NULL) {
        reader->failed = true;
        *count = 0;
    }
    return items;
}

static char **get_texts(struct reader *reader, size_t *count)
{
    char **texts = get_items(reader, sizeof *texts, count);

    for (size_t i = 0; i < *count; i++)
        texts[i] = reader_string(reader, TEXT);
    return texts;
}

static struct network *get_networks(struct reader *reader, size_t *count)
{
    struct network *networks = get_items(reader, sizeof *networks, count);

    for (size_t i = 0; i < *count; i++) {
        struct slice bytes = reader_raw(reader, ADDRESS_BYTES);

        networks[i].bits = reader_u8(reader);
        if (bytes.length != ADDRESS_BYTES || networks[i].bits > 128)
            reader->failed = true;
        else
            memcpy(networks[i].address.bytes, bytes.data, ADDRESS_BYTES);
    }
    return networks;
}

static void get_installation(struct reader *reader, struct configuration *c)
{
    c->file = reader_string(reader, TEXT);
    c->organisation = reader_string(reader, TEXT);
    c->domain = reader_string(reader, TEXT);
    c->language = reader_string(reader, TEXT);
    c->state = reader_string(reader, TEXT);
    c->master_key = reader_string(reader, TEXT);
    c->operators = reader_string(reader, TEXT);
    c->retention_noise_s = (int64_t)reader_u64(reader);
    c->retention_observations_s = (int64_t)reader_u64(reader);
    c->budget_noise = (int64_t)reader_u64(reader);
    c->budget_source_per_hour = (int64_t)reader_u64(reader);
    c->workers = (int64_t)reader_u64(reader);
    c->password_least = (int64_t)reader_u64(reader);
    c->password_most = (int64_t)reader_u64(reader);
    c->password_classes = (int64_t)reader_u64(reader);
}

static void get_decoy(struct reader *reader, struct decoy *decoy)
{
    decoy->name = reader_string(reader, TEXT);
    decoy->service = reader_string(reader, TEXT);
    decoy->site = reader_string(reader, TEXT);
    decoy->isolate = reader_string(reader, TEXT);
    decoy->certificate = reader_string(reader, TEXT);
    decoy->key = reader_string(reader, TEXT);
    decoy->grant = reader_u8(reader) == 1;
    decoy->proxy = reader_u8(reader) == 1;
    decoy->names = get_texts(reader, &decoy->name_count);
    decoy->referrals = get_texts(reader, &decoy->referral_count);
    decoy->listeners = get_items(reader, sizeof *decoy->listeners, &decoy->listener_count);
    for (size_t i = 0; i < decoy->listener_count; i++) {
        uint8_t tls;

        decoy->listeners[i].address = reader_string(reader, TEXT);
        decoy->listeners[i].port = reader_u16(reader);
        tls = reader_u8(reader);
        if (tls > TLS_STARTTLS)
            reader->failed = true;
        else
            decoy->listeners[i].tls = (enum tls_mode)tls;
    }
}

static void get_route(struct reader *reader, struct route *route)
{
    route->name = reader_string(reader, TEXT);
    route->format = reader_string(reader, TEXT);
    route->url = reader_string(reader, TEXT);
    route->ca = reader_string(reader, TEXT);
    route->certificate = reader_string(reader, TEXT);
    route->key = reader_string(reader, TEXT);
    route->pins = reader_string(reader, TEXT);
    route->heartbeat_s = (int64_t)reader_u64(reader);
    route->secrets = get_texts(reader, &route->secret_count);
    route->allow = get_networks(reader, &route->allow_count);
}

int configuration_unpack(struct slice packed, struct configuration **configuration)
{
    struct configuration *c = calloc(1, sizeof *c);
    struct reader reader = reader_of(packed);
    unsigned parts = reader_u32(&reader);

    if (c == NULL)
        return -1;
    if (parts & CONFIGURATION_INSTALLATION)
        get_installation(&reader, c);
    if (parts & CONFIGURATION_DECOYS) {
        c->decoys = get_items(&reader, sizeof *c->decoys, &c->decoy_count);
        for (size_t i = 0; i < c->decoy_count; i++)
            get_decoy(&reader, &c->decoys[i]);
    }
    if (parts & CONFIGURATION_ROUTES) {
        c->routes = get_items(&reader, sizeof *c->routes, &c->route_count);
        for (size_t i = 0; i < c->route_count; i++)
            get_route(&reader, &c->routes[i]);
    }
    if (parts & CONFIGURATION_PROXIES)
        c->proxies = get_networks(&reader, &c->proxy_count);
    if (reader_end(&reader) < 0) {
        configuration_free(c);
        return -1;
    }
    *configuration = c;
    return 0;
}
