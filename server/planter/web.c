/* SPDX-License-Identifier: ISC */
#include "server/planter/web.h"
#include <ctype.h>
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/planter/oauth.h"
#include "server/planter/secret.h"
#include "server/wire/remote.h"

#define TRIES 6
#define MINUTE_S 60
#define PATIENCE_S 180 /* for one call, all its waiting together */
#define REQUEST_BYTES (WEB_ANSWER + 2 * CREDENTIALS_FILE)

/* ---- making ---- */

static char *base_of(const struct web_api *api, const char *own, const char *host, uint16_t port)
{
    bool colons = strchr(host, ':') != NULL;
    char *base = NULL;

    if (own[0] != '\0' || api->url != NULL)
        return strdup(own[0] != '\0' ? own : api->url);
    return asprintf(&base, "https://%s%s%s:%u%s", colons ? "[" : "", host, colons ? "]" : "", port != 0 ? port : 443,
                    api->path != NULL ? api->path : "") < 0
               ? NULL
               : base;
}

struct web *web_new(struct visit *visit, const struct web_api *api, const char *host, uint16_t port, const char *subject,
                    struct error *error)
{
    const char *own = credentials_setting(&visit->credentials, "url");
    struct web *web = calloc(1, sizeof *web);

    if (web != NULL) {
        buffer_init(&web->token, CREDENTIALS_FILE);
        buffer_init(&web->answer, WEB_ANSWER);
        web->visit = visit;
        web->api = api;
        door_init(&web->door);
        web->door.input.maximum = WEB_ANSWER + WEB_HEAD;
        web->base = base_of(api, own, host, port);
        web->subject = strdup(subject);
        web->tenant = strdup(host);
    }
    if (web != NULL && web->base != NULL && web->subject != NULL && web->tenant != NULL) {
        while (web->base[0] != '\0' && web->base[strlen(web->base) - 1] == '/')
            web->base[strlen(web->base) - 1] = '\0';
        return web;
    }
    web_free(web);
    error_set(error, "out of memory");
    return NULL;
}

void web_free(void *session)
{
    struct web *web = session;

    if (web == NULL)
        return;
    door_close(&web->door);
    buffer_free(&web->token);
    buffer_free(&web->answer);
    free(web->base);
    free(web->subject);
    free(web->tenant);
    free(web);
}

/* ---- one try ---- */

/* "https://host:port/path" → host and port, and the path. */
static const char *take_url(const char *url, char host[256], uint16_t *port, struct error *error)
{
    char *found = NULL;
    const char *path = NULL;

    if (strncmp(url, "https://", 8) == 0 && remote_url(url, &found, port) == 0 && strlen(found) < 256) {
        snprintf(host, 256, "%s", found);
        path = url + 8 + strcspn(url + 8, "/?");
    }
    free(found);
    if (path == NULL)
        error_set(error, "\"%.200s\" is no URL that begins with https://", url);
    return path;
}

/* A server that has something to say before it is asked says that it closes. */
static bool is_quiet(const struct door *door)
{
    struct pollfd waiting = {.fd = door->fd, .events = POLLIN};

    return door->fd >= 0 && door->input.length == 0 && poll(&waiting, 1, 0) == 0;
}

/* The connection that is open, if it goes there; else a new one. *fresh tells which. */
static int connect_to(struct web *web, const char *host, uint16_t port, bool *fresh, struct error *error)
{
    *fresh = !is_quiet(&web->door) || strcmp(host, web->host) != 0 || port != web->port;
    if (!*fresh)
        return 0;
    door_close(&web->door);
    web->door.input.maximum = WEB_ANSWER + WEB_HEAD;
    snprintf(web->host, sizeof web->host, "%s", host);
    web->port = port;
    if (visit_door(&web->door, host, port, error) == 0 && visit_tls(web->visit, &web->door, host, error) == 0)
        return 0;
    door_close(&web->door);
    return -1;
}

static void add_login(struct web *web, struct buffer *request)
{
    const struct credentials *credentials = &web->visit->credentials;
    struct slice password = credentials_file(credentials, ACCOUNT_PASSWORD);
    struct buffer pair;
    char *user, *text;

    if (password.length == 0) {
        buffer_add_text(request, "Authorization: Bearer ");
        buffer_add_slice(request, buffer_slice(&web->token));
        buffer_add_text(request, "\r\n");
        return;
    }
    buffer_init(&pair, CREDENTIALS_FILE + 4096);
    user = credentials_user(credentials, web->subject);
    buffer_add_format(&pair, "%s:", user != NULL ? user : "");
    buffer_add_slice(&pair, password);
    text = secret_base64(buffer_slice(&pair), sodium_base64_VARIANT_ORIGINAL);
    buffer_add_text(request, "Authorization: Basic ");
    buffer_add_text(request, text != NULL ? text : "");
    buffer_add_text(request, "\r\n");
    secret_free(text);
    free(user);
    buffer_free(&pair);
}

