/* SPDX-License-Identifier: ISC */
#include "server/finder/search.h"

#include <sodium.h>
#include <string.h>
#include "server/finder/sift.h"

/* One text at one depth. */
struct place {
    struct search *search;
    const struct text *text;
    size_t depth;
};

static void search_at(struct search *search, const struct text *text, size_t from, size_t to, size_t depth);

void search_open(struct search *search, const struct index *index, bool encodings, size_t longest)
{
    memset(search, 0, sizeof *search);
    search->index = index;
    search->encodings = encodings;
    search->longest = longest;
}

void search_close(struct search *search)
{
    for (size_t i = 0; i < SEARCH_DEPTH; i++)
        text_free(&search->decoded[i]);
}

void search_forget(struct search *search)
{
    memset(search->recent, 0, sizeof search->recent);
}

/* ---- what was met ---- */

/* The same bytes at the same place are told once: what overlaps is searched twice. */
static bool is_new(struct search *search, const struct finding *finding)
{
    const struct window_keys *keys = &search->index->keys;
    uint64_t values[3] = {finding->offset, (uint64_t)finding->token << 8 | finding->form,
                          window_strong(keys, finding->bytes.data, finding->bytes.length)};
    uint64_t hash = window_strong(keys, (const unsigned char *)values, sizeof values) | 1;

    for (size_t i = 0; i < SEARCH_RECENT; i++)
        if (search->recent[i] == hash)
            return false;
    search->recent[search->turn++ % SEARCH_RECENT] = hash;
    return true;
}

static void on_hit(const struct index_hit *hit, void *context)
{
    const struct place *place = context;
    struct search *search = place->search;
    struct finding finding = {.token = hit->token, .form = hit->form, .depth = place->depth};
    size_t start = hit->at - hit->offset;

    if (hit->at < hit->offset || place->text->length - start < hit->length ||
        (search->literal && hit->form != FORM_PLAIN))
        return;
    for (size_t i = 0; i < place->depth; i++)
        if (!text_has_seam(place->text, i, start, start + hit->length))
            return;
    memcpy(finding.through, search->through, sizeof finding.through);
    finding.bytes = (struct slice){place->text->bytes + start, hit->length};
    finding.offset = text_source(place->text, start);
    finding.length = text_source(place->text, start + hit->length) - finding.offset;
    if (is_new(search, &finding))
        search->found(&finding, search->context);
}

/* ---- views ---- */

/* A text while it is decoded from another. */
struct decoding {
    struct search *search;
    const struct text *text;
    struct text *out;
    size_t depth; /* of the view */
};

static void must(const struct decoding *decoding, int result)
{
    if (result < 0)
        decoding->search->failed = true;
}

static void copy(const struct decoding *decoding, size_t from, size_t to)
{
    const struct text *text = decoding->text;
    struct text *out = decoding->out;
    size_t i = text_mark_of(text, from) + 1;

    for (size_t k = 0; k < decoding->depth; k++)
        must(decoding, text_seams_copy(out, text, k, from, to));
    must(decoding, text_mark(out, text_source(text, from)));
    while (from < to) {
        size_t end = i < text->mark_count && text->marks[i].at < to ? text->marks[i].at : to;

        memcpy(out->bytes + out->length, text->bytes + from, end - from);
        out->length += end - from;
        from = end;
        if (from < to)
            must(decoding, text_mark(out, text->marks[i++].source));
    }
}

static void put(const struct decoding *decoding, size_t at, const struct escape *escape)
{
    struct text *out = decoding->out;

    out->length -= escape->before < out->length ? escape->before : out->length;
    must(decoding, text_mark(out, text_source(decoding->text, at)));
    memcpy(out->bytes + out->length, escape->made, escape->made_length);
    out->length += escape->made_length;
    for (size_t i = 0; i < decoding->depth; i++)
        if (text_has_seam(decoding->text, i, at, at + escape->consumed))
            must(decoding, text_seam(out, i, escape->made_length > 0));
    must(decoding, text_seam(out, decoding->depth, escape->made_length > 0));
}

/* Decodes from the escape at `at` on until none follows for a while, with what stands around. The next one's place. */
static size_t decode(const struct decoding *decoding, const struct view *view, size_t at, struct escape *escape)
{
    const struct text *text = decoding->text;
    size_t around = decoding->search->longest, behind = at > around ? at - around : 0;

    do {
        copy(decoding, behind, at);
        put(decoding, at, escape);
        behind = at + escape->consumed;
        at = view_next(view, text_slice(text), behind, escape);
    } while (at < text->length && at - behind <= 2 * around);
    copy(decoding, behind, text->length - behind > around ? behind + around : text->length);
    return at;
}

static void search_view(struct search *search, const struct view *view, const struct text *text, size_t depth)
{
    const struct decoding decoding = {search, text, &search->decoded[depth], depth};
    struct escape escape;
    size_t at = view_next(view, text_slice(text), 0, &escape);

    search->through[depth] = view;
    while (at < text->length) {
        if (text_begin(decoding.out, text->length) < 0) {
            search->failed = true;
            return;
        }
        at = decode(&decoding, view, at, &escape);
        search_at(search, decoding.out, 0, decoding.out->length, depth + 1);
    }
}

static void search_at(struct search *search, const struct text *text, size_t from, size_t to, size_t depth)
{
    struct place place = {search, text, depth};

    index_search(search->index, text_slice(text), from, to, on_hit, &place);
    if (search->encodings && depth < SEARCH_DEPTH && (depth == 0 || !search->through[depth - 1]->last))
        for (size_t i = 0; i < VIEWS; i++)
            search_view(search, &views[i], text, depth);
}

/* Of the text only [begin, end). */
static void search_part(struct search *search, const struct text *text, size_t begin, size_t end, size_t from, size_t to)
{
    struct text_mark mark = {0, text_source(text, begin)};
    struct text part = {.bytes = text->bytes + begin, .length = end - begin, .marks = &mark, .mark_count = 1};

    search_at(search, &part, from > begin ? from - begin : 0, to > begin ? to - begin : 0, 0);
}

void search_text(struct search *search, const struct text *text, size_t from, size_t to)
{
    uint64_t parts = search->encodings ? sift(search, text) : UINT64_MAX;
    size_t part = sift_part(text);

    for (size_t i = 0, end; i < SIFT_PARTS; i = end + 1) {
        for (end = i; end < SIFT_PARTS && (parts >> end & 1) != 0; end++)
            continue;
        if (end > i)
            search_part(search, text, i * part, end * part < text->length ? end * part : text->length, from, to);
    }
}
