/* SPDX-License-Identifier: ISC */
#include "server/finder/unpack.h"

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
    {"foreign", is_foreign, refuse_foreign},
};

const struct unpacker *unpacker_of(struct slice front)
{
    for (size_t i = 0; i < sizeof unpackers / sizeof unpackers[0]; i++)
        if (unpackers[i].is(front))
            return &unpackers[i];
    return NULL;
}
