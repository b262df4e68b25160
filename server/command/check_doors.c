/* SPDX-License-Identifier: ISC
 *
 * What answers: for each question a planter, whose facts are judged here. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/command/check.h"
#include "server/command/planter.h"

#define DAY_US ((int64_t)24 * 3600 * 1000000)
#define SOON_DAYS 30
#define LOOKUP_US 2900000 /* that long a look-up takes only where nobody answers (probe_route.c) */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* The facts, a new reference; NULL with why not. Takes `options`. */
static json_t *probe(json_t *options, struct error *error)
{
    struct planter planter = {.fd = -1};
    struct planted planted;
    struct reader reader;
    json_t *meta = json_object(), *facts = NULL;
    uint16_t type;

    if (planter_start(&planter, error) == 0 && planter_tell(&planter, "probe", "", options, meta, error) == 0 &&
        planter_go(&planter, error) == 0 && planter_next(&planter, &reader, &type, error) == 0) {
        if (type != MESSAGE_PLANTED || planted_get(&reader, &planted) < 0)
            error_set(error, "the planter sent a damaged answer");
        else if (!planted.ok)
            error_set(error, "%.*s", (int)planted.text.length, (const char *)planted.text.data);
        else
            facts = json_loadb((const char *)planted.where.data, planted.where.length, 0, NULL);
    }
    planter_end(&planter);
    json_decref(meta);
    json_decref(options);
    return facts;
}

static json_t *networks_json(const struct network *networks, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        char address[ADDRESS_TEXT], text[ADDRESS_TEXT + 8];

        snprintf(text, sizeof text, "%s/%d", address_text(&networks[i].address, address),
                 address_is_v4(&networks[i].address) ? networks[i].bits - 96 : networks[i].bits);
        json_array_append_new(array, json_string(text));
    }
    return array;
}

/* ---- certificates ---- */

static void judge_dates(struct checking *checking, const char *subject, const struct yaml *at, const json_t *facts,
                        bool own)
{
    int64_t now = clock_wall(), from = 0, to = 0;
    const char *remedy = own ? "renew it, and `sundew reload`" : "`sundew reload` renews it; look into the daemon's log "
                                                                 "for why it was not renewed by itself";

    if (clock_parse(text_of(facts, "from"), &from) < 0 || clock_parse(text_of(facts, "to"), &to) < 0)
        check_tell(checking, CHECK_WRONG, "certificate", subject, at, remedy, "its dates cannot be read");
    else if (to <= now)
        check_tell(checking, CHECK_WRONG, "certificate", subject, at, remedy, "it ended on %.10s", text_of(facts, "to"));
    else if (from > now)
        check_tell(checking, CHECK_WRONG, "certificate", subject, at, "set the clock, or take another certificate",
                   "it begins on %.10s only", text_of(facts, "from"));
    else if (to - now < SOON_DAYS * DAY_US)
        check_tell(checking, CHECK_WARNING, "certificate", subject, at, remedy, "it ends on %.10s, in %" PRId64 " days",
                   text_of(facts, "to"), (to - now) / DAY_US);
    else
        check_tell(checking, CHECK_OK, "certificate", subject, at, "", "good until %.10s", text_of(facts, "to"));
}

static void judge_names(struct checking *checking, const char *subject, const struct yaml *at, const json_t *facts,
                        bool own)
{
    const json_t *misses = json_object_get(facts, "misses");
    size_t i;

    for (i = 0; i < json_array_size(misses); i++)
        check_tell(checking, CHECK_WRONG, "certificate", subject, at,
                   own ? "have the name put into the certificate, or take it out of the configuration"
                       : "`sundew reload` makes one with all names",
                   "it is not for %s, which is a name of the decoy's", json_string_value(json_array_get(misses, i)));
}

