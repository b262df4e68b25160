/* SPDX-License-Identifier: ISC
 *
 * Names, titles and departments that personas are drawn from. */
#ifndef MINTER_NAMES_H
#define MINTER_NAMES_H

#include <stddef.h>

struct post {
    const char *title, *department;
};

struct names {
    const char *const *given;
    size_t given_count;
    const char *const *family;
    size_t family_count;
    const struct post *posts; /* at least as many as a persona has people */
    size_t post_count;
};

/* Of the language; English for others. */
const struct names *names_of(const char *language);

#endif
