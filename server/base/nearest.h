/* SPDX-License-Identifier: ISC
 *
 * "Did you mean": which known word somebody had in mind. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* The word of the list (NULL-ended) that is nearest to `word`, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words);

#endif
