/* SPDX-License-Identifier: ISC */
#include "server/planter/web_talk.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "server/base/clock.h"

#define TIMEOUT_MS 120000
#define LATER_MOST 86400
#define WHOLE_MS 300000                       /* for a whole answer, however it trickles */
#define WHOLE_BYTES (4 * (int64_t)WEB_ANSWER) /* with what stands around small chunks */
#define INTERIM_MOST 32                       /* answers like "100 Continue" before the real one */

/* ---- heads ---- */

static struct slice trimmed(struct slice text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text.data++, text.length--;
    while (text.length > 0 && isspace(text.data[text.length - 1]))
        text.length--;
    return text;
}

/* A plain number up to 2^53; -1. */
static int64_t number_of(struct slice text)
{
    int64_t value = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (!isdigit(text.data[i]) || value > INT64_C(900719925474099))
            return -1;
        value = value * 10 + (text.data[i] - '0');
    }
    return text.length > 0 ? value : -1;
}

/* "120", or "Fri, 27 Nov 2026 10:00:00 GMT" */
static int64_t seconds_of(struct slice text)
{
    int64_t value = number_of(text);
    char date[64] = "";
    struct tm tm = {0};

    if (value < 0 && text.length < sizeof date) {
        memcpy(date, text.data, text.length);
        if (strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm) != NULL)
            value = (int64_t)timegm(&tm) - clock_wall() / 1000000;
    }
    return value < 0 ? 0 : value < LATER_MOST ? value : LATER_MOST;
}

static int take_field(struct slice name, struct slice value, struct web_head *head)
{
    if (slice_is_nocase(name, "Content-Length")) {
        if (head->body >= 0 && head->body != number_of(value))
            return -1;
        head->body = number_of(value);
        return head->body >= 0 ? 0 : -1;
    }
    if (slice_is_nocase(name, "Transfer-Encoding")) {
        head->chunked = true;
        return slice_is_nocase(value, "chunked") ? 0 : -1;
    }
    if (slice_is_nocase(name, "Connection") && slice_is_nocase(value, "close"))
        head->close = true;
    if (slice_is_nocase(name, "Retry-After"))
        head->later = seconds_of(value);
    if (slice_is_nocase(name, "X-RateLimit-Remaining"))
        head->spent = number_of(value) == 0;
    if (slice_is_nocase(name, "X-RateLimit-Reset"))
        head->reset = number_of(value);
    if (slice_is_nocase(name, "Location") && value.length < sizeof head->location)
        snprintf(head->location, sizeof head->location, "%.*s", (int)value.length, (const char *)value.data);
    return 0;
}

static int take_line(struct slice line, bool first, struct web_head *head)
{
    const unsigned char *colon = memchr(line.data, ':', line.length);
    struct slice name;

    if (first) {
        if (line.length < 12 || strncmp((const char *)line.data, "HTTP/1.", 7) != 0 || line.data[8] != ' ')
            return -1;
        head->status = (int)number_of((struct slice){line.data + 9, 3});
        head->close = line.data[7] == '0';
        return head->status >= 100 && head->status < 600 ? 0 : -1;
    }
    if (colon == NULL || colon == line.data)
        return -1;
    name = (struct slice){line.data, (size_t)(colon - line.data)};
    return take_field(name, trimmed((struct slice){colon + 1, line.length - name.length - 1}), head);
}

/* docs.github.com/rest (rate limits for the REST API): a refusal without Retry-After holds until the reset. */
static void take_limit(struct web_head *head)
{
    int64_t left = head->reset - clock_wall() / 1000000 + 1;

    if (head->later == 0 && head->spent && head->reset > 0 && (head->status == 403 || head->status == 429))
        head->later = left < 1 ? 1 : left < LATER_MOST ? left : LATER_MOST;
}

int web_head(struct slice input, struct web_head *head)
{
    size_t at = 0;

    *head = (struct web_head){.body = -1};
    for (bool first = true;; first = false) {
        const unsigned char *end = at < input.length ? memchr(input.data + at, '\n', input.length - at) : NULL;
        struct slice line;

        if (end == NULL)
            return input.length > WEB_HEAD ? -1 : 0;
        line = trimmed((struct slice){input.data + at, (size_t)(end - input.data) - at});
        at = (size_t)(end - input.data) + 1;
        if (line.length == 0 && !first) {
            head->length = at;
            take_limit(head);
            return 1;
        }
        if (take_line(line, first, head) != 0)
            return -1;
    }
}

/* ---- bodies ---- */

