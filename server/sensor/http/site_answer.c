/* SPDX-License-Identifier: ISC
 *
 * From a request to its route, and from the route to the answer. */
#include "server/sensor/http/site_data.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>
#include "server/base/clock.h"
#include "server/base/unzeroed.h"
#include "server/wire/message.h"

#define CACHE_FORGETS 600 /* seconds: nginx's "inactive" */

static bool method_fits(const struct site_route *route, struct slice method)
{
    const char *at = route->methods, *end = at + route->methods_length, *bar;

    if (route->methods_length == 1 && *at == '*')
        return true;
    for (; at < end; at = bar + 1) {
        bar = memchr(at, '|', (size_t)(end - at));
        bar = bar == NULL ? end : bar;
        if ((size_t)(bar - at) == method.length && memcmp(at, method.data, method.length) == 0)
            return true;
        if (bar - at == 3 && memcmp(at, "GET", 3) == 0 && slice_is(method, "HEAD"))
            return true;
    }
    return false;
}

/* `scratch` is working memory. */
static bool conditions_fit(const struct site_route *route, struct field_source *source, struct buffer *scratch)
{
    bool fit = true;

    for (size_t i = 0; fit && i < route->condition_count; i++) {
        const struct site_condition *condition = &route->conditions[i];
        struct slice value = field_look(source, condition->field, scratch);

        if (strcmp(condition->value, "*") == 0)
            fit = value.length > 0;
        else if (strcmp(condition->value, "!") == 0)
            fit = value.length == 0;
        else
            fit = value.length > 0 && slice_is(value, condition->value);
    }
    return fit;
}

static bool host_fits(const char *wanted, struct slice host)
{
    size_t length = wanted == NULL ? 0 : strlen(wanted);

    if (length < 2 || strcmp(wanted + length - 2, ".*") != 0)
        return wanted == NULL || slice_is_nocase(host, wanted);
    return host.length >= length - 1 && strncasecmp((const char *)host.data, wanted, length - 1) == 0;
}

void site_read_path(const struct site *site, const struct http_request *request, struct site_paths *paths)
{
    paths->behind = path_decode(request->path, site->merges, &paths->decoded);
    paths->front = paths->behind;
    if (path_join(request->path, &paths->joined) == 0)
        paths->front = (struct slice){paths->joined.data, paths->joined.length};
}

struct slice site_path_for(const struct site_route *route, const struct site_paths *paths)
{
    return route->plain->served == SITE_BEHIND ? paths->behind : paths->front;
}

static uint64_t first_bytes(struct slice text)
{
    uint64_t bytes = 0;

    if (text.length > 0)
        memcpy(&bytes, text.data, text.length < sizeof bytes ? text.length : sizeof bytes);
    return bytes;
}

/* Whose routes in site->order may fit. Two readings of the path with different second bytes: all. */
static size_t second_of(const struct site_paths *paths)
{
    unsigned char front = paths->front.length > 1 ? paths->front.data[1] : 0;
    unsigned char behind = paths->behind.length > 1 ? paths->behind.data[1] : 0;

    return front == behind ? front : SITE_SECONDS - 1;
}

const struct site_route *site_route(const struct site *site, const struct http_request *request)
{
    const struct site_route *found = &site->routes[site->route_count - 1];
    struct field_source source = {.request = request};
    UNZEROED struct site_paths paths;
    struct buffer scratch;
    uint64_t begins[2]; /* with how nginx reads the path, and the product */
    const uint32_t *at, *end;

    buffer_init(&scratch, SITE_VALUE);
    site_read_path(site, request, &paths);
    begins[false] = first_bytes(paths.front);
    begins[true] = first_bytes(paths.behind);
    at = site->order + site->firsts[second_of(&paths)];
    end = site->order + site->firsts[second_of(&paths) + 1];
    for (; at < end; at++) {
        const struct site_route *route = &site->routes[*at];
        const struct site_start *start = &site->starts[*at];

        if (((begins[start->behind] ^ start->bytes) & start->mask) == 0 && method_fits(route, request->method) &&
            pattern_match(&route->pattern, site_path_for(route, &paths), NULL) &&
            host_fits(route->host, request->host) && conditions_fit(route, &source, &scratch)) {
            found = route;
            break;
        }
    }
    buffer_free(&scratch);
    return found;
}

static void read_session(struct answering *a)
{
    struct slice cookie = a->site->cookie == NULL ? SLICE_NONE : field_cookie(a->request, a->site->cookie);
    int64_t age;

    a->kept = cookie.data != NULL && csrf_session_read(&a->site->csrf, cookie, a->now, &a->session, &age) == 0 &&
              age <= a->site->session_age;
}

static bool origin_fits(const struct answering *a)
{
    struct slice origin = http_request_header(a->request, "Origin");
    char url[SITE_URL];

    if (!a->site->same_origin || origin.data == NULL)
        return true;
    site_url(a, url);
    return slice_is_nocase(origin, url);
}

/* A guarded form: session cookie, and the CSRF field in the form or its header. */
static bool form_fits(const struct answering *a)
{
    struct buffer value;
    bool fits = false;

    if (!a->kept || !origin_fits(a))
        return false;
    buffer_init(&value, SITE_VALUE);
    if (field_find(a->request, a->site->field, &value) == 0)
        fits = csrf_field_is(&a->site->csrf, &a->session, buffer_slice(&value));
    buffer_free(&value);
    if (!fits && a->site->field_header != NULL)
        fits = csrf_field_is(&a->site->csrf, &a->session, http_request_header(a->request, a->site->field_header));
    return fits;
}

