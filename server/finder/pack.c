/* SPDX-License-Identifier: ISC
 *
 * Git's packs (gitformat-pack): every object, reachable or not. What is stored whole is searched as it is unpacked; of
 * what is stored as a difference, that which differs, with what stands around it, in the whole that it makes. */
#include "server/finder/pack.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define LARGEST (512u * 1024 * 1024) /* bytes of objects held at one time */
#define COPIED (256u * 1024 * 1024)  /* bytes of a pack that is not in a file of its own */
#define DEEPEST 4096                 /* differences on differences */
#define TIMES 16384                  /* bytes that differences may make of each of the pack's; files that grow a line a */
#define FREE (1ull << 28)            /* day make thousands; and that they may make of a pack however small */
#define NAME_BYTES 20                /* SHA-1 */
#define INPUT 16384

enum object_type { OBJECT_COMMIT = 1, OBJECT_TREE, OBJECT_BLOB, OBJECT_TAG, OBJECT_OFFSET = 6, OBJECT_NAME };

struct object {
    uint64_t start; /* of its head in the pack */
    uint64_t data;  /* of what is compressed */
    uint64_t size;  /* inflated */
    uint64_t base;  /* OBJECT_OFFSET: where it starts */
    unsigned char name[NAME_BYTES]; /* OBJECT_NAME: of the base */
    unsigned char type;
    bool tried; /* a difference that was made, or that does not come out */
};

/* An object whose differences are being made. */
struct level {
    unsigned char *bytes;
    size_t length;
    unsigned char type;
    size_t offsets, names; /* the next difference on it in each list */
    uint64_t start;
    unsigned char name[NAME_BYTES];
};

struct pack {
    struct source *source;
    struct input *input;
    off_t origin;        /* where in the file it begins; -1: not in one */
    unsigned char *copy; /* where it is not in a file: its beginning */
    size_t copied;
    char name[48]; /* of a member */
    struct object *objects;
    size_t count, capacity;
    struct object **by_offset, **by_name; /* differences, in order of their bases */
    size_t offset_count, name_count;
    struct level *levels;
    size_t depth;
    size_t held;
    size_t made;    /* differences that came out */
    uint64_t bytes; /* of what they make */
};

static const char *const type_names[] = {"", "commit", "tree", "blob", "tag"};

/* ---- the first reading ---- */

static int damaged(const struct pack *pack, uint64_t at)
{
    if (!pack->input->failed)
        source_note(pack->source, "the pack is damaged at byte %llu: it was searched up to there",
                    (unsigned long long)at);
    return -1;
}

/* One byte of a head, or -1. */
static int next_byte(struct input *input)
{
    struct slice front = input_need(input, 1);

    if (front.length == 0)
        return -1;
    input_skip(input, 1);
    return front.data[0];
}

/* Type and size, then what the difference is to. */
static int read_head(struct pack *pack, struct object *object)
{
    struct input *input = pack->input;
    struct slice front;
    int c, shift = 4;

    object->start = input_position(input);
    c = next_byte(input);
    object->type = c >> 4 & 7;
    object->size = (uint64_t)c & 15;
    for (; c >= 0x80 && shift < 60; shift += 7) {
        c = next_byte(input);
        object->size |= ((uint64_t)c & 127) << shift;
    }
    if (object->type == OBJECT_OFFSET) {
        c = next_byte(input);
        object->base = (uint64_t)c & 127;
        while (c >= 0x80 && object->base < UINT64_MAX >> 8) {
            c = next_byte(input);
            object->base = (object->base + 1) << 7 | ((uint64_t)c & 127);
        }
        if (object->base == 0 || object->base > object->start)
            return damaged(pack, object->start);
        object->base = object->start - object->base;
    } else if (object->type == OBJECT_NAME) {
        front = input_need(input, NAME_BYTES);
        if (front.length < NAME_BYTES)
            return damaged(pack, object->start);
        memcpy(object->name, front.data, NAME_BYTES);
        input_skip(input, NAME_BYTES);
    }
    object->data = input_position(input);
    return c < 0 || object->type == 0 || object->type == 5 ? damaged(pack, object->start) : 0;
}

static struct slice name_member(struct pack *pack, const char *type, uint64_t start)
{
    snprintf(pack->name, sizeof pack->name, "%s at %llu", type, (unsigned long long)start);
    return slice_of(pack->name);
}

static struct object *add_object(struct pack *pack)
{
    if (pack->count == pack->capacity) {
        size_t capacity = pack->capacity > 0 ? 2 * pack->capacity : 1024;
        struct object *objects = reallocarray(pack->objects, capacity, sizeof *objects);

        if (objects == NULL) {
            source_note(pack->source, "no memory for so many objects");
            return NULL;
        }
        pack->objects = objects;
        pack->capacity = capacity;
    }
    memset(&pack->objects[pack->count], 0, sizeof *pack->objects);
    return &pack->objects[pack->count];
}