/* The size of a chunk at the front, behind which *skip bytes of its line stand; -2: more must come; -1. */
static int64_t chunk_size(struct slice input, size_t *skip)
{
    const unsigned char *end = input.length > 0 ? memchr(input.data, '\n', input.length) : NULL;
    int64_t size = 0;
    size_t i = 0;

    if (end == NULL)
        return input.length > 1024 ? -1 : -2;
    for (; isxdigit(input.data[i]) && i < 9; i++)
        size = size * 16 + (isdigit(input.data[i]) ? input.data[i] - '0' : (input.data[i] | 0x20) - 'a' + 10);
    *skip = (size_t)(end - input.data) + 1;
    return i == 0 || i == 9 || strchr("; \t\r\n", input.data[i]) == NULL ? -1 : size;
}

/* The length of the trailers, their empty line included; 0: more must come. */
static size_t trailers(struct slice input)
{
    size_t at = 0;

    while (at < input.length) {
        const unsigned char *end = memchr(input.data + at, '\n', input.length - at);
        size_t length = end != NULL ? (size_t)(end - input.data) - at : 0;

        if (end == NULL)
            return 0;
        if (length == 0 || (length == 1 && input.data[at] == '\r'))
            return at + length + 1;
        at += length + 1;
    }
    return 0;
}

int64_t web_chunks(struct slice input, struct buffer *out, bool *last)
{
    size_t at = 0;

    *last = false;
    for (;;) {
        struct slice rest = {input.data + at, input.length - at};
        size_t skip = 0, end;
        int64_t size = chunk_size(rest, &skip);

        if (size == -1 || size > WEB_ANSWER)
            return -1;
        if (size == 0) {
            end = trailers((struct slice){rest.data + skip, rest.length - skip});
            *last = end > 0;
            return (int64_t)(at + (end > 0 ? skip + end : 0));
        }
        /* A chunk is taken with the line's end behind it. */
        if (size < 0 || rest.length < skip + (size_t)size + 2)
            return (int64_t)at;
        if (buffer_add(out, rest.data + skip, (size_t)size) != 0)
            return -1;
        at += skip + (size_t)size;
        at += input.data[at] == '\r';
        if (input.data[at++] != '\n')
            return -1;
    }
}

/* ---- exchanges ---- */

/* 1, 0 at the end, -1 */
static int more(struct door *door, struct error *error)
{
    door_wait(door, TIMEOUT_MS);
    return door_read(door, error);
}

static int read_head(struct door *door, struct web_head *head, bool *begun, struct error *error)
{
    int whole, got;

    for (int interim = 0; interim <= INTERIM_MOST; interim += whole == 1) {
        whole = web_head(buffer_slice(&door->input), head);
        *begun = *begun || door->input.length > 0;
        if (whole < 0)
            return error_set(error, "the server's answer is no HTTP");
        if (whole == 1)
            buffer_consume(&door->input, head->length);
        if (whole == 1 && head->status >= 200)
            return 0;
        if (whole == 1)
            continue;
        got = more(door, error);
        if (got <= 0)
            return got < 0 ? -1 : error_set(error, "the server closed the connection");
    }
    return error_set(error, "the server's answer does not begin");
}

static int read_chunks(struct door *door, struct buffer *body, struct error *error)
{
    bool last = false;
    int64_t used;
    int got;

    for (;;) {
        used = web_chunks(buffer_slice(&door->input), body, &last);
        if (used < 0)
            return error_set(error, "the server's answer is damaged or too long");
        buffer_consume(&door->input, (size_t)used);
        if (last)
            return 0;
        got = more(door, error);
        if (got <= 0)
            return got < 0 ? -1 : error_set(error, "the server's answer broke off");
    }
}

/* As much as is told, or up to the end of the stream. */
static int read_plain(struct door *door, const struct web_head *head, struct buffer *body, struct error *error)
{
    int got = 1;

    if (head->body > WEB_ANSWER)
        return error_set(error, "the server's answer is too long");
    while (got == 1) {
        size_t left = head->body >= 0 ? (size_t)head->body - body->length : SIZE_MAX;
        size_t length = door->input.length < left ? door->input.length : left;

        if (buffer_add(body, door->input.data, length) != 0)
            return error_set(error, "the server's answer is too long");
        buffer_consume(&door->input, length);
        if (head->body >= 0 && body->length == (size_t)head->body)
            return 0;
        got = more(door, error);
    }
    return got == 0 && head->body < 0 ? 0 : got < 0 ? -1 : error_set(error, "the server's answer broke off");
}

int web_exchange(struct door *door, struct slice request, struct web_head *head, struct buffer *body, bool *begun,
                 struct error *error)
{
    *begun = false;
    buffer_clear(body);
    door_turn(door, WHOLE_MS, WHOLE_BYTES);
    door_wait(door, TIMEOUT_MS);
    if (door_write(door, request, error) != 0 || read_head(door, head, begun, error) != 0)
        return -1;
    if (head->status == 204 || head->status == 304)
        return 0;
    return head->chunked ? read_chunks(door, body, error) : read_plain(door, head, body, error);
}
