/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/extract.h"

#include <stdlib.h>
#include <string.h>
#include "server/sensor/http/body.h"
#include "server/sensor/http/extract_body.h"
#include "server/sensor/http/fields.h"
#include "server/sensor/http/head.h"
#include "server/sensor/http/sigv4.h"
#include "server/sensor/http/text.h"
#include "server/sensor/http/usual.h"

#define SCRATCH (BODY_KEPT + 2 * HEAD_MAXIMUM)
#define SCRATCH_FIRST 16384
#define REPEATS 4 /* "Bearer Bearer x" */
#define WORDS 32
#define COOKIES 128
#define METHOD_MOST 20 /* of capitals and hyphens: BASELINE-CONTROL, UPDATEREDIRECTREF */
#define KUBERNETES "base64url.bearer.authorization.k8s.io."
#define TOLD_LEAST 20 /* what is that long in what a client says of itself may be a token */

struct extract *extract_new(void)
{
    struct extract *extract = calloc(1, sizeof(*extract));

    if (extract != NULL) {
        buffer_init(&extract->scratch, SCRATCH);
        unpacked_init(&extract->unpacked);
    }
    return extract;
}

void extract_free(struct extract *extract)
{
    if (extract != NULL) {
        buffer_free(&extract->scratch);
        unpacked_free(&extract->unpacked);
    }
    free(extract);
}

/* user:password; without a colon a value alone. */
static void take_login(struct extract *extract, uint8_t rank, const char *where, struct slice text)
{
    struct slice identity;

    if (text_find_char(text, ':') == TEXT_NONE) {
        field_value(extract, CANDIDATE_EITHER, rank, where, text);
        return;
    }
    identity = text_cut(&text, ':');
    field_login(extract, rank, where, identity, text);
}

/* What is in the value beside one bare token: words, and name="value" as in Digest and Token. */
static void take_words(struct extract *extract, uint8_t rank, const char *where, struct slice value)
{
    struct slice part, name, word;
    size_t i;

    for (i = 0; i < WORDS && value.length > 0; i++) {
        part = text_trim(text_cut(&value, ','));
        while ((word = text_word(&part)).length > 0) {
            field_value(extract, CANDIDATE_EITHER, rank, where, word);
            if (text_find_char(word, '=') == TEXT_NONE)
                continue;
            name = text_cut(&word, '=');
            if (word.length > 1 && word.data[0] == '"') {
                word = text_from(word, 1);
                word = text_before(word, text_find_char(word, '"'));
            }
            if (word.length > 0)
                field_add(extract, rank, where, name, word);
        }
    }
    field_take(extract, rank, where);
}

static void take_basic(struct extract *extract, const char *where, struct slice value)
{
    struct buffer decoded;

    buffer_init(&decoded, HEAD_MAXIMUM);
    if (decode_base64(value, &decoded) == 0) {
        take_login(extract, 0, where, buffer_slice(&decoded));
    } else {
        take_login(extract, 1, where, value);
        take_words(extract, 2, where, value);
    }
    buffer_free(&decoded);
}

/* The scheme's name is cut off as often as it stands there, with or without space behind it. */
static struct slice without_scheme(struct slice value, const char *scheme)
{
    int i;

    for (i = 0; i < REPEATS && text_starts_nocase(value, scheme); i++)
        value = text_trim(text_from(value, strlen(scheme)));
    return value;
}

static void take_authorization(struct extract *extract, const char *where, struct slice value)
{
    static const char *const bearers[] = {"Bearer", "Token", "Private-Token", "JWT", "ApiKey", "Api-Key", NULL};
    struct slice rest = value;
    size_t i;

    if (text_starts_nocase(value, "Basic"))
        take_basic(extract, where, without_scheme(value, "Basic"));
    for (i = 0; bearers[i] != NULL; i++) {
        if (!text_starts_nocase(value, bearers[i]))
            continue;
        rest = without_scheme(value, bearers[i]);
        if (rest.length > 0 && (rest.data[0] == ':' || rest.data[0] == '='))
            rest = text_trim(text_from(rest, 1));
        field_value(extract, CANDIDATE_SECRET, 0, where, rest);
        /* A bare login may stand where base64 or a token belongs. */
        if (text_find_char(rest, ':') != TEXT_NONE)
            take_login(extract, 1, where, rest);
        break;
    }
    if (!text_starts_nocase(value, "Basic"))
        take_words(extract, 2, where, value);
    field_value(extract, CANDIDATE_EITHER, 2, where, value);
}

