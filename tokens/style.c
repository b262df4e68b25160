/* SPDX-License-Identifier: ISC
 *
 * Names of accounts like those of a sample. What many of the sample's names have in common (svc, prod, a separator, the
 * case of letters) stays; what is one name's own is drawn anew: digits by digits, initials by letters, words by invented
 * ones, and of two words the first by a given name of the persona's. No name of the sample comes out. */
#include <string.h>
#include "tokens/identity.h"

#define NAMES_LEAST 3
#define NAME_MOST 64 /* bytes */
#define SHARED 4     /* a part that every fourth name has, and two at least, is no name's own */
#define GIVEN_BITS 30

struct sample {
    struct slice text;
    size_t count; /* names, a line each */
};

/* The line at `*at`, without blanks around it; `*at` is moved behind it. false at the end. */
static bool next_name(struct slice text, size_t *at, struct slice *name)
{
    do {
        size_t start = *at, end;

        if (start >= text.length)
            return false;
        for (end = start; end < text.length && text.data[end] != '\n'; end++)
            ;
        *at = end + 1;
        while (end > start && text.data[end - 1] <= ' ')
            end--;
        while (start < end && text.data[start] <= ' ')
            start++;
        *name = (struct slice){text.data + start, end - start};
    } while (name->length == 0);
    return true;
}

static int read_sample(const char *text, struct sample *sample, struct error *error)
{
    struct slice name;
    size_t at = 0;

    *sample = (struct sample){slice_of(text), 0};
    for (; next_name(sample->text, &at, &name); sample->count++)
        for (size_t i = 0; i < name.length || name.length > NAME_MOST; i++)
            if (name.length > NAME_MOST || name.data[i] <= ' ' || name.data[i] == ':' || name.data[i] == 0x7f)
                return error_usage(error, "name %zu of the style is no account's: up to %d bytes without blanks and "
                                          "colons, a line each", sample->count + 1, NAME_MOST);
    if (sample->count >= NAMES_LEAST)
        return 0;
    return error_usage(error, "the style holds %zu names; %d can be imitated, more are better", sample->count,
                       NAMES_LEAST);
}

/* ---- parts ---- */

static int class_of(unsigned char c)
{
    return c >= '0' && c <= '9' ? 1 : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? 2 : c >= 0x80 ? 2 : 0;
}

/* Letters, digits, or one separator. */
static struct slice next_part(struct slice name, size_t *at)
{
    size_t start = *at, end = start + 1;

    while (class_of(name.data[start]) != 0 && end < name.length && class_of(name.data[end]) == class_of(name.data[start]))
        end++;
    *at = end;
    return (struct slice){name.data + start, end - start};
}

static bool has_part(struct slice name, struct slice part)
{
    struct slice other;
    char text[NAME_MOST + 1];

    memcpy(text, part.data, part.length);
    text[part.length] = '\0';
    for (size_t at = 0; at < name.length;) {
        other = next_part(name, &at);
        if (slice_is_nocase(other, text))
            return true;
    }
    return false;
}

static size_t names_with(const struct sample *sample, struct slice part)
{
    struct slice name;
    size_t at = 0, count = 0;

    while (next_name(sample->text, &at, &name))
        count += has_part(name, part);
    return count;
}

static bool is_own(const struct sample *sample, struct slice part)
{
    size_t names = class_of(part.data[0]) == 0 ? sample->count : names_with(sample, part);

    return class_of(part.data[0]) == 1 || names < 2 || names * SHARED < sample->count;
}

/* ---- drawing ---- */

/* In the case of what stood there. Returns the draw's worth in tenths of a bit. */
static uint32_t add_word(const struct draw *draw, struct slice like, struct buffer *out)
{
    uint32_t tenths = 0;

    for (size_t i = 0; i < like.length; i++) {
        bool vowel = i % 2 == 1;
        char c = like.length == 1 ? (char)('a' + draw_below(draw, 26)) : vowel ? "aeiou"[draw_below(draw, 5)]
                                                                               : "bcdfghjklmnprstv"[draw_below(draw, 16)];

        buffer_add_char(out, like.data[i] >= 'A' && like.data[i] <= 'Z' ? (char)(c - 32) : c);
        tenths += like.length == 1 ? 47 : vowel ? 23 : 40;
    }
    return tenths;
}

static uint32_t add_digits(const struct draw *draw, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        buffer_add_char(out, (char)('0' + draw_below(draw, 10)));
    return (uint32_t)count * 33;
}

/* A given name in letters a to z, not one of the sample's. false: none is. */
static bool add_given(const struct mint_request *request, const struct sample *sample, struct slice like,
                      struct buffer *out)
{
    const char *given = request->people[draw_below(request->draw, (uint32_t)request->people_count)].given;
    struct slice name = slice_of(given);
    bool upper = like.data[0] >= 'A' && like.data[0] <= 'Z';

    for (size_t i = 0; i < name.length; i++)
        if (class_of(name.data[i]) != 2 || name.data[i] >= 0x80)
            return false;
    if (name.length == 0 || name.length > NAME_MOST || names_with(sample, name) > 0)
        return false;
    for (size_t i = 0; i < name.length; i++)
        buffer_add_char(out, (char)(i == 0 && upper ? name.data[i] & ~0x20 : name.data[i] | 0x20));
    return true;
}

/* Does another word of its own, of five letters or more, follow? */
static bool longer_follows(const struct sample *sample, struct slice name, size_t at)
{
    while (at < name.length) {
        struct slice part = next_part(name, &at);

        if (class_of(part.data[0]) == 2 && part.length >= 5 && is_own(sample, part))
            return true;
    }
    return false;
}

static uint32_t draw_like(const struct mint_request *request, const struct sample *sample, struct slice name,
                          struct buffer *out)
{
    uint32_t tenths = 0;

    for (size_t at = 0; at < name.length;) {
        struct slice part = next_part(name, &at);

        if (!is_own(sample, part))
            buffer_add_slice(out, part);
        else if (class_of(part.data[0]) == 1)
            tenths += add_digits(request->draw, part.length, out);
        else if (part.length >= 3 && request->people_count >= 8 && longer_follows(sample, name, at) &&
                 add_given(request, sample, part, out))
            tenths += GIVEN_BITS;
        else
            tenths += add_word(request->draw, part, out);
    }
    return tenths;
}

static struct slice name_at(const struct sample *sample, size_t index)
{
    struct slice name = SLICE_NONE;
    size_t at = 0;

    for (size_t i = 0; i <= index; i++)
        (void)next_name(sample->text, &at, &name);
    return name;
}

static bool in_sample(const struct sample *sample, const char *text)
{
    struct slice name;
    size_t at = 0;

    while (next_name(sample->text, &at, &name))
        if (slice_is_nocase(name, text))
            return true;
    return false;
}

int identity_like(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->identity;
    struct sample sample;
    uint32_t tenths;

    if (read_sample(request->style, &sample, error) != 0)
        return -1;
    for (int i = 0; i < 4 * KIND_TRIES; i++) {
        buffer_clear(out);
        tenths = draw_like(request, &sample, name_at(&sample, draw_below(request->draw, (uint32_t)sample.count)), out);
        if (out->failed)
            return error_set(error, "no room for the identity");
        if (tenths < IDENTITY_BITS * 10 || identity_common(buffer_slice(out)) || in_sample(&sample, buffer_text(out)))
            continue;
        minted->identity_bits = (uint16_t)(tenths / 10);
        minted->distinctive = true;
        return 0;
    }
    return error_usage(error, "the style's names have too little of their own to be imitated: add longer ones, or such "
                              "with numbers");
}
