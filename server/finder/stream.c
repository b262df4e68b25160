/* SPDX-License-Identifier: ISC */
#include "server/finder/stream.h"

#include <string.h>

#define PIECE (256 * 1024)

int stream_open(struct stream *stream, struct search *search, struct error *error)
{
    *stream = (struct stream){.search = search};
    if (text_begin(&stream->text, PIECE + 2 * search_reach(stream->search)) < 0 || text_mark(&stream->text, 0) < 0)
        return error_set(error, "no memory to read with");
    return 0;
}

void stream_close(struct stream *stream)
{
    text_free(&stream->text);
}

void stream_begin(struct stream *stream)
{
    stream->text.length = stream->from = 0;
    stream->text.marks[0].source = 0;
}

unsigned char *stream_room(struct stream *stream, size_t *size)
{
    *size = stream->text.capacity - stream->text.length;
    return stream->text.bytes + stream->text.length;
}

void stream_filled(struct stream *stream, size_t length)
{
    stream->text.length += length;
    if (stream->text.length == stream->text.capacity)
        stream_search(stream, false);
}

void stream_put(struct stream *stream, struct slice bytes)
{
    while (bytes.length > 0) {
        size_t size, length;
        unsigned char *room = stream_room(stream, &size);

        length = size < bytes.length ? size : bytes.length;
        memcpy(room, bytes.data, length);
        bytes = (struct slice){bytes.data + length, bytes.length - length};
        stream_filled(stream, length);
    }
}

static void keep_from(struct stream *stream, size_t at)
{
    stream->text.length -= at;
    memmove(stream->text.bytes, stream->text.bytes + at, stream->text.length);
    stream->text.marks[0].source += at;
    stream->from -= at;
}

void stream_search(struct stream *stream, bool end)
{
    size_t length = stream->text.length, later = stream->search->longest,
           to = end ? length : length > later ? length - later : 0;

    if (to < stream->from)
        to = stream->from;
    search_text(stream->search, &stream->text, stream->from, to);
    stream->from = to;
    if (to > search_reach(stream->search))
        keep_from(stream, to - search_reach(stream->search));
}