static void check_certificate(struct checking *checking, size_t index)
{
    const struct decoy *decoy = &checking->configuration->decoys[index];
    const struct yaml *at = check_entry(checking, "decoys", index, "certificate");
    json_t *names = json_array(), *facts;
    struct error error;

    if (access(decoy->certificate, R_OK) < 0 || access(decoy->key, R_OK) < 0) {
        json_decref(names);
        if (errno == EACCES)
            check_tell(checking, CHECK_WARNING, "certificate", decoy->name, at,
                       "run check as root, or as who runs the daemon", "certificate and key cannot be read by you");
        return; /* what is not there was told among the files */
    }
    for (size_t i = 0; i < decoy->name_count; i++)
        json_array_append_new(names, json_string(decoy->names[i]));
    facts = probe(json_pack("{s:s, s:s, s:s, s:o}", "what", "certificate", "certificate", decoy->certificate, "key",
                            decoy->key, "names", names), &error);
    if (facts == NULL) {
        check_tell(checking, CHECK_WRONG, "certificate", decoy->name, at, "write the certificate's and the key's files, "
                   "in PEM", "%s", error.text);
        return;
    }
    if (!json_is_true(json_object_get(facts, "fits")))
        check_tell(checking, CHECK_WRONG, "certificate", decoy->name, check_entry(checking, "decoys", index, "key"),
                   "write the key that the certificate was made for", "%s is not the key of %s", decoy->key,
                   decoy->certificate);
    judge_dates(checking, decoy->name, at, facts, true);
    judge_names(checking, decoy->name, at, facts, true);
    json_decref(facts);
}

/* ---- listeners ---- */

static const struct yaml *listener_at(const struct checking *checking, size_t decoy, size_t index)
{
    const struct yaml *list = check_entry(checking, "decoys", decoy, "listen");

    return list != NULL && list->type == YAML_LIST && index < list->count ? list->items[index] : list;
}

/* One listener as one of the decoy's names. */
static void check_listener(struct checking *checking, size_t index, size_t which, const char *name)
{
    const struct configuration *configuration = checking->configuration;
    const struct decoy *decoy = &configuration->decoys[index];
    const struct listener *listener = &decoy->listeners[which];
    const struct yaml *at = listener_at(checking, index, which);
    struct error error;
    json_t *facts = probe(json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:b, s:o}", "what", "listener", "address",
                                    listener->address, "port", (int)listener->port, "tls",
                                    tls_mode_name(listener->tls), "service", decoy->service, "host", name, "proxy",
                                    (int)decoy->proxy, "proxies",
                                    networks_json(configuration->proxies, configuration->proxy_count)), &error);
    const json_t *certificate = json_object_get(facts, "certificate");

    if (facts == NULL)
        check_tell(checking, CHECK_WRONG, "listener", decoy->name, at,
                   "look into the daemon's log; does it run with this configuration (`sundew reload`), and do firewall "
                   "rules let this host reach itself?", "port %u does not answer as %s: %s", listener->port, name,
                   error.text);
    else
        check_tell(checking, CHECK_OK, "listener", decoy->name, at, "", "port %u answers as %s: %s", listener->port,
                   name, text_of(facts, "answered"));
    if (certificate != NULL) {
        judge_names(checking, decoy->name, at, certificate, decoy->certificate[0] != '\0');
        if (decoy->certificate[0] == '\0' && listener->tls == TLS_DIRECT && strcmp(name, decoy->names[0]) == 0)
            judge_dates(checking, decoy->name, at, certificate, false);
    }
    json_decref(facts);
}

