/* SPDX-License-Identifier: ISC
 *
 * The finder: one search for `sundew` on descriptor 3, then it exits. It is handed what it reads; it opens nothing, has
 * no network, and holds hashes only. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>
#include "server/base/cage.h"
#include "server/base/channel.h"
#include "server/base/log.h"
#include "server/base/role.h"
#include "server/finder/pack.h"
#include "server/finder/source.h"
#include "server/wire/finding.h"
#include "server/wire/help.h"

#define ENCODINGS 128 /* bytes of their names */
#define BYTES_HELD (FOUND_ITEMS * (WINDOW_LONGEST + ENCODINGS + SOURCE_MEMBER))

struct finder {
    struct index index;
    struct search search;
    struct stream stream;
    struct source source;
    struct buffer message;
    struct found found; /* not told yet; its slices point into `held` */
    struct buffer held;
    bool built;
};

/* Where sundew is gone (as by `| head`), nobody is left to be told: ends without a word. */
static int say(struct finder *finder, struct error *error)
{
    int result = channel_send_now(ROLE_FD, buffer_slice(&finder->message), -1, error);

    if (result < 0 && (errno == EPIPE || errno == ECONNRESET))
        _exit(1);
    buffer_clear(&finder->message);
    return result;
}

/* ---- what was found ---- */

static void tell_found(void *context)
{
    struct finder *finder = context;
    struct error error;

    if (finder->found.count == 0)
        return;
    buffer_clear(&finder->message);
    if (found_add(&finder->message, &finder->found) < 0 || say(finder, &error) < 0) {
        log_error("what was found cannot be told");
        _exit(1);
    }
    finder->found.count = 0;
    buffer_clear(&finder->held);
}

/* A copy that stays until it is told. */
static struct slice hold(struct finder *finder, const void *bytes, size_t length)
{
    size_t at = finder->held.length;

    (void)buffer_add(&finder->held, bytes, length);
    return (struct slice){finder->held.data + at, length};
}

static void on_found(const struct finding *finding, void *context)
{
    struct finder *finder = context;
    char names[ENCODINGS] = "";
    size_t length = 0;

    for (size_t i = 0; i < finding->depth; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? " " : "",
                                   finding->through[i]->name);
    if (finding->form != FORM_PLAIN)
        length += (size_t)snprintf(names + length, sizeof names - length, "%sbase64", length > 0 ? " " : "");
    finder->found.items[finder->found.count++] = (struct found_item){
        .token = finding->token,
        .form = finding->form,
        .offset = finding->offset,
        .length = finding->length,
        .bytes = hold(finder, finding->bytes.data, finding->bytes.length),
        .encodings = hold(finder, names, length),
        .member = hold(finder, finder->source.member, strlen(finder->source.member)),
    };
    if (finder->found.count == FOUND_ITEMS)
        tell_found(finder);
}

/* ---- messages ---- */

static int take_windows(struct finder *finder, struct reader *reader, struct error *error)
{
    struct window window;

    if (finder->built)
        return error_set(error, "sundew sent windows after the search began");
    while (windows_get(reader, &window) == 0)
        if (index_add(&finder->index, &window, error) < 0)
            return -1;
    return reader->failed ? error_set(error, "sundew sent damaged windows") : 0;
}

static int take_order(struct finder *finder, struct reader *reader, struct error *error)
{
    struct search_order order;

    if (finder->built || search_order_get(reader, &order) < 0)
        return error_set(error, "sundew sent a damaged order");
    finder->index.keys = order.keys;
    sodium_memzero(&order.keys, sizeof order.keys);
    finder->built = true;
    search_open(&finder->search, &finder->index, order.encodings, order.longest);
    finder->search.found = on_found;
    finder->search.context = finder;
    finder->source.stream = &finder->stream;
    finder->source.inputs[0].idle = tell_found;
    finder->source.inputs[0].context = finder;
    return index_build(&finder->index, error) < 0 ? -1 : stream_open(&finder->stream, &finder->search, error);
}

static int take_source(struct finder *finder, struct reader *reader, int fd, struct error *error)
{
    struct searched searched = {.whole = true};
    struct error why = {""};

    if (!finder->built || source_get(reader, &searched.source) < 0 || fd < 0)
        return error_set(error, "sundew sent a damaged source");
    finder->found.source = searched.source;
    finder->search.failed = false;
    searched.whole = source_search(&finder->source, fd, &why) == 0;
    if (searched.whole && finder->search.failed)
        searched.whole = error_set(&why, "memory ran out: not all of it was searched") == 0;
    tell_found(finder);
    searched.bytes = source_taken(&finder->source);
    searched.text = slice_of(why.text);
    buffer_clear(&finder->message);
    searched_add(&finder->message, &searched);
    return say(finder, error);
}

static int take(struct finder *finder, struct slice message, int fd, struct error *error)
{
    struct reader reader = reader_of(message);

    switch (message_type(&reader)) {
    case MESSAGE_WINDOWS:
        return take_windows(finder, &reader, error);
    case MESSAGE_SEARCH:
        return take_order(finder, &reader, error);
    case MESSAGE_SOURCE:
        return take_source(finder, &reader, fd, error);
    default:
        return error_set(error, "sundew sent a message that a finder does not take");
    }
}

static int work(struct finder *finder, struct error *error)
{
    struct buffer message;
    int result = 0;

    buffer_init(&message, CHANNEL_MESSAGE);
    while (result == 0) {
        int fd = -1;

        result = channel_receive_now(ROLE_FD, &message, &fd, -1, error);
        if (result == 0)
            result = take(finder, buffer_slice(&message), fd, error);
        if (fd >= 0)
            close(fd);
    }
    buffer_free(&message);
    return result == 1 ? 0 : -1;
}

static int prepare(struct error *error)
{
    if (sodium_init() < 0)
        return error_set(error, "libsodium does not start");
    if (pack_prepare(error) < 0 || cage_drop(geteuid(), getegid(), error) < 0)
        return -1;
    return cage_shut(&(struct cage){"finder", (const char *const[]){"lseek", NULL}, NULL}, error);
}

int main(int argc, char **argv)
{
    static struct finder finder;
    struct error error;
    int result;

    if (help_asked("finder", argc, argv))
        return 0;
    log_open("finder");
    signal(SIGPIPE, SIG_IGN);
    if (fcntl(ROLE_FD, F_GETFD) < 0) {
        log_error("finder is started by sundew, not by hand");
        return 2;
    }
    buffer_init(&finder.message, CHANNEL_MESSAGE);
    buffer_init(&finder.held, BYTES_HELD);
    (void)buffer_reserve(&finder.held, BYTES_HELD); /* it does not move any more */
    result = prepare(&error);
    if (result == 0)
        result = work(&finder, &error);
    if (result < 0)
        log_error("%s", error.text);
    stream_close(&finder.stream);
    search_close(&finder.search);
    index_close(&finder.index);
    buffer_free(&finder.held);
    buffer_free(&finder.message);
    return result < 0 ? 1 : 0;
}