static int read_object(struct pack *pack)
{
    struct object *object = add_object(pack);
    struct input *inner;

    if (object == NULL || read_head(pack, object) < 0)
        return -1;
    pack->count++;
    inner = input_inflate(pack->input, 15, INPUT_ALL);
    if (object->type <= OBJECT_TAG) {
        source_member(pack->source, inner, name_member(pack, type_names[object->type], object->start));
        return inner->failed ? -1 : 0;
    }
    input_pass(inner, INPUT_ALL);
    input_close(inner);
    return inner->failed ? damaged(pack, object->start) : 0;
}

static void read_all(struct pack *pack)
{
    struct slice head = input_need(pack->input, 12);
    uint32_t count = (uint32_t)head.data[8] << 24 | (uint32_t)head.data[9] << 16 | (uint32_t)head.data[10] << 8 |
                     head.data[11];

    input_skip(pack->input, 12);
    while (count > 0 && read_object(pack) == 0)
        count--;
}

/* ---- differences ---- */

static size_t read_at(const struct pack *pack, uint64_t at, unsigned char *bytes, size_t size)
{
    ssize_t got;

    if (pack->origin >= 0) {
        got = pread(pack->input->fd, bytes, size, pack->origin + (off_t)at);
        return got > 0 ? (size_t)got : 0;
    }
    if (at > pack->copied || size > pack->copied - at)
        size = at < pack->copied ? (size_t)(pack->copied - at) : 0;
    memcpy(bytes, pack->copy + at, size);
    return size;
}

/* Inflates an object once more; NULL when it cannot be, or is too large. */
static unsigned char *load(const struct pack *pack, const struct object *object)
{
    unsigned char input[INPUT], *bytes = object->size <= LARGEST - pack->held ? malloc(object->size + 1) : NULL;
    z_stream zlib = {.next_out = bytes, .avail_out = (uInt)object->size + 1};
    uint64_t at = object->data;
    int result = bytes != NULL && inflateInit(&zlib) == Z_OK ? Z_OK : Z_MEM_ERROR;

    while (result == Z_OK) {
        zlib.next_in = input;
        zlib.avail_in = (uInt)read_at(pack, at, input, sizeof input);
        at += zlib.avail_in;
        result = inflate(&zlib, Z_NO_FLUSH);
    }
    if (bytes != NULL)
        inflateEnd(&zlib);
    if (result == Z_STREAM_END && zlib.total_out == object->size)
        return bytes;
    free(bytes);
    return NULL;
}

static uint64_t delta_size(struct reader *delta)
{
    uint64_t size = 0;
    uint8_t c = 0x80;

    for (int shift = 0; c >= 0x80 && shift < 56; shift += 7) {
        c = reader_u8(delta);
        size |= ((uint64_t)c & 127) << shift;
    }
    return size;
}

/* A little-endian number of which the bits of `which` say what bytes there are. */
static size_t delta_number(struct reader *delta, unsigned which)
{
    size_t number = 0;

    for (int shift = 0; which != 0; which >>= 1, shift += 8)
        if (which & 1)
            number |= (size_t)reader_u8(delta) << shift;
    return number;
}

/* What is new in an object: its places are searched together where they are close. */
struct news {
    struct pack *pack;
    const unsigned char *bytes;
    size_t from, to; /* not searched yet */
    bool any;
};

static void search_news(struct news *news, size_t length)
{
    struct stream *stream = news->pack->source->stream;
    size_t around = stream->search->longest * SEARCH_REACH, from = news->from > around ? news->from - around : 0,
           to = length - news->to > around ? news->to + around : length;

    if (!news->any)
        return;
    stream_begin(stream);
    stream->text.marks[0].source = from;
    stream_put(stream, (struct slice){news->bytes + from, to - from});
    stream_search(stream, true);
    news->any = false;
}

static void add_news(struct news *news, size_t from, size_t to)
{
    size_t around = news->pack->source->stream->search->longest * SEARCH_REACH;

    if (news->any && from - news->to > 2 * around)
        search_news(news, to);
    if (!news->any)
        news->from = from;
    news->to = to;
    news->any = true;
}

/* As if to keep whoever unpacks it busy: a difference of 200 bytes may make an object of half a gigabyte. */
static bool is_endless(const struct pack *pack)
{
    return pack->bytes > FREE && (pack->bytes - FREE) / TIMES > input_position(pack->input);
}

