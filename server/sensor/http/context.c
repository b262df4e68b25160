/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/context.h"

#include <stdio.h>
#include <string.h>
#include "server/base/json.h"
#include "server/base/unzeroed.h"
#include "server/sensor/http/head.h"
#include "server/sensor/http/redact.h"
#include "server/sensor/http/text.h"
#include "server/sensor/proxy.h"
#include "server/sensor/session.h"

#define METHOD 32
#define NAME 64
#define VALUE 256
#define TARGET 2048
#define HEADERS 64
#define PARAMETERS 32
#define CLAIMS 8
#define KEY (NAME + 12)
#define ESCAPED 6 /* the longest that a byte becomes in JSON */
#define CLOSING 64

static bool fits(const struct buffer *out, size_t length)
{
    return out->length + length * ESCAPED + CLOSING < CONTEXT_MAXIMUM;
}

/* May a parameter's name stand as it is? A token may stand where a name belongs. */
static bool is_name(struct slice name)
{
    size_t i, digits = 0;

    for (i = 0; i < name.length; i++) {
        unsigned char c = name.data[i], low = c | 0x20;

        if (c >= '0' && c <= '9')
            digits++;
        else if (!(low >= 'a' && low <= 'z') && c != '_' && c != '-' && c != '.' && c != '[' && c != ']')
            return false;
    }
    return name.length > 0 && name.length <= METHOD && digits <= 2;
}

static void add_mark(struct buffer *out, struct slice value)
{
    char text[REDACT_MARK];

    (void)buffer_add_text(out, redact_mark(value, text));
}

static void redact_path(struct buffer *out, struct slice path, const struct site *site)
{
    struct slice segment;

    while (out->length < TARGET) {
        size_t slash = text_find_char(path, '/');

        segment = text_cut(&path, '/');
        if (segment.length == 0 || (site != NULL && site_literal(site, segment)))
            (void)buffer_add_slice(out, segment);
        else
            add_mark(out, segment);
        if (slash == TEXT_NONE)
            break;
        (void)buffer_add_char(out, '/');
    }
}

static void redact_query(struct buffer *out, struct slice query)
{
    struct slice pair, name;
    char sign = '?';

    while (query.length > 0 && out->length < TARGET) {
        pair = text_cut(&query, '&');
        (void)buffer_add_char(out, sign);
        sign = '&';
        if (text_find_char(pair, '=') == TEXT_NONE) {
            add_mark(out, pair);
            continue;
        }
        name = text_cut(&pair, '=');
        if (is_name(name))
            (void)buffer_add_slice(out, name);
        else
            add_mark(out, name);
        (void)buffer_add_char(out, '=');
        add_mark(out, pair);
    }
}

/* A path that the site itself has, of which nothing is redacted. */
static bool is_open(struct slice path, const struct site *site)
{
    struct slice segment;

    if (site == NULL || path.length >= TARGET)
        return false;
    while (path.length > 0) {
        segment = text_cut(&path, '/');
        if (segment.length > 0 && !site_literal(site, segment))
            return false;
    }
    return true;
}

static void write_target(struct buffer *out, const struct http_request *request, const struct site *site)
{
    struct buffer text;
    size_t path;

    if (request->query.length == 0 && request->fragment.length == 0 && is_open(request->path, site)) {
        (void)json_key(out, "path");
        (void)json_write_string(out, request->path);
        (void)json_key(out, "target");
        (void)json_write_string(out, request->path);
        return;
    }
    buffer_init(&text, 2 * TARGET);
    redact_path(&text, request->path, site);
    path = text.length;
    redact_query(&text, request->query);
    if (request->fragment.length > 0) {
        (void)buffer_add_char(&text, '#');
        add_mark(&text, request->fragment);
    }
    (void)json_member(out, "path", text_before(buffer_slice(&text), path));
    (void)json_member(out, "target", buffer_slice(&text));
    buffer_free(&text);
}

