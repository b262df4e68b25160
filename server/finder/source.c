/* SPDX-License-Identifier: ISC */
#include "server/finder/source.h"

#include <stdarg.h>
#include <stdio.h>
#include "server/finder/block.h"
#include "server/finder/unpack.h"
#include "server/finder/zip.h"

#define OTHERS_LOOK 1024

/* ---- names ---- */

size_t source_enter(struct source *source, struct slice name)
{
    size_t before = strlen(source->member), length = before;

    if (before > 0)
        length += (size_t)snprintf(source->member + before, SOURCE_MEMBER - before, "!/");
    if (length >= SOURCE_MEMBER)
        length = SOURCE_MEMBER - 1;
    name.length = slice_cut(name, SOURCE_MEMBER - 1 - length);
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = name.data[i];

        source->member[length++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    source->member[length] = '\0';
    return before;
}

void source_leave(struct source *source, size_t before)
{
    source->member[before] = '\0';
}

void source_note(struct source *source, const char *format, ...)
{
    va_list arguments;
    char text[sizeof source->note.text];

    if (source->notes++ > 0)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (source->member[0] != '\0')
        error_set(&source->note, "%.200s: %s", source->member, text);
    else
        error_set(&source->note, "%s", text);
}

/* ---- searching ---- */

void source_begin(struct source *source, uint64_t position)
{
    stream_begin(source->stream);
    source->stream->text.marks[0].source = position;
}

/* As it is, to the end. What is there is searched before more is waited for. */
static void search_plain(struct source *source, struct input *input)
{
    size_t size, got;

    do {
        unsigned char *room = stream_room(source->stream, &size);

        got = input_read(input, room, size);
        stream_filled(source->stream, got);
        if (got < size && input == input->root)
            stream_search(source->stream, false);
    } while (got > 0);
    stream_search(source->stream, true);
}

void source_text(struct source *source, struct slice bytes, uint64_t position)
{
    source_begin(source, position);
    stream_put(source->stream, bytes);
    stream_search(source->stream, true);
}

void source_others(struct source *source, struct input *input, size_t (*others)(struct slice front))
{
    struct slice front;
    size_t length;

    source_begin(source, input_position(input));
    do {
        front = input_need(input, OTHERS_LOOK);
        length = others != NULL && front.length > 0 ? others(front) : front.length;
        stream_put(source->stream, (struct slice){front.data, length});
        input_skip(input, length);
    } while (length > 0);
    stream_search(source->stream, true);
}

bool source_deeper(struct source *source, const struct input *input)
{
    if (input < &source->inputs[SOURCE_DEPTH])
        return true;
    source_note(source, "it is packed too often, %d times: it was searched as it is", SOURCE_DEPTH);
    return false;
}

static void search_text_of(struct source *source, struct input *input)
{
    if (source->stream->search->encodings)
        blocks_search(source, input);
    else
        search_plain(source, input);
}

/* A program, and the archive behind it; false: it is none. */
static bool search_behind(struct source *source, struct input *input)
{
    uint64_t before;
    struct input *program;

    if (input != input->root || !zip_is_behind(input, &before))
        return false;
    program = input_part(input, before);
    search_text_of(source, program);
    input_close(program);
    zip_unpack(source, input);
    return true;
}

static void search_input(struct source *source, struct input *input)
{
    const struct unpacker *unpacker = unpacker_of(input_need(input, UNPACK_LOOK));

    search_forget(source->stream->search);
    source_begin(source, 0);
    if (unpacker != NULL && source_deeper(source, input))
        unpacker->unpack(source, input);
    else if (unpacker != NULL || !search_behind(source, input))
        search_text_of(source, input);
    if (input->failed && input->error.text[0] != '\0')
        source_note(source, "%s", input->error.text);
}

void source_member(struct source *source, struct input *member, struct slice name)
{
    size_t before = source_enter(source, name);

    search_input(source, member);
    source_leave(source, before);
    input_close(member);
}

int source_search(struct source *source, int fd, struct error *error)
{
    input_open(&source->inputs[0], fd);
    source->member[0] = '\0';
    source->notes = 0;
    search_input(source, &source->inputs[0]);
    if (source->notes == 0)
        return 0;
    *error = source->note;
    if (source->notes > 1)
        error_set(error, "%.400s; so are %u more parts of it", source->note.text, source->notes - 1);
    return -1;
}
