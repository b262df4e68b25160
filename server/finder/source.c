/* SPDX-License-Identifier: ISC */
#include "server/finder/source.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>
#include "server/base/unzeroed.h"
#include "server/finder/unpack.h"

#define SCRAP 16384

/* Reads some; 0 at the end. */
static ssize_t read_some(struct source *source, unsigned char *bytes, size_t size, struct error *error)
{
    ssize_t got;

    if (source->idle != NULL)
        source->idle(source->context);
    do
        got = read(source->fd, bytes, size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(error, "it could be read no further than byte %llu", (unsigned long long)source->taken);
    source->taken += (uint64_t)got;
    return got;
}

int source_need(struct source *source, size_t length, struct error *error)
{
    if (length > SOURCE_INPUT)
        length = SOURCE_INPUT;
    if (source->length - source->at >= length)
        return 0;
    memmove(source->input, source->input + source->at, source->length - source->at);
    source->length -= source->at;
    source->at = 0;
    while (source->length < length) {
        ssize_t got = read_some(source, source->input + source->length, SOURCE_INPUT - source->length, error);

        if (got < 0)
            return -1;
        if (got == 0)
            break;
        source->length += (size_t)got;
    }
    return 0;
}

/* As it is, to the end. What is there is searched before more is waited for. */
static int search_plain(struct source *source, struct error *error)
{
    ssize_t got;

    stream_put(source->stream, source_front(source));
    source_skip(source, source_front(source).length);
    do {
        size_t size;
        unsigned char *room = stream_room(source->stream, &size);

        got = read_some(source, room, size, error);
        if (got > 0)
            stream_filled(source->stream, (size_t)got);
        if (got > 0 && (size_t)got < size)
            stream_search(source->stream, false);
    } while (got > 0);
    stream_search(source->stream, true);
    return got < 0 ? -1 : 0;
}

static int inflate_some(struct source *source, z_stream *zlib, bool keep, struct error *error)
{
    unsigned char scrap[SCRAP] UNZEROED;
    size_t size = sizeof scrap, length;
    int result;

    if (source_need(source, 1, error) < 0)
        return -1;
    length = source_front(source).length;
    zlib->next_in = source->input + source->at;
    zlib->avail_in = (uInt)length;
    zlib->next_out = keep ? stream_room(source->stream, &size) : scrap;
    zlib->avail_out = (uInt)size;
    result = inflate(zlib, Z_NO_FLUSH);
    source_skip(source, length - zlib->avail_in);
    if (keep)
        stream_filled(source->stream, size - zlib->avail_out);
    if (result == Z_STREAM_END)
        return 1;
    if (result == Z_OK && length > 0)
        return 0;
    return error_set(error, "what is compressed in it is %s: it was searched up to there",
                     length == 0 ? "cut off" : "damaged");
}

int source_inflate(struct source *source, int bits, bool keep, struct error *error)
{
    z_stream zlib = {.next_in = NULL};
    int result = inflateInit2(&zlib, bits) == Z_OK ? 0 : error_set(error, "no memory to unpack with");

    while (result == 0)
        result = inflate_some(source, &zlib, keep, error);
    inflateEnd(&zlib);
    return result < 0 ? -1 : 0;
}

int source_search(struct source *source, int fd, struct error *error)
{
    const struct unpacker *unpacker;
    int result;

    source->fd = fd;
    source->at = source->length = 0;
    source->taken = 0;
    source->member[0] = '\0';
    search_forget(source->stream->search);
    stream_begin(source->stream);
    if (source_need(source, UNPACK_LOOK, error) < 0)
        return -1;
    unpacker = unpacker_of(source_front(source));
    result = unpacker != NULL ? unpacker->unpack(source, error) : search_plain(source, error);
    return result;
}
