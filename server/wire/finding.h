/* SPDX-License-Identifier: ISC
 *
 * What `sundew` and a finder say to each other; adds and gets as in server/wire/message.h. The keeper makes WINDOWS and
 * SEARCH, `sundew` passes them on. Each SOURCE comes with a descriptor; FOUND tells what may be a secret in it, which
 * the keeper then compares, and one SEARCHED that it is at its end. Sources are searched in the order in which they come. */
#ifndef WIRE_FINDING_H
#define WIRE_FINDING_H

#include <stdbool.h>
#include "server/wire/message.h"
#include "server/wire/window.h"

#define FOUND_ITEMS 32

/* WINDOWS: as many as fit, each by window_add(). */
void windows_begin(struct buffer *buffer);
/* The next window; -1 at the end, or where they are damaged (reader->failed). */
int windows_get(struct reader *reader, struct window *window);

/* After the last WINDOWS. */
struct search_order {
    struct window_keys keys;
    bool encodings;
    uint16_t longest; /* form */
};

int search_order_add(struct buffer *buffer, const struct search_order *order);
int search_order_get(struct reader *reader, struct search_order *order);

/* SOURCE: the sender's number for it. */
int source_add(struct buffer *buffer, uint32_t number);
int source_get(struct reader *reader, uint32_t *number);

struct found_item {
    uint32_t token;
    uint8_t form;
    uint64_t offset, length; /* in the source, or in the member of it */
    struct slice bytes;
    struct slice encodings; /* names of what it was decoded from, outermost first, separated by spaces */
    struct slice member;    /* "gzip", a file of an archive, an object of a repository; or empty */
};

struct found {
    uint32_t source;
    uint16_t count;
    struct found_item items[FOUND_ITEMS];
};

int found_add(struct buffer *buffer, const struct found *found);
int found_get(struct reader *reader, struct found *found);

struct searched {
    uint32_t source;
    bool whole;
    uint64_t bytes;    /* read */
    struct slice text; /* why not whole */
};

int searched_add(struct buffer *buffer, const struct searched *searched);
int searched_get(struct reader *reader, struct searched *searched);

#endif