static void take_cookies(struct extract *extract, struct slice value)
{
    struct slice cookie;
    size_t i;

    for (i = 0; i < COOKIES && value.length > 0; i++) {
        cookie = text_trim(text_cut(&value, ';'));
        if (text_find_char(cookie, '=') != TEXT_NONE)
            (void)text_cut(&cookie, '=');
        if (cookie.length > 1 && cookie.data[0] == '"')
            cookie = text_before(text_from(cookie, 1), cookie.length - 2);
        field_value(extract, CANDIDATE_EITHER, 3, "cookie", cookie);
    }
}

/* What stands before '@' in scheme://user:password@host. */
static void take_userinfo(struct extract *extract, struct slice target)
{
    size_t scheme = text_find(target, "://"), at = TEXT_NONE, i;
    struct slice authority;

    if (scheme == TEXT_NONE)
        return;
    authority = text_from(target, scheme + 3);
    authority = text_before(authority, text_find_char(authority, '/'));
    for (i = 0; i < authority.length; i++)
        if (authority.data[i] == '@')
            at = i;
    if (at == TEXT_NONE)
        return;
    authority = text_before(authority, at);
    if (text_find_char(authority, ':') != TEXT_NONE) {
        struct slice identity = text_cut(&authority, ':');

        field_login(extract, 0, "target", field_percent(extract, identity, false),
                    field_percent(extract, authority, false));
    } else {
        field_value(extract, CANDIDATE_EITHER, 0, "target", field_percent(extract, authority, false));
    }
}

static void take_path(struct extract *extract, struct slice path)
{
    struct slice segment;

    while (path.length > 0) {
        segment = text_cut(&path, '/');
        if (extract->site != NULL && site_literal(extract->site, segment))
            continue;
        field_value(extract, CANDIDATE_EITHER, 7, "path", segment);
    }
}

static void take_target(struct extract *extract, struct slice target, const char *where)
{
    size_t scheme;
    struct slice path;

    take_userinfo(extract, target);
    path = text_cut(&target, '?');
    extract_form(extract, 1, where, target);
    scheme = text_find(path, "://");
    if (scheme != TEXT_NONE) {
        path = text_from(path, scheme + 3);
        (void)text_cut(&path, '/');
    }
    take_path(extract, path);
}

static size_t boundary_at(struct slice value)
{
    return text_find_char(value, '=') == TEXT_NONE ? TEXT_NONE : text_find_nocase(value, "boundary=");
}

/* What the context keeps word for word must hold no secret that nobody looked at. */
static void take_told(struct extract *extract, const struct http_header *header)
{
    if (slice_is_nocase(header->name, "User-Agent") || text_starts_nocase(header->name, "Accept") ||
        text_starts_nocase(header->name, "Content-"))
        field_runs(extract, 8, "header", text_before(header->value, boundary_at(header->value)), TOLD_LEAST);
}

/* Kubernetes takes a bearer token for the name of a protocol, since browsers let WebSockets have no other header. */
static void take_protocols(struct extract *extract, struct slice value)
{
    while (value.length > 0) {
        struct slice protocol = text_trim(text_cut(&value, ','));

        if (text_starts_nocase(protocol, KUBERNETES))
            field_value(extract, CANDIDATE_SECRET, 2, "Sec-WebSocket-Protocol",
                        text_from(protocol, sizeof(KUBERNETES) - 1));
    }
}

/* X-Forwarded-For has several values, and one of them may be none of an address. */
static void take_listed(struct extract *extract, struct slice value)
{
    if (text_find_char(value, ',') == TEXT_NONE)
        return;
    for (size_t i = 0; i < WORDS && value.length > 0; i++)
        field_value(extract, CANDIDATE_EITHER, 5, "header", text_trim(text_cut(&value, ',')));
}

/* True when the value is to be paired with others under its name. */
static bool take_header(struct extract *extract, const struct http_header *header)
{
    struct slice name = header->name, value = header->value;
    bool plain = usual_header(name, value);

    if (value.length == 0)
        return false;
    if (plain)
        take_told(extract, header);
    else
        extract_quoted(extract, 4, "header", value);
    if (name.length == 0) {
        extract_text(extract, 4, "header", value);
    } else if (slice_is_nocase(name, "Authorization") || slice_is_nocase(name, "Proxy-Authorization") ||
               slice_is_nocase(name, "X-Authorization")) {
        take_authorization(extract, "Authorization", value);
    } else if (slice_is_nocase(name, "Cookie")) {
        take_cookies(extract, value);
    } else if (slice_is_nocase(name, "Referer")) {
        size_t query = text_find_char(value, '?');

        take_userinfo(extract, value);
        if (query != TEXT_NONE)
            extract_form(extract, 4, "Referer", text_from(value, query + 1));
    } else if (!plain) {
        if (slice_is_nocase(name, "Sec-WebSocket-Protocol"))
            take_protocols(extract, value);
        take_listed(extract, value);
        if ((field_part(name) == CANDIDATE_SECRET && text_find_char(value, ' ') != TEXT_NONE) ||
            text_starts_nocase(value, "Basic ") || text_starts_nocase(value, "Bearer "))
            take_authorization(extract, "header", value);
        return true;
    }
    return slice_is_nocase(name, "X-Authorization");
}

