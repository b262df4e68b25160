/* SPDX-License-Identifier: ISC */
#include "server/keeper/jobs.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/log.h"
#include "server/wire/message.h"

#define FAILED 3 /* as result_done.code */

#define NAME_BYTES 256

struct entry {
    struct entry *next;
    struct jobs *jobs;
    uint64_t number;
    struct buffer message; /* packed JOB; freed once sent */
    struct jobs_events events;
    void *context;
    struct event *timer;
    struct buffer joined; /* pieces so far */
    char kind[NAME_BYTES], name[NAME_BYTES];
    bool joining;
};

struct jobs {
    struct event_base *base;
    struct channel *channel;
    bool greeted;
    uint64_t last;
    struct entry *first;
};

static void entry_free(struct entry *entry)
{
    if (entry->timer != NULL)
        event_free(entry->timer);
    buffer_free(&entry->message);
    buffer_free(&entry->joined);
    free(entry);
}

static struct entry *find(const struct jobs *jobs, uint64_t number)
{
    struct entry *entry = jobs->first;

    while (entry != NULL && entry->number != number)
        entry = entry->next;
    return entry;
}

static void unlink_entry(struct jobs *jobs, const struct entry *entry)
{
    struct entry **at = &jobs->first;

    while (*at != NULL && *at != entry)
        at = &(*at)->next;
    if (*at != NULL)
        *at = entry->next;
}

static void finish(struct entry *entry, unsigned code, struct slice text)
{
    unlink_entry(entry->jobs, entry);
    entry->events.done(code, text, entry->context);
    entry_free(entry);
}

static void on_timeout(evutil_socket_t fd, short what, void *context)
{
    struct entry *entry = context;

    (void)fd;
    (void)what;
    finish(entry, FAILED,
           slice_of(entry->jobs->greeted ? "the minter did not answer in time; try again, and look into the log"
                                         : "no minter is running; look into the log for why it does not start"));
}

static void keep_waiting(struct entry *entry)
{
    const struct timeval limit = {JOBS_TIMEOUT_S, 0};

    (void)event_add(entry->timer, &limit);
}

static void send_entry(struct jobs *jobs, struct entry *entry)
{
    if (entry->message.length == 0 || !jobs->greeted)
        return;
    if (channel_send(jobs->channel, buffer_slice(&entry->message), -1) == 0) {
        buffer_free(&entry->message);
        keep_waiting(entry);
    }
}

/* Ends all jobs that the minter was at; those that were not sent yet go on waiting. */
static void fail_sent(struct jobs *jobs, const char *text)
{
    struct entry *entry, *next;
    uint64_t last = jobs->last;

    for (entry = jobs->first; entry != NULL; entry = next) {
        if (entry->message.length == 0 && entry->number <= last) {
            finish(entry, FAILED, slice_of(text));
            next = jobs->first; /* the callee may have changed the list */
        } else {
            next = entry->next;
        }
    }
}

static int keep_name(char out[NAME_BYTES], struct slice name)
{
    if (name.length >= NAME_BYTES)
        return -1;
    if (name.length > 0)
        memcpy(out, name.data, name.length);
    out[name.length] = '\0';
    return 0;
}

/* Adds a piece; 0 when the thing is whole, 1 when more comes, -1 when it does not fit together. */
static int join(struct entry *entry, const struct result *result)
{
    if (!entry->joining) {
        if (keep_name(entry->kind, result->kind) != 0 || keep_name(entry->name, result->name) != 0)
            return -1;
        entry->joining = true;
    } else if (!slice_is(result->kind, entry->kind) || !slice_is(result->name, entry->name)) {
        return -1;
    }
    if (buffer_add_slice(&entry->joined, result->data) != 0)
        return -1;
    return result->more ? 1 : 0;
}

static int take_result(struct jobs *jobs, struct reader *reader)
{
    struct result result;
    struct entry *entry;

    if (result_get(reader, &result) != 0)
        return -1;
    entry = find(jobs, result.number);
    if (entry == NULL)
        return 0;
    keep_waiting(entry);
    if (!entry->joining && !result.more) {
        if (entry->events.result != NULL)
            entry->events.result(result.kind, result.name, result.data, entry->context);
        return 0;
    }
    switch (join(entry, &result)) {
    case 0:
        entry->joining = false;
        if (entry->events.result != NULL)
            entry->events.result(slice_of(entry->kind), slice_of(entry->name), buffer_slice(&entry->joined),
                                 entry->context);
        /* The callee may have cancelled the job. */
        if ((entry = find(jobs, result.number)) != NULL)
            buffer_clear(&entry->joined);
        return 0;
    case 1:
        return 0;
    default:
        return -1;
    }
}

