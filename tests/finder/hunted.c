/* SPDX-License-Identifier: ISC */
#include "tests/finder/hunted.h"

#include <stdio.h>
#include <stdlib.h>
#include "server/base/channel.h"

static void found(const struct finding *finding, void *context)
{
    struct hunted *hunted = context;
    unsigned char form[WINDOW_LONGEST];
    struct slice needle = needle_of(slice_of(hunted->secrets[finding->token - 1]));
    size_t length = needle_form(needle, finding->form, form);
    struct told *told = &hunted->told[hunted->count];

    if (!slice_equal(finding->bytes, (struct slice){form, length})) {
        hunted->mistaken++;
        return;
    }
    if (hunted->count == HUNTED_FINDINGS)
        return;
    hunted->count++;
    *told = (struct told){finding->token - 1, finding->offset, finding->length, "", ""};
    snprintf(told->member, sizeof told->member, "%.127s", hunted->source.member);
    for (size_t i = 0; i < finding->depth; i++)
        snprintf(told->how + strlen(told->how), sizeof told->how - strlen(told->how), "%s%s", i > 0 ? " " : "",
                 finding->through[i]->name);
    if (finding->form != FORM_PLAIN)
        snprintf(told->how + strlen(told->how), sizeof told->how - strlen(told->how), "%sbase64",
                 told->how[0] != '\0' ? " " : "");
}

static void must(int result)
{
    if (result < 0)
        abort();
}

void hunted_open(struct hunted *hunted, const char *const *secrets, size_t count, bool encodings)
{
    struct window_keys keys;
    struct error error;
    size_t longest = 0;
    struct buffer message;

    memset(hunted, 0, sizeof *hunted);
    window_keys_draw(&keys);
    index_open(&hunted->index, &keys);
    buffer_init(&message, CHANNEL_MESSAGE);
    for (size_t i = 0; i < count; i++) {
        unsigned char form[WINDOW_LONGEST];
        struct window window;
        struct reader reader;

        buffer_clear(&message);
        for (int f = 0; f < (encodings ? FORMS : 1); f++) {
            size_t length = needle_form(needle_of(slice_of(secrets[i])), (enum window_form)f, form);

            longest = length > longest ? length : longest;
            needle_windows(&keys, (uint32_t)i + 1, (enum window_form)f, (struct slice){form, length}, &message);
        }
        for (reader = reader_of(buffer_slice(&message)); windows_get(&reader, &window) == 0;)
            must(index_add(&hunted->index, &window, &error));
        must(reader.failed ? -1 : 0);
    }
    buffer_free(&message);
    must(index_build(&hunted->index, &error));
    search_open(&hunted->search, &hunted->index, encodings, longest);
    must(stream_open(&hunted->stream, &hunted->search, &error));
    hunted->search.found = found;
    hunted->search.context = hunted;
    hunted->source.stream = &hunted->stream;
    hunted->secrets = secrets;
    hunted->secret_count = count;
}

void hunted_close(struct hunted *hunted)
{
    stream_close(&hunted->stream);
    search_close(&hunted->search);
    index_close(&hunted->index);
}

void hunted_search(struct hunted *hunted, struct slice bytes, size_t piece)
{
    hunted->count = 0;
    search_forget(&hunted->search);
    stream_begin(&hunted->stream);
    for (size_t at = 0; at < bytes.length; at += piece) {
        size_t length = bytes.length - at < piece ? bytes.length - at : piece;

        stream_put(&hunted->stream, (struct slice){bytes.data + at, length});
        stream_search(&hunted->stream, false);
    }
    stream_search(&hunted->stream, true);
}

bool hunted_has(const struct hunted *hunted, size_t secret, uint64_t offset, const char *how)
{
    for (size_t i = 0; i < hunted->count; i++)
        if (hunted->told[i].secret == secret && hunted->told[i].offset == offset &&
            (how == NULL || strcmp(hunted->told[i].how, how) == 0))
            return true;
    return false;
}

bool hunted_within(const struct hunted *hunted, size_t secret, const char *member)
{
    for (size_t i = 0; i < hunted->count; i++)
        if (hunted->told[i].secret == secret && strcmp(hunted->told[i].member, member) == 0)
            return true;
    return false;
}