static void take_named(struct extract *extract, struct slice raw)
{
    struct http_header header;
    size_t at = 0;

    while (head_line_next(raw, &at, &header) && (header.name.length > 0 || header.value.length > 0))
        if (header.name.length > 0 && header.value.length > 0 && !usual_header(header.name, header.value) &&
            !slice_is_nocase(header.name, "Authorization") && !slice_is_nocase(header.name, "Proxy-Authorization") &&
            !slice_is_nocase(header.name, "Cookie") && !slice_is_nocase(header.name, "Referer"))
            field_add(extract, 1, "header", header.name, header.value);
}

/* Headers under their names make pairs as form fields do: X-Username and X-Password. */
static void take_headers(struct extract *extract, struct slice raw)
{
    struct http_header header;
    bool named = false;
    size_t at = 0;

    while (head_line_next(raw, &at, &header) && (header.name.length > 0 || header.value.length > 0))
        named = take_header(extract, &header) || named;
    if (named)
        take_named(extract, raw);
    field_take(extract, 1, "header");
}

/* What says how the body is to be read: the first of each. */
static void find_body_headers(const struct http_request *request, struct slice *type, struct slice *encoding)
{
    struct slice raw = request->raw;
    struct http_header header;
    size_t at = 0;

    if (request->header_count > 0) {
        *type = http_request_header(request, "Content-Type");
        *encoding = http_request_header(request, "Content-Encoding");
        return;
    }
    while (head_line_next(raw, &at, &header) && (header.name.length > 0 || header.value.length > 0))
        if (type->data == NULL && slice_is_nocase(header.name, "Content-Type"))
            *type = header.value;
        else if (encoding->data == NULL && slice_is_nocase(header.name, "Content-Encoding"))
            *encoding = header.value;
}

/* What may be behind the head of a broken request: its body. */
static struct slice beyond_head(struct slice raw)
{
    struct http_header header;
    size_t at = 0;

    while (head_line_next(raw, &at, &header))
        if (header.name.length == 0 && header.value.length == 0)
            return text_from(raw, at);
    return SLICE_NONE;
}

/* Something else may stand where the method does. */
static void take_method(struct extract *extract, struct slice raw)
{
    struct slice method = text_word(&raw);
    size_t i = 0;

    while (i < method.length && ((method.data[i] >= 'A' && method.data[i] <= 'Z') || method.data[i] == '-'))
        i++;
    if (i < method.length || i > METHOD_MOST)
        field_value(extract, CANDIDATE_EITHER, 7, "method", method);
}

/* The target, also of a request line that nginx refuses: all between the first space and the version. */
static struct slice loose_target(struct slice raw)
{
    struct slice line = text_trim(text_before(raw, text_find_char(raw, '\n')));
    size_t version = text_find(line, " HTTP/");

    line = text_before(line, version);
    (void)text_word(&line);
    return text_trim(line);
}

void extract_request(struct extract *extract, const struct http_request *request, const struct site *site,
                     const struct site_route *route, struct credentials *to)
{
    struct slice body = request->body.length > 0 ? request->body : beyond_head(request->raw);
    struct slice type = SLICE_NONE, encoding = SLICE_NONE;

    extract->site = site;
    extract->route = route;
    extract->to = to;
    extract->count = 0;
    extract->named = extract->unnamed = FIELD_VALUES;
    if (body.length > 0) {
        find_body_headers(request, &type, &encoding);
        body = unpack_body(&extract->unpacked, encoding, body);
    }
    buffer_clear(&extract->scratch);
    if (extract->scratch.capacity < request->raw.length + body.length + SCRATCH_FIRST)
        (void)buffer_reserve(&extract->scratch, request->raw.length + body.length + SCRATCH_FIRST);
    take_method(extract, request->raw);
    take_headers(extract, request->raw);
    extract_body(extract, type, body);
    take_target(extract, loose_target(request->raw), "query");
    sigv4_take(to, request);
    buffer_clear(&extract->scratch);
    unpacked_free(&extract->unpacked);
    extract->to = NULL;
    extract->site = NULL;
    extract->route = NULL;
}