static void add_request(struct web *web, const char *path, const struct web_call *call, struct buffer *request)
{
    bool colons = strchr(web->host, ':') != NULL;

    buffer_add_format(request, "%s %s%s HTTP/1.1\r\nHost: %s%s%s", call->method, path[0] == '/' ? "" : "/", path,
                      colons ? "[" : "", web->host, colons ? "]" : "");
    if (web->port != 443)
        buffer_add_format(request, ":%u", web->port);
    buffer_add_text(request, call->header == NULL || strncmp(call->header, "Accept:", 7) != 0 ? "\r\nAccept: */*\r\n"
                                                                                           : "\r\n");
    buffer_add_text(request, "User-Agent: curl/7.88.1\r\n");
    if (!call->open)
        add_login(web, request);
    if (call->header != NULL)
        buffer_add_format(request, "%s\r\n", call->header);
    if (call->type != NULL)
        buffer_add_format(request, "Content-Type: %s\r\nContent-Length: %zu\r\n", call->type, call->body.length);
    else if (strcmp(call->method, "GET") != 0)
        buffer_add_text(request, "Content-Length: 0\r\n");
    buffer_add_text(request, "\r\n");
    buffer_add_slice(request, call->body);
}

/* 0 with the status; -1 when no whole answer came. A kept connection that ends before anything of the answer came was
 * closed for its age, so the request goes out once more on a new one. */
static int try_once(struct web *web, const char *url, const struct web_call *call, struct error *error)
{
    struct web_head head = {.status = 0};
    bool fresh = false, begun = false;
    struct buffer request;
    const char *path;
    uint16_t port;
    char host[256];
    int rc;

    web->status = 0;
    web->later = 0;
    path = take_url(url, host, &port, error);
    buffer_init(&request, REQUEST_BYTES);
    do {
        if (path == NULL || connect_to(web, host, port, &fresh, error) != 0) {
            buffer_free(&request);
            return -1;
        }
        buffer_clear(&request);
        add_request(web, path, call, &request);
        rc = request.failed ? error_set(error, "the mail is too long")
                            : web_exchange(&web->door, buffer_slice(&request), &head, &web->answer, &begun, error);
        if (rc != 0 || head.close || (head.body < 0 && !head.chunked && head.status != 204))
            door_close(&web->door);
    } while (rc != 0 && !fresh && !begun && !call->once);
    buffer_free(&request);
    web->unsure = call->once && (rc != 0 || (head.status >= 500 && head.status != 501 && head.later == 0));
    web->status = rc == 0 ? head.status : 0;
    web->later = head.later;
    snprintf(web->location, sizeof web->location, "%s", head.location);
    return rc == 0 ? 0 : error_prefix(error, "%s", web->host);
}

/* ---- patience ---- */

/* "You have exceeded a secondary rate limit. …", and what it was called before. */
static bool is_limit(const struct web *web)
{
    char words[WEB_WORDS];

    if (web->status != 403 && web->status != 429)
        return false;
    web_words(web, words);
    return strcasestr(words, "secondary rate limit") != NULL || strcasestr(words, "abuse detection") != NULL;
}

int64_t web_pause(const struct web *web, const struct web_call *call, int tries)
{
    bool words = web->later == 0 && is_limit(web);
    bool later = web->status == 429 || words || ((web->status == 403 || web->status == 503) && web->later > 0);

    if (!later && (call->once || web->status < 500 || web->status == 501))
        return 0;
    return web->later > 0 ? web->later : (int64_t)(words ? MINUTE_S : 1) << tries;
}

static void wait_for(int64_t seconds)
{
    struct timespec left = {.tv_sec = seconds, .tv_nsec = randombytes_uniform(250000000)};

    while (nanosleep(&left, &left) != 0)
        continue;
}

/* Asks for a token where one is needed. */
static int prepare(struct web *web, const struct web_call *call, struct error *error)
{
    bool password = credentials_file(&web->visit->credentials, ACCOUNT_PASSWORD).length > 0;

    if (call->open || (password && web->api->basic))
        return 0;
    return oauth_token(web, error);
}

static int try_again(struct web *web, const char *url, const struct web_call *call, struct error *error)
{
    bool fresh = false; /* the token was asked for anew during this call */
    int64_t waited = 0, pause;

    for (int tries = 0;; tries++) {
        int rc = prepare(web, call, error);

        web->unsure = false;
        if (rc != 0)
            return rc;
        rc = try_once(web, url, call, error);
        if (rc == 0 && web->status == 401 && !call->open && !fresh && web->token_until != 0) {
            buffer_clear(&web->token);
            fresh = true;
            continue;
        }
        pause = rc == 0 ? web_pause(web, call, tries) : call->once || tries > 1 ? 0 : 1;
        waited += pause;
        if (pause == 0 || tries + 1 == TRIES)
            return rc;
        if (waited > PATIENCE_S)
            return error_set(error, "%s asks for patience (HTTP %d, %" PRId64 " s more); run this again later", web->host,
                             web->status, pause);
        wait_for(pause);
    }
}

