/* SPDX-License-Identifier: ISC */
#include "server/finder/input.h"

#include <errno.h>
#include <unistd.h>

/* ---- reading any ---- */

static void clear(struct input *input)
{
    input->from = NULL;
    input->close = NULL;
    input->at = input->length = 0;
    input->taken = input->made = 0;
    input->ended = input->failed = false;
    input->error.text[0] = '\0';
    input->left = INPUT_ALL;
}

static size_t read_some(struct input *input, unsigned char *bytes, size_t size)
{
    ssize_t got = input->ended ? 0 : input->read(input, bytes, size, &input->error);

    if (got > 0) {
        input->taken += (size_t)got;
        return (size_t)got;
    }
    input->failed = input->failed || got < 0;
    input->ended = true;
    return 0;
}

struct slice input_need(struct input *input, size_t length)
{
    if (length > INPUT_BYTES)
        length = INPUT_BYTES;
    if (input->length - input->at < length) {
        memmove(input->bytes, input->bytes + input->at, input->length - input->at);
        input->length -= input->at;
        input->at = 0;
    }
    while (input->length - input->at < length && !input->ended)
        input->length += read_some(input, input->bytes + input->length, INPUT_BYTES - input->length);
    return (struct slice){input->bytes + input->at, input->length - input->at};
}

void input_pass(struct input *input, uint64_t length)
{
    while (length > 0) {
        size_t front = input_need(input, 1).length, some = front < length ? front : (size_t)length;

        if (some == 0)
            break;
        input_skip(input, some);
        length -= some;
    }
}

size_t input_read(struct input *input, unsigned char *bytes, size_t size)
{
    size_t front = input->length - input->at;

    if (front == 0)
        return read_some(input, bytes, size);
    if (size > front)
        size = front;
    memcpy(bytes, input->bytes + input->at, size);
    input_skip(input, size);
    return size;
}

/* ---- a file ---- */

static ssize_t read_file(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    ssize_t got;

    if (input->idle != NULL)
        input->idle(input->context);
    do
        got = read(input->fd, bytes, size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(error, "it could be read no further than byte %llu", (unsigned long long)input->taken);
    return got;
}

void input_open(struct input *input, int fd)
{
    clear(input);
    input->root = input;
    input->read = read_file;
    input->fd = fd;
}

/* ---- a part ---- */

/* What is missing is that one's failure, where it is one. */
static ssize_t cut_off(const struct input *from, struct error *error)
{
    if (from->failed)
        error->text[0] = '\0';
    else
        error_set(error, "it is cut off: it was searched up to there");
    return -1;
}

static ssize_t read_part(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    size_t got;

    if (input->left == 0)
        return 0;
    got = input_read(input->from, bytes, input->left < size ? (size_t)input->left : size);
    input->left -= got;
    return got > 0 ? (ssize_t)got : cut_off(input->from, error);
}

struct input *input_behind(struct input *from, uint64_t left,
                           ssize_t (*read)(struct input *, unsigned char *, size_t, struct error *))
{
    struct input *input = from + 1;

    clear(input);
    input->root = from->root;
    input->from = from;
    input->read = read;
    input->left = left;
    input->crc = 0;
    return input;
}

struct input *input_part(struct input *from, uint64_t left)
{
    return input_behind(from, left, read_part);
}

void input_close(struct input *input)
{
    if (input->close != NULL)
        input->close(input);
    input->close = NULL;
}

/* ---- what is deflated ---- */

/* One more of gzip's members? */
static bool goes_on(struct input *input)
{
    struct slice front = input->again ? input_need(input->from, 3) : SLICE_NONE;

    return front.length >= 3 && memcmp(front.data, "\x1f\x8b\x08", 3) == 0 && inflateReset(&input->zlib) == Z_OK;
}

static int inflate_some(struct input *input)
{
    struct slice front = input_need(input->from, 1);
    size_t length = front.length < input->left ? front.length : (size_t)input->left;
    int result;

    input->zlib.next_in = (unsigned char *)(uintptr_t)front.data;
    input->zlib.avail_in = (uInt)length;
    result = inflate(&input->zlib, Z_NO_FLUSH);
    length -= input->zlib.avail_in;
    input_skip(input->from, length);
    if (input->left != INPUT_ALL)
        input->left -= length;
    return result;
}

static ssize_t read_inflated(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    struct input *root = input->root;
    size_t got;
    int result;

    if (root->made / INPUT_TIMES > root->taken + INPUT_FREE / INPUT_TIMES)
        return error_set(error, "it makes more than %d times its size, as if to keep whoever unpacks it busy: it was "
                         "searched up to there", INPUT_TIMES);
    input->zlib.next_out = bytes;
    input->zlib.avail_out = (uInt)size;
    do {
        result = inflate_some(input);
        got = size - input->zlib.avail_out;
    } while (got == 0 && (result == Z_OK || (result == Z_STREAM_END && goes_on(input))));
    root->made += got;
    if (got > 0 || result == Z_STREAM_END)
        return (ssize_t)got;
    if (result == Z_BUF_ERROR && input->from->failed)
        return cut_off(input->from, error);
    return error_set(error, "what is compressed in it is %s: it was searched up to there",
                     result == Z_BUF_ERROR ? "cut off" : "damaged");
}

static void close_inflated(struct input *input)
{
    inflateEnd(&input->zlib);
}

static ssize_t read_nothing(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    (void)input, (void)bytes, (void)size;
    return error_set(error, "no memory to unpack with");
}

struct input *input_inflate(struct input *from, int bits, uint64_t left)
{
    struct input *input = input_behind(from, left, read_inflated);

    memset(&input->zlib, 0, sizeof input->zlib);
    input->again = bits > 15;
    if (inflateInit2(&input->zlib, bits) == Z_OK)
        input->close = close_inflated;
    else
        input->read = read_nothing;
    return input;
}
