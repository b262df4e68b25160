/* SPDX-License-Identifier: ISC
 *
 * Bytes of any length, searched as they come, in pieces that overlap. */
#ifndef FINDER_STREAM_H
#define FINDER_STREAM_H

#include "server/finder/search.h"

struct stream {
    struct search *search;
    struct text text; /* one mark: where in the stream it begins */
    size_t from;      /* windows before were searched */
};

int stream_open(struct stream *stream, struct search *search, struct error *error);
void stream_close(struct stream *stream);
/* Begins anew, at offset 0. */
void stream_begin(struct stream *stream);
/* Room for what comes next, at least one byte. */
unsigned char *stream_room(struct stream *stream, size_t *size);
/* So much was put there. */
void stream_filled(struct stream *stream, size_t length);
void stream_put(struct stream *stream, struct slice bytes);
/* Searches what is there; with `end` all of it, else what later bytes cannot change. */
void stream_search(struct stream *stream, bool end);

#endif
