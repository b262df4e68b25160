/* SPDX-License-Identifier: ISC */
#include "server/sensor/crowd.h"

#include <stdlib.h>
#include <string.h>
#include "server/sensor/connection.h"

#define LOOKED_AT 16 /* of the most silent, for one that may go */

struct crowd_source {
    struct address prefix;
    size_t count;
    struct ring connections; /* by last activity */
    struct ring handshakes;  /* that wait for their turn */
    struct ring turn;        /* among the sources with such */
    struct crowd_source *following;
};

void crowd_init(struct crowd *crowd, size_t maximum)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->maximum = maximum;
    ring_init(&crowd->strangers);
    ring_init(&crowd->known);
    ring_init(&crowd->turns);
    crypto_shorthash_keygen(crowd->key);
}

/* ---- sources ---- */

/* The place of the source in its chain; NULL stands there where the source is not known. */
static struct crowd_source **find(struct crowd *crowd, const struct address *prefix)
{
    struct crowd_source **at;
    uint64_t hash;

    crypto_shorthash((unsigned char *)&hash, prefix->bytes, sizeof prefix->bytes, crowd->key);
    for (at = &crowd->sources[hash % CROWD_SOURCES]; *at != NULL; at = &(*at)->following)
        if (memcmp(&(*at)->prefix, prefix, sizeof *prefix) == 0)
            break;
    return at;
}

static struct crowd_source *obtain(struct crowd *crowd, const struct address *address)
{
    struct address prefix = address_prefix(address);
    struct crowd_source **at = find(crowd, &prefix);

    if (*at == NULL && (*at = calloc(1, sizeof **at)) != NULL) {
        (*at)->prefix = prefix;
        ring_init(&(*at)->connections);
        ring_init(&(*at)->handshakes);
    }
    return *at;
}

static void release(struct crowd *crowd, struct crowd_source *source)
{
    struct crowd_source **at;

    if (--source->count > 0)
        return;
    at = find(crowd, &source->prefix);
    *at = source->following;
    free(source);
}

/* ---- who is there ---- */

int crowd_join(struct crowd *crowd, struct connection *c, const struct address *address)
{
    struct crowd_source *source = obtain(crowd, address);

    if (source == NULL)
        return -1;
    source->count++;
    crowd->count++;
    c->member.source = source;
    crowd_touch(crowd, c);
    return 0;
}

void crowd_leave(struct crowd *crowd, struct connection *c)
{
    struct crowd_source *source = c->member.source;

    if (source == NULL)
        return;
    ring_remove(&c->member.all);
    ring_remove(&c->member.own);
    ring_remove(&c->member.turn);
    if (ring_empty(&source->handshakes))
        ring_remove(&source->turn);
    c->member.source = NULL;
    crowd->count--;
    release(crowd, source);
}

void crowd_touch(struct crowd *crowd, struct connection *c)
{
    ring_append(c->member.known ? &crowd->known : &crowd->strangers, &c->member.all);
    ring_append(&c->member.source->connections, &c->member.own);
}

void crowd_know(struct crowd *crowd, struct connection *c)
{
    if (c->member.known)
        return;
    c->member.known = true;
    crowd_touch(crowd, c);
}

static struct connection *of_all(struct ring *link)
{
    return RING_OWNER(link, struct connection, member.all);
}

static struct connection *of_own(struct ring *link)
{
    return RING_OWNER(link, struct connection, member.own);
}

/* The first in the ring that waits for no verdict. */
static struct connection *silent(const struct ring *head, struct connection *(*owner)(struct ring *link))
{
    struct ring *link = head->next;

    for (int i = 0; i < LOOKED_AT && link != head; i++, link = link->next)
        if (!owner(link)->session.waiting)
            return owner(link);
    return NULL;
}

struct connection *crowd_dispensable(const struct crowd *crowd)
{
    struct connection *c = silent(&crowd->strangers, of_all);

    return c != NULL ? c : silent(&crowd->known, of_all);
}

struct connection *crowd_greedy(struct crowd *crowd, const struct address *address)
{
    struct address prefix = address_prefix(address);
    const struct crowd_source *source = *find(crowd, &prefix);

    if (source == NULL || source->count < crowd->maximum / CROWD_SHARE)
        return NULL;
    return silent(&source->connections, of_own);
}

static void visit_ring(const struct ring *head, void (*visit)(struct connection *connection))
{
    struct ring *next;

    for (struct ring *link = head->next; link != head; link = next) {
        next = link->next;
        visit(of_all(link));
    }
}

void crowd_visit(const struct crowd *crowd, void (*visit)(struct connection *connection))
{
    visit_ring(&crowd->strangers, visit);
    visit_ring(&crowd->known, visit);
}

/* ---- whose turn it is ---- */

void crowd_queue(struct crowd *crowd, struct connection *c)
{
    struct crowd_source *source = c->member.source;

    if (crowd_queued(c))
        return;
    ring_append(&source->handshakes, &c->member.turn);
    if (!ring_linked(&source->turn))
        ring_append(&crowd->turns, &source->turn);
}

bool crowd_queued(const struct connection *c)
{
    return ring_linked(&c->member.turn);
}

struct connection *crowd_next(struct crowd *crowd)
{
    struct crowd_source *source;
    struct connection *c;

    if (ring_empty(&crowd->turns))
        return NULL;
    source = RING_OWNER(crowd->turns.next, struct crowd_source, turn);
    c = RING_OWNER(source->handshakes.next, struct connection, member.turn);
    ring_remove(&c->member.turn);
    if (ring_empty(&source->handshakes))
        ring_remove(&source->turn);
    else
        ring_append(&crowd->turns, &source->turn);
    return c;
}
