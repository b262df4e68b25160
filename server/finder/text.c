/* SPDX-License-Identifier: ISC */
#include "server/finder/text.h"

#include <stdlib.h>

void text_free(struct text *text)
{
    free(text->bytes);
    free(text->marks);
    for (size_t i = 0; i < TEXT_DEPTH; i++)
        free(text->seams[i].at);
    *text = (struct text){.bytes = NULL};
}

int text_begin(struct text *text, size_t length)
{
    text->length = text->mark_count = 0;
    for (size_t i = 0; i < TEXT_DEPTH; i++)
        text->seams[i].count = 0;
    if (length > text->capacity) {
        unsigned char *bytes = realloc(text->bytes, length);

        if (bytes == NULL)
            return -1;
        text->bytes = bytes;
        text->capacity = length;
    }
    return 0;
}

size_t text_mark_of(const struct text *text, size_t at)
{
    size_t low = 0, high = text->mark_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (text->marks[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t text_source(const struct text *text, size_t at)
{
    const struct text_mark *mark = &text->marks[text_mark_of(text, at)];

    return mark->source + (at - mark->at);
}

int text_more_marks(struct text *text)
{
    size_t capacity = text->mark_capacity > 0 ? 2 * text->mark_capacity : 256;
    struct text_mark *marks = reallocarray(text->marks, capacity, sizeof *marks);

    if (marks == NULL)
        return -1;
    text->marks = marks;
    text->mark_capacity = capacity;
    return 0;
}

static int add_seam(struct text_seams *seams, size_t at)
{
    while (seams->count > 0 && seams->at[seams->count - 1] >= at)
        seams->count--;
    if (seams->count == seams->capacity) {
        size_t capacity = seams->capacity > 0 ? 2 * seams->capacity : 256;
        size_t *grown = reallocarray(seams->at, capacity, sizeof *grown);

        if (grown == NULL)
            return -1;
        seams->at = grown;
        seams->capacity = capacity;
    }
    seams->at[seams->count++] = at;
    return 0;
}

int text_seam(struct text *text, size_t depth, bool something)
{
    return add_seam(&text->seams[depth], 2 * text->length - something);
}

/* The first one at or behind `at`. */
static size_t first_seam(const struct text_seams *seams, size_t at)
{
    size_t low = 0, high = seams->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (seams->at[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int text_seams_copy(struct text *text, const struct text *other, size_t depth, size_t from, size_t to)
{
    const struct text_seams *seams = &other->seams[depth];

    for (size_t i = first_seam(seams, 2 * from); i < seams->count && seams->at[i] <= 2 * to; i++)
        if (add_seam(&text->seams[depth], seams->at[i] - 2 * from + 2 * text->length) < 0)
            return -1;
    return 0;
}

bool text_has_seam(const struct text *text, size_t depth, size_t from, size_t to)
{
    const struct text_seams *seams = &text->seams[depth];
    size_t i = first_seam(seams, 2 * from + 1);

    return i < seams->count && seams->at[i] < 2 * to;
}
