/* SPDX-License-Identifier: ISC
 *
 * The names that an answer's templates may ask for, made from the request. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/base/unzeroed.h"

#define COOKIES 32

/* Control characters would break a head or a page; nobody's name has any. */
static json_t *clean_text(struct slice text)
{
    char clean[SITE_VALUE];
    size_t length = 0;

    for (size_t i = 0; i < text.length && length < sizeof(clean); i++)
        if (text.data[i] >= ' ' && text.data[i] != 0x7f)
            clean[length++] = (char)text.data[i];
    return json_stringn_nocheck(clean, length);
}

static int set(struct answering *a, const char *name, json_t *value)
{
    if (a->view == NULL)
        a->view = json_object();
    return json_object_set_new_nocheck(a->view, name, value);
}

/* A short text of the engine's own, in ASCII. */
static int set_text(struct answering *a, const char *name, const char *text)
{
    struct site_texts *texts = a->texts;
    size_t length = strlen(text);
    char *at = texts->store + texts->stored;

    if (texts->count == SITE_TEXTS || length > sizeof(texts->store) - texts->stored)
        return -1;
    memcpy(at, text, length);
    texts->stored += length;
    texts->items[texts->count++] = (struct template_text){name, {(const unsigned char *)at, length}};
    return 0;
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
        host =
            slice_of(a->site->decoy != NULL && a->site->decoy->name_count > 0 ? a->site->decoy->names[0] : "localhost");
    return host;
}

void site_url(const struct answering *a, char url[SITE_URL])
{
    struct slice host = host_of(a);

    snprintf(url, SITE_URL, "%s://%.*s", a->request->tls ? "https" : "http", (int)host.length, (const char *)host.data);
}

static int set_path(struct answering *a)
{
    return set(a, "path", clean_text(a->request->path)) | set(a, "query", clean_text(a->request->query));
}

static int set_url(struct answering *a)
{
    struct slice host = host_of(a);
    char url[SITE_URL];

    site_url(a, url);
    return set(a, "host", json_stringn_nocheck((const char *)host.data, host.length)) |
           set(a, "url", json_string_nocheck(url));
}

/* The decoy's first name as a URL, with the port that was asked. */
static int set_home(struct answering *a, const char *name)
{
    struct slice host = host_of(a);
    const unsigned char *colon = memrchr(host.data, ':', host.length), *bracket = memrchr(host.data, ']', host.length);
    struct slice port = SLICE_NONE;
    char url[SITE_URL];

    if (colon != NULL && (bracket == NULL || colon > bracket))
        port = (struct slice){colon, host.length - (size_t)(colon - host.data)};
    snprintf(url, sizeof(url), "%s://%s%.*s", a->request->tls ? "https" : "http", name, (int)port.length,
             port.data == NULL ? "" : (const char *)port.data);
    return set(a, "home", json_string_nocheck(url));
}

