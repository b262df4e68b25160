/* SPDX-License-Identifier: ISC */
#include "server/keeper/client.h"
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/log.h"
#include "server/keeper/keeper.h"
#include "server/keeper/request.h"

#define DONE_TEXT 2048
#define PATIENCE 4 /* what is new is derived first; a flood of noise need not be waited for */

struct pending {
    struct pending *next;
    size_t length;
    unsigned char data[];
};

struct client {
    struct request request; /* first: request and client are one */
    struct client_settings settings;
    char who[CLIENT_WHO];
    struct channel *channel;
    bool greeted;
    uint64_t credit;
    bool running, finished;
    int patience;          /* derivations that the command still waits for before it begins; 0: it has begun */
    struct buffer datagram; /* of the command; its slices point into it */
    struct command command;
    struct pending *first, *last;
    size_t waiting;
    struct event *timer;
    struct buffer message;
    uint8_t code;
    char text[DONE_TEXT];
};

static struct client *client_of(struct request *request)
{
    return (struct client *)request;
}

static void soon(struct client *client, int milliseconds)
{
    const struct timeval wait = {0, milliseconds * 1000};

    (void)evtimer_add(client->timer, &wait);
}

static void end_request(struct client *client)
{
    struct request *request = &client->request;
    struct pending *pending;

    if (request->release != NULL)
        request->release(request->state);
    memset(request, 0, sizeof *request);
    while ((pending = client->first) != NULL) {
        client->first = pending->next;
        sodium_memzero(pending->data, pending->length);
        free(pending);
    }
    client->last = NULL;
    client->waiting = 0;
    client->running = client->finished = false;
    client->patience = 0;
    buffer_clear(&client->datagram);
}

static bool channel_open(const struct client *client)
{
    return channel_waiting(client->channel) < CLIENT_CHANNEL;
}

static void flush_pending(struct client *client)
{
    struct pending *pending;

    while ((pending = client->first) != NULL && client->credit > 0 && channel_open(client)) {
        if (channel_send(client->channel, (struct slice){pending->data, pending->length}, -1) != 0)
            return;
        client->credit--;
        client->waiting--;
        client->first = pending->next;
        if (client->first == NULL)
            client->last = NULL;
        sodium_memzero(pending->data, pending->length);
        free(pending);
    }
}

static void send_done(struct client *client, uint8_t code, const char *text)
{
    struct reply_done done = {.code = code, .text = slice_of(text)};

    buffer_clear(&client->message);
    if (reply_done_add(&client->message, &done) != 0 ||
        channel_send(client->channel, buffer_slice(&client->message), -1) != 0)
        log_warning("a client of the control socket does not take its answer");
}

/* What operators are told, a loss of power leaves. */
static void settle(struct client *client)
{
    if (client->settings.keeper != NULL)
        keeper_settle(client->settings.keeper);
}

/* As much as can be done now, in one bounded piece. */
static void pump(struct client *client)
{
    struct request *request = &client->request;

    if (!client->running)
        return;
    flush_pending(client);
    if (!client->finished && request->resume != NULL && request_ready(request)) {
        settle(client);
        request->resume(request);
    }
    flush_pending(client);
    if (client->finished && client->first == NULL) {
        uint8_t code = client->code;

        end_request(client);
        send_done(client, code, client->text);
    } else if (client->credit > 0 && !channel_open(client)) {
        soon(client, 2);
    } else if (!client->finished && request->resume != NULL && request_ready(request)) {
        soon(client, 0);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    pump(context);
}

static void run(struct client *client)
{
    struct request *request = &client->request;
    const struct command_entry *entry = command_find(client->command.name);

    client->patience = 0;
    request->keeper = client->settings.keeper;
    request->jobs = client->settings.jobs;
    request->command = &client->command;
    request->who = client->who;
    request->uid = client->settings.uid;
    settle(client);
    if (entry == NULL)
        request_done(request, REQUEST_USAGE, "the keeper knows no command \"%.*s\"; `sundew --help` lists them",
                     (int)(client->command.name.length > 64 ? 64 : client->command.name.length),
                     (const char *)client->command.name.data);
    else if (request_check(request, entry->usage) != 0)
        ; /* it has been said why */
    else if (!request->keeper->open && !entry->early)
        request_done(request, REQUEST_FAILED, "there is no installation here yet; `sundew init DIR` makes one");
    else
        entry->run(request);
    pump(client);
}

/* Whoever was answered by a decoy, and asks then, sees that use. */
static void start(struct client *client)
{
    struct keeper *keeper = client->settings.keeper;

    client->running = true;
    client->patience = PATIENCE;
    if (keeper == NULL || !keeper->open || derive_backlog(&keeper->derivation) == 0)
        run(client);
    else
        keeper_stir(keeper);
}

static int take_command(struct client *client, struct slice message)
{
    struct reader reader;

    if (client->running)
        return -1;
    buffer_clear(&client->datagram);
    if (buffer_add_slice(&client->datagram, message) != 0)
        return -1;
    reader = reader_of(buffer_slice(&client->datagram));
    (void)message_type(&reader);
    if (command_get(&reader, &client->command) != 0)
        return -1;
    start(client);
    return 0;
}

static int take_credit(struct client *client, struct reader *reader)
{
    uint32_t rows;

    if (credit_get(reader, &rows) != 0)
        return -1;
    client->credit = client->credit > UINT64_MAX - rows ? UINT64_MAX : client->credit + rows;
    pump(client);
    return 0;
}

static int take_hello(struct client *client, struct reader *reader)
{
    client->greeted = hello_get(reader) == 0;
    if (client->greeted)
        return 0;
    send_done(client, REQUEST_FAILED,
              "this sundew is of another build than the sundewd that runs: restart sundewd, then try again");
    channel_flush(client->channel);
    return -1;
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct client *client = context;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);
    int result = -1;

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (!client->greeted)
        result = type == MESSAGE_HELLO ? take_hello(client, &reader) : -1;
    else if (type == MESSAGE_COMMAND)
        result = take_command(client, message);
    else if (type == MESSAGE_CREDIT)
        result = take_credit(client, &reader);
    if (result != 0) {
        log_warning("a client of the control socket (%s) was dropped: it is of another build or does not keep to the "
                    "protocol", client->who);
        client->settings.gone(client, client->settings.context);
    }
}

