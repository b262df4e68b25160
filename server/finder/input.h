/* SPDX-License-Identifier: ISC
 *
 * Bytes in order, without going back: a file's, or what lies within another input, inflated or as it is. Each has a
 * buffer, in whose front its format is seen. The inputs of one source lie behind each other in an array, each behind the
 * one that it takes from.
 *
 * An input that fails is at its end, and says why. */
#ifndef FINDER_INPUT_H
#define FINDER_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <zlib.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define INPUT_BYTES 65536
#define INPUT_TIMES 1100              /* deflate makes 1032 bytes of one at most: what was packed once always passes */
#define INPUT_FREE (64 * 1024 * 1024) /* that may be unpacked however small the file is */

/* What is read of base64. */
struct base64 {
    uint32_t bits; /* the last `count` are not bytes yet */
    unsigned count;
    size_t line, last; /* digits that are left of a line, and that it had */
};

struct input {
    struct input *root, *from; /* from: NULL for a file */
    /* Some bytes; 0 at the end; -1 with why, or "" where `from` says it. */
    ssize_t (*read)(struct input *input, unsigned char *bytes, size_t size, struct error *error);
    void (*close)(struct input *input); /* or NULL */
    unsigned char bytes[INPUT_BYTES];
    size_t at, length; /* what was read and not used yet */
    uint64_t taken;    /* bytes read in all */
    bool ended, failed;
    struct error error;

    int fd;
    void (*idle)(void *context); /* of a file: before each reading that may wait; may be NULL */
    void *context;
    uint64_t made; /* of a file: bytes that were inflated from it and from what was inflated, in all */

    uint64_t left; /* bytes that it may still take of `from` */
    z_stream zlib;
    bool again; /* several of gzip's members are one text */
    uint32_t crc; /* of what was taken */
    struct base64 base64;
};

#define INPUT_ALL UINT64_MAX

/* A file, which stays the caller's. */
void input_open(struct input *input, int fd);
/* These two open the one behind `from` in the array, which takes `left` bytes of it at most: as they are, or inflated as
 * inflateInit2() takes `bits`. They return it, and it ends with input_close(). */
struct input *input_part(struct input *from, uint64_t left);
struct input *input_inflate(struct input *from, int bits, uint64_t left);
/* The same for another way of reading; input_close() before. */
struct input *input_behind(struct input *from, uint64_t left,
                           ssize_t (*read)(struct input *, unsigned char *, size_t, struct error *));
void input_close(struct input *input);

/* Has at least `length` bytes in front, at most INPUT_BYTES, or all that is left. Returns the front. */
struct slice input_need(struct input *input, size_t length);
static inline void input_skip(struct input *input, size_t length)
{
    input->at += length;
}
/* Skips so many, or to the end. */
void input_pass(struct input *input, uint64_t length);
/* Some bytes from the front on; 0 at the end. */
size_t input_read(struct input *input, unsigned char *bytes, size_t size);
/* Of the front. */
static inline uint64_t input_position(const struct input *input)
{
    return input->taken - (input->length - input->at);
}

#endif