/* What nginx calls so; and the port of the decoy's first listener for TLS. */
static int set_server(struct answering *a)
{
    const struct decoy *decoy = a->site->decoy;
    const char *name = decoy != NULL && decoy->name_count > 0 ? decoy->names[0] : "localhost";
    uint16_t port = 443;
    char odd[8] = "";

    for (size_t i = decoy == NULL ? 0 : decoy->listener_count; i > 0; i--)
        if (decoy->listeners[i - 1].tls == TLS_DIRECT)
            port = decoy->listeners[i - 1].port;
    if (port != 443)
        snprintf(odd, sizeof(odd), ":%u", port);
    return set(a, "server_name", json_string_nocheck(name)) | set_home(a, name) | set(a, "tls_port", json_integer(port)) |
           set(a, "odd_port", json_string_nocheck(odd)) |
           set(a, "request_uri", clean_text(a->request->uri));
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
    char text[32], *at = text + sizeof(text);
    int digits = 0;

    a->runtime_us = (unsigned)runtime;
    *--at = '\0';
    do {
        *--at = (char)('0' + runtime % 10);
        runtime /= 10;
        if (++digits == 6)
            *--at = '.';
    } while (digits < 7 || runtime > 0);
    return set_text(a, "runtime", at);
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

void site_date(int64_t seconds, char text[SITE_DATE])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t when = (time_t)seconds;
    struct tm tm = {0};

    gmtime_r(&when, &tm);
    snprintf(text, SITE_DATE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * tm.tm_wday,
             (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static int set_date(struct answering *a, const char *name, int64_t when)
{
    char text[SITE_DATE];

    site_date(when, text);
    return set_text(a, name, text);
}

static int set_parts(struct answering *a)
{
    const struct pattern *pattern = &a->route->pattern;
    struct slice parts[SITE_PARTS] = {SLICE_NONE};
    UNZEROED struct site_paths paths;
    json_t *object = json_object();
    size_t part = 0;
    char name[64];

    site_read_path(a->site, a->request, &paths);
    if (pattern->count > 0 && pattern_match(pattern, site_path_for(a->route, &paths), parts))
        for (size_t i = 0; i < pattern->count; i++)
            if (pattern->tokens[i].type != TOKEN_TEXT) {
                snprintf(name, sizeof(name), "%.*s", (int)pattern->tokens[i].text.length,
                         (const char *)pattern->tokens[i].text.data);
                json_object_set_new_nocheck(object, name, clean_text(parts[part++]));
            }
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

    buffer_init(&value, SITE_VALUE);
    if (a->route->form.identity != NULL && field_find(a->request, a->route->form.identity, &value) == 0)
        result = set(a, "identity", clean_text(buffer_slice(&value)));
    buffer_free(&value);
    return result;
}

/* {"name":true} for what this page says, and what the next one is to say. */
static int set_flash(struct answering *a, const struct site_reply *reply)
{
    unsigned char mark = csrf_session_mark(&a->site->csrf, &a->session);
    int result = 0;

    if ((reply->needs & SITE_NEED_FLASH) != 0 && mark > 0 && mark <= a->site->flash_count)
        result = set(a, "flash", json_pack("{s:b}", a->site->flashes[mark - 1], 1));
    if (mark != reply->flash)
        a->session = csrf_session_marked(&a->site->csrf, &a->session, reply->flash);
    return result;
}

static int set_session(struct answering *a, const struct site_reply *reply)
{
    unsigned needs = reply->needs;
    char text[CSRF_SESSION_TEXT], field[CSRF_FIELD_TEXT];
    int result = 0;

    if (!a->kept)
        a->session = csrf_session_new(&a->site->csrf, a->now);
    result = set_flash(a, reply);
    result |= set_text(a, "session", csrf_session_text(&a->session, text));
    if (result == 0 && (needs & SITE_NEED_FIELD) != 0)
        result = set_text(a, "csrf_token", csrf_field(&a->site->csrf, &a->session, a->pad, field));
    if (result == 0 && (needs & SITE_NEED_META) != 0)
        result = set_text(a, "csrf_meta", csrf_field(&a->site->csrf, &a->session, NULL, field));
    return result;
}

int site_view(struct answering *a, const struct site_reply *reply)
{
    unsigned needs = reply->needs;
    int result = 0;

    result |= (needs & SITE_NEED_SERVER) != 0 ? set_server(a) : 0;
    result |= (needs & SITE_NEED_TLS) != 0 ? set(a, "tls", json_boolean(a->request->tls)) : 0;
    result |= (needs & SITE_NEED_URL) != 0 ? set_url(a) : 0;
    result |= (needs & SITE_NEED_REQUEST_ID) != 0 ? set_request_id(a) : 0;
    result |= (needs & SITE_NEED_RUNTIME) != 0 ? set_runtime(a, reply) : 0;
    result |= (needs & SITE_NEED_SESSION) != 0 ? set_session(a, reply) : 0;
    result |= (needs & SITE_NEED_EXPIRES) != 0 ? set_date(a, "session_expires", a->now + a->site->session_age) : 0;
    result |= (needs & SITE_NEED_MODIFIED) != 0 && reply->modified != 0 ? set_date(a, "modified", reply->modified) : 0;
    result |= (needs & SITE_NEED_ETAG) != 0 ? set_random(a, "etag", true) : 0;
    result |= (needs & SITE_NEED_NONCE) != 0 ? set_random(a, "nonce", false) : 0;
    result |= (needs & SITE_NEED_YEAR) != 0 ? set_date(a, "in_a_year", a->now + 365 * 86400) : 0;
    result |= (needs & SITE_NEED_PATH) != 0 ? set_path(a) : 0;
    result |= (needs & SITE_NEED_PART) != 0 ? set_parts(a) : 0;
    result |= (needs & SITE_NEED_COOKIE) != 0 ? set_cookies(a) : 0;
    result |= (needs & SITE_NEED_IDENTITY) != 0 ? set_identity(a) : 0;
    return result == 0 ? 0 : -1;
}
