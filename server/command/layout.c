/* SPDX-License-Identifier: ISC */
#include "server/command/layout.h"

#include <ctype.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/address.h"
#include "server/base/json.h"
#include "server/base/paths.h"

#define HOST 256
#define ADDRESSES 16

/* In the order in which ports are given out. */
static const struct layout_decoy known[] = {
    {"gitlab", "http", "gitlab", {"git"}, 443, 80, "tls", NULL, true},
    {"portal", "http", "portal", {"sso", "login", "portal", "id", "auth", "signin", "connect"}, 443, 80, "tls", NULL, false},
    {"ldap", "ldap", NULL, {"ldap"}, 389, 636, "starttls", "tls", false},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

/* ---- the decoys ---- */

static int unknown_decoy(const char *word, size_t length, struct error *error)
{
    struct buffer names;

    buffer_init(&names, HOST);
    for (size_t i = 0; i < KNOWN; i++)
        buffer_add_format(&names, "%s%s", i > 0 ? ", " : "", known[i].name);
    error_set(error, "--with: there is no decoy \"%.*s\"; there are: %s, or all", (int)(length < 60 ? length : 60),
              word, buffer_text(&names));
    buffer_free(&names);
    return 2;
}

static int add_decoy(struct layout *layout, const char *word, size_t length, struct error *error)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (strlen(known[i].name) != length || strncmp(known[i].name, word, length) != 0)
            continue;
        for (size_t j = 0; j < layout->decoy_count; j++)
            if (layout->decoys[j] == &known[i])
                return 0;
        layout->decoys[layout->decoy_count++] = &known[i];
        return 0;
    }
    return unknown_decoy(word, length, error);
}

static int read_decoys(const char *with, struct layout *layout, struct error *error)
{
    int code = 0;

    if (with == NULL || strcmp(with, "all") == 0) {
        for (size_t i = 0; i < KNOWN; i++)
            layout->decoys[layout->decoy_count++] = &known[i];
        return 0;
    }
    while (code == 0) {
        size_t length = strcspn(with, ",");

        code = add_decoy(layout, with, length, error);
        if (with[length] == '\0')
            break;
        with += length + 1;
    }
    return code;
}

static int add_grant(struct layout *layout, const char *word, size_t length, struct error *error)
{
    for (size_t i = 0; i < layout->decoy_count; i++)
        if (strlen(layout->decoys[i]->name) == length && strncmp(layout->decoys[i]->name, word, length) == 0 &&
            layout->decoys[i]->can_grant) {
            layout->grants[i] = true;
            return 0;
        }
    error_set(error, "--grant: no decoy \"%.*s\" of this installation can let anybody in; gitlab can, or leave it out",
              (int)(length < 60 ? length : 60), word);
    return 2;
}

static int read_grants(const char *grants, struct layout *layout, struct error *error)
{
    int code = 0;

    while (grants != NULL && code == 0) {
        size_t length = strcspn(grants, ",");

        code = add_grant(layout, grants, length, error);
        grants = grants[length] == '\0' ? NULL : grants + length + 1;
    }
    return code;
}

/* ---- names ---- */

static bool is_domain(const char *text)
{
    return text[0] != '\0' && strlen(text) <= 200 && text[0] != '.' && text[0] != '-' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")] == '\0' &&
           strstr(text, "..") == NULL && text[strlen(text) - 1] != '.';
}

/* The domain of this host's name; false when it has none of its own. */
static bool host_domain(char *domain, size_t size)
{
    static const char *const shared[] = {"localdomain", "local", "localhost", "internal", "lan", "home"};
    char name[HOST] = "";
    const char *dot;

    if (gethostname(name, sizeof(name) - 1) < 0 || (dot = strchr(name, '.')) == NULL || !is_domain(dot + 1))
        return false;
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
        if (strcasecmp(dot + 1, shared[i]) == 0)
            return false;
    return snprintf(domain, size, "%s", dot + 1) < (int)size;
}

