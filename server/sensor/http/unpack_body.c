/* SPDX-License-Identifier: ISC */
#define ZLIB_CONST
#include "server/sensor/http/unpack_body.h"

#include <sodium.h>
#include <stdlib.h>
#include <zlib.h>
#include "server/sensor/credential.h"
#include "server/sensor/http/body.h"
#include "server/sensor/http/text.h"

#define RATIO 128
#define LEAST 16384
#define PIECE 16384
#define ARENA (64 * 1024) /* zlib's state and window take 40 KiB */
#define GZIP_OR_ZLIB (15 + 32)
#define RAW (-15)
#define SNIFFED 64

void unpacked_init(struct unpacked *unpacked)
{
    buffer_init(&unpacked->inflated, BODY_KEPT);
    buffer_init(&unpacked->text, BODY_KEPT);
}

void unpacked_free(struct unpacked *unpacked)
{
    if (unpacked->inflated.data != NULL)
        buffer_free(&unpacked->inflated);
    if (unpacked->text.data != NULL)
        buffer_free(&unpacked->text);
}

/* ---- compressed ---- */

/* All that zlib allocates, so that it can be wiped. */
struct arena {
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[ARENA];
};

static void *arena_take(void *context, uInt items, uInt size)
{
    struct arena *arena = context;
    size_t length = ((size_t)items * size + 63) / 64 * 64;
    void *taken = NULL;

    if (items <= ARENA && size <= ARENA && length <= ARENA - arena->used) {
        taken = arena->bytes + arena->used;
        arena->used += length;
    }
    return taken;
}

static void arena_drop(void *context, void *taken)
{
    (void)context;
    (void)taken;
}

/* One member after the other, while there is room for `most` bytes. What zlib said last. */
static int inflate_members(z_stream *zlib, size_t most, struct buffer *out)
{
    int result = Z_OK;

    while (result == Z_OK && out->length < most) {
        size_t room = most - out->length < PIECE ? most - out->length : PIECE;

        zlib->next_out = buffer_reserve(out, room);
        if (zlib->next_out == NULL)
            break;
        zlib->avail_out = (uInt)room;
        result = inflate(zlib, Z_NO_FLUSH);
        buffer_grow(out, room - zlib->avail_out);
        if (result == Z_STREAM_END && zlib->avail_in > 2 && zlib->next_in[0] == 0x1f && zlib->next_in[1] == 0x8b)
            result = inflateReset(zlib);
    }
    return result;
}

/* False where it is damaged. */
static bool inflate_as(struct arena *arena, int window, struct slice body, struct buffer *out)
{
    z_stream zlib = {.next_in = body.data, .avail_in = (uInt)body.length, .zalloc = arena_take, .zfree = arena_drop,
                     .opaque = arena};
    size_t most = LEAST + body.length * RATIO;
    int result;

    arena->used = 0;
    result = inflateInit2(&zlib, window);
    if (result == Z_OK) {
        result = inflate_members(&zlib, most < BODY_KEPT ? most : BODY_KEPT, out);
        (void)inflateEnd(&zlib);
    }
    return result != Z_DATA_ERROR;
}

/* "deflate" is zlib's format by the standard, and the bare one of what took the word for it. That has no mark: many a
 * text that is not compressed at all, whatever its header says, begins as one, and soon goes on as none. */
static void inflate_body(struct slice body, struct buffer *out)
{
    struct arena *arena = malloc(sizeof(*arena));

    if (arena == NULL)
        return;
    inflate_as(arena, GZIP_OR_ZLIB, body, out);
    if (out->length == 0 && !inflate_as(arena, RAW, body, out))
        buffer_clear(out);
    sodium_memzero(arena, sizeof(*arena));
    free(arena);
}

static bool is_compressed(struct slice encoding, struct slice body)
{
    return (body.length > 2 && memcmp(body.data, "\x1f\x8b\x08", 3) == 0) ||
           (encoding.length > 0 && (text_find_nocase(encoding, "gzip") != TEXT_NONE ||
                                    text_find_nocase(encoding, "deflate") != TEXT_NONE));
}

/* ---- UTF-16 ---- */

/* Where the low byte of each character is, or -1: by the mark at the front, or by the zeros of ASCII characters. */
static int low_byte(struct slice body)
{
    size_t zeros[2] = {0, 0}, i, length = body.length < SNIFFED ? body.length / 2 * 2 : SNIFFED;

    if (length >= 2 && (memcmp(body.data, "\xff\xfe", 2) == 0 || memcmp(body.data, "\xfe\xff", 2) == 0))
        return body.data[0] == 0xff ? 0 : 1;
    if (length < 4 || memchr(body.data, 0, length) == NULL)
        return -1;
    for (i = 0; i < length; i++)
        zeros[i % 2] += body.data[i] == 0;
    for (i = 0; i < 2; i++)
        if (zeros[1 - i] >= length / 4 && zeros[i] <= length / 16)
            return (int)i;
    return -1;
}

static unsigned long unit_at(struct slice body, size_t at, int low)
{
    return body.data[at + (size_t)low] | (unsigned long)body.data[at + 1 - (size_t)low] << 8;
}

static void undo_utf16(struct slice body, int low, struct buffer *out)
{
    for (size_t at = 0; at + 1 < body.length; at += 2) {
        unsigned long c = unit_at(body, at, low), next;

        if (c >= 0xd800 && c < 0xdc00 && at + 3 < body.length) {
            next = unit_at(body, at + 2, low);
            if (next >= 0xdc00 && next < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
                at += 2;
            }
        }
        if (c != 0xfeff && decode_unicode(c, out) < 0)
            break;
    }
}

struct slice unpack_body(struct unpacked *unpacked, struct slice encoding, struct slice body)
{
    int low;

    if (is_compressed(encoding, body))
        inflate_body(body, &unpacked->inflated);
    if (unpacked->inflated.length > 0)
        body = buffer_slice(&unpacked->inflated);
    low = low_byte(body);
    if (low >= 0)
        undo_utf16(body, low, &unpacked->text);
    return unpacked->text.length > 0 ? buffer_slice(&unpacked->text) : body;
}
