/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/sensor/http/profile_nginx.h"
#include "server/sensor/http/head.h"
#include "server/sensor/http/range.h"
#include "server/sensor/http/text.h"

#define ETAG 48

bool answer_closes(unsigned status)
{
    switch (status) {
    case 400:
    case 413:
    case 414:
    case NGINX_HEADER_TOO_LARGE:
    case NGINX_PLAIN_TO_TLS:
    case 500:
    case 501:
    case 505:
        return true;
    default:
        return false;
    }
}

static inline void add_line(struct buffer *out, const char *name, const char *value)
{
    size_t named = strlen(name), length = strlen(value);
    unsigned char *room = buffer_reserve(out, named + length + 2);

    if (room == NULL)
        return;
    memcpy(room, name, named);
    memcpy(room + named, value, length);
    memcpy(room + named + length, "\r\n", 2);
    buffer_grow(out, named + length + 2);
}

static void add_number(struct buffer *out, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    (void)buffer_add(out, digits + at, sizeof(digits) - at);
}

static void add_length(struct buffer *out, size_t length)
{
    (void)buffer_add_text(out, "Content-Length: ");
    add_number(out, length);
    (void)buffer_add(out, "\r\n", 2);
}

/* Status line, Server, Date, Content-Type: the same of both sorts. Nothing of it for HTTP/0.9. */
static void frame_begin(struct buffer *out, const struct answer_frame *frame, unsigned status, const char *reason,
                        const char *type)
{
    (void)buffer_add_text(out, "HTTP/1.1 ");
    add_number(out, status);
    (void)buffer_add_char(out, ' ');
    add_line(out, "", reason);
    add_line(out, "Server: ", frame->server);
    add_line(out, "Date: ", frame->date);
    if (type != NULL)
        add_line(out, "Content-Type: ", type);
}

