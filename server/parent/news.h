/* SPDX-License-Identifier: ISC
 *
 * What the keeper is told for its chain of operations: that a role ended unasked, how, and how often. Told to a keeper
 * that is ready, again to its successor until one has noted it; of one role at most once a minute, with how many ends
 * that stands for. */
#ifndef PARENT_NEWS_H
#define PARENT_NEWS_H

#include <event2/event.h>
#include <stdint.h>

struct child;
struct tree;
struct news;

/* A role's ends that no keeper has noted. */
struct ends {
    unsigned count;
    int status;          /* of waitpid(), the last one's */
    int64_t time, lived; /* the last one's: wall clock; how long it was ready, in microseconds */
    int64_t told;        /* monotonic: when it was last told of this role; 0: never */
};

struct news *news_new(struct event_base *base, struct tree *tree);
void news_free(struct news *news);
/* It has just ended unasked. */
void news_ended(struct news *news, struct child *child);
/* A keeper is ready, or is gone. */
void news_keeper(struct news *news);
/* The keeper has kept what it was told under this number. */
void news_noted(struct news *news, uint64_t number);
/* It will be freed. */
void news_forget(struct news *news, const struct child *child);

#endif
