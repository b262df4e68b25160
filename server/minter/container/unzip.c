/* SPDX-License-Identifier: ISC */
#include "server/minter/container/unzip.h"

#include <zlib.h>

#define LOCAL 0x04034b50
#define CENTRAL 0x02014b50
#define END 0x06054b50
#define LOCAL_BYTES 30
#define CENTRAL_BYTES 46
#define END_BYTES 22
#define COMMENT 65535
#define STORED 0
#define DEFLATED 8
#define PROTECTED 1 /* a flag */
#define NEVER 0x21  /* 1 January 1980: what has no date */
#define PIECE 4096

/* Of bytes that are there. */
static unsigned little(const unsigned char *at, unsigned bytes)
{
    unsigned value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (unsigned)at[i] << 8 * i;
    return value;
}

static struct slice part(struct slice whole, size_t at, size_t length)
{
    return at <= whole.length && length <= whole.length - at ? (struct slice){whole.data + at, length} : SLICE_NONE;
}

bool unzip_open(struct unzip *unzip, struct slice archive)
{
    size_t least = archive.length > END_BYTES + COMMENT ? archive.length - END_BYTES - COMMENT : 0, at;

    *unzip = (struct unzip){archive, SLICE_NONE};
    if (archive.length < END_BYTES || little(archive.data, 2) != (LOCAL & 0xffff))
        return false;
    for (at = archive.length - END_BYTES; at > least && little(archive.data + at, 4) != END; at--)
        continue;
    if (little(archive.data + at, 4) != END)
        return false;
    unzip->rest = part(archive, little(archive.data + at + 16, 4), little(archive.data + at + 12, 4));
    return true;
}

static struct tm saved(unsigned date, unsigned time)
{
    struct tm tm = {.tm_year = (int)(date >> 9) + 80, .tm_mon = (int)(date >> 5 & 15) - 1, .tm_mday = (int)(date & 31),
                    .tm_hour = (int)(time >> 11), .tm_min = (int)(time >> 5 & 63), .tm_sec = (int)(time & 31) * 2};

    return date == NEVER || date == 0 ? (struct tm){0} : tm;
}

/* Behind the header that stands before the data, whose name and extra field may be others than the directory's. */
static struct slice data_of(struct slice archive, size_t at, size_t length)
{
    struct slice head = part(archive, at, LOCAL_BYTES);

    if (head.length == 0 || little(head.data, 4) != LOCAL)
        return SLICE_NONE;
    return part(archive, at + LOCAL_BYTES + little(head.data + 26, 2) + little(head.data + 28, 2), length);
}

bool unzip_next(struct unzip *unzip, struct unzip_member *member)
{
    const unsigned char *at = unzip->rest.data;
    size_t name, all;

    if (unzip->rest.length < CENTRAL_BYTES || little(at, 4) != CENTRAL)
        return false;
    name = little(at + 28, 2);
    all = CENTRAL_BYTES + name + little(at + 30, 2) + little(at + 32, 2);
    if (all > unzip->rest.length)
        return false;
    *member = (struct unzip_member){
        .name = {at + CENTRAL_BYTES, name},
        .data = data_of(unzip->archive, little(at + 42, 4), little(at + 20, 4)),
        .method = little(at + 10, 2),
        .locked = (little(at + 8, 2) & PROTECTED) != 0,
        .saved = saved(little(at + 14, 2), little(at + 12, 2)),
    };
    unzip->rest = (struct slice){at + all, unzip->rest.length - all};
    return true;
}

int unzip_inflate(struct slice data, bool raw, struct buffer *out)
{
    z_stream zlib = {.next_in = (unsigned char *)(uintptr_t)data.data, .avail_in = (uInt)data.length};
    int result = inflateInit2(&zlib, raw ? -MAX_WBITS : MAX_WBITS);

    while (result == Z_OK && out->length < out->maximum) {
        size_t room = out->maximum - out->length < PIECE ? out->maximum - out->length : PIECE;

        zlib.next_out = buffer_reserve(out, room);
        if (zlib.next_out == NULL)
            break;
        zlib.avail_out = (uInt)room;
        result = inflate(&zlib, Z_SYNC_FLUSH);
        buffer_grow(out, room - zlib.avail_out);
    }
    inflateEnd(&zlib);
    return result == Z_STREAM_END ? 0 : -1;
}

int unzip_member(const struct unzip_member *member, struct buffer *out)
{
    size_t room = out->maximum - out->length, length = member->data.length < room ? member->data.length : room;

    if (member->locked || member->data.length == 0)
        return -1;
    if (member->method == DEFLATED)
        return unzip_inflate(member->data, true, out);
    return member->method == STORED && buffer_add(out, member->data.data, length) == 0 && length == member->data.length
               ? 0
               : -1;
}