static int take_done(struct jobs *jobs, struct reader *reader)
{
    struct result_done done;
    struct entry *entry;

    if (result_done_get(reader, &done) != 0)
        return -1;
    entry = find(jobs, done.number);
    if (entry != NULL)
        finish(entry, done.code, done.text);
    return 0;
}

static int take_hello(struct jobs *jobs, struct reader *reader)
{
    struct entry *entry;

    if (hello_get(reader) != 0) {
        log_error("the minter is of another build than this keeper: restart sundewd");
        event_base_loopbreak(jobs->base);
        return -1;
    }
    jobs->greeted = true;
    for (entry = jobs->first; entry != NULL; entry = entry->next)
        send_entry(jobs, entry);
    return 0;
}

static void drop(struct jobs *jobs, const char *text)
{
    if (jobs->channel != NULL)
        channel_free(jobs->channel);
    jobs->channel = NULL;
    jobs->greeted = false;
    fail_sent(jobs, text);
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct jobs *jobs = context;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);
    int result = -1;

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (type == MESSAGE_HELLO)
        result = take_hello(jobs, &reader);
    else if (type == MESSAGE_RESULT && jobs->greeted)
        result = take_result(jobs, &reader);
    else if (type == MESSAGE_RESULT_DONE && jobs->greeted)
        result = take_done(jobs, &reader);
    if (result != 0) {
        log_error("the minter sent what nobody can read; its link is closed");
        drop(jobs, "the minter sent what the keeper cannot read; restart sundewd and report this");
    }
}

static void on_closed(struct channel *channel, void *context)
{
    (void)channel;
    drop(context, "the minter ended while it was at this; it is being started again, so try again");
}

struct jobs *jobs_new(struct event_base *base)
{
    struct jobs *jobs = calloc(1, sizeof *jobs);

    if (jobs != NULL)
        jobs->base = base;
    return jobs;
}

void jobs_free(struct jobs *jobs)
{
    struct entry *entry;

    if (jobs == NULL)
        return;
    while ((entry = jobs->first) != NULL) {
        jobs->first = entry->next;
        entry_free(entry);
    }
    if (jobs->channel != NULL)
        channel_free(jobs->channel);
    free(jobs);
}

void jobs_peer(struct jobs *jobs, int fd)
{
    static const struct channel_events events = {.message = on_message, .closed = on_closed};
    struct buffer hello;

    drop(jobs, "the minter ended while it was at this; it is being started again, so try again");
    jobs->channel = channel_new(jobs->base, fd, &events, jobs);
    if (jobs->channel == NULL) {
        log_error("no memory for the link to the minter");
        close(fd);
        return;
    }
    buffer_init(&hello, CHANNEL_MESSAGE);
    hello_add(&hello);
    (void)channel_send(jobs->channel, buffer_slice(&hello), -1);
    buffer_free(&hello);
}

bool jobs_ready(const struct jobs *jobs)
{
    return jobs->greeted;
}

int jobs_start(struct jobs *jobs, const char *what, struct slice parameters, const struct jobs_events *events,
               void *context, uint64_t *number, struct error *error)
{
    struct entry *entry = calloc(1, sizeof *entry), **at = &jobs->first;
    struct job job = {.what = slice_of(what), .parameters = parameters};

    if (entry == NULL)
        return error_set(error, "no memory for a job");
    entry->jobs = jobs;
    entry->events = *events;
    entry->context = context;
    entry->number = job.number = jobs->last + 1;
    buffer_init(&entry->message, CHANNEL_MESSAGE);
    buffer_init(&entry->joined, JOBS_RESULT);
    entry->timer = evtimer_new(jobs->base, on_timeout, entry);
    if (entry->timer == NULL || job_add(&entry->message, &job) != 0) {
        entry_free(entry);
        return error_set(error, "what the minter needs for \"%s\" does not fit into one message; use shorter texts",
                         what);
    }
    jobs->last++;
    while (*at != NULL)
        at = &(*at)->next;
    *at = entry;
    keep_waiting(entry);
    send_entry(jobs, entry);
    if (number != NULL)
        *number = entry->number;
    return 0;
}

void jobs_cancel(struct jobs *jobs, uint64_t number)
{
    struct entry *entry = find(jobs, number);

    if (entry == NULL)
        return;
    unlink_entry(jobs, entry);
    entry_free(entry);
}
