/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/body.h"

#include "server/sensor/http/text.h"

enum {
    IN_SIZED,
    IN_SIZE_FIRST,
    IN_SIZE,
    IN_EXTENSION,
    IN_SIZE_LF,
    IN_DATA,
    IN_DATA_END,
    IN_DATA_LF,
    IN_TRAILER_START,
    IN_TRAILER,
    IN_TRAILER_LF,
    IN_END_LF,
    IN_DONE,
};

void body_begin(struct body *body, bool chunked, uint64_t length, uint64_t limit)
{
    *body = (struct body){.limit = limit};
    if (chunked) {
        body->state = IN_SIZE_FIRST;
    } else {
        body->left = length;
        body->state = length == 0 ? IN_DONE : IN_SIZED;
    }
}

static int refuse(struct body *body, uint16_t status)
{
    body->status = status;
    return -1;
}

static unsigned char *tail_of(const struct buffer *kept)
{
    return kept->data + BODY_KEPT - BODY_TAIL;
}

static void keep(struct body *body, struct slice data, struct buffer *kept)
{
    size_t room = kept->length < BODY_KEPT ? BODY_KEPT - kept->length : 0;
    struct slice part;

    if (kept->failed || buffer_add_slice(kept, text_before(data, room)) < 0)
        return;
    data = text_from(data, room);
    while (data.length > 0) {
        part = text_before(data, BODY_TAIL - body->tail);
        memcpy(tail_of(kept) + body->tail, part.data, part.length);
        body->tail = (body->tail + (uint32_t)part.length) % BODY_TAIL;
        data = text_from(data, part.length);
    }
}

static void reverse(unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length / 2; i++) {
        unsigned char byte = bytes[i];

        bytes[i] = bytes[length - 1 - i];
        bytes[length - 1 - i] = byte;
    }
}

void body_settle(struct body *body, struct buffer *kept)
{
    if (body->tail == 0)
        return;
    reverse(tail_of(kept), body->tail);
    reverse(tail_of(kept) + body->tail, BODY_TAIL - body->tail);
    reverse(tail_of(kept), BODY_TAIL);
    body->tail = 0;
}

/* Takes what is there of `left` data bytes. */
static size_t data_take(struct body *body, struct slice input, struct buffer *kept)
{
    size_t take = body->left < input.length ? (size_t)body->left : input.length;

    keep(body, text_before(input, take), kept);
    body->left -= take;
    body->length += take;
    if (body->left == 0)
        body->state = body->state == IN_SIZED ? IN_DONE : IN_DATA_END;
    return take;
}

static void size_ends(struct body *body)
{
    body->state = body->left == 0 ? IN_TRAILER_START : IN_DATA;
}

static int size_step(struct body *body, unsigned char c)
{
    int digit = text_hex(c);

    if (body->left > INT64_MAX / 16) /* so nginx: at whatever follows the digit */
        return refuse(body, 400);
    if (digit >= 0) {
        body->left = body->left * 16 + (unsigned)digit;
        body->state = IN_SIZE;
    } else if (body->state == IN_SIZE_FIRST) {
        return refuse(body, 400);
    } else if (c == '\r') {
        body->state = IN_SIZE_LF;
    } else if (c == '\n') {
        size_ends(body);
    } else if (c == ';' || c == ' ' || c == '\t') {
        body->state = IN_EXTENSION;
    } else {
        return refuse(body, 400);
    }
    return 0;
}

/* A line end that may be LF or CR LF: `after` follows LF, `lf` waits for it. */
static int end_step(struct body *body, unsigned char c, uint8_t after, uint8_t lf)
{
    if (c == '\n')
        body->state = after;
    else if (c == '\r' && body->state != lf)
        body->state = lf;
    else
        return refuse(body, 400);
    return 0;
}

static int line_step(struct body *body, unsigned char c)
{
    switch (body->state) {
    case IN_SIZE_FIRST:
    case IN_SIZE:
        return size_step(body, c);
    case IN_EXTENSION:
    case IN_SIZE_LF:
        if (body->state == IN_EXTENSION && c != '\r' && c != '\n')
            return 0;
        return end_step(body, c, body->left == 0 ? IN_TRAILER_START : IN_DATA, IN_SIZE_LF);
    case IN_DATA_END:
    case IN_DATA_LF:
        return end_step(body, c, IN_SIZE_FIRST, IN_DATA_LF);
    case IN_TRAILER_START:
    case IN_END_LF:
        if (body->state == IN_TRAILER_START && c != '\r' && c != '\n') {
            body->state = IN_TRAILER;
            return 0;
        }
        return end_step(body, c, IN_DONE, IN_END_LF);
    default:
        if (body->state == IN_TRAILER && c != '\r' && c != '\n')
            return 0;
        return end_step(body, c, IN_TRAILER_START, IN_TRAILER_LF);
    }
}

enum body_result body_take(struct body *body, struct slice input, size_t *used, struct buffer *kept)
{
    size_t at = 0;

    while (body->state != IN_DONE && body->status == 0 && at < input.length) {
        if (body->state == IN_DATA && body->limit > 0 &&
            (body->length > body->limit || body->limit - body->length < body->left))
            (void)refuse(body, 413);
        else if (body->state == IN_DATA || body->state == IN_SIZED)
            at += data_take(body, text_from(input, at), kept);
        else if (line_step(body, input.data[at]) == 0)
            at++;
    }
    *used = at;
    if (body->status != 0)
        return BODY_REFUSED;
    return body->state == IN_DONE ? BODY_DONE : BODY_MORE;
}
