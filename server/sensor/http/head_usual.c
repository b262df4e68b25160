/* SPDX-License-Identifier: ISC
 *
 * Lines as nearly all are, without a state for each byte. */
#include "server/sensor/http/head_usual.h"

#include <string.h>

const bool head_name_bytes[256] = {['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['-'] = true};

#define EACH(byte) (UINT64_MAX / 255 * (byte))

/* The first control character from `at` on, or the limit. */
static uint32_t control_from(const unsigned char *data, uint32_t at, uint32_t limit)
{
    uint64_t eight;

    for (; limit - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, data + at, sizeof eight);
        if (((eight - EACH(0x20)) & ~eight & EACH(0x80)) != 0)
            break;
    }
    while (at < limit && data[at] >= 0x20)
        at++;
    return at;
}

/* A whole request line as nearly all are, "GET /path HTTP/1.1", in one go. false: it is none, or not all here. */
static bool take_usual_start(struct head *head, const unsigned char *data, uint32_t limit)
{
    static const char end[] = " HTTP/1.1\r\n";
    uint32_t method = head->at, target;

    while (method < limit && data[method] >= 'A' && data[method] <= 'Z')
        method++;
    if (method == head->at || limit - method < 2 || data[method] != ' ' || data[method + 1] != '/')
        return false;
    for (target = method + 1; target < limit && data[target] > 0x20 && data[target] != 0x7f;)
        target++;
    if (limit - target < sizeof(end) - 1 || memcmp(data + target, end, sizeof(end) - 1) != 0)
        return false;
    head->start = head->line = head->at;
    head->method = span_of(head, head->start, method);
    head->target = head->path = span_of(head, method + 1, target);
    head->protocol = sizeof("HTTP/") - 1;
    head->major = head->minor = 1;
    head->at = target + sizeof(end) - 1;
    head->state = AT_NAME_START;
    return true;
}

/* The same of a header line: "Name: value". */
static bool take_usual_field(struct head *head, const unsigned char *data, uint32_t limit)
{
    uint32_t name = head->at, value;

    while (name < limit && head_name_bytes[data[name]])
        name++;
    if (name == head->at || limit - name < 3 || data[name] != ':' || data[name + 1] != ' ' || data[name + 2] <= ' ')
        return false;
    value = control_from(data, name + 2, limit);
    if (limit - value < 2 || data[value] != '\r' || data[value + 1] != '\n' || data[value - 1] == ' ')
        return false;
    head->line = head->name = head->at;
    head->name_end = name;
    head->unnamed = false;
    head->value = name + 2;
    head->value_end = value;
    head->at = value + 2;
    head->state = AT_VALUE_LF;
    return true;
}

bool head_usual(struct head *head, struct slice input)
{
    uint32_t limit = head->room < input.length ? head->room : (uint32_t)input.length;

    if (head->state == AT_START)
        return take_usual_start(head, input.data, limit);
    return head->state == AT_NAME_START && take_usual_field(head, input.data, limit);
}
