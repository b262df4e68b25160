/* SPDX-License-Identifier: ISC
 *
 * Nothing is missed. Where no escape is among the bytes of a secret's windows, they stand in the text that was decoded
 * as they stand here, and are met there. Elsewhere all of them stand next to an escape. */
#include "server/finder/sift.h"

#include <string.h>

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

static void copy(struct search *search, const struct text *text, size_t from, size_t to, struct text *out)
{
    search->failed = text_mark(out, from) < 0 || search->failed;
    memcpy(out->bytes + out->length, text->bytes + from, to - from);
    out->length += to - from;
}

/* Each escape decoded, with so many bytes around it. Is there any? */
static bool decode(struct search *search, const struct view *view, const struct text *text, size_t around,
                   struct text *out)
{
    size_t at, done = 0, count;

    if (text_begin(out, text->length) < 0) {
        search->failed = true;
        return false;
    }
    for (count = 0;; count++) {
        struct escape escape;

        at = view_next(view, text_slice(text), done, &escape);
        if (at - done > 2 * around) {
            copy(search, text, done, done + around, out);
            out->bytes[out->length++] = BETWEEN;
            done = at - around;
        }
        copy(search, text, done, at, out);
        if (at == text->length)
            return count > 0;
        out->length -= escape.before < out->length ? escape.before : out->length;
        memcpy(out->bytes + out->length, escape.made, escape.made_length);
        out->length += escape.made_length;
        done = at + escape.consumed;
    }
}

static void look_through_views(const struct layer *layer, size_t depth)
{
    const size_t windows = window_lanes[0].width + window_lanes[0].stride - 1;
    struct search *search = layer->search;
    struct text *out = &search->decoded[depth], *last = &search->decoded[SEARCH_DEPTH - 1];

    for (size_t i = 0; i < VIEWS; i++) {
        if (!decode(search, &views[i], layer->text, windows, last))
            continue;
        look(&(struct layer){search, last, layer, layer->parts});
        if (depth + 1 < SEARCH_DEPTH && !views[i].last && decode(search, &views[i], layer->text, search->longest, out))
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