static void check_name(struct checking *checking, size_t index, size_t which)
{
    const struct decoy *decoy = &checking->configuration->decoys[index];
    const struct yaml *names = check_entry(checking, "decoys", index, "names");
    const struct yaml *at = names != NULL && names->type == YAML_LIST ? names->items[which] : names;
    const char *name = decoy->names[which];
    int64_t began = clock_monotonic();
    struct address address;
    struct error error;
    json_t *facts;

    if (address_parse(name, &address) == 0 || checking->no_names)
        return;
    facts = probe(json_pack("{s:s, s:s}", "what", "name", "name", name), &error);
    checking->no_names = facts == NULL && clock_monotonic() - began >= LOOKUP_US;
    if (checking->no_names)
        check_tell(checking, CHECK_WARNING, "dns", "", NULL, "look at /etc/resolv.conf",
                   "no name server answers, so the decoys' names were not looked up");
    else if (facts == NULL)
        check_tell(checking, CHECK_WARNING, "dns", decoy->name, at,
                   "have an address record made for it, to this host or to the balancer before it", "%s", error.text);
    else if (!json_is_true(json_object_get(facts, "here")) && !decoy->proxy)
        check_tell(checking, CHECK_WARNING, "dns", decoy->name, at,
                   "let it point to this host; behind a balancer or address translation that is as it should be",
                   "%s has an address of another host", name);
    else
        check_tell(checking, CHECK_OK, "dns", decoy->name, at, "", "%s is found", name);
    json_decref(facts);
}

/* ---- routes ---- */

static void check_receiver(struct checking *checking, size_t index)
{
    static const char *const private[] = {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                          "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"};
    const struct configuration *configuration = checking->configuration;
    const struct route *route = &configuration->routes[index];
    const struct yaml *at = check_entry(checking, "routes", index, "url");
    json_t *refuse = json_array(), *facts;
    struct error error;

    for (size_t i = 0; i < sizeof private / sizeof private[0]; i++)
        json_array_append_new(refuse, json_string(private[i]));
    facts = probe(json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s}", "what", "route", "url", route->url, "allow",
                            networks_json(route->allow, route->allow_count), "refuse", refuse, "ca", route->ca,
                            "certificate", route->certificate, "key", route->key, "domain", configuration->domain),
                  &error);
    if (facts == NULL)
        check_tell(checking, CHECK_WRONG, "route", route->name, at,
                   "is the receiver up, and may this host reach it? `sundew drill` tries the whole way", "%s", error.text);
    else if (!json_is_true(json_object_get(facts, "allowed")))
        check_tell(checking, CHECK_WRONG, "route", route->name, check_entry(checking, "routes", index, "allow"),
                   "list the receiver's addresses under \"allow\"",
                   "its receiver is at %s, which it may not connect to", text_of(facts, "address"));
    else if (text_of(facts, "distrusted")[0] != '\0')
        check_tell(checking, CHECK_WRONG, "route", route->name, check_entry(checking, "routes", index, "ca"),
                   "name the receiver's authority under \"ca\", or have the receiver's certificate put right",
                   "the receiver's certificate is not trusted: %s", text_of(facts, "distrusted"));
    else if (text_of(facts, "answered")[0] == '5')
        check_tell(checking, CHECK_WARNING, "route", route->name, at, "look at the receiver's log; try sundew drill",
                   "the receiver answers %s", text_of(facts, "answered"));
    else
        check_tell(checking, CHECK_OK, "route", route->name, at, "", "the receiver at %s answers %s",
                   text_of(facts, "address"), text_of(facts, "answered"));
    json_decref(facts);
}

void check_doors(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;

    for (size_t i = 0; i < configuration->decoy_count; i++) {
        const struct decoy *decoy = &configuration->decoys[i];

        if (decoy->certificate[0] != '\0' && decoy->key[0] != '\0')
            check_certificate(checking, i);
        for (size_t k = 0; k < decoy->name_count; k++)
            check_name(checking, i, k);
        for (size_t l = 0; checking->daemon && l < decoy->listener_count; l++)
            for (size_t k = 0; k < decoy->name_count; k++)
                check_listener(checking, i, l, decoy->names[k]);
    }
    for (size_t i = 0; i < configuration->route_count; i++)
        if (configuration->routes[i].url[0] != '\0')
            check_receiver(checking, i);
}