static bool front_adds(const struct site *site, unsigned status)
{
    bool adds = false;

    for (size_t i = 0; !adds && i < site->front_count; i++)
        adds = site->front_statuses[i] == status;
    return adds;
}

static int render(const struct answering *a, const struct site_reply *reply, const struct template *t,
                  enum render_escape escape, const struct template_partials *partials, struct buffer *out)
{
    const struct template_texts texts = {a->texts->items, a->texts->count, 2};
    json_t *const views[] = {a->site->face, a->view, reply->with};

    return template_render_texts(t, views, reply->with == NULL ? 2 : 3, &texts, escape, partials, out);
}

static int add_body(const struct answering *a, const struct site_reply *reply, struct site_answer *answer)
{
    const struct template_partials partials = {site_page, (void *)(uintptr_t)a->site};

    if (reply->constant.data != NULL)
        return buffer_add_slice(&answer->body, reply->constant);
    return render(a, reply, reply->body, reply->escape, &partials, &answer->body);
}

static int add_headers(const struct answering *a, const struct site_reply *reply, struct site_answer *answer)
{
    int result = render(a, reply, reply->head, RENDER_PLAIN, NULL, &answer->headers);

    if (result == 0 && a->site->front_lines != NULL && a->route != &a->site->plain && front_adds(a->site, answer->status))
        result = buffer_add_text(&answer->headers, a->site->front_lines);
    return result;
}

/* Files that have not changed since the client's copy: the client sends back the date that it was given. */
static bool is_unchanged(const struct http_request *request, const struct site_reply *reply)
{
    struct slice since = http_request_header(request, "If-Modified-Since");
    char text[SITE_DATE];

    if (reply->modified == 0 || since.data == NULL)
        return false;
    site_date(reply->modified, text);
    return slice_is(since, text);
}

/* The time that the product's lines speak of. */
static int64_t said_at(struct site_cache *cache, int64_t now)
{
    if (cache == NULL)
        return now;
    if (now - cache->used > CACHE_FORGETS)
        cache->filled = now;
    cache->used = now;
    return cache->filled;
}

bool site_grants(const struct site *site, const struct site_route *route)
{
    return site != NULL && route != NULL && site->decoy->grant && route->granted != NULL;
}

int site_later_step(const struct site *site, const struct site_route *route, const struct http_request *request,
                    unsigned char seal[CSRF_PAD])
{
    struct answering a = {.site = site, .route = route, .request = request};
    struct buffer value;
    int result = -1;

    if (!site_grants(site, route) || route->form.code == NULL)
        return -1;
    a.now = clock_wall() / 1000000;
    buffer_init(&value, SITE_VALUE);
    read_session(&a);
    if (field_find(request, route->form.code, &value) == 0 && value.length > 0 && form_fits(&a) &&
        field_find(request, site->field, &value) == 0)
        result = csrf_field_pad(buffer_slice(&value), seal);
    buffer_free(&value);
    return result;
}

static const struct site_reply *granted_reply(const struct site_route *route, const char *kind)
{
    for (size_t i = 0; i < route->granted->count; i++)
        if (strcmp(route->granted->keys[i]->text, kind) == 0)
            return route->openings[i];
    if (strcmp(kind, GRANT_LOCKED) == 0 && route->locked != NULL)
        return route->locked;
    return strcmp(kind, GRANT_SESSION) == 0 && route->wrong_code != NULL ? route->wrong_code : route->refused;
}

int site_answer(const struct site *site, const struct site_route *route, const struct http_request *request,
                enum site_outcome outcome, struct site_answer *answer)
{
    UNZEROED struct site_texts texts;
    struct answering a = {
        .site = site, .route = route, .request = request, .now = clock_wall() / 1000000, .texts = &texts};
    const struct site_reply *reply = outcome == SITE_PLAIN ? route->plain : route->refused;
    bool unchanged, bare;
    int result = -1;

    if (route->form.guarded || (reply->needs & SITE_NEED_SESSION) != 0)
        read_session(&a);
    if (route->form.guarded && !form_fits(&a))
        reply = route->form.rejected;
    else if (answer->grant != NULL && site_grants(site, route))
        reply = granted_reply(route, answer->grant->kind);
    if (answer->grant != NULL)
        a.pad = answer->grant->seal;
    texts.count = texts.stored = 0;
    a.now = said_at(reply->cache, a.now);
    unchanged = reply->served == SITE_BEHIND && is_unchanged(request, reply);
    answer->served = reply->served;
    answer->file = reply->file;
    answer->modified = reply->modified;
    bare = unchanged || (site->empty_head && !reply->file && slice_is(request->method, "HEAD"));
    answer->status = unchanged ? 304 : reply->status;
    answer->content_type = unchanged ? NULL : reply->type;
    if (site_view(&a, reply) == 0 && add_headers(&a, reply, answer) == 0)
        result = bare ? 0 : add_body(&a, reply, answer);
    answer->runtime_us = a.runtime_us;
    sodium_memzero(texts.store, texts.stored);
    json_decref(a.view);
    return result;
}

bool site_own(const struct site *site, struct slice value)
{
    struct csrf_session session;
    int64_t age;

    return site->cookie != NULL &&
           (csrf_session_read(&site->csrf, value, 0, &session, &age) == 0 || csrf_field_is(&site->csrf, NULL, value));
}
