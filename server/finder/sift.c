/* SPDX-License-Identifier: ISC
 *
 * Nothing is missed. Where no escape is among the bytes of a secret's windows, they stand in the text that was decoded
 * as they stand here, and are met there. Elsewhere all of them stand next to an escape. */
#include "server/finder/sift.h"

#include <string.h>

#define FEW 32       /* bytes that are copied faster than fewer */
#define BETWEEN 0x80 /* ends all that may be an escape, and is none */

/* A text, and which one it was decoded from. */
struct layer {
    struct search *search;
    const struct text *text;  /* its marks are places in that one */
    const struct layer *from; /* NULL: it is what was asked for */
    uint64_t *parts;
};

static void on_hit(const struct index_hit *hit, void *context)
{
    const struct layer *layer = context;
    size_t at = hit->at, around = search_reach(layer->search) * SEARCH_REACH, part, last;

    for (; layer->from != NULL; layer = layer->from)
        at = text_source(layer->text, at);
    part = sift_part(layer->text);
    last = (layer->text->length - at > around ? at + around : layer->text->length) / part;
    for (size_t i = at > around ? (at - around) / part : 0; i <= last; i++)
        *layer->parts |= UINT64_C(1) << i;
}

static void look(struct layer *layer)
{
    index_search(layer->search->index, text_slice(layer->text), 0, layer->text->length, on_hit, layer);
}

static bool begin(struct text *out, size_t length)
{
    return text_begin(out, length + FEW) == 0 && text_mark(out, 0) == 0;
}

static inline void copy(const struct text *text, size_t from, size_t to, struct text *out)
{
    if (to - from <= FEW && text->length - from >= FEW)
        memcpy(out->bytes + out->length, text->bytes + from, FEW);
    else
        memcpy(out->bytes + out->length, text->bytes + from, to - from);
    out->length += to - from;
}

/* The next escape, decoded, and what is next to it: behind the last one, which ended at `done`, and before it. */
static inline void take(struct search *search, const struct text *text, size_t done, size_t at,
                        const struct escape *escape, size_t around, struct text *out)
{
    if (at - done > 2 * around) {
        copy(text, done, done + around, out);
        out->bytes[out->length++] = BETWEEN;
        done = at - around;
    }
    search->failed = text_mark(out, done) < 0 || search->failed;
    copy(text, done, at, out);
    out->length -= escape->before < out->length ? escape->before : out->length;
    memcpy(out->bytes + out->length, escape->made, sizeof escape->made);
    out->length += escape->made_length;
}

/* Decodes escapes with the windows next to them into `seams`, and with all that a view of this one may change into
 * `out`, unless that is NULL. Is there any? */
static bool decode(struct search *search, const struct view *view, const struct text *text, struct text *seams,
                   struct text *out)
{
    const size_t windows = window_lanes[0].width + window_lanes[0].stride - 1;
    size_t at = 0, count, done = 0;

    if (!begin(seams, text->length) || (out != NULL && !begin(out, text->length))) {
        search->failed = true;
        return false;
    }
    for (count = 0; at < text->length; count++) {
        struct escape escape;

        at = view_next(view, text_slice(text), done, &escape);
        take(search, text, done, at, &escape, windows, seams);
        if (out != NULL)
            take(search, text, done, at, &escape, search->longest, out);
        done = at + escape.consumed;
    }
    return count > 1;
}

static void look_through_views(const struct layer *layer, size_t depth)
{
    struct search *search = layer->search;
    struct text *seams = &search->decoded[SEARCH_DEPTH - 1];

    for (size_t i = 0; i < VIEWS; i++) {
        struct text *out = depth + 1 < SEARCH_DEPTH && !views[i].last ? &search->decoded[depth] : NULL;

        if (!decode(search, &views[i], layer->text, seams, out))
            continue;
        look(&(struct layer){search, seams, layer, layer->parts});
        if (out != NULL)
            look_through_views(&(struct layer){search, out, layer, layer->parts}, depth + 1);
    }
}

uint64_t sift(struct search *search, const struct text *text)
{
    uint64_t parts = 0;
    struct layer layer = {search, text, NULL, &parts};

    look(&layer);
    look_through_views(&layer, 0);
    return parts;
}
