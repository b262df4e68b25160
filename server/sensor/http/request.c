/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/request.h"

#include "server/sensor/http/head.h"
#include "server/sensor/http/text.h"

struct slice http_request_header(const struct http_request *request, const char *name)
{
    size_t i;

    for (i = 0; i < request->header_count; i++)
        if (slice_is_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return SLICE_NONE;
}

static struct slice cut(struct slice raw, struct head_span span)
{
    return text_before(text_from(raw, span.at), span.length);
}

void head_request(const struct head *head, struct slice raw, struct http_request *request)
{
    struct slice path = cut(raw, head->path), named;
    size_t i;

    request->raw = raw;
    request->method = cut(raw, head->method);
    request->target = cut(raw, head->target);
    request->uri = path.length == 0 ? slice_of("/") : path;
    named = text_cut(&path, '#');
    request->fragment = path;
    request->path = text_cut(&named, '?');
    request->query = named;
    if (request->path.length == 0)
        request->path = slice_of("/");
    request->host = cut(raw, head->target_host.length > 0 ? head->target_host : head->host);
    request->version = head->version;
    request->header_count = head->count;
    for (i = 0; i < head->count; i++) {
        request->headers[i].name = cut(raw, head->names[i]);
        request->headers[i].value = cut(raw, head->values[i]);
    }
    request->body = SLICE_NONE;
    request->body_length = 0;
    request->tls = false;
}

/* Where the next line begins. */
static size_t line_behind(struct slice raw, size_t at)
{
    const unsigned char *end = at < raw.length ? memchr(raw.data + at, '\n', raw.length - at) : NULL;

    return end == NULL ? raw.length : (size_t)(end - raw.data) + 1;
}

bool head_line_next(struct slice raw, size_t *at, struct http_header *line)
{
    size_t from = *at == 0 ? line_behind(raw, 0) : *at, colon;
    struct slice whole;

    *at = line_behind(raw, from);
    if (from >= raw.length)
        return false;
    whole = (struct slice){raw.data + from, *at - from};
    colon = text_find_char(whole, ':');
    line->name = colon == TEXT_NONE ? SLICE_NONE : text_trim(text_before(whole, colon));
    line->value = text_trim(colon == TEXT_NONE ? whole : text_from(whole, colon + 1));
    return true;
}
