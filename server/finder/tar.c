/* SPDX-License-Identifier: ISC */
#include "server/finder/tar.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK 512

/* Fields of a header: where, and how long. */
#define NAME 0, 100
#define SIZE 124, 12
#define PREFIX 345, 155
/* Where alone. */
#define CHECKSUM 148
#define CHECKSUM_BYTES 8
#define TYPE 156
#define MAGIC 257
#define MORE 482       /* GNU's 'S': a block follows that says where its holes are */
#define MORE_BLOCK 504 /* the same, in that */

struct tar {
    struct source *source;
    struct input *input;
    /* Of the next file, if a header before it said so. */
    char name[SOURCE_MEMBER];
    uint64_t size;
    bool named, sized;
    bool ended; /* by a block of zeros, or by damage that was told */
};

/* ---- a header ---- */

static struct slice field(struct slice block, size_t at, size_t length)
{
    return (struct slice){block.data + at, strnlen((const char *)block.data + at, length)};
}

/* Octal digits, or GNU's binary form. */
static uint64_t number(struct slice block, size_t at, size_t length)
{
    const unsigned char *digits = block.data + at;
    uint64_t value = 0;

    if (digits[0] & 0x80) {
        for (size_t i = length - 8; i < length; i++)
            value = value << 8 | digits[i];
        return value;
    }
    for (size_t i = 0; i < length && (digits[i] == ' ' || (digits[i] >= '0' && digits[i] <= '7')); i++)
        if (digits[i] != ' ')
            value = value << 3 | (uint64_t)(digits[i] - '0');
    return value;
}

static bool is_zero(struct slice block)
{
    for (size_t i = 0; i < block.length; i++)
        if (block.data[i] != 0)
            return false;
    return true;
}

/* Is the checksum written as one? */
static bool is_octal(struct slice block)
{
    for (size_t i = CHECKSUM; i < CHECKSUM + CHECKSUM_BYTES; i++)
        if ((block.data[i] < '0' || block.data[i] > '7') && block.data[i] != ' ' && block.data[i] != 0)
            return false;
    return true;
}

/* The checksum counts its own bytes as spaces; some count bytes as signed. It is never 0, as the sum of other bytes with
 * their signs may be. */
bool tar_is(struct slice front)
{
    int64_t sum = 0, with_signs = 0, told;

    if (front.length < BLOCK || !is_octal(front))
        return false;
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char c = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_BYTES ? ' ' : front.data[i];

        sum += c;
        with_signs += (signed char)c;
    }
    told = (int64_t)number(front, CHECKSUM, CHECKSUM_BYTES);
    return told > 0 && (told == sum || told == with_signs);
}

/* ---- names ---- */

static void take_name(struct tar *tar, struct slice name)
{
    name.length = slice_cut(name, sizeof tar->name - 1);
    memcpy(tar->name, name.data, name.length);
    tar->name[name.length] = '\0';
    tar->named = true;
}

static void header_name(struct slice block, char *name, size_t size)
{
    struct slice last = field(block, NAME), prefix = field(block, PREFIX);
    bool posix = prefix.length > 0 && memcmp(block.data + MAGIC, "ustar", sizeof "ustar") == 0;

    snprintf(name, size, "%.*s%s%.*s", posix ? (int)prefix.length : 0, (const char *)prefix.data, posix ? "/" : "",
             (int)last.length, (const char *)last.data);
}

/* pax: "LENGTH KEY=VALUE\n", one after the other. */
static void take_record(struct tar *tar, struct slice record)
{
    if (record.length > 5 && memcmp(record.data, "path=", 5) == 0)
        take_name(tar, (struct slice){record.data + 5, record.length - 5});
    if (record.length > 5 && memcmp(record.data, "size=", 5) == 0) {
        tar->size = 0;
        for (size_t i = 5; i < record.length && record.data[i] >= '0' && record.data[i] <= '9'; i++)
            tar->size = 10 * tar->size + (uint64_t)(record.data[i] - '0');
        tar->sized = true;
    }
}

static void take_records(struct tar *tar, struct slice records)
{
    while (records.length > 0) {
        size_t length = 0, at = 0;

        for (; at < records.length && at < 8 && records.data[at] >= '0' && records.data[at] <= '9'; at++)
            length = 10 * length + (size_t)(records.data[at] - '0');
        if (at == 0 || length > records.length || length < at + 2)
            break;
        take_record(tar, (struct slice){records.data + at + 1, length - at - 2});
        records = (struct slice){records.data + length, records.length - length};
    }
}

/* ---- a file ---- */

static bool is_end(struct slice front)
{
    return front.length == 0 || tar_is(front) || is_zero((struct slice){front.data, front.length < BLOCK ? front.length : BLOCK});
}

/* Do bytes follow the header? Links, devices and folders have none, though some wrote a size; pax may give a link the
 * bytes of its file. */
static bool has_bytes(struct input *input, char type)
{
    if (type == '1')
        return !is_end(input_need(input, BLOCK));
    return type < '2' || type > '6';
}

/* Blocks that say where a file's holes are. */
static void pass_map(struct input *input, bool more)
{
    while (more) {
        struct slice block = input_need(input, BLOCK);

        more = block.length >= BLOCK && block.data[MORE_BLOCK] != 0;
        input_pass(input, BLOCK);
    }
}

/* What it says of the next file. */
static void take_front(struct tar *tar, char type, uint64_t size)
{
    struct slice front = input_need(tar->input, size < INPUT_BYTES ? (size_t)size : INPUT_BYTES);

    if (front.length > size)
        front.length = (size_t)size;
    if (type == 'x')
        take_records(tar, front);
    else
        take_name(tar, (struct slice){front.data, strnlen((const char *)front.data, front.length)});
}

static void search_file(struct tar *tar, struct slice name, char type, uint64_t size)
{
    struct input *member;

    if (type == 'x' || type == 'L')
        take_front(tar, type, size);
    member = input_part(tar->input, size);
    source_member(tar->source, member, name);
    input_pass(tar->input, member->left);
    input_pass(tar->input, (BLOCK - size % BLOCK) % BLOCK);
}

static void read_entry(struct tar *tar, struct slice block)
{
    char name[SOURCE_MEMBER], type = (char)block.data[TYPE];
    bool about_next = type == 'x' || type == 'g' || type == 'L' || type == 'K', map = type == 'S' && block.data[MORE];
    uint64_t size = tar->sized && !about_next ? tar->size : number(block, SIZE);

    if (tar->named && !about_next)
        snprintf(name, sizeof name, "%s", tar->name);
    else
        header_name(block, name, sizeof name);
    if (!about_next)
        tar->named = tar->sized = false;
    source_text(tar->source, (struct slice){block.data, BLOCK}, input_position(tar->input));
    input_skip(tar->input, BLOCK);
    pass_map(tar->input, map);
    if (size > 0 && size < INT64_MAX && has_bytes(tar->input, type))
        search_file(tar, slice_of(name), type, size);
}

/* ---- the archive ---- */

/* Blocks that are none of a file's. */
static size_t before_header(struct slice front)
{
    return tar_is(front) ? 0 : front.length < BLOCK ? front.length : BLOCK;
}

void tar_unpack(struct source *source, struct input *input)
{
    struct tar tar = {.source = source, .input = input};
    struct slice front;

    while ((front = input_need(input, BLOCK)).length > 0) {
        if (tar_is(front)) {
            read_entry(&tar, front);
            continue;
        }
        if (!tar.ended && !is_end(front))
            source_note(source, "the archive is damaged at byte %llu", (unsigned long long)input_position(input));
        tar.ended = true;
        source_others(source, input, before_header);
    }
}
