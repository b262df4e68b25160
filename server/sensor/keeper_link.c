/* SPDX-License-Identifier: ISC */
#include "server/sensor/keeper_link.h"

#include <stdlib.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/log.h"

#define TABLE 65536      /* tickets at once; a ticket's number is its slot and, above, how often that was used */
#define SPARE 512        /* released tickets kept with their buffers */
#define SPARE_BYTES 4096 /* the largest buffer kept so */

struct link_ticket {
    uint32_t number;
    void *waiter; /* NULL: an orphan */
    struct buffer message;
    bool sent;  /* to the present keeper */
    bool tried; /* to any */
    struct link_ticket *next, *previous;
};

struct keeper_link {
    struct event_base *base;
    struct link_events events;
    struct channel *channel; /* NULL: no keeper now */
    bool greeted;
    struct link_ticket *first, *last; /* in order of arrival */
    struct link_ticket *unsent;       /* the first that was not sent; all behind it were not either */
    struct link_ticket *spare;
    size_t spare_count;
    struct link_ticket **table;
    uint16_t *uses;
    uint32_t cursor;
    size_t count, orphans, bytes;
    uint64_t shed, dropped;
    struct observation again; /* one that is read back to be sent again */
    struct buffer scratch;
};

struct keeper_link *link_new(struct event_base *base, const struct link_events *events)
{
    struct keeper_link *link = calloc(1, sizeof *link);

    if (link == NULL)
        return NULL;
    link->base = base;
    link->events = *events;
    link->table = calloc(TABLE, sizeof(struct link_ticket *));
    link->uses = calloc(TABLE, sizeof *link->uses);
    buffer_init(&link->scratch, CHANNEL_MESSAGE);
    if (link->table == NULL || link->uses == NULL) {
        link_free(link);
        return NULL;
    }
    return link;
}

static void ticket_free(struct link_ticket *ticket)
{
    buffer_free(&ticket->message);
    free(ticket);
}

void link_free(struct keeper_link *link)
{
    struct link_ticket *next;

    if (link == NULL)
        return;
    channel_free(link->channel);
    for (struct link_ticket *ticket = link->first; ticket != NULL; ticket = next) {
        next = ticket->next;
        ticket_free(ticket);
    }
    for (struct link_ticket *ticket = link->spare; ticket != NULL; ticket = next) {
        next = ticket->next;
        ticket_free(ticket);
    }
    buffer_free(&link->scratch);
    free(link->table);
    free(link->uses);
    free(link);
}

/* ---- tickets ---- */

static struct link_ticket *ticket_new(struct keeper_link *link)
{
    struct link_ticket *ticket = link->spare;

    if (ticket != NULL) {
        link->spare = ticket->next;
        link->spare_count--;
        return ticket;
    }
    ticket = calloc(1, sizeof *ticket);
    if (ticket != NULL)
        buffer_init(&ticket->message, CHANNEL_MESSAGE);
    return ticket;
}

static void ticket_keep(struct keeper_link *link, struct link_ticket *ticket)
{
    if (link->spare_count >= SPARE || ticket->message.capacity > SPARE_BYTES) {
        ticket_free(ticket);
        return;
    }
    buffer_clear(&ticket->message);
    ticket->next = link->spare;
    link->spare = ticket;
    link->spare_count++;
}

/* Never 0, which stands for "no ticket". */
static void ticket_number(struct keeper_link *link, struct link_ticket *ticket)
{
    uint32_t slot;

    do
        slot = link->cursor++ % TABLE;
    while (link->table[slot] != NULL);
    link->table[slot] = ticket;
    if (++link->uses[slot] == 0)
        link->uses[slot] = 1;
    ticket->number = (uint32_t)link->uses[slot] << 16 | slot;
}

static void ticket_join(struct keeper_link *link, struct link_ticket *ticket)
{
    ticket->next = NULL;
    ticket->previous = link->last;
    if (link->last != NULL)
        link->last->next = ticket;
    else
        link->first = ticket;
    link->last = ticket;
    link->count++;
    link->bytes += ticket->message.length;
}

static void ticket_release(struct keeper_link *link, struct link_ticket *ticket)
{
    if (link->unsent == ticket)
        link->unsent = ticket->next;
    if (ticket->previous != NULL)
        ticket->previous->next = ticket->next;
    else
        link->first = ticket->next;
    if (ticket->next != NULL)
        ticket->next->previous = ticket->previous;
    else
        link->last = ticket->previous;
    link->table[ticket->number % TABLE] = NULL;
    link->count--;
    link->bytes -= ticket->message.length;
    if (ticket->waiter == NULL)
        link->orphans--;
    ticket_keep(link, ticket);
}

/* ---- out ---- */

static bool ticket_send(struct keeper_link *link, struct link_ticket *ticket)
{
    if (link->channel == NULL || !link->greeted ||
        channel_send_packed(link->channel, buffer_slice(&ticket->message)) < 0)
        return false;
    ticket->sent = ticket->tried = true;
    return true;
}

void link_retry(struct keeper_link *link)
{
    while (link->unsent != NULL && ticket_send(link, link->unsent))
        link->unsent = link->unsent->next;
}

struct link_ticket *link_present(struct keeper_link *link, struct observation *observation, void *waiter)
{
    struct link_ticket *ticket = link->bytes < LINK_BYTES && link->count < TABLE / 2 ? ticket_new(link) : NULL;

