/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/head.h"

#include <string.h>
#include "server/sensor/http/head_field.h"
#include "server/sensor/http/head_usual.h"

void head_begin(struct head *head)
{
    head->at = head->start = head->line = 0;
    head->room = HEAD_SMALL;
    head->state = AT_START;
    head->larges = head->protocol = head->count = 0;
    head->unnamed = false;
    head->status = head->major = head->minor = 0;
    head->seen = 0;
    head->method = head->target = head->path = head->host = head->target_host = (struct head_span){0, 0};
    head->name = head->name_end = head->value = head->value_end = 0;
    head->version = 10;
    head->keep_alive = head->chunked = head->expects = head->sized = head->coded = head->length_bad = false;
    head->padded = head->old = head->whole = false;
    head->connection = 0;
    head->length = 0;
}

static bool letter(unsigned char c)
{
    unsigned char low = c | 0x20;

    return low >= 'a' && low <= 'z';
}

static bool digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static int refuse(struct head *head, unsigned status)
{
    head->status = (uint16_t)status;
    return -1;
}

static void target_ends(struct head *head)
{
    head->target.length = (uint16_t)(head->at - head->start - head->target.at);
    if (head->path.at != 0)
        head->path.length = (uint16_t)(head->at - head->start - head->path.at);
}

static void path_begins(struct head *head)
{
    head->path = span_of(head, head->at, head->at);
    head->state = AT_TARGET;
}

