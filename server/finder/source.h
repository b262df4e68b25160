/* SPDX-License-Identifier: ISC
 *
 * One file, or whatever else a descriptor gives: searched as it is, or unpacked where it is packed, and what comes out
 * likewise. */
#ifndef FINDER_SOURCE_H
#define FINDER_SOURCE_H

#include "server/finder/input.h"
#include "server/finder/stream.h"

#define SOURCE_DEPTH 8     /* of what is packed within each other: what lies deeper is searched as it is */
#define SOURCE_MEMBER 1024 /* bytes of a member's name */

struct source {
    struct stream *stream;
    struct input inputs[SOURCE_DEPTH + 2]; /* the last two for an unpacker and its members */
    /* What is searched within the file: "gzip", "blob at 12", "a.zip!/docs/b.txt"; or "". */
    char member[SOURCE_MEMBER];
    struct error note; /* the first thing that was not searched, and why */
    unsigned notes;
};

/* Searches all that `fd` gives, which stays the caller's. -1: not all, with why. inputs[0] has idle and context. */
int source_search(struct source *source, int fd, struct error *error);
/* Bytes read. */
static inline uint64_t source_taken(const struct source *source)
{
    return source->inputs[0].taken;
}

/* ---- for those who unpack ---- */

/* Something here is not searched. */
void source_note(struct source *source, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Names a member within what is named now; returns what source_leave() takes. Bytes that a terminal would obey become
 * '?'. */
size_t source_enter(struct source *source, struct slice name);
void source_leave(struct source *source, size_t before);
/* Searches all of a member, whatever its format is, and closes it. */
void source_member(struct source *source, struct input *member, struct slice name);
/* Can what is packed in that input be unpacked? If not, says so. */
bool source_deeper(struct source *source, const struct input *input);
/* What comes next lies at that position, and has nothing to do with what came. */
void source_begin(struct source *source, uint64_t position);
/* Searches bytes of the front that lie at that position as they are. They stay in front. */
void source_text(struct source *source, struct slice bytes, uint64_t position);
/* Searches as they are the bytes in front, as long as there are any and `others` says how many of them are nothing that
 * can be unpacked; NULL: all. */
void source_others(struct source *source, struct input *input, size_t (*others)(struct slice front));

#endif
