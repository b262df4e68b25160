/* SPDX-License-Identifier: ISC */
#include "server/base/buffer.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t slice_find(struct slice a, const char *text)
{
    const unsigned char *found = a.length > 0 ? memmem(a.data, a.length, text, strlen(text)) : NULL;

    return found != NULL ? (size_t)(found - a.data) : a.length;
}

char *slice_copy(struct slice a)
{
    char *copy = malloc(a.length + 1);

    if (copy != NULL) {
        if (a.length > 0)
            memcpy(copy, a.data, a.length);
        copy[a.length] = '\0';
    }
    return copy;
}

size_t slice_cut(struct slice text, size_t most)
{
    size_t length = text.length < most ? text.length : most;

    while (length > 0 && length < text.length && (text.data[length] & 0xc0) == 0x80)
        length--;
    return length;
}

void buffer_free(struct buffer *buffer)
{
    if (buffer == NULL)
        return;
    if (buffer->data != NULL) {
        sodium_memzero(buffer->data, buffer->capacity);
        free(buffer->data);
    }
    buffer_init(buffer, buffer->maximum);
}

/* A new block rather than realloc(), so that no copy of a secret stays behind. */
static int enlarge(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity == 0 ? 256 : buffer->capacity;
    unsigned char *data;

    while (capacity < needed)
        capacity *= 2;
    if (capacity - 1 > buffer->maximum && needed - 1 <= buffer->maximum)
        capacity = buffer->maximum + 1;
    data = malloc(capacity);
    if (data == NULL)
        return -1;
    if (buffer->data != NULL) {
        memcpy(data, buffer->data, buffer->length);
        sodium_memzero(buffer->data, buffer->length);
        free(buffer->data);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

unsigned char *buffer_enlarge(struct buffer *buffer, size_t length)
{
    if (length > buffer->maximum || buffer->length > buffer->maximum - length ||
        (buffer->length + length + 1 > buffer->capacity && enlarge(buffer, buffer->length + length + 1) < 0)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->data + buffer->length;
}

int buffer_add_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    unsigned char *room;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    room = length < 0 ? NULL : buffer_reserve(buffer, (size_t)length);
    if (room == NULL) {
        buffer->failed = true;
        return -1;
    }
    va_start(arguments, format);
    vsnprintf((char *)room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
    return 0;
}

void buffer_consume(struct buffer *buffer, size_t length)
{
    size_t left = length < buffer->length ? buffer->length - length : 0;

    if (length == 0)
        return;
    if (left > 0)
        memmove(buffer->data, buffer->data + length, left);
    if (buffer->data != NULL)
        sodium_memzero(buffer->data + left, buffer->length - left);
    buffer->length = left;
}

const char *buffer_text(struct buffer *buffer)
{
    bool failed = buffer->failed;

    if (buffer_reserve(buffer, 0) == NULL) {
        buffer->failed = failed;
        return "";
    }
    buffer->data[buffer->length] = '\0';
    return (const char *)buffer->data;
}

int buffer_add_bytes(struct buffer *buffer, struct slice bytes)
{
    uint32_t length = htobe32((uint32_t)bytes.length);
    unsigned char *room = bytes.length > UINT32_MAX ? NULL : buffer_reserve(buffer, sizeof length + bytes.length);

    if (room == NULL) {
        buffer->failed = true;
        return -1;
    }
    memcpy(room, &length, sizeof length);
    if (bytes.length > 0)
        memcpy(room + sizeof length, bytes.data, bytes.length);
    buffer_grow(buffer, sizeof length + bytes.length);
    return 0;
}

int buffer_add_string(struct buffer *buffer, const char *text)
{
    return buffer_add_bytes(buffer, slice_of(text == NULL ? "" : text));
}

struct reader reader_of(struct slice slice)
{
    return (struct reader){slice.data, slice.length, false};
}

struct slice reader_raw(struct reader *reader, size_t length)
{
    struct slice slice = SLICE_NONE;

    if (reader->failed || length > reader->left) {
        reader->failed = true;
        return slice;
    }
    slice = (struct slice){reader->data, length};
    reader->data += length;
    reader->left -= length;
    return slice;
}

static inline void copy(struct reader *reader, void *value, size_t length)
{
    struct slice packed = reader_raw(reader, length);

    if (packed.length > 0)
        memcpy(value, packed.data, length);
}

uint8_t reader_u8(struct reader *reader)
{
    uint8_t value = 0;

    copy(reader, &value, sizeof value);
    return value;
}

uint16_t reader_u16(struct reader *reader)
{
    uint16_t value = 0;

    copy(reader, &value, sizeof value);
    return be16toh(value);
}

uint32_t reader_u32(struct reader *reader)
{
    uint32_t value = 0;

    copy(reader, &value, sizeof value);
    return be32toh(value);
}

uint64_t reader_u64(struct reader *reader)
{
    uint64_t value = 0;

    copy(reader, &value, sizeof value);
    return be64toh(value);
}

struct slice reader_bytes(struct reader *reader, size_t maximum)
{
    size_t length = reader_u32(reader);

    if (length > maximum) {
        reader->failed = true;
        return SLICE_NONE;
    }
    return reader_raw(reader, length);
}

char *reader_string(struct reader *reader, size_t maximum)
{
    struct slice bytes = reader_bytes(reader, maximum);
    char *text;

    if (reader->failed || (bytes.length > 0 && memchr(bytes.data, '\0', bytes.length) != NULL)) {
        reader->failed = true;
        return NULL;
    }
    text = slice_copy(bytes);
    reader->failed = text == NULL;
    return text;
}

int reader_end(const struct reader *reader)
{
    return reader->failed || reader->left > 0 ? -1 : 0;
}
