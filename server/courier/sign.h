/* SPDX-License-Identifier: ISC
 *
 * Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec): v1 is HMAC-SHA256 under a
 * whsec_ key, v1a Ed25519 under a whsk_ key, each over "ID.TIMESTAMP.BODY". With several keys (while rotating) the
 * header holds one signature for each. */
#ifndef COURIER_SIGN_H
#define COURIER_SIGN_H

#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define SIGN_KEYS 8
#define SIGN_KEY_BYTES 64

struct sign_key {
    enum { SIGN_V1, SIGN_V1A } scheme;
    unsigned char bytes[SIGN_KEY_BYTES]; /* v1: 24 to 64 bytes; v1a: libsodium's 64, seed and public half */
    size_t length;
};

struct sign_keys {
    struct sign_key keys[SIGN_KEYS];
    size_t count;
};

/* Reads whsec_… or whsk_… (base64; a whsk_ holds the seed alone, or seed and public half). */
int sign_key_parse(struct slice text, struct sign_key *key, struct error *error);
/* Appends the keys of a file: one a line, blank lines and lines from '#' left out. At least one must be there. */
int sign_keys_load(const char *path, struct sign_keys *keys, struct error *error);
/* The value of webhook-signature, appended to out. timestamp in seconds since 1970. -1 when out is full or id holds
 * a '.' or there is no key. */
int sign_body(const struct sign_keys *keys, const char *id, int64_t timestamp, struct slice body, struct buffer *out);
void sign_keys_wipe(struct sign_keys *keys);

#endif
