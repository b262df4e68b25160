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

/* Status line, Server, Date, Content-Type: the same of both sorts. Nothing of it for HTTP/0.9. */
static void frame_begin(struct buffer *out, const struct answer_frame *frame, unsigned status, const char *reason,
                        const char *type)
{
    (void)buffer_add_format(out, "HTTP/1.1 %u %s\r\nServer: %s\r\nDate: %s\r\n", status, reason, frame->server,
                            frame->date);
    if (type != NULL)
        (void)buffer_add_format(out, "Content-Type: %s\r\n", type);
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
        (void)buffer_add_format(out, "Content-Length: %zu\r\n", nginx_page_length(status, frame->server, padded));
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
            (void)buffer_add_format(out, "Content-Length: %zu\r\n", answer->body.length);
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
