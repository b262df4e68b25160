/* SPDX-License-Identifier: ISC
 *
 * Listings: complete, oldest first, in pages by row number, so that no read transaction stays open between turns of
 * the loop and neither a slow client nor a long table holds anybody up. */
#ifndef KEEPER_LISTING_H
#define KEEPER_LISTING_H

#include <stdint.h>
#include "server/keeper/request.h"

#define LISTING_FILTERS 4

enum filter_type { FILTER_TEXT, FILTER_TOKEN, FILTER_TIME, FILTER_DECOY, FILTER_ROUTE };

struct listing_filter {
    const char *argument;
    enum filter_type type;
    const char *const *words; /* FILTER_TEXT: the allowed values, NULL-ended; NULL: any */
};

/* sql: a literal. ?1 is the row number before the first, ?2… the filters in order, NULL where not given. Columns: row
 * number, and a JSON object, or NULL for a row that does not match. It must end in ORDER BY row number LIMIT. */
struct listing {
    const char *sql;
    struct listing_filter filters[LISTING_FILTERS]; /* ended by argument NULL */
};

/* Answers the request with all rows. kind: of the REPLY_ROWs. */
void listing_run(struct request *request, const struct listing *listing, const char *kind);
/* As listing_run() for rows behind number `after`, and goes on with what comes later, until the client goes. */
void listing_follow(struct request *request, const struct listing *listing, int64_t after);
/* One row of that kind, as `sql` (a literal; ?1 the id; one column, JSON) yields it. 1 when there was one, 0 when
 * there is none, -1: the request was ended. */
int listing_one(struct request *request, const char *kind, const char *sql, struct id id);

#endif
