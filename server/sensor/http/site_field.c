/* SPDX-License-Identifier: ISC
 *
 * Fields that a route asks for, out of query, form, multipart (RFC 7578) or JSON; each name's first value. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <string.h>
#include "server/sensor/credential.h"
#include "server/sensor/http/text.h"

#define FIELD_BODY 65536

static struct slice part_of(struct slice whole, size_t from, size_t to)
{
    return (struct slice){whole.data + from, to - from};
}

static int decode_into(struct buffer *out, struct slice in)
{
    buffer_clear(out);
    if (decode_percent(in, true, out) == 0)
        return 0;
    buffer_clear(out);
    return buffer_add_slice(out, in);
}

static int decode_value(struct buffer *scratch, struct slice in, struct slice *value)
{
    int result = decode_into(scratch, in);

    *value = buffer_slice(scratch);
    return result;
}

static bool is_plain(struct slice text)
{
    return text.length == 0 ||
           (memchr(text.data, '%', text.length) == NULL && memchr(text.data, '+', text.length) == NULL);
}

/* name=value&name=value, both percent-encoded. A value that is not stays where it is, where it would fit. */
static int find_encoded(struct slice text, bool plain, const char *name, struct buffer *scratch, struct slice *value)
{
    struct slice wanted = slice_of(name), here;
    size_t at = 0, end, equals;
    const unsigned char *found;

    while (at < text.length) {
        found = memchr(text.data + at, '&', text.length - at);
        end = found == NULL ? text.length : (size_t)(found - text.data);
        found = memchr(text.data + at, '=', end - at);
        equals = found == NULL ? end : (size_t)(found - text.data);
        here = part_of(text, at, equals);
        if (plain ? slice_equal(here, wanted)
                  : decode_into(scratch, here) == 0 && slice_equal(buffer_slice(scratch), wanted)) {
            *value = equals == end ? SLICE_NONE : part_of(text, equals + 1, end);
            if (value->length == 0 || (plain && value->length <= scratch->maximum))
                return 0;
            return decode_value(scratch, *value, value);
        }
        at = end + 1;
    }
    return -1;
}

static int find_multipart(struct slice body, const char *name, struct buffer *scratch, struct slice *value)
{
    char wanted[128];
    const unsigned char *head, *start, *end;
    int length = snprintf(wanted, sizeof(wanted), "name=\"%s\"", name);
    size_t left;

    if (length < 0 || (size_t)length >= sizeof(wanted))
        return -1;
    head = memmem(body.data, body.length, wanted, (size_t)length);
    if (head == NULL)
        return -1;
    left = body.length - (size_t)(head - body.data);
    start = memmem(head, left, "\r\n\r\n", 4);
    if (start == NULL)
        return -1;
    start += 4;
    left = body.length - (size_t)(start - body.data);
    end = memmem(start, left, "\r\n--", 4);
    *value = (struct slice){start, end == NULL ? left : (size_t)(end - start)};
    return value->length <= scratch->maximum ? 0 : -1;
}

/* user[login] walks down into the object "user". */
static const json_t *walk(const json_t *root, const char *name)
{
    const char *bracket = strchr(name, '['), *close;
    const json_t *at;

    if (bracket == NULL)
        return json_object_get(root, name);
    at = json_object_getn(root, name, (size_t)(bracket - name));
    while (at != NULL && *bracket == '[') {
        close = strchr(bracket, ']');
        if (close == NULL)
            return NULL;
        at = json_object_getn(at, bracket + 1, (size_t)(close - bracket - 1));
        bracket = close + 1;
    }
    return at;
}

static int find_json(struct slice body, const char *name, struct buffer *scratch, struct slice *value)
{
    json_t *root = json_loadb((const char *)body.data, body.length, 0, NULL);
    const json_t *found = walk(root, name);
    int result = -1;

    buffer_clear(scratch);
    if (json_is_string(found))
        result = buffer_add(scratch, json_string_value(found), json_string_length(found));
    *value = buffer_slice(scratch);
    json_decref(root);
    return result;
}

static void read_source(struct field_source *source)
{
    struct slice type = SLICE_NONE;

    source->body = text_before(source->request->body, FIELD_BODY);
    source->type = FIELD_QUERY;
    if (source->body.length > 0)
        type = http_request_header(source->request, "Content-Type");
    if (text_starts_nocase(type, "application/x-www-form-urlencoded"))
        source->type = FIELD_FORM;
    else if (text_starts_nocase(type, "multipart/form-data"))
        source->type = FIELD_MULTIPART;
    else if (text_starts_nocase(type, "application/json"))
        source->type = FIELD_JSON;
    source->plain = source->type == FIELD_FORM && is_plain(source->body);
}

static int find(struct field_source *source, const char *name, struct buffer *scratch, struct slice *value)
{
    struct slice query = source->request->query;
    int result = -1;

    if (source->type == FIELD_UNREAD)
        read_source(source);
    if (source->type == FIELD_FORM)
        result = find_encoded(source->body, source->plain, name, scratch, value);
    else if (source->type == FIELD_MULTIPART)
        result = find_multipart(source->body, name, scratch, value);
    else if (source->type == FIELD_JSON)
        result = find_json(source->body, name, scratch, value);
    return result == 0 || query.length == 0 ? result : find_encoded(query, is_plain(query), name, scratch, value);
}

struct slice field_look(struct field_source *source, const char *name, struct buffer *scratch)
{
    struct slice value;

    return find(source, name, scratch, &value) == 0 ? value : SLICE_NONE;
}

int field_find(const struct http_request *request, const char *name, struct buffer *value)
{
    struct field_source source = {.request = request};
    struct slice found;
    int result = find(&source, name, value, &found);

    if (result == 0 && found.data != value->data) {
        buffer_clear(value);
        result = buffer_add_slice(value, found);
    }
    return result;
}

struct slice field_cookie(const struct http_request *request, const char *name)
{
    size_t length = strlen(name), at = 0, end;
    const unsigned char *found;

    for (size_t i = 0; i < request->header_count; i++) {
        struct slice line = request->headers[i].value;

        if (!slice_is_nocase(request->headers[i].name, "Cookie"))
            continue;
        for (at = 0; at < line.length; at = end + 1) {
            found = memchr(line.data + at, ';', line.length - at);
            end = found == NULL ? line.length : (size_t)(found - line.data);
            while (at < end && line.data[at] == ' ')
                at++;
            if (end - at > length && line.data[at + length] == '=' && memcmp(line.data + at, name, length) == 0)
                return part_of(line, at + length + 1, end);
        }
    }
    return SLICE_NONE;
}