/* Makes the whole and searches what is new in it; NULL when the difference does not fit. */
static unsigned char *apply(struct pack *pack, const struct level *base, struct slice bytes, size_t *length)
{
    struct reader delta = reader_of(bytes);
    uint64_t before = delta_size(&delta), size = delta_size(&delta);
    unsigned char *made = before == base->length && size <= LARGEST - pack->held ? malloc(size + 1) : NULL;
    struct news news = {pack, made, 0, 0, false};
    size_t at = 0;
    bool good = made != NULL;

    pack->bytes += good ? size : 0;
    while (good && delta.left > 0) {
        uint8_t code = reader_u8(&delta);
        size_t from = code & 0x80 ? delta_number(&delta, code & 15) : 0,
               count = code & 0x80 ? delta_number(&delta, code >> 4 & 7) : code;
        struct slice piece;

        if ((code & 0x80) && count == 0)
            count = 0x10000;
        piece = !(code & 0x80) ? reader_raw(&delta, count)
                : from <= base->length && count <= base->length - from
                    ? (struct slice){base->bytes + from, count}
                    : SLICE_NONE;
        good = !delta.failed && count > 0 && piece.length == count && count <= size - at;
        if (!good)
            break;
        memcpy(made + at, piece.data, count);
        add_news(&news, at, code & 0x80 ? at : at + count);
        at += count;
    }
    if (good && at == size) {
        search_news(&news, size);
        *length = size;
        return made;
    }
    free(made);
    return NULL;
}

/* ---- the tree of differences ---- */

static int by_base(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;

    return x->base != y->base ? (x->base < y->base ? -1 : 1) : x->start < y->start ? -1 : x->start > y->start;
}

static int by_name(const void *a, const void *b)
{
    return memcmp((*(struct object *const *)a)->name, (*(struct object *const *)b)->name, NAME_BYTES);
}

/* The first difference in a list that is not before `wanted`. */
static size_t first(struct object **list, size_t count, const struct object *wanted,
                    int (*compare)(const void *, const void *))
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(&list[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void name_object(struct level *level)
{
    char head[64];
    int length = snprintf(head, sizeof head, "%s %zu", type_names[level->type], level->length) + 1;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha1(), NULL) != 1 ||
        EVP_DigestUpdate(context, head, (size_t)length) != 1 ||
        EVP_DigestUpdate(context, level->bytes, level->length) != 1 ||
        EVP_DigestFinal_ex(context, level->name, NULL) != 1)
        memset(level->name, 0, NAME_BYTES);
    EVP_MD_CTX_free(context);
}

/* Takes the bytes. */
static void push(struct pack *pack, unsigned char *bytes, size_t length, unsigned char type, uint64_t start)
{
    struct level *level = &pack->levels[pack->depth++];
    struct object wanted = {.base = start};

    *level = (struct level){.bytes = bytes, .length = length, .type = type, .start = start};
    level->offsets = first(pack->by_offset, pack->offset_count, &wanted, by_base);
    level->names = pack->name_count;
    if (pack->name_count > 0) {
        name_object(level);
        memcpy(wanted.name, level->name, NAME_BYTES);
        level->names = first(pack->by_name, pack->name_count, &wanted, by_name);
        if (level->names < pack->name_count && pack->by_name[level->names]->tried) /* with another that is the same */
            level->names = pack->name_count;
    }
    pack->held += length;
}

static void pop(struct pack *pack)
{
    struct level *level = &pack->levels[--pack->depth];

    pack->held -= level->length;
    free(level->bytes);
}

/* The next difference on the object on top, or NULL. */
static struct object *next_difference(struct pack *pack)
{
    struct level *level = &pack->levels[pack->depth - 1];
    struct object *object;

    if (level->offsets < pack->offset_count && pack->by_offset[level->offsets]->base == level->start)
        return pack->by_offset[level->offsets++];
    if (level->names == pack->name_count)
        return NULL;
    object = pack->by_name[level->names];
    if (memcmp(object->name, level->name, NAME_BYTES) != 0)
        return NULL;
    level->names++;
    return object;
}

static void make(struct pack *pack, struct object *object)
{
    const struct level *base = &pack->levels[pack->depth - 1];
    unsigned char *delta = object->tried || is_endless(pack) ? NULL : load(pack, object), *bytes = NULL;
    size_t length = 0, before = source_enter(pack->source, name_member(pack, type_names[base->type], object->start));

    if (delta != NULL && pack->depth < DEEPEST)
        bytes = apply(pack, base, (struct slice){delta, object->size}, &length);
    source_leave(pack->source, before);
    free(delta);
    object->tried = true;
    if (bytes == NULL)
        return;
    pack->made++;
    push(pack, bytes, length, base->type, object->start);
}

