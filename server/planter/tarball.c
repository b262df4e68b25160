/* SPDX-License-Identifier: ISC */
#include "server/planter/tarball.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define BLOCK 512
#define DATE 499162500 /* 1985-10-26T08:15:00Z, which npm gives all files */
#define ARCHIVE_BYTES (4 * 1024 * 1024)

/* Fields of a header, by offset, as npm fills them: octal digits, a space, a NUL. */
enum { NAME = 0, MODE = 100, SIZE = 124, TIME = 136, SUM = 148, TYPE = 156, MAGIC = 257, MAJOR = 329, MINOR = 337 };

static void add_header(struct buffer *tar, const struct tarball_file *file)
{
    char header[BLOCK] = "";
    unsigned int sum = 8 * ' ';

    snprintf(header + NAME, 100, "package/%.90s", file->name);
    snprintf(header + MODE, 8, "%06o ", file->program ? 0755U : 0644U);
    snprintf(header + SIZE, 12, "%010zo ", file->data.length);
    snprintf(header + TIME, 12, "%010o ", DATE);
    header[TYPE] = '0';
    memcpy(header + MAGIC, "ustar\0" "00", 8);
    snprintf(header + MAJOR, 8, "%06o ", 0U);
    snprintf(header + MINOR, 8, "%06o ", 0U);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)header[i];
    snprintf(header + SUM, 8, "%06o ", sum);
    buffer_add(tar, header, BLOCK);
}

static void add_zeros(struct buffer *tar, size_t length)
{
    static const char zeros[2 * BLOCK];

    buffer_add(tar, zeros, length);
}

static int by_name(const void *a, const void *b)
{
    return strcasecmp(((const struct tarball_file *)a)->name, ((const struct tarball_file *)b)->name);
}

static int compress_into(struct slice data, struct buffer *out)
{
    z_stream zlib = {0};
    gz_header header = {.os = 255};
    int result = deflateInit2(&zlib, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    size_t room = result == Z_OK ? deflateBound(&zlib, data.length) + 32 : 0;
    unsigned char *packed = room > 0 ? malloc(room) : NULL;

    if (packed != NULL && deflateSetHeader(&zlib, &header) == Z_OK) {
        zlib.next_in = (unsigned char *)(uintptr_t)data.data;
        zlib.avail_in = (unsigned int)data.length;
        zlib.next_out = packed;
        zlib.avail_out = (unsigned int)room;
        result = deflate(&zlib, Z_FINISH);
    }
    if (result == Z_STREAM_END)
        buffer_add(out, packed, zlib.total_out);
    if (packed != NULL)
        sodium_memzero(packed, room);
    free(packed);
    deflateEnd(&zlib);
    return result == Z_STREAM_END && !out->failed ? 0 : -1;
}

int tarball_write(struct tarball_file *files, size_t count, struct buffer *out, struct error *error)
{
    struct buffer tar;
    int rc;

    qsort(files, count, sizeof *files, by_name);
    buffer_init(&tar, ARCHIVE_BYTES);
    for (size_t i = 0; i < count; i++) {
        add_header(&tar, &files[i]);
        buffer_add_slice(&tar, files[i].data);
        add_zeros(&tar, (BLOCK - files[i].data.length % BLOCK) % BLOCK);
    }
    add_zeros(&tar, 2 * BLOCK);
    rc = tar.failed || compress_into(buffer_slice(&tar), out) != 0 ? error_set(error, "the package is too long") : 0;
    buffer_free(&tar);
    return rc;
}
