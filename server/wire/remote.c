/* SPDX-License-Identifier: ISC */
#include "server/wire/remote.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/wire/places.h"

#define PLACE_TEXT 4096

/* Who may be reached for a place; "" where it lies on this machine, or there is none. */
static const char *reach_of(struct slice place)
{
    const struct place_row *row = place_row(place);

    return row != NULL ? row->reach : "";
}

bool remote_is(struct slice place)
{
    return reach_of(place)[0] != '\0';
}

/* ---- the parts of a place ---- */

/* %XX; a NUL, control characters or half an escape make it fail. To be freed. */
static char *decode(const char *text, size_t length)
{
    char *out = malloc(length + 1), hex[3] = "";
    size_t n = 0;

    for (size_t i = 0; out != NULL && i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '%') {
            memcpy(hex, text + i + 1, i + 2 < length ? 2 : 0);
            if (i + 2 >= length || !isxdigit((unsigned char)hex[0]) || !isxdigit((unsigned char)hex[1])) {
                free(out);
                return NULL;
            }
            c = (unsigned char)strtoul(hex, NULL, 16);
            i += 2;
        }
        if (c < 0x20 || c == 0x7f) {
            free(out);
            return NULL;
        }
        out[n++] = (char)c;
    }
    if (out != NULL)
        out[n] = '\0';
    return out;
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT"; anything else fails. */
static int take_host(const char *text, size_t length, char **host, uint16_t *port)
{
    bool bracket = length > 0 && text[0] == '[';
    const char *end = memchr(text, bracket ? ']' : ':', length);
    size_t size = end != NULL ? (size_t)(end - text) : length;
    unsigned long number = 0;
    char *rest = NULL;

    if (bracket && end == NULL)
        return -1;
    text += bracket;
    *host = strndup(text, size - bracket);
    if (*host == NULL || size == (size_t)bracket || size > 253 ||
        strspn(*host, bracket ? "0123456789abcdefABCDEF:." : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                             "0123456789-._") != strlen(*host))
        return -1;
    for (char *c = *host; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    length -= size + bracket;
    text += size;
    if (length == 0)
        return 0;
    if (text[0] != ':' || length < 2 || length > 6 || !isdigit((unsigned char)text[1]))
        return -1;
    number = strtoul(text + 1, &rest, 10);
    *port = (uint16_t)number;
    return rest == text + length && number > 0 && number < 65536 ? 0 : -1;
}

/* The last '@' before `end`, or NULL. */
static const char *last_at(const char *text, const char *end)
{
    while (end > text && *end != '@')
        end--;
    return *end == '@' ? end : NULL;
}

int remote_parse(const char *place, struct remote *remote, struct error *error)
{
    const char *text = strchr(place, ':'), *end, *at;

    *remote = (struct remote){NULL};
    if (!remote_is(slice_of(place)) || text == NULL)
        return error_set(error, "\"%.200s\" is no place on another host; see: sundew places", place);
    text += strncmp(text, "://", 3) == 0 ? 3 : 1;
    end = text + strcspn(text, "/");
    at = last_at(text, end);
    if (strlen(place) > PLACE_TEXT)
        return error_set(error, "the place's name is too long");
    if (at != NULL && memchr(text, ':', (size_t)(at - text)) != NULL)
        return error_set(error, "a place must not hold a password, which everybody could read; put it into a file, and "
                                "name that under accounts: in sundew.yaml");
    if (at != NULL)
        remote->user = decode(text, (size_t)(at - text));
    text = at != NULL ? at + 1 : text;
    remote->path = decode(end + (*end == '/'), strlen(end + (*end == '/')));
    if (take_host(text, (size_t)(end - text), &remote->host, &remote->port) != 0 || remote->path == NULL ||
        (at != NULL && (remote->user == NULL || remote->user[0] == '\0')))
        return error_set(error, "\"%.200s\" is no place; write %s, with %%XX for odd characters", place,
                         strstr(place_row(slice_of(place))->summary, ": ") + 2);
    return 0;
}

void remote_free(struct remote *remote)
{
    free(remote->user);
    free(remote->host);
    free(remote->path);
    *remote = (struct remote){NULL};
}

int remote_url(const char *url, char **host, uint16_t *port)
{
    const char *text = strstr(url, "://");
    size_t length = text != NULL ? strcspn(text + 3, "/?#") : 0;

    *host = NULL;
    *port = strncmp(url, "https:", 6) == 0 ? 443 : 80;
    if (text == NULL || memchr(text + 3, '@', length) != NULL || take_host(text + 3, length, host, port) != 0) {
        free(*host);
        *host = NULL;
        return -1;
    }
    return 0;
}

/* ---- accounts ---- */

static bool fits(const char *pattern, const char *place, const struct remote *remote)
{
    size_t scheme = strcspn(place, ":");
    struct remote wanted;
    struct error ignored;
    bool fit = strncmp(pattern, place, scheme + 1) == 0 && remote_parse(pattern, &wanted, &ignored) == 0;

    if (!fit)
        return false;
    fit = strcmp(wanted.host, remote->host) == 0 && (wanted.port == 0 || wanted.port == remote->port) &&
          (wanted.user == NULL || (remote->user != NULL && strcmp(wanted.user, remote->user) == 0));
    remote_free(&wanted);
    return fit;
}

const struct account *remote_account(const struct configuration *configuration, const char *place, struct error *error)
{
    const struct account *found = NULL;
    struct remote remote;

    if (remote_parse(place, &remote, error) == 0) {
        for (size_t i = 0; i < configuration->account_count && found == NULL; i++)
            for (size_t j = 0; j < configuration->accounts[i].place_count && found == NULL; j++)
                if (fits(configuration->accounts[i].places[j], place, &remote))
                    found = &configuration->accounts[i];
        if (found == NULL)
            error_set(error, "no account opens %.200s; add one under accounts: in %s with places: [\"%.*s://%s\"]", place,
                      configuration->file, (int)strcspn(place, ":"), place, remote.host);
    }
    remote_free(&remote);
    return found;
}

static bool is_host(const char *url, const char *host, uint16_t port)
{
    char *own = NULL;
    uint16_t own_port;
    bool is = url[0] != '\0' && remote_url(url, &own, &own_port) == 0 && strcasecmp(own, host) == 0 && own_port == port;

    free(own);
    return is;
}

/* "*:993" or "graph.microsoft.com:443", for a place. */
static bool is_reach(const char *reach, size_t length, const struct remote *remote, const char *host, uint16_t port)
{
    char *named = NULL;
    uint16_t standard = 0;
    bool is = false;

    if (reach[0] == '*') {
        standard = (uint16_t)strtoul(reach + 2, NULL, 10);
        return strcasecmp(host, remote->host) == 0 && port == (remote->port != 0 ? remote->port : standard);
    }
    if (take_host(reach, length, &named, &standard) == 0)
        is = strcasecmp(named, host) == 0 && standard == port;
    free(named);
    return is;
}

bool remote_allows(const struct account *account, const char *place, const char *host, uint16_t port)
{
    const char *reach = reach_of(slice_of(place));
    struct remote remote;
    struct error ignored;
    bool allowed = false;

    if (reach[0] != '\0' && remote_parse(place, &remote, &ignored) == 0) {
        for (const char *at = reach; *at != '\0' && !allowed; at += strspn(at, " ")) {
            size_t length = strcspn(at, " ");

            allowed = is_reach(at, length, &remote, host, port);
            at += length;
        }
        remote_free(&remote);
    }
    return allowed || is_host(account->url, host, port) || is_host(account->token_url, host, port) ||
           is_host(account->registry, host, port);
}