    if (ticket == NULL)
        goto refused;
    ticket_number(link, ticket);
    observation->ticket = ticket->number;
    observation->again = false;
    if (observation_add(&ticket->message, observation) < 0) {
        link->table[ticket->number % TABLE] = NULL;
        ticket_free(ticket);
        goto refused;
    }
    ticket->waiter = waiter;
    ticket->sent = ticket->tried = false;
    ticket_join(link, ticket);
    if (link->unsent != NULL || !ticket_send(link, ticket)) {
        if (link->unsent == NULL)
            link->unsent = ticket;
        link_retry(link);
    }
    return ticket;
refused:
    if (link->dropped++ == 0)
        log_warning("more presentations wait for the keeper than can be kept; some are lost");
    return NULL;
}

void link_forget(struct keeper_link *link, struct link_ticket *ticket)
{
    if (ticket == NULL)
        return;
    ticket->waiter = NULL;
    link->orphans++;
    if (link->orphans <= LINK_ORPHANS)
        return;
    if (!ticket->sent && link->dropped++ == 0)
        log_warning("more than %d presentations wait for the keeper; the latest are lost", LINK_ORPHANS);
    ticket_release(link, ticket);
}

static bool takes_one_way(const struct keeper_link *link)
{
    return link_up(link) && channel_waiting(link->channel) <= LINK_ONE_WAY;
}

void link_observe(struct keeper_link *link, struct observation *observation)
{
    if (!takes_one_way(link)) {
        link->shed++;
        return;
    }
    observation->ticket = 0;
    observation->again = false;
    buffer_clear(&link->scratch);
    if (observation_add(&link->scratch, observation) < 0 ||
        channel_send_packed(link->channel, buffer_slice(&link->scratch)) < 0)
        link->shed++;
    buffer_clear(&link->scratch);
}

uint64_t link_shed(struct keeper_link *link)
{
    uint64_t shed = takes_one_way(link) ? link->shed : 0;

    link->shed -= shed;
    return shed;
}

size_t link_waiting(const struct keeper_link *link)
{
    return link->count;
}

bool link_up(const struct keeper_link *link)
{
    return link->channel != NULL && link->greeted;
}

/* Marks what a keeper that is gone may have taken already as sent again. */
static void mark_again(struct keeper_link *link, struct link_ticket *ticket)
{
    struct reader reader = reader_of(buffer_slice(&ticket->message));

    ticket->sent = false;
    if (!ticket->tried || message_type(&reader) != MESSAGE_OBSERVATION ||
        observation_get(&reader, &link->again) < 0 || link->again.again)
        return;
    link->again.again = true;
    buffer_clear(&link->scratch);
    if (observation_add(&link->scratch, &link->again) == 0 && link->scratch.length == ticket->message.length) {
        buffer_clear(&ticket->message);
        buffer_add_slice(&ticket->message, buffer_slice(&link->scratch));
    }
    buffer_clear(&link->scratch);
}

/* ---- in ---- */

static void on_verdict(struct keeper_link *link, struct reader *reader)
{
    struct link_ticket *ticket;
    struct verdict verdict;
    void *waiter;

    if (verdict_get(reader, &verdict) < 0) {
        log_error("the keeper sent a damaged verdict");
        return;
    }
    ticket = link->table[verdict.ticket % TABLE];
    if (ticket == NULL || ticket->number != verdict.ticket)
        return;
    waiter = ticket->waiter;
    ticket_release(link, ticket);
    if (waiter != NULL)
        link->events.verdict(waiter, &verdict);
}

static void on_keys(struct keeper_link *link, struct reader *reader)
{
    struct decoy_keys keys;

    if (decoy_keys_get(reader, &keys) < 0)
        log_error("the keeper sent damaged keys");
    else if (link->events.keys != NULL)
        link->events.keys(link->events.context, &keys);
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct keeper_link *link = context;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (type == MESSAGE_VERDICT && link->greeted) {
        on_verdict(link, &reader);
    } else if (type == MESSAGE_DECOY_KEYS && link->greeted) {
        on_keys(link, &reader);
    } else if (type == MESSAGE_HELLO && hello_get(&reader) == 0) {
        link->greeted = true;
        link_retry(link);
    } else if (type == MESSAGE_HELLO) {
        link->events.mismatch(link->events.context);
    }
}

static void on_drained(struct channel *channel, void *context)
{
    (void)channel;
    link_retry(context);
}

static void on_closed(struct channel *channel, void *context)
{
    struct keeper_link *link = context;

    channel_free(channel);
    link->channel = NULL;
    link->greeted = false;
    log_warning("the keeper is gone; %zu presentations wait for the next one", link->count);
    for (struct link_ticket *ticket = link->first; ticket != NULL; ticket = ticket->next)
        mark_again(link, ticket);
    link->unsent = link->first;
}

int link_attach(struct keeper_link *link, int fd, bool greeted)
{
    static const struct channel_events events = {on_message, on_drained, on_closed};

    if (link->channel != NULL)
        on_closed(link->channel, link);
    link->channel = channel_new(link->base, fd, &events, link);
    if (link->channel == NULL)
        return -1;
    link->greeted = greeted;
    if (!greeted) {
        buffer_clear(&link->scratch);
        hello_add(&link->scratch);
        channel_send(link->channel, buffer_slice(&link->scratch), -1);
        buffer_clear(&link->scratch);
    }
    link_retry(link);
    return 0;
}
