/* SPDX-License-Identifier: ISC
 *
 * Bytes that are searched, and where in their source each of them lies: what was decoded knows where it stood encoded. */
#ifndef FINDER_TEXT_H
#define FINDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/buffer.h"

/* From `at` on, byte after byte lies at `source`. */
struct text_mark {
    size_t at;
    uint64_t source;
};

#define TEXT_DEPTH 2 /* views within each other */

/* Where escapes were, rising, in half bytes: within the last byte that one stands for, or, where it stands for nothing,
 * between two. */
struct text_seams {
    size_t *at;
    size_t count, capacity;
};

struct text {
    unsigned char *bytes;
    size_t length, capacity;
    struct text_mark *marks; /* rising; the first at 0 */
    size_t mark_count, mark_capacity;
    struct text_seams seams[TEXT_DEPTH]; /* of each view that it was seen through, the outermost first */
};

void text_free(struct text *text);
/* Empty, with room for `length` bytes. -1 without memory. */
int text_begin(struct text *text, size_t length);
/* The index of the mark that the byte at `at` lies behind. */
size_t text_mark_of(const struct text *text, size_t at);
/* Where the byte at `at` lies; for `at` == length what lies behind the last one. */
uint64_t text_source(const struct text *text, size_t at);
/* Room for more than there are. -1 without memory. */
int text_more_marks(struct text *text);
/* Bytes from here on lie at `source`. -1 without memory. */
static inline int text_mark(struct text *text, uint64_t source)
{
    while (text->mark_count > 0 && text->marks[text->mark_count - 1].at >= text->length)
        text->mark_count--;
    if (text->mark_count == text->mark_capacity && text_more_marks(text) < 0)
        return -1;
    text->marks[text->mark_count++] = (struct text_mark){text->length, source};
    return 0;
}
/* An escape of that view ends here, and stands for something or not. -1 without memory. */
int text_seam(struct text *text, size_t depth, bool something);
/* Those in and around [from, to) of another text, which is to come next here. */
int text_seams_copy(struct text *text, const struct text *other, size_t depth, size_t from, size_t to);
/* Is one within the bytes [from, to)? */
bool text_has_seam(const struct text *text, size_t depth, size_t from, size_t to);
static inline struct slice text_slice(const struct text *text)
{
    return (struct slice){text->bytes, text->length};
}

#endif