/* No two installations share a domain: two or three syllables and an ending that is not on the Internet. */
static void draw_domain(char *domain, size_t size)
{
    static const char *const heads[] = {"b", "br", "c", "cr", "d", "dr", "f",  "g", "gr", "h", "k", "l",
                                        "m", "n",  "p", "pr", "r", "s",  "st", "t", "tr", "v", "w", "z"};
    static const char *const hearts[] = {"a", "e", "i", "o", "u", "ai", "ea", "au", "ei", "ou"};
    static const char *const joints[] = {"", "", "", "n", "r", "l"};
    static const char *const tails[] = {"", "l", "n", "r", "s", "m", "nd", "rt", "x", "th", "ck"};
    static const char *const ends[] = {"internal", "intra", "lan", "corp", "intern"};
    uint32_t syllables = 2 + randombytes_uniform(2);
    size_t used = 0;

    for (uint32_t i = 0; i < syllables; i++)
        used += (size_t)snprintf(domain + used, size - used, "%s%s%s", heads[randombytes_uniform(24)],
                                 hearts[randombytes_uniform(i + 1 == syllables ? 5 : 10)],
                                 i + 1 == syllables ? tails[randombytes_uniform(11)] : joints[randombytes_uniform(6)]);
    snprintf(domain + used, size - used, ".%s", ends[randombytes_uniform(5)]);
}

/* "example-rail.corp" is "Example Rail". */
static void derive_organisation(const char *domain, char *organisation, size_t size)
{
    bool first = true;
    size_t used = 0;

    for (; *domain != '\0' && *domain != '.' && used + 1 < size; domain++) {
        organisation[used++] = (char)(*domain == '-' ? ' ' : first ? toupper((unsigned char)*domain) : *domain);
        first = *domain == '-';
    }
    organisation[used] = '\0';
}

static int read_names(const struct options *options, struct layout *layout, struct error *error)
{
    const char *domain = options_value(options, "domain"), *organisation = options_value(options, "organisation");

    if (domain != NULL && !is_domain(domain)) {
        error_set(error, "--domain \"%.80s\" is no domain; give one such as corp.example", domain);
        return 2;
    }
    if (domain != NULL)
        snprintf(layout->domain, sizeof(layout->domain), "%s", domain);
    else if (!host_domain(layout->domain, sizeof(layout->domain)))
        draw_domain(layout->domain, sizeof(layout->domain));
    for (char *letter = layout->domain; *letter != '\0'; letter++)
        *letter = (char)tolower((unsigned char)*letter); /* as people write it, in mails and pages too */
    if (organisation != NULL && (organisation[0] == '\0' || strlen(organisation) >= sizeof(layout->organisation))) {
        error_set(error, "--organisation must have 1 to %zu bytes", sizeof(layout->organisation) - 1);
        return 2;
    }
    if (organisation != NULL)
        snprintf(layout->organisation, sizeof(layout->organisation), "%s", organisation);
    else
        derive_organisation(layout->domain, layout->organisation, sizeof(layout->organisation));
    return 0;
}

/* ---- where it listens ---- */

static int read_listen(const struct options *options, struct layout *layout, struct error *error)
{
    const char *base = options_value(options, "port-base");
    struct address address;
    char *end = NULL;
    long port = 0;

    layout->address = options_value(options, "address");
    if (layout->address == NULL)
        layout->address = "::";
    if (address_parse(layout->address, &address) < 0) {
        error_set(error, "--address \"%.60s\" is no IPv4 or IPv6 address", layout->address);
        return 2;
    }
    if (base != NULL)
        port = strtol(base, &end, 10);
    if (base != NULL && (end == base || *end != '\0' || port < 1 || port + 2 * (long)layout->decoy_count > 65536)) {
        error_set(error, "--port-base \"%.20s\" is no port with room for %zu listeners above it", base,
                  2 * layout->decoy_count);
        return 2;
    }
    layout->port_base = (uint16_t)port;
    return 0;
}

/* ---- the route ---- */

/* The host of "scheme://[user@]host[:port]/..."; false for what is no http(s) URL. */
static bool url_host(const char *url, char host[HOST])
{
    const char *from, *to;

    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return false;
    from = strstr(url, "//") + 2;
    if (memchr(from, '@', strcspn(from, "/?#")) != NULL)
        return false;
    if (*from == '[') {
        from++;
        to = strchr(from, ']');
    } else {
        to = from + strcspn(from, ":/?#");
    }
    if (to == NULL || to == from || to - from >= HOST)
        return false;
    snprintf(host, HOST, "%.*s", (int)(to - from), from);
    return true;
}

