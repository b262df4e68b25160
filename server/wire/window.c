/* SPDX-License-Identifier: ISC */
#include "server/wire/window.h"

#include <sodium.h>

const struct window_lane window_lanes[WINDOW_LANES] = {{16, 8}, {12, 4}, {8, 1}};

int window_lane_of(size_t length)
{
    for (int i = 0; i < WINDOW_LANES; i++)
        if (length >= (size_t)window_lanes[i].width + window_lanes[i].stride - 1)
            return i;
    return -1;
}

void window_keys_draw(struct window_keys *keys)
{
    randombytes_buf(keys, sizeof *keys);
}

uint64_t window_strong(const struct window_keys *keys, const unsigned char *bytes, size_t width)
{
    uint64_t hash;

    crypto_shorthash_siphash24((unsigned char *)&hash, bytes, width, keys->strong);
    return hash;
}

void window_add(struct buffer *buffer, const struct window *window)
{
    buffer_add_u8(buffer, window->lane);
    buffer_add_u8(buffer, window->form);
    buffer_add_u8(buffer, window->lowest);
    buffer_add_u8(buffer, window->highest);
    buffer_add_u16(buffer, window->offset);
    buffer_add_u16(buffer, window->length);
    buffer_add_u32(buffer, window->token);
    buffer_add_u64(buffer, window->quick);
    buffer_add_u64(buffer, window->strong);
}

void window_get(struct reader *reader, struct window *window)
{
    window->lane = reader_u8(reader);
    window->form = reader_u8(reader);
    window->lowest = reader_u8(reader);
    window->highest = reader_u8(reader);
    window->offset = reader_u16(reader);
    window->length = reader_u16(reader);
    window->token = reader_u32(reader);
    window->quick = reader_u64(reader);
    window->strong = reader_u64(reader);
    if (window->lane >= WINDOW_LANES || window->form >= FORMS || window->length > WINDOW_LONGEST ||
        window->lowest > window->highest || window->token == 0 || window->token > WINDOW_TOKENS ||
        window->offset + window_lanes[window->lane].width > window->length)
        reader->failed = true;
}