static int method_step(struct head *head, unsigned char c)
{
    if (head->state == AT_START) {
        head->start = head->line = head->at;
        if (c == '\r' || c == '\n')
            return 0;
        head->state = AT_METHOD;
    } else if (c == ' ') {
        head->method = span_of(head, head->start, head->at);
        head->state = AT_SPACES;
        return 0;
    }
    return (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ? 0 : refuse(head, 400);
}

/* Behind the host of an absolute target. */
static int host_ends(struct head *head, unsigned char c)
{
    if (head->target_host.length == 0)
        head->target_host.length = (uint16_t)(head->at - head->start - head->target_host.at);
    if (c == ':' && head->state != AT_PORT) {
        head->state = AT_PORT;
    } else if (c == '/' || c == '?') {
        path_begins(head);
    } else if (c == ' ') {
        target_ends(head);
        head->state = AT_PROTOCOL_START;
    } else {
        return refuse(head, 400);
    }
    return 0;
}

static int host_step(struct head *head, unsigned char c)
{
    switch (head->state) {
    case AT_HOST_START:
        head->target_host = span_of(head, head->at, head->at);
        if (c == '[') {
            head->state = AT_HOST_LITERAL;
            return 0;
        }
        head->state = AT_HOST;
        break;
    case AT_HOST_LITERAL:
        if (c == ']')
            head->state = AT_HOST_END;
        return letter(c) || digit(c) || (c != 0 && strchr(":]-._~!$&'()*+,;=", c) != NULL) ? 0 : refuse(head, 400);
    case AT_PORT:
        if (digit(c))
            return 0;
        break;
    default:
        break;
    }
    if (head->state == AT_HOST && (letter(c) || digit(c) || c == '.' || c == '-'))
        return 0;
    return host_ends(head, c);
}

static int scheme_step(struct head *head, unsigned char c)
{
    switch (head->state) {
    case AT_SPACES:
        if (c == ' ')
            return 0;
        head->target = span_of(head, head->at, head->at);
        if (c == '/')
            path_begins(head);
        else if (letter(c))
            head->state = AT_SCHEME;
        else
            return refuse(head, 400);
        return 0;
    case AT_SCHEME:
        if (c == ':')
            head->state = AT_SCHEME_SLASH;
        else if (!letter(c) && !digit(c) && c != '+' && c != '-' && c != '.')
            return refuse(head, 400);
        return 0;
    default:
        if (c != '/')
            return refuse(head, 400);
        head->state = head->state == AT_SCHEME_SLASH ? AT_SCHEME_SLASHES : AT_HOST_START;
        return 0;
    }
}

/* The end of the request line; HTTP/0.9 where no version stood. */
static int line_ends(struct head *head, unsigned char c)
{
    if (c == '\r') {
        head->state = AT_LINE_LF;
        return 0;
    }
    head->state = AT_NAME_START;
    return 1;
}

static int target_step(struct head *head, unsigned char c)
{
    if (c == ' ' || c == '\r' || c == '\n') {
        target_ends(head);
        head->state = AT_PROTOCOL_START;
        return c == ' ' ? 0 : line_ends(head, c);
    }
    return c < 0x20 || c == 0x7f ? refuse(head, 400) : 0;
}

static int protocol_step(struct head *head, unsigned char c)
{
    static const char text[] = "HTTP/";

    if (head->state == AT_PROTOCOL_START) {
        if (c == ' ')
            return 0;
        if (c == '\r' || c == '\n')
            return line_ends(head, c);
        head->state = AT_PROTOCOL;
    }
    if (c != (unsigned char)text[head->protocol])
        return refuse(head, 400);
    if (++head->protocol == sizeof(text) - 1)
        head->state = AT_MAJOR_FIRST;
    return 0;
}

static int major_step(struct head *head, unsigned char c)
{
    if (c == '.' && head->state == AT_MAJOR) {
        head->state = AT_MINOR_FIRST;
        return 0;
    }
    if (!digit(c) || (c == '0' && head->state == AT_MAJOR_FIRST))
        return refuse(head, 400);
    head->major = (uint16_t)(head->major * 10 + (c - '0'));
    head->state = AT_MAJOR;
    return head->major > 1 ? refuse(head, 505) : 0;
}

static int minor_step(struct head *head, unsigned char c)
{
    if (digit(c) && head->state != AT_LINE_SPACES) {
        if (head->minor > 99)
            return refuse(head, 400);
        head->minor = (uint16_t)(head->minor * 10 + (c - '0'));
        head->state = AT_MINOR;
        return 0;
    }
    if (head->state == AT_MINOR_FIRST)
        return refuse(head, 400);
    if (c == ' ') {
        head->state = AT_LINE_SPACES;
        return 0;
    }
    return c == '\r' || c == '\n' ? line_ends(head, c) : refuse(head, 400);
}

/* One byte of the request line. 1: it is complete, -1: refused. */
static int line_step(struct head *head, unsigned char c)
{
    switch (head->state) {
    case AT_START:
    case AT_METHOD:
        return method_step(head, c);
    case AT_SPACES:
    case AT_SCHEME:
    case AT_SCHEME_SLASH:
    case AT_SCHEME_SLASHES:
        return scheme_step(head, c);
    case AT_HOST_START:
    case AT_HOST:
    case AT_HOST_LITERAL:
    case AT_HOST_END:
    case AT_PORT:
        return host_step(head, c);
    case AT_TARGET:
        return target_step(head, c);
    case AT_PROTOCOL_START:
    case AT_PROTOCOL:
        return protocol_step(head, c);
    case AT_MAJOR_FIRST:
    case AT_MAJOR:
        return major_step(head, c);
    case AT_LINE_LF:
        return c == '\n' ? line_ends(head, c) : refuse(head, 400);
    default:
        return minor_step(head, c);
    }
}

static int name_step(struct head *head, unsigned char c)
{
    bool first = head->state == AT_NAME_START;

    if (first) {
        head->line = head->name = head->at;
        head->unnamed = false;
        if (c == '\r')
            head->state = AT_END_LF;
        if (c == '\r' || c == '\n')
            return c == '\n' ? 2 : 0;
        head->state = AT_NAME;
    }
    if (letter(c) || digit(c) || c == '-')
        return 0;
    if (c == ':' && !first) {
        head->name_end = head->at;
        head->state = AT_VALUE_START;
    } else if ((c == '\r' || c == '\n') && !first) {
        head->name_end = head->value = head->value_end = head->at;
        head->state = AT_VALUE_LF;
        return c == '\n' ? 1 : 0;
    } else if (c <= 0x20 || c == 0x7f || c == ':') {
        return refuse(head, 400);
    } else {
        head->unnamed = true;
    }
    return 0;
}

static int value_step(struct head *head, unsigned char c)
{
    if (c == 0)
        return refuse(head, 400);
    if (c == ' ') {
        if (head->state == AT_VALUE) {
            head->value_end = head->at;
            head->state = AT_VALUE_SPACES;
        }
        return 0;
    }
    if (c == '\r' || c == '\n') {
        if (head->state == AT_VALUE_START)
            head->value = head->value_end = head->at;
        else if (head->state == AT_VALUE)
            head->value_end = head->at;
        head->state = AT_VALUE_LF;
        return c == '\n' ? 1 : 0;
    }
    if (head->state == AT_VALUE_START)
        head->value = head->at;
    head->state = AT_VALUE;
    return 0;
}

/* One byte of a header line. 1: a line is complete, 2: the head is, -1: refused. */
static int field_step(struct head *head, unsigned char c)
{
    switch (head->state) {
    case AT_NAME_START:
    case AT_NAME:
        return name_step(head, c);
    case AT_VALUE_START:
    case AT_VALUE:
    case AT_VALUE_SPACES:
        return value_step(head, c);
    case AT_VALUE_LF:
        if (c == '\n')
            return 1;
        return c == '\r' ? 0 : refuse(head, 400);
    default:
        return c == '\n' ? 2 : refuse(head, 400);
    }
}

/* nginx reads into buffers that a line must fit in; what does not is refused as soon as the buffer is full. */
static int room_step(struct head *head)
{
    uint32_t partial = head->at - head->line;

    if (head->state == AT_START) {
        head->room = head->at + HEAD_SMALL;
        return 0;
    }
    if (head->state == AT_NAME_START)
        partial = 0;
    if (partial >= HEAD_LARGE || head->larges == HEAD_LARGE_COUNT)
        return refuse(head, head->state < AT_NAME_START ? 414 : HEAD_TOO_LARGE);
    head->larges++;
    head->room = head->at + HEAD_LARGE - partial;
    return 0;
}

/* The bulk of targets, names and values needs no state for each byte. */
static void run(struct head *head, struct slice input)
{
    uint32_t limit = head->room < input.length ? head->room : (uint32_t)input.length;
    uint32_t at = head->at;

    if (head->state == AT_NAME)
        while (at < limit && head_name_bytes[input.data[at]])
            at++;
    else if (head->state == AT_TARGET)
        while (at < limit && input.data[at] > 0x20 && input.data[at] != 0x7f)
            at++;
    else
        while (at < limit && input.data[at] > 0x20)
            at++;
    head->at = at;
}

static void field_keep(struct head *head)
{
    if (head->count == HTTP_HEADERS)
        return;
    head->names[head->count] = span_of(head, head->name, head->name_end);
    head->values[head->count] = span_of(head, head->value, head->value_end);
    head->count++;
}

/* A byte was taken that completed the request line, a header line (what: 1) or the head (2). */
static void complete(struct head *head, struct slice input, int what)
{
    struct slice raw = {input.data + head->start, input.length - head->start};

    if (what == 2) {
        head_all_done(head, raw);
        head->whole = true;
        head->state = AT_DONE;
    } else if (head->state == AT_NAME_START) {
        head_line_done(head, raw);
        if (head->version == 9)
            head->state = AT_DONE;
    } else {
        field_keep(head);
        if (!head->unnamed)
            head_field_done(head, raw, span_of(head, head->name, head->name_end),
                            span_of(head, head->value, head->value_end));
        head->state = AT_NAME_START;
    }
}

enum head_result head_parse(struct head *head, struct slice input)
{
    int what;

    while (head->state != AT_DONE && head->status == 0) {
        if (head->at == head->room && room_step(head) != 0)
            break;
        if (head->at >= input.length)
            return HEAD_MORE;
        if ((head->state == AT_NAME_START || head->state == AT_START) && head_usual(head, input)) {
            complete(head, input, 1);
            continue;
        }
        if (head->state == AT_VALUE || head->state == AT_NAME || head->state == AT_TARGET) {
            run(head, input);
            if (head->at == head->room || head->at == input.length)
                continue;
        }
        what = head->state < AT_NAME_START ? line_step(head, input.data[head->at])
                                           : field_step(head, input.data[head->at]);
        if (what >= 0)
            head->at++;
        if (what > 0)
            complete(head, input, what);
    }
    return head->status != 0 ? HEAD_REFUSED : HEAD_DONE;
}

size_t head_skip(struct head *head)
{
    uint32_t skip = head->state == AT_START ? head->at : head->start;

    head->at -= skip;
    head->room -= skip;
    head->start = 0;
    head->line = head->state == AT_START ? 0 : head->line - skip;
    if (head->state >= AT_NAME_START) {
        head->name -= skip;
        head->name_end -= skip;
        head->value -= skip;
        head->value_end -= skip;
    }
    return skip;
}