int web_do(struct web *web, const struct web_call *call, struct error *error)
{
    struct buffer url;
    int rc;

    buffer_init(&url, 16384);
    if (strncmp(call->path, "https://", 8) != 0)
        buffer_add_text(&url, web->base);
    buffer_add_text(&url, call->path);
    rc = url.failed ? error_set(error, "the address is too long") : try_again(web, buffer_text(&url), call, error);
    buffer_free(&url);
    return rc;
}

/* ---- what it says ---- */

int web_refer(const struct web *web, const char *reference, char url[WEB_URL], const char *what, struct error *error)
{
    bool colons = strchr(web->host, ':') != NULL;
    int length = -1;

    if (strncmp(reference, "https://", 8) == 0)
        length = snprintf(url, WEB_URL, "%s", reference);
    else if (strncmp(reference, "//", 2) == 0)
        length = snprintf(url, WEB_URL, "https:%s", reference);
    else if (reference[0] == '/')
        length = snprintf(url, WEB_URL, "https://%s%s%s:%u%s", colons ? "[" : "", web->host, colons ? "]" : "", web->port,
                          reference);
    return length >= 0 && length < WEB_URL
               ? 0
               : error_set(error, "%s: %s points to \"%.200s\", which is no address by https", what, web->host, reference);
}

/* "error": {"message": …} or {"errors": [{"message": …}]}, "error_description", "message", "detail", "error" as a text or
 * as what it holds */
static void words_of(const json_t *answer, char words[WEB_WORDS])
{
    static const char *const names[] = {"error_description", "message", "detail", "description", "title", "error", "type"};
    const json_t *inner = json_object_get(answer, "error"), *found = NULL;
    char *text = NULL;

    if (inner == NULL && json_object_get(answer, "message") == NULL)
        inner = json_array_get(json_object_get(answer, "errors"), 0);
    if (json_is_object(inner))
        answer = inner;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && found == NULL; i++)
        found = json_object_get(answer, names[i]);
    if (json_is_object(found) || json_is_array(found))
        text = json_dumps(found, JSON_COMPACT);
    snprintf(words, WEB_WORDS, "%s", text != NULL ? text : json_is_string(found) ? json_string_value(found) : "");
    free(text);
    for (char *c = words; *c != '\0'; c++)
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
}

void web_words(const struct web *web, char words[WEB_WORDS])
{
    json_t *answer = json_loadb((const char *)web->answer.data, web->answer.length, JSON_REJECT_DUPLICATES, NULL);

    words_of(answer, words);
    json_decref(answer);
}

int web_fail(struct web *web, const char *what, struct error *error)
{
    const char *remedy = "", *account = web->visit->credentials.name;
    char words[WEB_WORDS];

    web_words(web, words);
    if (web->status == 401)
        remedy = "; check the credentials of the account ";
    else if (web->status == 403)
        remedy = "; README.md lists what is needed at least; check the permissions of the account ";
    error_set(error, "%s: %s says HTTP %d%s%s%s%s", what, web->host, web->status, words[0] != '\0' ? " " : "", words, remedy,
              remedy[0] != '\0' ? account : "");
    return -1;
}

int web_must(struct web *web, const struct web_call *call, const char *what, struct error *error)
{
    if (web_do(web, call, error) != 0)
        return error_prefix(error, "%s", what);
    return web->status / 100 == 2 ? 0 : web_fail(web, what, error);
}

int web_json(struct web *web, const char *method, const char *path, json_t *body, bool once, const char *what,
             json_t **answer, struct error *error)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    const struct web_call call = {.method = method, .path = path, .type = body != NULL ? "application/json" : NULL,
                                  .body = slice_of(text), .once = once};
    json_t *said = NULL;
    int rc = body != NULL && text == NULL ? error_set(error, "out of memory") : web_must(web, &call, what, error);

    if (rc == 0 && web->answer.length > 0) {
        said = json_loadb((const char *)web->answer.data, web->answer.length, JSON_REJECT_DUPLICATES, NULL);
        if (said == NULL && answer != NULL) {
            web->unsure = once;
            rc = error_set(error, "%s: %s answers with something that is no JSON", what, web->host);
        }
    }
    secret_free(text);
    json_decref(body);
    if (rc == 0 && answer != NULL)
        *answer = json_incref(said);
    json_decref(said);
    return rc;
}

void web_escape(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (isalnum(c) || strchr("-._~", c) != NULL)
            buffer_add_char(out, (char)c);
        else
            buffer_add_format(out, "%%%02X", c);
    }
}
