/* SPDX-License-Identifier: ISC */
#include "server/keeper/needle.h"

#include <sodium.h>
#include "server/keeper/normalise.h"

#define ENCODED sodium_base64_ENCODED_LEN(NEEDLE_LONGEST + 2, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)

/* The next line of what is left, without its end; false at the end. */
static bool next_line(struct slice *left, struct slice *line)
{
    const unsigned char *end;

    if (left->length == 0)
        return false;
    end = memchr(left->data, '\n', left->length);
    *line = (struct slice){left->data, end != NULL ? (size_t)(end - left->data) : left->length};
    *left = end == NULL ? SLICE_NONE : (struct slice){end + 1, left->length - line->length - 1};
    if (line->length > 0 && line->data[line->length - 1] == '\r')
        line->length--;
    return true;
}

struct slice needle_of(struct slice secret)
{
    struct slice left = normalise_secret(secret), line, needle = SLICE_NONE;
    size_t longest = 0, count = 0, turn = 0;

    while (next_line(&left, &line)) {
        count = line.length > longest ? 1 : count + (line.length == longest);
        longest = line.length > longest ? line.length : longest;
    }
    left = normalise_secret(secret);
    while (needle.data == NULL && next_line(&left, &line))
        if (line.length == longest && turn++ == count / 2)
            needle = line;
    if (needle.length > NEEDLE_LONGEST)
        needle = (struct slice){needle.data + needle.length - NEEDLE_LONGEST, NEEDLE_LONGEST};
    return needle;
}

/* What base64 makes of the needle behind `before` other bytes, whatever stands before and behind it. */
static size_t base64(struct slice needle, size_t before, int variant, unsigned char out[WINDOW_LONGEST])
{
    static const size_t mixed[] = {0, 2, 3}; /* characters that depend on what is before */
    unsigned char bytes[NEEDLE_LONGEST + 2] = {0};
    char text[ENCODED];
    size_t length;

    if (needle.length == 0)
        return 0;
    memcpy(bytes + before, needle.data, needle.length);
    sodium_bin2base64(text, sizeof text, bytes, before + needle.length, variant);
    length = (before + needle.length) * 8 / 6 - mixed[before];
    memcpy(out, text + mixed[before], length);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
    return length;
}

size_t needle_form(struct slice needle, enum window_form form, unsigned char out[WINDOW_LONGEST])
{
    size_t length;

    if (form == FORM_PLAIN) {
        memcpy(out, needle.data, needle.length);
        return needle.length;
    }
    if (form < FORM_URL)
        return base64(needle, form - FORM_BASE64, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, out);
    length = base64(needle, form - FORM_URL, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
    return memchr(out, '-', length) != NULL || memchr(out, '_', length) != NULL ? length : 0;
}

static void measure(struct window *window, const unsigned char *bytes, size_t width)
{
    window->lowest = UINT8_MAX;
    window->highest = 0;
    for (size_t i = 0; i < width; i++) {
        if (bytes[i] < window->lowest)
            window->lowest = bytes[i];
        if (bytes[i] > window->highest)
            window->highest = bytes[i];
    }
}

/* Of the third quarter: what a kind's secrets have in common stands in front, and checksums at the end. */
void needle_windows(const struct window_keys *keys, uint32_t token, enum window_form form, struct slice bytes,
                    struct buffer *buffer)
{
    int lane = window_lane_of(bytes.length);
    struct window window = {.token = token, .form = (uint8_t)form, .length = (uint16_t)bytes.length};
    size_t width, stride, start;

    if (lane < 0)
        return;
    width = window_lanes[lane].width;
    stride = window_lanes[lane].stride;
    start = (bytes.length - (width + stride - 1)) * 3 / 4;
    window.lane = (uint8_t)lane;
    for (size_t i = start; i < start + stride; i++) {
        window.offset = (uint16_t)i;
        measure(&window, bytes.data + i, width);
        window.quick = window_quick(keys, bytes.data + i, width);
        window.strong = window_strong(keys, bytes.data + i, width);
        window_add(buffer, &window);
    }
}
