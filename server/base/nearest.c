/* SPDX-License-Identifier: ISC */
#include "server/base/nearest.h"

#include <string.h>

#define DISTANCE_WORD 32

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance of two words cut to DISTANCE_WORD bytes. */
static size_t distance(const char *a, const char *b)
{
    size_t row[DISTANCE_WORD + 1], left = strnlen(a, DISTANCE_WORD), right = strnlen(b, DISTANCE_WORD);

    for (size_t j = 0; j <= right; j++)
        row[j] = j;
    for (size_t i = 1; i <= left; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= right; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = smaller(change, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[right];
}

const char *nearest_word(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t least = strlen(word) / 2 + 1;

    for (; *words != NULL; words++) {
        size_t far = distance(word, *words);

        if (far < least || (far <= least && best == NULL && strncmp(word, *words, 3) == 0)) {
            least = far;
            best = *words;
        }
    }
    return best;
}
