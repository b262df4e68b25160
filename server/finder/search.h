/* SPDX-License-Identifier: ISC
 *
 * Searching a text for what the index knows: as it stands, and, with encodings, through each view and through each
 * view of a view. With encodings, only parts of a text are searched: those where something may be (sift.h). */
#ifndef FINDER_SEARCH_H
#define FINDER_SEARCH_H

#include <stdbool.h>
#include "server/finder/index.h"
#include "server/finder/text.h"
#include "server/finder/view.h"

#define SEARCH_DEPTH TEXT_DEPTH
#define SEARCH_RECENT 64 /* findings that are not told twice */
#define SEARCH_REACH 8   /* bytes that one of a secret may take where it is encoded, at most */

/* Bytes that may be a token's secret in that form; whether they are is for the keeper to say. */
struct finding {
    uint32_t token;
    uint8_t form;
    struct slice bytes;
    uint64_t offset, length; /* in the source */
    const struct view *through[SEARCH_DEPTH]; /* the outermost first */
    size_t depth;
};

struct search {
    const struct index *index;
    bool encodings;
    bool literal;   /* only secrets as they are, not what base64 makes of them */
    size_t longest; /* form of the job */
    void (*found)(const struct finding *finding, void *context);
    void *context;
    struct text decoded[SEARCH_DEPTH];
    const struct view *through[SEARCH_DEPTH];
    uint64_t recent[SEARCH_RECENT]; /* hashes of findings */
    size_t turn;
    bool failed; /* no memory: something was not searched */
};

void search_open(struct search *search, const struct index *index, bool encodings, size_t longest);
void search_close(struct search *search);
/* For another source: what was found before may be found again. */
void search_forget(struct search *search);
/* Bytes that a secret may take where it is encoded, and as many around it as one takes. */
static inline size_t search_reach(const struct search *search)
{
    return search->longest * (SEARCH_REACH + 1);
}
/* Windows at [from, to) as they stand; all of the text through views. */
void search_text(struct search *search, const struct text *text, size_t from, size_t to);

#endif
