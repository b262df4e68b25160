/* SPDX-License-Identifier: ISC */
#include "server/finder/unpack.h"

#include <stdio.h>
#include <zlib.h>
#include "server/finder/pack.h"
#include "server/finder/tar.h"
#include "server/finder/zip.h"

static bool begins(struct slice front, const char *bytes, size_t length)
{
    return front.length >= length && memcmp(front.data, bytes, length) == 0;
}

/* ---- gzip (RFC 1952): members one after the other are one text ---- */

static bool is_gzip(struct slice front)
{
    return begins(front, "\x1f\x8b\x08", 3);
}

static void unpack_gzip(struct source *source, struct input *input)
{
    source_member(source, input_inflate(input, 15 + 16, INPUT_ALL), slice_of("gzip"));
    source_others(source, input, NULL);
}

/* ---- zlib (RFC 1950): git's loose objects, and whatever else begins so and can be inflated ---- */

static bool is_zlib(struct slice front)
{
    unsigned char out[64];
    z_stream zlib = {.next_in = (unsigned char *)(uintptr_t)front.data, .avail_in = (uInt)front.length,
                     .next_out = out, .avail_out = sizeof out};
    int result;

    if (front.length < 8 || (front.data[0] & 0x8f) != 8 || (front.data[0] << 8 | front.data[1]) % 31 != 0 ||
        inflateInit(&zlib) != Z_OK)
        return false;
    result = inflate(&zlib, Z_SYNC_FLUSH);
    inflateEnd(&zlib);
    return result == Z_STREAM_END || (result == Z_OK && zlib.avail_out < sizeof out);
}

static void unpack_zlib(struct source *source, struct input *input)
{
    source_member(source, input_inflate(input, 15, INPUT_ALL), slice_of("zlib"));
    source_others(source, input, NULL);
}

/* ---- PDF (ISO 32000-1, 7.3.8): of its streams those that are zlib's ---- */

#define STREAM "stream"
#define STREAM_LOOK 128 /* bytes behind it by which a stream is known */

static bool is_pdf(struct slice front)
{
    return begins(front, "%PDF-", 5);
}

/* Bytes of a stream's first line, where what is behind it is packed, else 0. */
static size_t packed_behind(struct slice front)
{
    size_t line = sizeof STREAM - 1;

    if (!begins(front, STREAM, line))
        return 0;
    front = slice_behind(front, line);
    line += begins(front, "\n", 1) ? 1 : begins(front, "\r\n", 2) ? 2 : 0;
    return is_zlib(slice_behind(front, line - (sizeof STREAM - 1))) ? line : 0;
}

static size_t before_packed(struct slice front)
{
    size_t at = 0;

    while ((at += slice_find(slice_behind(front, at), STREAM)) < front.length) {
        if (packed_behind(slice_behind(front, at)) > 0 || (at > 0 && front.length - at < STREAM_LOOK))
            return at;
        at += sizeof STREAM - 1;
    }
    return front.length >= sizeof STREAM ? front.length - (sizeof STREAM - 2) : front.length;
}

static void unpack_pdf(struct source *source, struct input *input)
{
    char name[48];
    size_t line;

    while (input_need(input, 1).length > 0) {
        source_others(source, input, before_packed);
        line = packed_behind(input_need(input, STREAM_LOOK));
        if (line == 0)
            break;
        input_skip(input, line);
        snprintf(name, sizeof name, "stream at %llu", (unsigned long long)input_position(input));
        source_member(source, input_inflate(input, 15, INPUT_ALL), slice_of(name));
    }
}

/* ---- what cannot be unpacked here ---- */

static bool is_foreign(struct slice front)
{
    return begins(front, "\xfd" "7zXZ\0", 6) || begins(front, "BZh", 3) || begins(front, "\x28\xb5\x2f\xfd", 4) ||
           begins(front, "7z\xbc\xaf\x27\x1c", 6) || begins(front, "Rar!\x1a\x07", 6) ||
           begins(front, "\x04\x22\x4d\x18", 4);
}

static void refuse_foreign(struct source *source, struct input *input)
{
    (void)input;
    source_note(source, "it is compressed in a way that is not known here: unpack it, and search that");
}

static const struct unpacker unpackers[] = {
    {"gzip", is_gzip, unpack_gzip},
    {"zlib", is_zlib, unpack_zlib},
    {"pack", pack_is, pack_unpack},
    {"zip", zip_is, zip_unpack},
    {"tar", tar_is, tar_unpack},
    {"pdf", is_pdf, unpack_pdf},
    {"foreign", is_foreign, refuse_foreign},
};

const struct unpacker *unpacker_of(struct slice front)
{
    for (size_t i = 0; i < sizeof unpackers / sizeof unpackers[0]; i++)
        if (unpackers[i].is(front))
            return &unpackers[i];
    return NULL;
}
