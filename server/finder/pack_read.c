/* SPDX-License-Identifier: ISC
 *
 * The first reading of a pack: its objects, one behind the other. */
#include "server/finder/pack_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const pack_type_names[] = {"", "commit", "tree", "blob", "tag"};

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
        front = input_need(input, PACK_NAME);
        if (front.length < PACK_NAME)
            return damaged(pack, object->start);
        memcpy(object->name, front.data, PACK_NAME);
        input_skip(input, PACK_NAME);
    }
    object->data = input_position(input);
    return c < 0 || object->type == 0 || object->type == 5 ? damaged(pack, object->start) : 0;
}

struct slice pack_name_member(struct pack *pack, const char *type, uint64_t start)
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
        source_member(pack->source, inner, pack_name_member(pack, pack_type_names[object->type], object->start));
        return inner->failed ? -1 : 0;
    }
    input_pass(inner, INPUT_ALL);
    input_close(inner);
    return inner->failed ? damaged(pack, object->start) : 0;
}

void pack_read(struct pack *pack)
{
    struct slice head = input_need(pack->input, 12);
    uint32_t count = (uint32_t)head.data[8] << 24 | (uint32_t)head.data[9] << 16 | (uint32_t)head.data[10] << 8 |
                     head.data[11];

    input_skip(pack->input, 12);
    while (count > 0 && read_object(pack) == 0)
        count--;
}