static void frame_end(struct buffer *out, const struct answer_frame *frame)
{
    (void)buffer_add_text(out, frame->keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
}

/* A 416 of the cache keeps the charset of what was asked for: `charset` is its Content-Type, or NULL. */
static const char *page_type(const char *charset, char type[64])
{
    const char *mark = charset == NULL ? NULL : strstr(charset, "; charset=");

    (void)snprintf(type, 64, "text/html%s", mark == NULL ? "" : mark);
    return type;
}

static int page_write(struct buffer *out, const struct answer_frame *frame, unsigned status, const char *charset,
                      struct slice headers)
{
    bool padded = frame->padded && frame->version > 9 && status >= 400;
    char type[64];

    if (frame->version > 9) {
        frame_begin(out, frame, nginx_status(status), nginx_reason(status), page_type(charset, type));
        add_length(out, nginx_page_length(status, frame->server, padded));
        frame_end(out, frame);
        (void)buffer_add_slice(out, headers);
        (void)buffer_add(out, "\r\n", 2);
    }
    if (frame->version == 9 || !frame->head_only)
        (void)nginx_page(out, status, frame->server, padded);
    return out->failed ? -1 : 0;
}

int answer_front(struct buffer *out, const struct answer_frame *frame, unsigned status, struct slice headers)
{
    return page_write(out, frame, status, NULL, headers);
}

int answer_page(struct buffer *out, const struct answer_frame *frame, unsigned status)
{
    return page_write(out, frame, status, NULL, SLICE_NONE);
}

int answer_site(struct buffer *out, const struct answer_frame *frame, const struct site_answer *answer)
{
    bool bare = answer->status == 204 || answer->status == 304;

    if (frame->version > 9) {
        frame_begin(out, frame, answer->status, upstream_reason(answer->status), answer->content_type);
        if (!bare)
            add_length(out, answer->body.length);
        frame_end(out, frame);
        (void)buffer_add_slice(out, buffer_slice(&answer->headers));
        (void)buffer_add(out, "\r\n", 2);
    }
    if (!frame->head_only && !bare)
        (void)buffer_add_slice(out, buffer_slice(&answer->body));
    return out->failed ? -1 : 0;
}

/* ---- files ---- */

/* One file on its way out. */
struct sending {
    const struct answer_frame *frame;
    const struct site_answer *answer;
    char modified[32], etag[ETAG];
    bool own; /* from nginx's disk: it says date and tag by itself */
};

/* Up to the site's own lines. `type` NULL: the answer has neither type nor length. */
static void file_begin(struct buffer *out, const struct sending *sending, unsigned status, const char *type,
                       uint64_t length)
{
    frame_begin(out, sending->frame, status, nginx_reason(status), type);
    if (type != NULL)
        add_length(out, length);
    if (sending->own)
        add_line(out, "Last-Modified: ", sending->modified);
    frame_end(out, sending->frame);
    if (sending->own)
        add_line(out, "ETag: ", sending->etag);
    (void)buffer_add_slice(out, buffer_slice(&sending->answer->headers));
}

static void add_part(struct buffer *out, const struct sending *sending, const struct range *range)
{
    (void)buffer_add_slice(out, (struct slice){sending->answer->body.data + range->start, range->end - range->start});
}

static void content_range(struct buffer *out, const struct sending *sending, const struct range *range)
{
    (void)buffer_add_format(out, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%zu\r\n", range->start, range->end - 1,
                            sending->answer->body.length);
}

static void send_whole(struct buffer *out, const struct sending *sending)
{
    if (sending->frame->version > 9) {
        file_begin(out, sending, 200, sending->answer->content_type, sending->answer->body.length);
        (void)buffer_add_text(out, "Accept-Ranges: bytes\r\n\r\n");
    }
    if (!sending->frame->head_only)
        (void)buffer_add_slice(out, buffer_slice(&sending->answer->body));
}

static void send_range(struct buffer *out, const struct sending *sending, const struct range *range)
{
    file_begin(out, sending, 206, sending->answer->content_type, range->end - range->start);
    content_range(out, sending, range);
    (void)buffer_add(out, "\r\n", 2);
    if (!sending->frame->head_only)
        add_part(out, sending, range);
}

/* multipart/byteranges (RFC 9110, 14.6). */
static void write_parts(struct buffer *body, const struct sending *sending, struct slice ranges, uint64_t boundary)
{
    struct range range;

    for (; ranges.length > 0; ranges.data += sizeof(range), ranges.length -= sizeof(range)) {
        memcpy(&range, ranges.data, sizeof(range));
        (void)buffer_add_format(body, "\r\n--%020" PRIu64 "\r\n", boundary);
        if (sending->answer->content_type != NULL)
            add_line(body, "Content-Type: ", sending->answer->content_type);
        content_range(body, sending, &range);
        (void)buffer_add(body, "\r\n", 2);
        add_part(body, sending, &range);
    }
    (void)buffer_add_format(body, "\r\n--%020" PRIu64 "--\r\n", boundary);
}

static void send_parts(struct buffer *out, const struct sending *sending, struct slice ranges, uint64_t boundary)
{
    struct buffer body;
    char type[64];

    buffer_init(&body, out->maximum);
    write_parts(&body, sending, ranges, boundary);
    (void)snprintf(type, sizeof(type), "multipart/byteranges; boundary=%020" PRIu64, boundary);
    file_begin(out, sending, 206, type, body.length);
    (void)buffer_add(out, "\r\n", 2);
    if (!sending->frame->head_only)
        (void)buffer_add_slice(out, buffer_slice(&body));
    out->failed = out->failed || body.failed;
    buffer_free(&body);
}

/* 416: of the lines of the file stay those that say nothing of when it changed. */
static void send_no_range(struct buffer *out, const struct sending *sending)
{
    struct slice rest = buffer_slice(&sending->answer->headers), line;
    struct buffer lines;

    buffer_init(&lines, out->maximum);
    while (rest.length > 0) {
        line = text_cut(&rest, '\n');
        if (!text_starts_nocase(line, "Last-Modified:") && !text_starts_nocase(line, "ETag:")) {
            (void)buffer_add_slice(&lines, line);
            (void)buffer_add_char(&lines, '\n');
        }
    }
    (void)buffer_add_format(&lines, "Content-Range: bytes */%zu\r\n", sending->answer->body.length);
    (void)page_write(out, sending->frame, 416, sending->own ? NULL : sending->answer->content_type,
                     buffer_slice(&lines));
    buffer_free(&lines);
}

static unsigned send_what_is_asked(struct buffer *out, const struct sending *sending,
                                   const struct http_request *request, const struct range_file *file,
                                   uint64_t *boundary)
{
    struct buffer ranges;
    unsigned status;

    buffer_init(&ranges, HEAD_MAXIMUM * sizeof(struct range));
    status = range_parse(request, file, &ranges);
    if (status == 200)
        send_whole(out, sending);
    else if (status == 416)
        send_no_range(out, sending);
    else if (ranges.length == sizeof(struct range))
        send_range(out, sending, (const struct range *)(const void *)ranges.data);
    else
        send_parts(out, sending, buffer_slice(&ranges), ++*boundary);
    buffer_free(&ranges);
    return status;
}

unsigned answer_file(struct buffer *out, const struct answer_frame *frame, const struct http_request *request,
                     const struct site_answer *answer, uint64_t *boundary)
{
    struct sending sending = {.frame = frame, .answer = answer, .own = answer->served == SITE_FRONT};
    struct range_file file = {answer->modified, sending.own ? sending.etag : NULL, answer->body.length};
    struct nginx_date date = {0, ""};
    unsigned status = 200;

    (void)snprintf(sending.modified, sizeof(sending.modified), "%s", nginx_date(&date, answer->modified * 1000000));
    (void)snprintf(sending.etag, sizeof(sending.etag), "\"%" PRIx64 "-%zx\"", (uint64_t)answer->modified,
                   answer->body.length);
    status = range_condition(request, &file);
    if (status == 412) {
        (void)answer_page(out, frame, status);
    } else if (status == 304 && frame->version > 9) {
        file_begin(out, &sending, status, NULL, 0);
        (void)buffer_add(out, "\r\n", 2);
    } else if (status == 200) {
        status = send_what_is_asked(out, &sending, request, &file, boundary);
    }
    return out->failed ? 0 : status;
}

int answer_continue(struct buffer *out)
{
    return buffer_add_text(out, "HTTP/1.1 100 Continue\r\n\r\n");
}