static void on_closed(struct channel *channel, void *context)
{
    struct client *client = context;

    (void)channel;
    client->settings.gone(client, client->settings.context);
}

struct client *client_new(int fd, const struct client_settings *settings)
{
    static const struct channel_events events = {.message = on_message, .closed = on_closed};
    struct client *client = calloc(1, sizeof *client);

    if (client == NULL) {
        close(fd);
        return NULL;
    }
    client->settings = *settings;
    (void)snprintf(client->who, sizeof client->who, "%s", settings->who);
    buffer_init(&client->datagram, CHANNEL_MESSAGE);
    buffer_init(&client->message, CHANNEL_MESSAGE);
    client->timer = evtimer_new(settings->base, on_timer, client);
    if (client->timer == NULL)
        close(fd);
    else
        client->channel = channel_new(settings->base, fd, &events, client);
    if (client->channel == NULL) {
        client_free(client);
        return NULL;
    }
    hello_add(&client->message);
    (void)channel_send(client->channel, buffer_slice(&client->message), -1);
    return client;
}

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    end_request(client);
    if (client->timer != NULL)
        event_free(client->timer);
    if (client->channel != NULL)
        channel_free(client->channel);
    buffer_free(&client->datagram);
    buffer_free(&client->message);
    free(client);
}

void client_derived(struct client *client, bool made)
{
    struct keeper *keeper = client->settings.keeper;

    if (client->patience > 0 && (--client->patience == 0 || derive_backlog(&keeper->derivation) == 0))
        run(client);
    else if (made && client->running && client->request.derived != NULL)
        client->request.derived(&client->request);
}

/* ---- what commands see ---- */

static void keep_pending(struct client *client)
{
    struct pending *pending = malloc(sizeof *pending + client->message.length);

    if (pending == NULL) {
        log_error("no memory for rows that %s does not take", client->who);
        return;
    }
    pending->next = NULL;
    pending->length = client->message.length;
    memcpy(pending->data, client->message.data, pending->length);
    if (client->last != NULL)
        client->last->next = pending;
    else
        client->first = pending;
    client->last = pending;
    client->waiting++;
}

static void send_piece(struct client *client, const struct reply_row *row)
{
    buffer_clear(&client->message);
    if (reply_row_add(&client->message, row) != 0) {
        log_error("a row for %s does not fit into a message", client->who);
        return;
    }
    if (client->first == NULL && client->credit > 0 && channel_open(client) &&
        channel_send(client->channel, buffer_slice(&client->message), -1) == 0)
        client->credit--;
    else
        keep_pending(client);
    buffer_clear(&client->message);
}

void request_row(struct request *request, const char *kind, struct slice name, struct slice data)
{
    struct client *client = client_of(request);
    struct reply_row row = {.kind = slice_of(kind), .name = name};
    size_t at = 0;

    do {
        size_t left = data.length - at, length = left < CLIENT_ROW_BYTES ? left : CLIENT_ROW_BYTES;

        row.data = (struct slice){length > 0 ? data.data + at : NULL, length};
        row.more = length < left;
        send_piece(client, &row);
        at += length;
    } while (at < data.length);
}

void request_json(struct request *request, struct buffer *json)
{
    request_row(request, "row", SLICE_NONE, buffer_slice(json));
    buffer_clear(json);
}

bool request_ready(const struct request *request)
{
    const struct client *client = (const struct client *)request;

    return client->credit > client->waiting && client->waiting < CLIENT_BACKLOG && channel_open(client);
}

void request_done(struct request *request, enum request_code code, const char *format, ...)
{
    struct client *client = client_of(request);
    va_list arguments;

    if (client->finished)
        return;
    va_start(arguments, format);
    (void)vsnprintf(client->text, sizeof client->text, format, arguments);
    va_end(arguments);
    client->code = (uint8_t)code;
    client->finished = true;
    request->resume = NULL;
    request->derived = NULL;
    soon(client, 0);
}

void request_fail(struct request *request, const struct error *error)
{
    request_done(request, REQUEST_FAILED, "%s", error->text);
}

void request_kick(struct request *request)
{
    soon(client_of(request), 0);
}
