/* SPDX-License-Identifier: ISC */
#include <ifaddrs.h>
#include <netdb.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/cage.h"
#include "server/planter/probe.h"
#include "server/planter/use.h"

#define TIMEOUT_MS 5000
#define LOOKUP_S 3 /* a look-up that takes longer ends the planter */
#define HOST 256

struct target {
    char host[HOST];
    uint16_t port;
    bool tls;
    const char *path;
};

/* "https://user@[host]:port/path?query" */
static int read_url(const char *url, struct target *target, struct error *error)
{
    const char *at = strstr(url, "://"), *end, *colon, *close;
    size_t length;

    target->tls = strncmp(url, "https:", 6) == 0;
    target->port = target->tls ? 443 : 80;
    if (at == NULL)
        return error_set(error, "\"%.100s\" is no URL", url);
    at += 3;
    end = at + strcspn(at, "/?#");
    target->path = *end == '/' ? end : "/";
    if (memchr(at, '@', (size_t)(end - at)) != NULL)
        at = (const char *)memchr(at, '@', (size_t)(end - at)) + 1;
    close = *at == '[' ? memchr(at, ']', (size_t)(end - at)) : NULL;
    colon = memchr(close != NULL ? close : at, ':', (size_t)(end - (close != NULL ? close : at)));
    if (colon != NULL)
        target->port = (uint16_t)strtoul(colon + 1, NULL, 10);
    at += close != NULL;
    length = (size_t)((close != NULL ? close : colon != NULL ? colon : end) - at);
    if (length == 0 || length >= sizeof target->host || target->port == 0)
        return error_set(error, "\"%.100s\" is no URL", url);
    memcpy(target->host, at, length);
    target->host[length] = '\0';
    return 0;
}

static int look_up(const char *name, struct addrinfo **found, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    int code;

    alarm(LOOKUP_S);
    code = getaddrinfo(name, NULL, &hints, found);
    alarm(0);
    return code == 0 ? 0 : error_set(error, "the name %s cannot be looked up: %s", name, gai_strerror(code));
}

/* ---- names ---- */

static bool is_here(const struct address *address)
{
    struct ifaddrs *list = NULL;
    struct address own;
    bool here = false;

    if (getifaddrs(&list) != 0)
        return false;
    for (const struct ifaddrs *at = list; at != NULL && !here; at = at->ifa_next)
        here = at->ifa_addr != NULL && address_of(at->ifa_addr, &own, NULL) == 0 &&
               memcmp(&own, address, sizeof own) == 0;
    freeifaddrs(list);
    return here;
}

int probe_name(const struct task *task, struct place_result *result, struct error *error)
{
    const char *name = task_option(task, "name");
    json_t *addresses = json_array();
    struct addrinfo *found = NULL;
    struct address address;
    char text[ADDRESS_TEXT];
    bool here = false;

    if (name == NULL || look_up(name, &found, error) != 0) {
        json_decref(addresses);
        return -1;
    }
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (address_of(at->ai_addr, &address, NULL) != 0)
            continue;
        json_array_append_new(addresses, json_string(address_text(&address, text)));
        here = here || is_here(&address);
    }
    freeaddrinfo(found);
    result->where = json_pack("{s:o, s:b}", "addresses", addresses, "here", here);
    result->state = "answered";
    return 0;
}

/* ---- routes ---- */

static bool in_any(const json_t *networks, const struct address *address)
{
    struct network network;
    struct error ignored;

    for (size_t i = 0; i < json_array_size(networks); i++) {
        const char *text = json_string_value(json_array_get(networks, i));

        if (text != NULL && network_parse(text, &network, &ignored) == 0 && network_holds(&network, address))
            return true;
    }
    return false;
}

