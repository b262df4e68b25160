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
#include "server/finder/pack_data.h"

#define LARGEST (512u * 1024 * 1024) /* bytes of objects held at one time */
#define COPIED (256u * 1024 * 1024)  /* bytes of a pack that is not in a file of its own */
#define DEEPEST 4096                 /* differences on differences */
#define TIMES 16384                  /* bytes that differences may make of each of the pack's; files that grow a line a */
#define FREE (1ull << 28)            /* day make thousands; and that they may make of a pack however small */
#define INPUT 16384

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
    return memcmp((*(struct object *const *)a)->name, (*(struct object *const *)b)->name, PACK_NAME);
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
    int length = snprintf(head, sizeof head, "%s %zu", pack_type_names[level->type], level->length) + 1;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha1(), NULL) != 1 ||
        EVP_DigestUpdate(context, head, (size_t)length) != 1 ||
        EVP_DigestUpdate(context, level->bytes, level->length) != 1 ||
        EVP_DigestFinal_ex(context, level->name, NULL) != 1)
        memset(level->name, 0, PACK_NAME);
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
        memcpy(wanted.name, level->name, PACK_NAME);
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
    if (memcmp(object->name, level->name, PACK_NAME) != 0)
        return NULL;
    level->names++;
    return object;
}

static void make(struct pack *pack, struct object *object)
{
    const struct level *base = &pack->levels[pack->depth - 1];
    unsigned char *delta = object->tried || is_endless(pack) ? NULL : load(pack, object), *bytes = NULL;
    size_t length = 0, before = source_enter(pack->source, pack_name_member(pack, pack_type_names[base->type],
                                                                            object->start));

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
    unsigned char name[PACK_NAME];

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
    pack_read(&pack);
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
