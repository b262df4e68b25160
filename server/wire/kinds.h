/* SPDX-License-Identifier: ISC
 *
 * The table of kinds (kinds.def) for those who mint nothing, and which doors a kind opens. */
#ifndef WIRE_KINDS_H
#define WIRE_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kind_row {
    const char *name, *summary;
    const char *forms;  /* separated by spaces, the default first */
    const char *opens;  /* doors separated by spaces, the best first: "http:gitlab http"; "*": any decoy; "vendor" */
    const char *proofs; /* separated by spaces */
    bool bound;
};

/* NULL behind the last. */
const struct kind_row *kind_row_at(size_t index);
/* NULL for an unknown one. */
const struct kind_row *kind_row(const char *name);
/* "here": a service of ours takes it; "later": none speaks its transport yet; "vendor": its use shows elsewhere only. */
const char *kind_row_seen(const struct kind_row *row);

/* One word of `opens`. */
struct kind_door {
    char service[32], site[32]; /* "" for any */
};

/* The index-th door; false behind the last. "vendor" has one, of any service. */
bool kind_row_door(const struct kind_row *row, size_t index, struct kind_door *door);
/* Does a decoy of that service and site stand behind the door? */
bool kind_door_leads_to(const struct kind_door *door, const char *service, const char *site);
/* Does a decoy of that service and site open with the kind? */
bool kind_row_opens(const struct kind_row *row, const char *service, const char *site);

/* A transport's usual port, of a service (services.def) or one that has no sensor yet (transports.def); 0: unknown. */
uint16_t transport_port(const char *name, bool tls);

#endif
