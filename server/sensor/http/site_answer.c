/* SPDX-License-Identifier: ISC
 *
 * From a request to its route, and from the route to the answer. */
#include "server/sensor/http/site_data.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "server/base/clock.h"

#define COOKIES 32
#define VALUE 8192
#define HTTP_DATE 30

/* What one answer is made of. */
struct answering {
    const struct site *site;
    const struct site_route *route;
    const struct http_request *request;
    int64_t now; /* seconds since 1970 */
    struct csrf_session session;
    bool kept; /* the session came with the request */
    json_t *view;
};

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

static bool conditions_fit(const struct site_route *route, const struct http_request *request)
{
    struct buffer value;
    bool fit = true;

    if (route->condition_count == 0)
        return true;
    buffer_init(&value, VALUE);
    for (size_t i = 0; fit && i < route->condition_count; i++) {
        const struct site_condition *condition = &route->conditions[i];
        bool there = field_find(request, condition->field, &value) == 0 && value.length > 0;

        if (strcmp(condition->value, "*") == 0)
            fit = there;
        else if (strcmp(condition->value, "!") == 0)
            fit = !there;
        else
            fit = there && slice_is(buffer_slice(&value), condition->value);
    }
    buffer_free(&value);
    return fit;
}

const struct site_route *site_route(const struct site *site, const struct http_request *request)
{
    const struct site_route *found = &site->routes[site->route_count - 1];
    struct buffer decoded;
    struct slice path;

    buffer_init(&decoded, SITE_PATH);
    path = pattern_path(request->path, &decoded);
    for (size_t i = 0; i + 1 < site->route_count; i++) {
        const struct site_route *route = &site->routes[i];

        if (method_fits(route, request->method) && pattern_match(&route->pattern, path, NULL) &&
            (route->host == NULL || slice_is_nocase(request->host, route->host)) && conditions_fit(route, request)) {
            found = route;
            break;
        }
    }
    buffer_free(&decoded);
    return found;
}

/* Control characters would break a head or a page; nobody's name has any. */
static json_t *clean_text(struct slice text)
{
    char clean[VALUE];
    size_t length = 0;

    for (size_t i = 0; i < text.length && length < sizeof(clean); i++)
        if (text.data[i] >= ' ' && text.data[i] != 0x7f)
            clean[length++] = (char)text.data[i];
    return json_stringn_nocheck(clean, length);
}

static int set(struct answering *a, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(a->view, name, value);
}

static int set_text(struct answering *a, const char *name, const char *text)
{
    return set(a, name, json_string_nocheck(text));
}

static bool is_host(struct slice host)
{
    bool good = host.length > 0 && host.length < 256;

    for (size_t i = 0; good && i < host.length; i++) {
        unsigned char c = host.data[i];

        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("-._:[]", c) != NULL);
    }
    return good;
}

static struct slice host_of(const struct answering *a)
{
    struct slice host = http_request_header(a->request, "Host");

    if (!is_host(host))
        host = a->request->host;
    if (!is_host(host))
        host = slice_of(a->site->decoy != NULL && a->site->decoy->name_count > 0 ? a->site->decoy->names[0]
                                                                                : "localhost");
    return host;
}

static void url_of(const struct answering *a, char url[512])
{
    struct slice host = host_of(a);

    snprintf(url, 512, "%s://%.*s", a->request->tls ? "https" : "http", (int)host.length, (const char *)host.data);
}

static int set_path(struct answering *a)
{
    return set(a, "path", clean_text(a->request->path)) | set(a, "query", clean_text(a->request->query));
}

static int set_url(struct answering *a)
{
    struct slice host = host_of(a);
    char url[512];

    url_of(a, url);
    return set(a, "host", json_stringn_nocheck((const char *)host.data, host.length)) |
           set(a, "url", json_string_nocheck(url));
}

/* Crockford's base32 of 48 bits of time in milliseconds and 80 random ones: a ULID, as GitLab's proxy makes them. */
static void make_ulid(char text[27])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned char random[16];
    uint64_t time = (uint64_t)(clock_wall() / 1000);

    randombytes_buf(random, sizeof(random));
    for (int i = 9; i >= 0; i--, time >>= 5)
        text[i] = digits[time & 31];
    for (int i = 0; i < 16; i++)
        text[10 + i] = digits[random[i] & 31];
    text[26] = '\0';
}

static int set_request_id(struct answering *a)
{
    char text[27];

    make_ulid(text);
    return set_text(a, "request_id", text);
}

