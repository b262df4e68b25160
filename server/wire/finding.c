/* SPDX-License-Identifier: ISC */
#include "server/wire/finding.h"

#include "server/base/channel.h"

#define NAMES 1024

static int added(const struct buffer *buffer)
{
    return buffer->failed ? -1 : 0;
}

static bool get_bool(struct reader *reader)
{
    uint8_t value = reader_u8(reader);

    if (value > 1)
        reader->failed = true;
    return value == 1;
}

void windows_begin(struct buffer *buffer)
{
    message_begin(buffer, MESSAGE_WINDOWS);
}

int windows_get(struct reader *reader, struct window *window)
{
    if (reader->failed || reader->left == 0)
        return -1;
    window_get(reader, window);
    return reader->failed ? -1 : 0;
}

int search_order_add(struct buffer *buffer, const struct search_order *order)
{
    message_begin(buffer, MESSAGE_SEARCH);
    buffer_add(buffer, &order->keys, sizeof order->keys);
    buffer_add_u8(buffer, order->encodings);
    buffer_add_u16(buffer, order->longest);
    return added(buffer);
}

int search_order_get(struct reader *reader, struct search_order *order)
{
    struct slice keys = reader_raw(reader, sizeof order->keys);

    if (keys.length == sizeof order->keys)
        memcpy(&order->keys, keys.data, keys.length);
    order->encodings = get_bool(reader);
    order->longest = reader_u16(reader);
    if (order->longest > WINDOW_LONGEST)
        reader->failed = true;
    return reader_end(reader);
}

int source_add(struct buffer *buffer, uint32_t number)
{
    message_begin(buffer, MESSAGE_SOURCE);
    buffer_add_u32(buffer, number);
    return added(buffer);
}

int source_get(struct reader *reader, uint32_t *number)
{
    *number = reader_u32(reader);
    return reader_end(reader);
}

static void item_add(struct buffer *buffer, const struct found_item *item)
{
    buffer_add_u32(buffer, item->token);
    buffer_add_u8(buffer, item->form);
    buffer_add_u64(buffer, item->offset);
    buffer_add_u64(buffer, item->length);
    buffer_add_bytes(buffer, item->bytes);
    buffer_add_bytes(buffer, item->encodings);
    buffer_add_bytes(buffer, item->member);
}

static void item_get(struct reader *reader, struct found_item *item)
{
    item->token = reader_u32(reader);
    item->form = reader_u8(reader);
    item->offset = reader_u64(reader);
    item->length = reader_u64(reader);
    item->bytes = reader_bytes(reader, WINDOW_LONGEST);
    item->encodings = reader_bytes(reader, NAMES);
    item->member = reader_bytes(reader, NAMES);
    if (item->form >= FORMS)
        reader->failed = true;
}

int found_add(struct buffer *buffer, const struct found *found)
{
    message_begin(buffer, MESSAGE_FOUND);
    buffer_add_u32(buffer, found->source);
    buffer_add_u16(buffer, found->count);
    for (size_t i = 0; i < found->count; i++)
        item_add(buffer, &found->items[i]);
    return added(buffer);
}

int found_get(struct reader *reader, struct found *found)
{
    found->source = reader_u32(reader);
    found->count = reader_u16(reader);
    if (found->count > FOUND_ITEMS)
        reader->failed = true;
    for (size_t i = 0; i < found->count && !reader->failed; i++)
        item_get(reader, &found->items[i]);
    return reader_end(reader);
}

int searched_add(struct buffer *buffer, const struct searched *searched)
{
    message_begin(buffer, MESSAGE_SEARCHED);
    buffer_add_u32(buffer, searched->source);
    buffer_add_u8(buffer, searched->whole);
    buffer_add_u64(buffer, searched->bytes);
    buffer_add_bytes(buffer, searched->text);
    return added(buffer);
}

int searched_get(struct reader *reader, struct searched *searched)
{
    searched->source = reader_u32(reader);
    searched->whole = get_bool(reader);
    searched->bytes = reader_u64(reader);
    searched->text = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}