static bool is_kept(struct slice name)
{
    if (name.length == 0 || strchr("achuACHU", name.data[0]) == NULL)
        return false;
    return slice_is_nocase(name, "Host") || slice_is_nocase(name, "User-Agent") ||
           slice_is_nocase(name, "Connection") || slice_is_nocase(name, "Cache-Control") ||
           text_starts_nocase(name, "Accept") || text_starts_nocase(name, "Content-");
}

/* The well-formed headers of the raw head, and one more than is written. */
struct headers {
    struct http_header items[HEADERS + 1];
    size_t count;
};

static void find_headers(struct headers *headers, struct slice raw)
{
    struct http_header *header = headers->items;
    size_t at = 0;

    while (header <= headers->items + HEADERS && head_line_next(raw, &at, header) &&
           (header->name.length > 0 || header->value.length > 0))
        header += header->name.length > 0;
    headers->count = (size_t)(header - headers->items);
}

static bool write_names(struct buffer *out, const struct headers *headers)
{
    bool whole = true;

    (void)json_key(out, "headers");
    (void)buffer_add_char(out, '[');
    for (size_t i = 0; whole && i < headers->count; i++) {
        whole = i < HEADERS && out->length <= CONTEXT_MAXIMUM / 3;
        if (whole)
            (void)json_element(out, text_before(headers->items[i].name, NAME));
    }
    (void)buffer_add_char(out, ']');
    return whole;
}

/* The members of one object: what reads JSON may refuse it, or see one of them only, where two bear one name. */
struct keys {
    char texts[HEADERS][KEY];
    size_t count;
};

/* Adds `"name":`, with the name as printable ASCII; the second of its name is "Accept (2)". For at most HEADERS. */
static void write_key(struct buffer *out, struct keys *keys, struct slice name)
{
    char *key = keys->texts[keys->count];
    size_t length = name.length < NAME ? name.length : NAME, same = 1, i;
    bool plain = true;

    for (i = 0; i < length; i++) {
        key[i] = name.data[i] > 0x20 && name.data[i] < 0x7f ? (char)name.data[i] : '?';
        plain = plain && key[i] != '"' && key[i] != '\\';
    }
    key[length] = '\0';
    for (i = 0; i < keys->count; i++)
        same += keys->texts[i][0] == key[0] && strncmp(keys->texts[i], key, length) == 0 &&
                strchr(" ", keys->texts[i][length]) != NULL;
    if (same > 1)
        (void)snprintf(key + length, KEY - length, " (%zu)", same);
    keys->count++;
    (void)(plain ? json_key(out, key) : json_member_open(out, key));
}

static void write_summary(struct buffer *out, struct slice value)
{
    char classes[SESSION_CLASSES];

    (void)buffer_add_char(out, '{');
    (void)json_member_number(out, "length", (int64_t)value.length);
    (void)json_member_text(out, "classes", session_classes(value, classes));
    (void)buffer_add_char(out, '}');
}

/* A value that may stand word for word, but for words in which what was presented as a secret stands. */
static void write_kept(struct buffer *out, struct slice value, const struct credentials *presented)
{
    struct buffer text;

    if (presented == NULL || !credentials_within(presented, value, NULL)) {
        (void)json_write_string(out, text_before(value, VALUE));
        return;
    }
    buffer_init(&text, HEAD_MAXIMUM);
    redact_words(&text, value, presented);
    (void)json_write_string(out, text_before(buffer_slice(&text), VALUE));
    buffer_free(&text);
}

/* *left: may there be any for this object? Then set for the other one. */
static bool write_values(struct buffer *out, const struct headers *headers, bool kept, bool *left,
                         const struct credentials *presented)
{
    UNZEROED struct keys keys;
    bool whole = true, more = false;

    keys.count = 0;
    (void)(kept ? json_key(out, "values") : json_key(out, "others"));
    (void)buffer_add_char(out, '{');
    for (size_t i = 0; *left && i < headers->count && i < HEADERS; i++) {
        struct slice name = headers->items[i].name, value = headers->items[i].value;

        if (is_kept(name) != kept) {
            more = true;
            continue;
        }
        if (!fits(out, KEY + SESSION_CLASSES + (kept ? text_before(value, VALUE).length : 0))) {
            whole = false;
            break;
        }
        write_key(out, &keys, name);
        if (kept)
            write_kept(out, value, presented);
        else
            write_summary(out, value);
    }
    *left = more || !whole;
    (void)buffer_add_char(out, '}');
    return whole;
}