/* The first address that may be connected to; else the first. */
static int choose(const struct task *task, const char *host, struct address *address, bool *allowed, struct error *error)
{
    const json_t *networks = json_object_get(task->options, "allow");
    const json_t *refused = json_object_get(task->options, "refuse");
    struct addrinfo *found = NULL;
    struct address one;
    bool any = false;

    if (look_up(host, &found, error) != 0)
        return -1;
    *allowed = false;
    for (const struct addrinfo *at = found; at != NULL && !*allowed; at = at->ai_next) {
        if (address_of(at->ai_addr, &one, NULL) != 0)
            continue;
        *allowed = json_array_size(networks) > 0 ? in_any(networks, &one) : !in_any(refused, &one);
        if (!any || *allowed)
            *address = one;
        any = true;
    }
    freeaddrinfo(found);
    return any ? 0 : error_set(error, "the name %s has no address", host);
}

static int use_files(const struct task *task, struct door *door, struct error *error)
{
    const char *ca = task_option(task, "ca"), *certificate = task_option(task, "certificate");
    const char *key = task_option(task, "key");

    if ((ca != NULL && ca[0] != '\0' ? SSL_CTX_load_verify_locations(door->tls, ca, NULL)
                                     : SSL_CTX_set_default_verify_paths(door->tls)) != 1)
        return error_set(error, "%s holds no certificates in PEM", ca != NULL ? ca : "the system's store");
    if (certificate == NULL || certificate[0] == '\0' || key == NULL)
        return 0;
    if (SSL_CTX_use_certificate_chain_file(door->tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(door->tls, key, SSL_FILETYPE_PEM) != 1)
        return error_set(error, "%s and %s are no certificate and key in PEM", certificate, key);
    return 0;
}

static int ask(const struct task *task, struct door *door, const struct target *target, char answered[80],
               struct error *error)
{
    const char *domain = task_option(task, "domain");
    struct buffer request;
    int rc;

    buffer_init(&request, 8192);
    buffer_add_format(&request, "OPTIONS %.2000s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Sundew\r\n"
                      "WebHook-Request-Origin: %.250s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", target->path,
                      target->host, domain != NULL ? domain : "");
    rc = use_http(door, &request, answered, error);
    buffer_free(&request);
    return rc;
}

/* OpenSSL's word on the chain, and ours on the name; NULL when both are good. */
static const char *verify(const struct door *door, const char *host)
{
    X509 *certificate = SSL_get1_peer_certificate(door->ssl);
    long code = SSL_get_verify_result(door->ssl);
    const char *why = NULL;

    if (code != X509_V_OK)
        why = X509_verify_cert_error_string(code);
    else if (certificate == NULL || (X509_check_host(certificate, host, 0, 0, NULL) != 1 &&
                                     X509_check_ip_asc(certificate, host, 0) != 1))
        why = "the certificate is for another name";
    X509_free(certificate);
    return why;
}

int probe_route(const struct task *task, struct place_result *result, struct error *error)
{
    static const char *const calls[] = {NULL};
    const char *url = task_option(task, "url"), *why = NULL;
    char answered[80] = "", text[ADDRESS_TEXT];
    struct address address;
    struct target target;
    struct door door;
    bool allowed;
    int rc = -1;

    door_init(&door);
    if (read_url(url != NULL ? url : "", &target, error) != 0 || door_prepare(&door, error) != 0 ||
        use_files(task, &door, error) != 0 || choose(task, target.host, &address, &allowed, error) != 0)
        goto out;
    address_text(&address, text);
    if (allowed &&
        (door_connect(&door, text, target.port, TIMEOUT_MS, error) != 0 ||
         cage_shut(&(struct cage){"planter", calls, NULL}, error) != 0 ||
         (target.tls && door_tls(&door, target.host, error) != 0)))
        goto out;
    if (allowed && target.tls)
        why = verify(&door, target.host);
    if (allowed && why == NULL && ask(task, &door, &target, answered, error) != 0)
        goto out;
    result->where = json_pack("{s:s, s:b, s:s, s:s}", "address", text, "allowed", allowed, "answered", answered,
                              "distrusted", why != NULL ? why : "");
    result->state = "answered";
    rc = 0;
out:
    door_close(&door);
    return rc;
}
