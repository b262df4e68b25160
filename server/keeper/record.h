/* SPDX-License-Identifier: ISC
 *
 * Alerts as rows: the canonical record (server/courier/alert.h) and one delivery per route. */
#ifndef KEEPER_RECORD_H
#define KEEPER_RECORD_H

#include "server/keeper/derive.h"

/* What an alert tells about a sighting. */
struct told {
    int64_t sighting; /* row's number: the newest that it tells of */
    bool create;      /* the incident is new */
    bool list;        /* a page of all that is unsent of the incident (flood) */
    int64_t upto;     /* list: the page ends with this sighting's row */
    int64_t count, first_seen, last_seen;
};

/* Makes alert and deliveries in the caller's transaction. */
int record_sighting(struct derivation *derivation, const struct told *told, int64_t now, struct error *error);
/* Deliveries of an alert on all routes of the configuration that it has none on. */
int record_deliveries(struct derivation *derivation, struct id alert, int64_t number, enum severity severity,
                      int64_t now, struct error *error);
/* An id that follows from others: the time of `base`, the rest from letter, base, other and number. */
struct id derived_id(const struct keyring *keyring, char letter, struct id base, struct id other, int64_t number);
enum severity grade_severity(struct slice grade, int secret_bits);

#endif
