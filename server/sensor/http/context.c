/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/context.h"

#include <stdio.h>
#include "server/base/json.h"
#include "server/sensor/http/head.h"
#include "server/sensor/http/text.h"
#include "server/sensor/session.h"

#define METHOD 32
#define NAME 64
#define VALUE 256
#define TARGET 2048
#define HEADERS 64
#define PARAMETERS 32
#define MARK (SESSION_CLASSES + 24)
#define ESCAPED 6 /* the longest that a byte becomes in JSON */
#define CLOSING 64

/* The marker that stands for a value: {12:lower,digit}. */
static const char *mark(struct slice value, char text[MARK])
{
    char classes[SESSION_CLASSES];

    (void)snprintf(text, MARK, "{%zu:%s}", value.length, session_classes(value, classes));
    return text;
}

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
    char text[MARK];

    (void)buffer_add_text(out, mark(value, text));
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

static void write_target(struct buffer *out, const struct http_request *request, const struct site *site)
{
    struct buffer text;
    size_t path;

    buffer_init(&text, 2 * TARGET);
    redact_path(&text, request->path, site);
    path = text.length;
    redact_query(&text, request->query);
    (void)json_member(out, "path", text_before(buffer_slice(&text), path));
    (void)json_member(out, "target", buffer_slice(&text));
    buffer_free(&text);
}

static bool is_kept(struct slice name)
{
    return slice_is_nocase(name, "Host") || slice_is_nocase(name, "User-Agent") ||
           slice_is_nocase(name, "Connection") || slice_is_nocase(name, "Cache-Control") ||
           text_starts_nocase(name, "Accept") || text_starts_nocase(name, "Content-");
}

/* A well-formed header of the raw head. */
static bool next_header(struct slice raw, size_t *at, struct http_header *header)
{
    while (head_line_next(raw, at, header)) {
        if (header->name.length == 0 && header->value.length == 0)
            return false;
        if (header->name.length > 0)
            return true;
    }
    return false;
}

static bool write_names(struct buffer *out, struct slice raw)
{
    struct http_header header;
    size_t at = 0, count = 0;
    bool whole = true;

    (void)json_member_open(out, "headers");
    (void)buffer_add_char(out, '[');
    while (next_header(raw, &at, &header)) {
        if (++count > HEADERS || out->length > CONTEXT_MAXIMUM / 3) {
            whole = false;
            break;
        }
        (void)json_element(out, text_before(header.name, NAME));
    }
    (void)buffer_add_char(out, ']');
    return whole;
}

static void write_name_text(char name[NAME + 1], struct slice text)
{
    size_t length = text.length < NAME ? text.length : NAME;
    size_t i;

    for (i = 0; i < length; i++)
        name[i] = text.data[i] == 0 ? '?' : (char)text.data[i];
    name[length] = '\0';
}

static void write_summary(struct buffer *out, const char *name, struct slice value)
{
    char classes[SESSION_CLASSES];

    (void)json_member_open(out, name);
    (void)buffer_add_char(out, '{');
    (void)json_member_number(out, "length", (int64_t)value.length);
    (void)json_member_text(out, "classes", session_classes(value, classes));
    (void)buffer_add_char(out, '}');
}

static bool write_values(struct buffer *out, struct slice raw, bool kept)
{
    struct http_header header;
    size_t at = 0, count = 0;
    char name[NAME + 1];
    bool whole = true;

    (void)json_member_open(out, kept ? "values" : "others");
    (void)buffer_add_char(out, '{');
    while (count++ < HEADERS && next_header(raw, &at, &header)) {
        struct slice value = kept ? text_before(header.value, VALUE) : header.value;

        if (is_kept(header.name) != kept)
            continue;
        if (!fits(out, NAME + (kept ? value.length : SESSION_CLASSES))) {
            whole = false;
            break;
        }
        write_name_text(name, header.name);
        if (kept)
            (void)json_member(out, name, value);
        else
            write_summary(out, name, value);
    }
    (void)buffer_add_char(out, '}');
    return whole;
}

static void write_parameters(struct buffer *out, struct slice query)
{
    struct slice pair, name;
    char text[NAME + 1];
    size_t count = 0;

    (void)json_member_open(out, "query");
    (void)buffer_add_char(out, '{');
    while (query.length > 0 && count++ < PARAMETERS && fits(out, NAME + SESSION_CLASSES)) {
        pair = text_cut(&query, '&');
        name = text_find_char(pair, '=') == TEXT_NONE ? SLICE_NONE : text_cut(&pair, '=');
        (void)snprintf(text, sizeof(text), "?");
        if (is_name(name))
            write_name_text(text, name);
        write_summary(out, text, pair);
    }
    (void)buffer_add_char(out, '}');
}

static void write_body(struct buffer *out, const struct http_request *request)
{
    struct slice type = http_request_header(request, "Content-Type");

    (void)json_member_open(out, "body");
    (void)buffer_add_char(out, '{');
    (void)json_member_number(out, "length", (int64_t)request->body_length);
    (void)json_member_number(out, "kept", (int64_t)request->body.length);
    if (type.length > 0 && fits(out, VALUE))
        (void)json_member(out, "type", text_before(type, VALUE));
    (void)buffer_add_char(out, '}');
}

void context_write(struct buffer *out, const struct http_request *request, const struct site *site, unsigned refused)
{
    static const char *const versions[] = {"HTTP/0.9", "HTTP/1.0", "HTTP/1.1"};
    struct slice agent = http_request_header(request, "User-Agent");
    bool whole;

    (void)buffer_add_text(out, "{\"http\":{");
    (void)json_member(out, "method", text_before(request->method, METHOD));
    (void)json_member_text(out, "version",
                           versions[request->version >= 9 && request->version <= 11 ? request->version - 9 : 1]);
    (void)json_member(out, "host", text_before(request->host, VALUE));
    if (agent.data != NULL)
        (void)json_member(out, "user_agent", text_before(agent, VALUE));
    if (request->target.length > 0)
        write_target(out, request, site);
    if (refused != 0) {
        (void)json_member_number(out, "refused", refused);
        write_summary(out, "raw", request->raw);
    }
    if (request->body_length > 0)
        write_body(out, request);
    whole = write_names(out, request->raw);
    whole = write_values(out, request->raw, true) && whole;
    whole = write_values(out, request->raw, false) && whole;
    if (request->query.length > 0)
        write_parameters(out, request->query);
    if (!whole)
        (void)json_member_bool(out, "truncated", true);
    (void)buffer_add_text(out, "}}");
}
