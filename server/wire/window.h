/* SPDX-License-Identifier: ISC
 *
 * How planted secrets are found in a stream (`sundew recognise`) by one who does not have them. The keeper cuts windows
 * out of each secret and hashes them under keys drawn for one job; the finder hashes windows of what it reads, and
 * sends what stands where a hash is met to the keeper, which has the secret and compares.
 *
 * A window is `width` bytes. The stream is looked at every `stride` bytes only, so of each secret `stride` neighbouring
 * windows are known, one of which any reading meets: a secret of at least width + stride - 1 bytes is never missed.
 * Secrets are sorted by length into lanes; a longer window for a longer secret.
 *
 * Each window has two hashes. The quick one, multiplications, goes into a filter whose places are few: what it tells
 * of a window is bounded by the filter's size, some 8 bits. The strong one, SipHash-2-4, is looked up for what the
 * filter lets through. */
#ifndef WIRE_WINDOW_H
#define WIRE_WINDOW_H

#include <stdint.h>
#include <string.h>
#include "server/base/buffer.h"

#define WINDOW_LANES 3
#define WINDOW_SHORTEST 8 /* bytes of a secret that can be found */
#define WINDOW_LONGEST 511 /* bytes of a form */
#define WINDOW_TOKENS ((1u << 27) - 1)
#define WINDOW_PACKED 28 /* bytes of one in a message */

struct window_lane {
    uint8_t width, stride;
};

/* Widest first: 16 at every 8th byte (secrets from 23 bytes on), 12 at every 4th (from 15), 8 at each (from 8). */
extern const struct window_lane window_lanes[WINDOW_LANES];

/* The lane of a secret with that length, or -1: too short. */
int window_lane_of(size_t length);

/* A secret's spelling: as it is, or what base64 makes of it behind 0, 1 or 2 bytes modulo 3, in either alphabet. */
enum window_form { FORM_PLAIN, FORM_BASE64, FORM_BASE64_1, FORM_BASE64_2, FORM_URL, FORM_URL_1, FORM_URL_2, FORMS };

struct window_keys {
    uint64_t quick[4];
    unsigned char strong[16];
};

/* One window of one form of one token's secret. */
struct window {
    uint64_t quick, strong;
    uint32_t token;  /* the ledger's row, at most WINDOW_TOKENS */
    uint16_t offset; /* of the window in the form */
    uint16_t length; /* of the form, at most WINDOW_LONGEST */
    uint8_t lane, form;
    unsigned char lowest, highest; /* of its bytes: most of a text has others, and is not hashed */
};

void window_keys_draw(struct window_keys *keys);

static inline uint64_t window_load(const unsigned char *bytes, size_t length)
{
    uint64_t value = 0;

    memcpy(&value, bytes, length);
    return value;
}

/* Of a window's first 8 bytes and the up to 8 behind them, or of vectors of such: multilinear hashing with half as many
 * multiplications (Lemire and Kaser 2014), strongly universal in its upper 32 bits. */
#define WINDOW_QUICK(k, first, second)                                                                                 \
    (((k)[0] + ((first) & UINT32_MAX)) * ((k)[1] + ((first) >> 32)) +                                                  \
     ((k)[2] + ((second) & UINT32_MAX)) * ((k)[3] + ((second) >> 32)))

/* Of 16, 12 or 8 bytes. */
static inline uint64_t window_quick(const struct window_keys *keys, const unsigned char *bytes, size_t width)
{
    uint64_t first = window_load(bytes, 8), second = window_load(bytes + 8, width - 8);

    return WINDOW_QUICK(keys->quick, first, second);
}

uint64_t window_strong(const struct window_keys *keys, const unsigned char *bytes, size_t width);

/* Packed, without a type. */
void window_add(struct buffer *buffer, const struct window *window);
void window_get(struct reader *reader, struct window *window);

#endif
