/* SPDX-License-Identifier: ISC */
#include <zlib.h>
#include "server/minter/container/containers.h"

int deflate_into(struct slice data, int window, struct buffer *out)
{
    z_stream zlib = {.next_in = (unsigned char *)(uintptr_t)data.data, .avail_in = (uInt)data.length};
    int result = deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
    size_t room = result == Z_OK ? deflateBound(&zlib, data.length) + 32 : 0;

    if (result == Z_OK && (zlib.next_out = buffer_reserve(out, room)) != NULL) {
        zlib.avail_out = (uInt)room;
        result = deflate(&zlib, Z_FINISH);
        buffer_grow(out, zlib.total_out);
    }
    deflateEnd(&zlib);
    return result == Z_STREAM_END ? 0 : -1;
}