static int set_runtime(struct answering *a, const struct site_reply *reply)
{
    uint32_t range = (uint32_t)(reply->runtime_high - reply->runtime_low) + 1;
    int64_t runtime = reply->runtime_low + randombytes_uniform(range);
    char text[32];

    snprintf(text, sizeof(text), "%d.%06d", (int)(runtime / 1000000), (int)(runtime % 1000000));
    return set_text(a, "runtime", text);
}

static int set_random(struct answering *a, const char *name, bool hexadecimal)
{
    unsigned char random[16];
    char text[40];

    randombytes_buf(random, sizeof(random));
    if (hexadecimal)
        sodium_bin2hex(text, sizeof(text), random, sizeof(random));
    else
        sodium_bin2base64(text, sizeof(text), random, sizeof(random), sodium_base64_VARIANT_ORIGINAL);
    return set_text(a, name, text);
}

/* RFC 9110, 5.6.7, whatever the locale. */
static void http_date(int64_t seconds, char text[HTTP_DATE])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t when = (time_t)seconds;
    struct tm tm = {0};

    gmtime_r(&when, &tm);
    snprintf(text, HTTP_DATE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * tm.tm_wday,
             (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static int set_date(struct answering *a, const char *name, int64_t when)
{
    char text[HTTP_DATE];

    http_date(when, text);
    return set_text(a, name, text);
}

static int set_parts(struct answering *a)
{
    const struct pattern *pattern = &a->route->pattern;
    struct slice parts[SITE_PARTS] = {SLICE_NONE};
    json_t *object = json_object();
    struct buffer decoded;
    size_t part = 0;
    char name[64];

    buffer_init(&decoded, SITE_PATH);
    if (pattern->count > 0 && pattern_match(pattern, pattern_path(a->request->path, &decoded), parts))
        for (size_t i = 0; i < pattern->count; i++)
            if (pattern->tokens[i].type != TOKEN_TEXT) {
                snprintf(name, sizeof(name), "%.*s", (int)pattern->tokens[i].text.length,
                         (const char *)pattern->tokens[i].text.data);
                json_object_set_new_nocheck(object, name, clean_text(parts[part++]));
            }
    buffer_free(&decoded);
    return set(a, "part", object);
}

/* {"name":true} for each cookie that came. */
static int set_cookies(struct answering *a)
{
    json_t *object = json_object();
    size_t count = 0;
    char name[64];

    for (size_t i = 0; i < a->request->header_count; i++) {
        struct slice line = a->request->headers[i].value;
        size_t at = 0;

        if (!slice_is_nocase(a->request->headers[i].name, "Cookie"))
            continue;
        while (at < line.length && count++ < COOKIES) {
            size_t length = 0;

            while (at < line.length && (line.data[at] == ' ' || line.data[at] == ';'))
                at++;
            while (at + length < line.length && strchr("=;", line.data[at + length]) == NULL)
                length++;
            snprintf(name, sizeof(name), "%.*s", (int)length, (const char *)line.data + at);
            if (*name != '\0')
                json_object_set_new_nocheck(object, name, json_true());
            while (at < line.length && line.data[at] != ';')
                at++;
        }
    }
    return set(a, "cookie", object);
}

static int set_identity(struct answering *a)
{
    struct buffer value;
    int result = 0;

    buffer_init(&value, VALUE);
    if (a->route->form.identity != NULL && field_find(a->request, a->route->form.identity, &value) == 0)
        result = set(a, "identity", clean_text(buffer_slice(&value)));
    buffer_free(&value);
    return result;
}

static int set_session(struct answering *a, unsigned needs)
{
    char text[CSRF_SESSION_TEXT], field[CSRF_FIELD_TEXT];
    int result = 0;

    if (!a->kept)
        a->session = csrf_session_new(&a->site->csrf, a->now);
    result = set_text(a, "session", csrf_session_text(&a->session, text));
    if (result == 0 && (needs & SITE_NEED_FIELD) != 0)
        result = set_text(a, "csrf_token", csrf_field(&a->site->csrf, &a->session, field));
    return result;
}

static int make_view(struct answering *a, const struct site_reply *reply)
{
    unsigned needs = reply->needs;
    int result = set(a, "tls", json_boolean(a->request->tls));

    result |= (needs & SITE_NEED_URL) != 0 ? set_url(a) : 0;
    result |= (needs & SITE_NEED_REQUEST_ID) != 0 ? set_request_id(a) : 0;
    result |= (needs & SITE_NEED_RUNTIME) != 0 ? set_runtime(a, reply) : 0;
    result |= (needs & SITE_NEED_SESSION) != 0 ? set_session(a, needs) : 0;
    result |= (needs & SITE_NEED_EXPIRES) != 0 ? set_date(a, "session_expires", a->now + a->site->session_age) : 0;
    result |= (needs & SITE_NEED_MODIFIED) != 0 ? set_date(a, "modified", reply->modified) : 0;
    result |= (needs & SITE_NEED_ETAG) != 0 ? set_random(a, "etag", true) : 0;
    result |= (needs & SITE_NEED_NONCE) != 0 ? set_random(a, "nonce", false) : 0;
    result |= (needs & SITE_NEED_YEAR) != 0 ? set_date(a, "in_a_year", a->now + 365 * 86400) : 0;
    result |= (needs & SITE_NEED_PATH) != 0 ? set_path(a) : 0;
    result |= (needs & SITE_NEED_PART) != 0 ? set_parts(a) : 0;
    result |= (needs & SITE_NEED_COOKIE) != 0 ? set_cookies(a) : 0;
    result |= (needs & SITE_NEED_IDENTITY) != 0 ? set_identity(a) : 0;
    return result == 0 ? 0 : -1;
}

static void read_session(struct answering *a)
{
    struct slice cookie = a->site->cookie == NULL ? SLICE_NONE : field_cookie(a->request, a->site->cookie);
    int64_t age;

    a->kept = cookie.data != NULL &&
              csrf_session_read(&a->site->csrf, cookie, a->now, &a->session, &age) == 0 && age <= a->site->session_age;
}

static bool origin_fits(const struct answering *a)
{
    struct slice origin = http_request_header(a->request, "Origin");
    char url[512];

    if (!a->site->same_origin || origin.data == NULL)
        return true;
    url_of(a, url);
    return slice_is_nocase(origin, url);
}

/* A guarded form: session cookie, and the CSRF field in the form or its header. */
static bool form_fits(const struct answering *a)
{
    struct buffer value;
    bool fits = false;

    if (!a->kept || !origin_fits(a))
        return false;
    buffer_init(&value, VALUE);
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

static int add_body(const struct answering *a, const struct site_reply *reply, struct site_answer *answer)
{
    const struct template_partials partials = {site_page, (void *)(uintptr_t)a->site};
    json_t *const views[] = {a->site->face, a->view, reply->with};

    if (reply->constant.data != NULL)
        return buffer_add_slice(&answer->body, reply->constant);
    return template_render(reply->body, views, reply->with == NULL ? 2 : 3, reply->escape, &partials, &answer->body);
}

static int add_headers(const struct answering *a, const struct site_reply *reply, struct site_answer *answer)
{
    json_t *const views[] = {a->site->face, a->view, reply->with};
    int result = template_render(reply->head, views, reply->with == NULL ? 2 : 3, RENDER_PLAIN, NULL, &answer->headers);

    if (result == 0 && a->site->front_lines != NULL && front_adds(a->site, answer->status))
        result = buffer_add_text(&answer->headers, a->site->front_lines);
    return result;
}

/* Files that have not changed since the client's copy: the client sends back the date that it was given. */
static bool is_unchanged(const struct http_request *request, const struct site_reply *reply)
{
    struct slice since = http_request_header(request, "If-Modified-Since");
    char text[HTTP_DATE];

    if (reply->modified == 0 || since.data == NULL)
        return false;
    http_date(reply->modified, text);
    return slice_is(since, text);
}

int site_answer(const struct site *site, const struct site_route *route, const struct http_request *request,
                enum site_outcome outcome, struct site_answer *answer)
{
    struct answering a = {.site = site, .route = route, .request = request, .now = clock_wall() / 1000000};
    const struct site_reply *reply = outcome == SITE_PLAIN ? route->plain : route->refused;
    bool unchanged;
    int result = -1;

    if (route->form.guarded || (reply->needs & SITE_NEED_SESSION) != 0)
        read_session(&a);
    if (route->form.guarded && !form_fits(&a))
        reply = route->form.rejected;
    unchanged = is_unchanged(request, reply);
    answer->status = unchanged ? 304 : reply->status;
    answer->content_type = unchanged ? NULL : reply->type;
    a.view = json_object();
    if (a.view != NULL && make_view(&a, reply) == 0 && add_headers(&a, reply, answer) == 0)
        result = unchanged ? 0 : add_body(&a, reply, answer);
    json_decref(a.view);
    return result;
}

bool site_own(const struct site *site, struct slice value)
{
    struct csrf_session session;
    int64_t age;

    return site->cookie != NULL && (csrf_session_read(&site->csrf, value, 0, &session, &age) == 0 ||
                                    csrf_field_is(&site->csrf, NULL, value));
}