static void allow(struct layout *layout, const struct address *address)
{
    size_t used = strlen(layout->allow);
    char text[ADDRESS_TEXT], network[ADDRESS_TEXT + 8];

    snprintf(network, sizeof(network), "%s/%d", address_text(address, text), address_is_v4(address) ? 32 : 128);
    if (strstr(layout->allow, network) == NULL)
        snprintf(layout->allow + used, sizeof(layout->allow) - used, "%s%s", used > 0 ? ", " : "", network);
}

static int resolve(struct layout *layout, const char *host, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct address address;
    int count = 0, result = getaddrinfo(host, NULL, &hints, &list);

    if (result != 0) {
        error_set(error, "--route: cannot look up %s: %s; give an address, or a name that this host knows", host,
                  gai_strerror(result));
        return 3;
    }
    for (const struct addrinfo *at = list; at != NULL && count < ADDRESSES; at = at->ai_next, count++)
        if (address_of(at->ai_addr, &address, NULL) == 0)
            allow(layout, &address);
    freeaddrinfo(list);
    return 0;
}

static int read_route(const struct options *options, struct layout *layout, struct error *error)
{
    struct address address;
    char host[HOST];

    layout->url = options_value(options, "route");
    if (layout->url == NULL)
        return 0;
    if (!url_host(layout->url, host) || strpbrk(layout->url, " \t\r\n\"\\") != NULL) {
        error_set(error, "--route \"%.200s\" is no URL; give one such as https://soc.%s/hook", layout->url,
                  layout->domain);
        return 2;
    }
    if (address_parse(host, &address) < 0)
        return resolve(layout, host, error);
    allow(layout, &address);
    return 0;
}

/* ---- certificates ---- */

static char *readable(const char *folder, const char *first, const char *second)
{
    const char *const names[] = {first, second};
    char *whole = NULL;

    for (size_t i = 0; i < 2 && whole == NULL; i++) {
        char *path = paths_join(folder, names[i]);

        if (path != NULL && access(path, R_OK) == 0)
            whole = realpath(path, NULL);
        free(path);
    }
    return whole;
}

static int read_tls(const char *tls, struct layout *layout, struct error *error)
{
    if (tls == NULL)
        return 0;
    if (strcmp(tls, "self-signed") == 0) {
        layout->self_signed = true;
        return 0;
    }
    layout->certificate = readable(tls, "fullchain.pem", "cert.pem");
    layout->key = readable(tls, "privkey.pem", "key.pem");
    if (layout->certificate != NULL && layout->key != NULL)
        return 0;
    error_set(error, "--tls %.200s: a folder with fullchain.pem and privkey.pem is needed there, or \"self-signed\"",
              tls);
    return 3;
}

int layout_read(const struct options *options, struct layout *layout, struct error *error)
{
    int code;

    *layout = (struct layout){.language = options_value(options, "language")};
    if (layout->language == NULL)
        layout->language = "en";
    if (strcmp(layout->language, "en") != 0 && strcmp(layout->language, "fr") != 0) {
        error_set(error, "--language must be en or fr");
        return 2;
    }
    code = read_decoys(options_value(options, "with"), layout, error);
    if (code == 0)
        code = read_grants(options_value(options, "grant"), layout, error);
    if (code == 0)
        code = read_names(options, layout, error);
    if (code == 0)
        code = read_listen(options, layout, error);
    if (code == 0)
        code = read_route(options, layout, error);
    return code == 0 ? read_tls(options_value(options, "tls"), layout, error) : code;
}

void layout_free(struct layout *layout)
{
    free(layout->certificate);
    free(layout->key);
}

/* ---- sundew.yaml ---- */

/* Words that YAML reads as something else, and anything with marks, stand in quotes. */
static void add_scalar(struct buffer *text, const char *value)
{
    static const char *const special[] = {"yes", "no", "true", "false", "on", "off", "null", "y", "n"};
    bool plain = isalpha((unsigned char)value[0]) != 0 && value[strlen(value) - 1] != ' ' &&
                 value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-")] == '\0';

    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        plain = plain && strcasecmp(value, special[i]) != 0;
    if (plain)
        buffer_add_text(text, value);
    else
        json_write_string(text, slice_of(value));
}

static void add_member(struct buffer *text, const char *key, const char *value)
{
    buffer_add_format(text, "%s: ", key);
    add_scalar(text, value);
    buffer_add_char(text, '\n');
}

