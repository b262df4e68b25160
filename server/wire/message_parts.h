/* SPDX-License-Identifier: ISC
 *
 * What messages are made of; for the message*.c files alone. */
#ifndef WIRE_MESSAGE_PARTS_H
#define WIRE_MESSAGE_PARTS_H

#include <string.h>
#include "server/base/channel.h"
#include "server/wire/message.h"

#define MESSAGE_NAME 256

static inline int message_added(const struct buffer *buffer)
{
    return buffer->failed ? -1 : 0;
}

static inline void message_add_id(struct buffer *buffer, const struct id *id)
{
    buffer_add(buffer, id->bytes, ID_BYTES);
}

/* Zeros where there are fewer. */
static inline void message_get_raw(struct reader *reader, unsigned char *out, size_t length)
{
    struct slice bytes = reader_raw(reader, length);

    memset(out, 0, length);
    if (bytes.length == length)
        memcpy(out, bytes.data, length);
}

static inline void message_get_id(struct reader *reader, struct id *id)
{
    message_get_raw(reader, id->bytes, ID_BYTES);
}

static inline void message_add_address(struct buffer *buffer, const struct address *address)
{
    buffer_add(buffer, address->bytes, ADDRESS_BYTES);
}

static inline void message_get_address(struct reader *reader, struct address *address)
{
    message_get_raw(reader, address->bytes, ADDRESS_BYTES);
}

/* A truth value; anything but 0 and 1 is damage. */
static inline bool message_get_bool(struct reader *reader)
{
    uint8_t value = reader_u8(reader);

    if (value > 1)
        reader->failed = true;
    return value == 1;
}

#endif
