/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/answer.h"

#include "server/sensor/http/profile_nginx.h"

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

static void add_line(struct buffer *out, const char *name, const char *value)
{
    (void)buffer_add_text(out, name);
    (void)buffer_add_text(out, value);
    (void)buffer_add(out, "\r\n", 2);
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

int answer_page(struct buffer *out, const struct answer_frame *frame, unsigned status)
{
    bool padded = frame->padded && frame->version > 9;

    if (frame->version > 9) {
        frame_begin(out, frame, nginx_status(status), nginx_reason(status), "text/html");
        add_length(out, nginx_page_length(status, frame->server, padded));
        frame_end(out, frame);
        (void)buffer_add(out, "\r\n", 2);
    }
    if (frame->version == 9 || !frame->head_only)
        (void)nginx_page(out, status, frame->server, padded);
    return out->failed ? -1 : 0;
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

int answer_continue(struct buffer *out)
{
    return buffer_add_text(out, "HTTP/1.1 100 Continue\r\n\r\n");
}
