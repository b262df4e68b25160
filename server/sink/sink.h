/* SPDX-License-Identifier: ISC
 *
 * A small receiver of alerts on libmicrohttpd: verifies, prints, and fails on request. */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/sink/verify.h"

enum sink_fail {
    SINK_FAIL_NOT,
    SINK_FAIL_500,
    SINK_FAIL_410,
    SINK_FAIL_429,  /* with Retry-After: 2 */
    SINK_FAIL_SLOW, /* answers 204 after SINK_SLOW_S */
    SINK_FAIL_HANG, /* never answers */
    SINK_FAIL_REDIRECT,
    SINK_FAIL_CLOSE, /* breaks off in the middle of a 200 */
};

#define SINK_SLOW_S 10

struct sink_options {
    const char *address;
    uint16_t port; /* 0: any free one */
    struct verify_keys keys;
    enum sink_fail fail;
    uint64_t fail_first; /* the first N requests; 0: all */
    uint64_t count;      /* ends after that many alerts were taken; 0: never */
    bool json;
};

struct sink;

/* Digits alone, from `least` to `most`; 0 or -1. */
int sink_number(const char *text, uint64_t least, uint64_t most, uint64_t *out);
/* "500", "slow:3"; 0 or -1. */
int sink_fail_parse(const char *text, struct sink_options *options);
/* Listens. NULL with a text, also when the port is taken. */
struct sink *sink_new(const struct sink_options *options, struct error *error);
void sink_free(struct sink *sink);
uint16_t sink_port(const struct sink *sink);
/* Does what is due; waits up to timeout_ms. True when `count` alerts were taken and answered. */
bool sink_step(struct sink *sink, int timeout_ms);

#endif
