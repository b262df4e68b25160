/* SPDX-License-Identifier: ISC
 *
 * A quick look at all of a text: where may something be found, however it is written? Of a decoded text only the bytes
 * next to an escape are looked at. What a search then looks at is large enough for all that may be found there. */
#ifndef FINDER_SIFT_H
#define FINDER_SIFT_H

#include "server/finder/search.h"

#define SIFT_PARTS 64

/* Which of SIFT_PARTS parts of the text, each of sift_part() bytes, are to be searched, as bits. */
uint64_t sift(struct search *search, const struct text *text);
static inline size_t sift_part(const struct text *text)
{
    return text->length / SIFT_PARTS + 1;
}

#endif
