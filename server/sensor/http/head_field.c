/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/head_field.h"

#include <string.h>
#include "server/base/unzeroed.h"
#include "server/sensor/http/path.h"
#include "server/sensor/http/text.h"

enum field {
    FIELD_OTHER,
    FIELD_HOST,
    FIELD_CONNECTION,
    FIELD_USER_AGENT,
    FIELD_LENGTH,
    FIELD_CODING,
    FIELD_EXPECT,
    FIELD_ONCE, /* no meaning here, but may stand once */
};

#define RULE(name, field, once)                                                                                        \
    {                                                                                                                  \
        name, sizeof(name) - 1, field, once                                                                            \
    }

static const struct field_rule {
    const char *name;
    size_t length;
    enum field field;
    bool once;
} rules[] = {
    RULE("Host", FIELD_HOST, true),
    RULE("Connection", FIELD_CONNECTION, false),
    RULE("User-Agent", FIELD_USER_AGENT, false),
    RULE("Content-Length", FIELD_LENGTH, true),
    RULE("Transfer-Encoding", FIELD_CODING, true),
    RULE("Expect", FIELD_EXPECT, true),
    RULE("Authorization", FIELD_ONCE, true),
    RULE("Content-Range", FIELD_ONCE, true),
    RULE("If-Match", FIELD_ONCE, true),
    RULE("If-None-Match", FIELD_ONCE, true),
    RULE("If-Modified-Since", FIELD_ONCE, true),
    RULE("If-Unmodified-Since", FIELD_ONCE, true),
    RULE("If-Range", FIELD_ONCE, true),
};

static struct slice cut(struct slice raw, struct head_span span)
{
    return (struct slice){raw.data + span.at, span.length};
}

/* A path that nginx cannot join is refused. */
static int path_check(struct slice path)
{
    UNZEROED struct path_text joined;
    struct slice named = text_cut(&path, '#');

    return path_join(text_cut(&named, '?'), &joined);
}

/* What nginx takes as a host: no slash, no control character, no two dots in a row, something before the port. */
static int host_check(struct slice host, size_t *name_length)
{
    size_t dot = host.length, end = host.length, i;
    enum { NAME, LITERAL, REST } state = NAME;

    for (i = 0; i < host.length; i++) {
        unsigned char c = host.data[i];

        if (c <= 0x20 || c == 0x7f || c == '/' || (c == '.' && i > 0 && dot == i - 1))
            return -1;
        if (c == '.')
            dot = i;
        else if ((c == ':' && state == NAME) || (c == ']' && state == LITERAL)) {
            end = c == ':' ? i : i + 1;
            state = REST;
        } else if (c == '[' && i == 0)
            state = LITERAL;
    }
    if (end > 0 && dot == end - 1)
        end--;
    *name_length = end;
    return end == 0 ? -1 : 0;
}

static void host_done(struct head *head, struct slice raw, struct head_span value, struct head_span *out)
{
    size_t length = 0;

    if (host_check(cut(raw, value), &length) != 0)
        head->status = 400;
    *out = (struct head_span){value.at, (uint16_t)length};
}

void head_line_done(struct head *head, struct slice raw)
{
    head->version = head->major == 0 ? 9 : head->minor == 0 ? 10 : 11;
    if ((head->version == 9 && !slice_is(cut(raw, head->method), "GET")) ||
        (head->path.length > 0 && path_check(cut(raw, head->path)) != 0)) {
        head->status = 400;
        return;
    }
    if (head->target_host.at != 0)
        host_done(head, raw, head->target_host, &head->target_host);
}

static void agent_done(struct head *head, struct slice value)
{
    size_t msie = text_find(value, "MSIE ");
    bool explorer = msie != TEXT_NONE && msie + 7 < value.length;
    bool opera = text_find(value, "Opera") != TEXT_NONE;
    struct slice rest;

    head->old = false;
    if (explorer && value.data[msie + 6] == '.') {
        rest = (struct slice){value.data + msie + 8, value.length > msie + 8 ? value.length - msie - 8 : 0};
        head->old = value.data[msie + 5] == '4' || value.data[msie + 5] == '5' ||
                    (value.data[msie + 5] == '6' && text_find(rest, "SV1") == TEXT_NONE);
    }
    if (opera)
        explorer = head->old = false;
    head->padded =
        explorer || (!opera && text_find(value, "Gecko/") == TEXT_NONE && text_find(value, "Chrome/") != TEXT_NONE);
}

static void length_done(struct head *head, struct slice value)
{
    size_t i;

    head->sized = true;
    head->length_bad = value.length == 0;
    for (i = 0; i < value.length && !head->length_bad; i++) {
        if (value.data[i] < '0' || value.data[i] > '9' || head->length > (INT64_MAX - 9) / 10)
            head->length_bad = true;
        else
            head->length = head->length * 10 + (value.data[i] - '0');
    }
}

static void field_takes(struct head *head, struct slice raw, enum field field, struct head_span span)
{
    struct slice value = cut(raw, span);

    switch (field) {
    case FIELD_HOST:
        host_done(head, raw, span, &head->host);
        break;
    case FIELD_CONNECTION:
        if (text_find_nocase(value, "close") != TEXT_NONE)
            head->connection = -1;
        else if (text_find_nocase(value, "keep-alive") != TEXT_NONE)
            head->connection = 1;
        break;
    case FIELD_USER_AGENT:
        agent_done(head, value);
        break;
    case FIELD_LENGTH:
        length_done(head, value);
        break;
    case FIELD_CODING:
        head->coded = true;
        head->chunked = slice_is_nocase(value, "chunked");
        break;
    case FIELD_EXPECT:
        head->expects = slice_is_nocase(value, "100-continue");
        break;
    default:
        break;
    }
}

void head_field_done(struct head *head, struct slice raw, struct head_span name, struct head_span value)
{
    struct slice text = cut(raw, name);
    size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (text.length == rules[i].length && slice_is_nocase(text, rules[i].name))
            break;
    if (i == sizeof(rules) / sizeof(rules[0]))
        return;
    if (rules[i].once && (head->seen & (1u << i)) != 0) {
        head->status = 400;
        return;
    }
    if (rules[i].field != FIELD_USER_AGENT || (head->seen & (1u << i)) == 0)
        field_takes(head, raw, rules[i].field, value);
    head->seen |= 1u << i;
}

void head_all_done(struct head *head, struct slice raw)
{
    struct slice method = cut(raw, head->method);

    if (head->version > 10 && (head->seen & 1u) == 0) {
        head->status = 400;
        head->chunked = head->sized = false; /* nginx has not looked yet whether a body follows */
    } else if (head->length_bad) {
        head->status = 400;
    } else if (head->coded && (head->version < 11 || (head->chunked && head->sized))) {
        head->status = 400;
    } else if (head->coded && !head->chunked) {
        head->status = 501;
    } else if (slice_is(method, "CONNECT") || slice_is(method, "TRACE")) {
        head->status = 405;
    }
    head->expects = head->expects && head->version > 10;
    head->keep_alive = head->connection == 0 ? head->version > 10 : head->connection > 0;
    if (head->old && slice_is(method, "POST"))
        head->keep_alive = false;
}
