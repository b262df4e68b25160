/* SPDX-License-Identifier: ISC
 *
 * Lines of a head as nearly all are, taken in one go; and where a head's parser stands. For head.c. */
#ifndef HTTP_HEAD_USUAL_H
#define HTTP_HEAD_USUAL_H

#include "server/sensor/http/head.h"

/* Of head->state. */
enum head_state {
    AT_START,
    AT_METHOD,
    AT_SPACES,
    AT_SCHEME,
    AT_SCHEME_SLASH,
    AT_SCHEME_SLASHES,
    AT_HOST_START,
    AT_HOST,
    AT_HOST_LITERAL,
    AT_HOST_END,
    AT_PORT,
    AT_TARGET,
    AT_PROTOCOL_START,
    AT_PROTOCOL,
    AT_MAJOR_FIRST,
    AT_MAJOR,
    AT_MINOR_FIRST,
    AT_MINOR,
    AT_LINE_SPACES,
    AT_LINE_LF,
    /* header lines */
    AT_NAME_START,
    AT_NAME,
    AT_VALUE_START,
    AT_VALUE,
    AT_VALUE_SPACES,
    AT_VALUE_LF,
    AT_END_LF,
    AT_DONE,
};

/* Spans count from the head's start. */
static inline struct head_span span_of(const struct head *head, uint32_t from, uint32_t to)
{
    return (struct head_span){(uint16_t)(from - head->start), (uint16_t)(to - from)};
}

/* Of which ordinary names are made. */
extern const bool head_name_bytes[256];
/* At the start of a line that is whole and ordinary: takes it, so that it is complete as after its last byte. false:
 * nothing was done. */
bool head_usual(struct head *head, struct slice input);

#endif