static void write_parameters(struct buffer *out, struct slice query)
{
    struct slice pair, name;
    UNZEROED struct keys keys;
    size_t count = 0;

    keys.count = 0;
    (void)json_key(out, "query");
    (void)buffer_add_char(out, '{');
    while (query.length > 0 && count++ < PARAMETERS && fits(out, KEY + SESSION_CLASSES)) {
        pair = text_cut(&query, '&');
        name = text_find_char(pair, '=') == TEXT_NONE ? SLICE_NONE : text_cut(&pair, '=');
        write_key(out, &keys, is_name(name) ? name : slice_of("?"));
        write_summary(out, pair);
    }
    (void)buffer_add_char(out, '}');
}

static void write_body(struct buffer *out, const struct http_request *request, const struct credentials *presented)
{
    struct slice type = http_request_header(request, "Content-Type");

    (void)json_key(out, "body");
    (void)buffer_add_char(out, '{');
    (void)json_key(out, "length");
    (void)json_write_number(out, (int64_t)request->body_length);
    (void)json_key(out, "kept");
    (void)json_write_number(out, (int64_t)request->body.length);
    if (type.length > 0 && fits(out, VALUE)) {
        (void)json_key(out, "type");
        write_kept(out, type, presented);
    }
    (void)buffer_add_char(out, '}');
}

/* Addresses that X-Forwarded-For names, whether the peer is trusted or not. */
static void write_claims(struct buffer *out, const struct http_request *request)
{
    char text[ADDRESS_TEXT];
    struct address address;
    size_t count = 0, i;
    uint16_t port;

    for (i = 0; i < request->header_count && count < CLAIMS; i++) {
        struct slice value = request->headers[i].value;

        if (!slice_is_nocase(request->headers[i].name, "X-Forwarded-For"))
            continue;
        while (value.length > 0 && count < CLAIMS) {
            if (proxy_hop(text_cut(&value, ','), &address, &port) < 0)
                continue;
            if (count++ == 0) {
                (void)json_member_open(out, "forwarded");
                (void)buffer_add_char(out, '[');
            }
            (void)json_element(out, slice_of(address_text(&address, text)));
        }
    }
    if (count > 0)
        (void)buffer_add_char(out, ']');
}

void context_write(struct buffer *out, const struct http_request *request, const struct site *site, unsigned refused,
                   const struct credentials *presented)
{
    static const char *const versions[] = {"HTTP/0.9", "HTTP/1.0", "HTTP/1.1"};
    struct slice agent = http_request_header(request, "User-Agent");
    UNZEROED struct headers headers;
    bool whole, left = true;

    (void)buffer_add_text(out, "{\"http\":{\"method\":");
    write_kept(out, request->method, presented);
    (void)json_key(out, "version");
    (void)json_write_string(
        out, slice_of(versions[request->version >= 9 && request->version <= 11 ? request->version - 9 : 1]));
    (void)json_key(out, "host");
    write_kept(out, request->host, presented);
    if (agent.data != NULL) {
        (void)json_key(out, "user_agent");
        write_kept(out, agent, presented);
    }
    if (request->target.length > 0)
        write_target(out, request, site);
    if (refused != 0) {
        (void)json_member_number(out, "refused", refused);
        (void)json_key(out, "raw");
        write_summary(out, request->raw);
    }
    write_claims(out, request);
    if (request->body_length > 0)
        write_body(out, request, presented);
    find_headers(&headers, request->raw);
    whole = write_names(out, &headers);
    whole = write_values(out, &headers, true, &left, presented) && whole;
    whole = write_values(out, &headers, false, &left, presented) && whole;
    if (request->query.length > 0)
        write_parameters(out, request->query);
    if (!whole)
        (void)json_member_bool(out, "truncated", true);
    (void)buffer_add_text(out, "}}");
}