/* All that are differences to it, or to those. */
static void make_all(struct pack *pack, const struct object *root)
{
    struct object wanted = {.base = root->start}, *object;
    size_t place = first(pack->by_offset, pack->offset_count, &wanted, by_base);
    bool has = place < pack->offset_count && pack->by_offset[place]->base == root->start;
    unsigned char *bytes = has || pack->name_count > 0 ? load(pack, root) : NULL;

    if (bytes == NULL)
        return;
    push(pack, bytes, root->size, root->type, root->start);
    while (pack->depth > 0) {
        object = next_difference(pack);
        if (object != NULL)
            make(pack, object);
        else
            pop(pack);
    }
}

static void make_differences(struct pack *pack)
{
    size_t lists = pack->count + 1;

    pack->by_offset = calloc(lists, sizeof(struct object *));
    pack->by_name = calloc(lists, sizeof(struct object *));
    pack->levels = calloc(DEEPEST + 1, sizeof *pack->levels);
    if (pack->by_offset == NULL || pack->by_name == NULL || pack->levels == NULL) {
        source_note(pack->source, "no memory for so many objects");
        return;
    }
    for (size_t i = 0; i < pack->count; i++) {
        if (pack->objects[i].type == OBJECT_OFFSET)
            pack->by_offset[pack->offset_count++] = &pack->objects[i];
        else if (pack->objects[i].type == OBJECT_NAME)
            pack->by_name[pack->name_count++] = &pack->objects[i];
    }
    qsort(pack->by_offset, pack->offset_count, sizeof(struct object *), by_base);
    qsort(pack->by_name, pack->name_count, sizeof(struct object *), by_name);
    for (size_t i = 0; i < pack->count; i++)
        if (pack->objects[i].type <= OBJECT_TAG)
            make_all(pack, &pack->objects[i]);
    if (is_endless(pack))
        source_note(pack->source, "its differences make more than %d times its size, as if to keep whoever unpacks it busy: "
                    "they were searched up to there", TIMES);
    else if (pack->made < pack->offset_count + pack->name_count)
        source_note(pack->source, "%zu of the pack's %zu objects do not come out: git fsck says what is wrong",
                    pack->offset_count + pack->name_count - pack->made, pack->count);
}

int pack_prepare(struct error *error)
{
    unsigned char name[NAME_BYTES];

    return EVP_Digest("", 0, name, NULL, EVP_sha1(), NULL) == 1 ? 0 : error_set(error, "libcrypto does not start");
}

bool pack_is(struct slice front)
{
    return front.length >= 12 && memcmp(front.data, "PACK\0\0\0", 7) == 0 && (front.data[7] == 2 || front.data[7] == 3);
}

/* ---- where it is not in a file of its own ---- */

static ssize_t read_copied(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    const struct pack *pack = input->context;
    size_t got = read_at(pack, input->taken, bytes, size);

    if (got == 0)
        got = input_read(input->from, bytes, size);
    if (got == 0 && input->from->failed)
        return error_set(error, "%s", "");
    return (ssize_t)got;
}

/* What fits is copied, and all is read as if from there on. */
static void copy(struct pack *pack)
{
    struct input *input = pack->input;
    size_t capacity = 0, got = 1;

    while (got > 0 && pack->copied < COPIED) {
        if (pack->copied == capacity) {
            size_t larger = capacity > 0 ? 2 * capacity : INPUT_BYTES;
            unsigned char *bytes = realloc(pack->copy, larger);

            if (bytes == NULL)
                break;
            pack->copy = bytes;
            capacity = larger;
        }
        got = input_read(input, pack->copy + pack->copied, capacity - pack->copied);
        pack->copied += got;
    }
    pack->input = input_behind(input, INPUT_ALL, read_copied);
    pack->input->context = pack;
}

void pack_unpack(struct source *source, struct input *input)
{
    struct pack pack = {.source = source, .input = input, .origin = -1};

    if (input == input->root)
        pack.origin = lseek(input->fd, 0, SEEK_CUR) - (off_t)input->taken;
    if (pack.origin < 0)
        copy(&pack);
    read_all(&pack);
    if (pack.count > 0 && (pack.origin >= 0 || input_position(pack.input) <= pack.copied))
        make_differences(&pack);
    else if (pack.count > 0)
        source_note(source, "what this pack of git's has as differences can be read from a file of its own only: save "
                    "it, and search that");
    source_others(source, pack.input, NULL);
    free(pack.copy);
    free(pack.objects);
    free(pack.by_offset);
    free(pack.by_name);
    free(pack.levels);
}
