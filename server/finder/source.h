/* SPDX-License-Identifier: ISC
 *
 * One file, or whatever else a descriptor gives: searched as it is, or unpacked where it is packed. */
#ifndef FINDER_SOURCE_H
#define FINDER_SOURCE_H

#include "server/finder/stream.h"

#define SOURCE_INPUT 65536
#define SOURCE_MEMBER 256 /* bytes of a member's name */

struct source {
    struct stream *stream;
    int fd;
    unsigned char input[SOURCE_INPUT]; /* what was read and not used yet */
    size_t at, length;
    uint64_t taken;             /* bytes read in all */
    char member[SOURCE_MEMBER]; /* what is searched within the file: "gzip", "blob 3f2a…", a member's name; or "" */
    void (*idle)(void *context); /* before each reading that may wait; may be NULL */
    void *context;
};

/* Searches all that `fd` gives, which stays the caller's. -1: not all, with why. */
int source_search(struct source *source, int fd, struct error *error);

/* ---- for those who unpack ---- */

/* Has at least `length` bytes in front, at most SOURCE_INPUT, or all that is left. -1 when reading failed. */
int source_need(struct source *source, size_t length, struct error *error);
static inline struct slice source_front(const struct source *source)
{
    return (struct slice){source->input + source->at, source->length - source->at};
}
static inline void source_skip(struct source *source, size_t length)
{
    source->at += length;
}
/* Inflates from the front on, into the stream or, without `keep`, to find where it ends. bits: as inflateInit2() takes
 * them. */
int source_inflate(struct source *source, int bits, bool keep, struct error *error);

#endif
