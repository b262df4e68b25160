/* SPDX-License-Identifier: ISC
 *
 * The receiver's half of Standard Webhooks: is this body from somebody who holds the key, and is it fresh? Written
 * apart from the courier's half, so that each is a check of the other. */
#ifndef SINK_VERIFY_H
#define SINK_VERIFY_H

#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define VERIFY_KEYS 16
#define VERIFY_TOLERANCE_S 300

struct verify_key {
    enum { VERIFY_SECRET, VERIFY_PUBLIC } type;
    unsigned char bytes[64];
    size_t length;
};

struct verify_keys {
    struct verify_key list[VERIFY_KEYS];
    size_t count;
};

enum verify_result { VERIFY_GOOD, VERIFY_NO_KEY, VERIFY_NO_HEADERS, VERIFY_STALE, VERIFY_WRONG };

/* whsec_…, whpk_…, whsk_… (of which the public half is taken), or a file with such keys, one a line. */
int verify_keys_add(const char *text, struct verify_keys *keys, struct error *error);
/* Headers may be NULL. now_s in seconds since 1970. *scheme becomes "v1" or "v1a" when good, else "". */
enum verify_result verify_body(const struct verify_keys *keys, const char *id, const char *timestamp,
                               const char *signatures, struct slice body, int64_t now_s, const char **scheme);
/* For people. */
const char *verify_text(enum verify_result result);

#endif
