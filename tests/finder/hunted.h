/* SPDX-License-Identifier: ISC
 *
 * Secrets cut as the keeper cuts them, and what a search finds of them. */
#ifndef TESTS_FINDER_HUNTED_H
#define TESTS_FINDER_HUNTED_H

#include "server/finder/source.h"
#include "server/keeper/needle.h"
#include "server/wire/finding.h"

#define HUNTED_FINDINGS 4096

struct hunted {
    struct index index;
    struct search search;
    struct stream stream;
    struct source source;
    const char *const *secrets;
    size_t secret_count;
    struct told {
        size_t secret; /* number */
        uint64_t offset, length;
        char how[128]; /* "percent", "folded base64", "" */
        char member[128];
    } told[HUNTED_FINDINGS];
    size_t count;
    size_t mistaken; /* findings that the keeper would refuse */
};

/* Aborts without memory. */
void hunted_open(struct hunted *hunted, const char *const *secrets, size_t count, bool encodings);
void hunted_close(struct hunted *hunted);
/* Searches bytes as a stream that comes in pieces of that size. */
void hunted_search(struct hunted *hunted, struct slice bytes, size_t piece);
/* Has that secret been told at that place in that way? NULL for any way. */
bool hunted_has(const struct hunted *hunted, size_t secret, uint64_t offset, const char *how);
/* Has it been told in that member of what source_search() searched? */
bool hunted_within(const struct hunted *hunted, size_t secret, const char *member);

#endif