static void add_listener(struct buffer *text, const char *address, uint16_t port, const char *tls)
{
    buffer_add_text(text, "{address: ");
    if (strchr(address, ':') != NULL)
        json_write_string(text, slice_of(address));
    else
        buffer_add_text(text, address);
    buffer_add_format(text, ", port: %u", port);
    if (tls != NULL)
        buffer_add_format(text, ", tls: %s", tls);
    buffer_add_char(text, '}');
}

static const char *draw_host(const struct layout_decoy *decoy)
{
    uint32_t count = 0;

    while (count < LAYOUT_HOSTS && decoy->hosts[count] != NULL)
        count++;
    return decoy->hosts[randombytes_uniform(count)];
}

static void add_decoy_text(const struct layout *layout, size_t i, struct buffer *text)
{
    const struct layout_decoy *decoy = layout->decoys[i];
    uint16_t first = layout->port_base != 0 ? (uint16_t)(layout->port_base + 2 * i) : decoy->first_port;
    uint16_t second = layout->port_base != 0 ? (uint16_t)(layout->port_base + 2 * i + 1) : decoy->second_port;

    buffer_add_format(text, "  %s:\n    service: %s\n", decoy->name, decoy->service);
    if (decoy->site != NULL)
        buffer_add_format(text, "    site: %s\n", decoy->site);
    buffer_add_format(text, "    names: [%s.%s]\n    listen: [", draw_host(decoy), layout->domain);
    add_listener(text, layout->address, first, decoy->first_tls);
    buffer_add_text(text, ", ");
    add_listener(text, layout->address, second, decoy->second_tls);
    buffer_add_text(text, "]\n");
    if (layout->certificate != NULL) {
        buffer_add_text(text, "    certificate: ");
        json_write_string(text, slice_of(layout->certificate));
        buffer_add_text(text, "\n    key: ");
        json_write_string(text, slice_of(layout->key));
        buffer_add_char(text, '\n');
    }
    buffer_add_format(text, "    grant: %s\n", layout->grants[i] ? "yes" : "no");
}

static void add_route_text(const struct layout *layout, struct buffer *text)
{
    buffer_add_text(text, "\n# Where alerts go. The signing secret stands in the file; `allow` names the addresses that"
                          " alerts may go to.\n");
    if (layout->url == NULL) {
        buffer_add_format(text,
                          "# No route yet, so nobody is told. For one, make secrets/soc (whsec_ and 32 random bytes"
                          " in base64) and add:\n"
                          "# routes:\n"
                          "#   soc: {format: cloudevents, url: \"https://soc.%s/hook\", secret: secrets/soc, "
                          "allow: [192.0.2.0/24]}\n",
                          layout->domain);
        return;
    }
    buffer_add_text(text, "routes:\n  soc: {format: cloudevents, url: ");
    json_write_string(text, slice_of(layout->url));
    buffer_add_text(text, ", secret: secrets/soc, allow: [");
    for (const char *at = layout->allow; *at != '\0'; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ",");

        buffer_add_format(text, "%s\"%.*s\"", at == layout->allow ? "" : ", ", (int)length, at);
        at += length;
    }
    buffer_add_text(text, "]}\n");
}

void layout_write(const struct layout *layout, struct buffer *text)
{
    buffer_add_text(text,
                    "# Sundew's configuration. Relative paths start at this file's folder. After a change: sundew "
                    "reload\n");
    add_member(text, "organisation", layout->organisation);
    add_member(text, "domain", layout->domain);
    buffer_add_format(text, "language: %s\n", layout->language);
    buffer_add_text(text,
                    "state: state\n"
                    "key: state/key                    # the master key; keep a copy apart, or credential:NAME\n"
                    "# users: {keeper: sundew-keeper, sensor: sundew-sensor, courier: sundew-courier, minter: "
                    "sundew-minter}\n"
                    "# operators: sundew               # group that may use the control socket\n"
                    "# proxies: [10.0.0.0/8]           # trusted to tell the client's address\n"
                    "\n# The services that secrets open. Names and listeners are yours to change; names must lead "
                    "here.\ndecoys:\n");
    for (size_t i = 0; i < layout->decoy_count; i++)
        add_decoy_text(layout, i, text);
    add_route_text(layout, text);
    buffer_add_text(text, "\nretention: {noise: 30d, observations: 2y}\n"
                          "budget: {noise: 1GiB, per-source: 600/h}\n");
}
