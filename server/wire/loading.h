/* SPDX-License-Identifier: ISC
 *
 * Inside configuration_*.c: sundew.yaml on its way to a struct configuration. All return 0 or -1. */
#ifndef WIRE_LOADING_H
#define WIRE_LOADING_H

#include "server/base/yaml.h"
#include "server/wire/configuration.h"

struct loading {
    struct configuration *configuration;
    char *folder; /* the file's */
    struct error *error;
    const struct configuration_faults *faults; /* NULL: the first fault ends it */
    bool faulty;
};

/* Passes a result on; where all faults are wanted a fault is told, and 0 returned, so that what stands behind it is
 * looked at, too. */
int loading_note(struct loading *loading, int result);
int loading_memory(struct loading *loading);
/* Faults keys that keys.def does not have for such a map. */
int loading_keys(struct loading *loading, const struct yaml *map, const char *type);
/* Copies a text member; without it the standard, which may be NULL for "must be there". After a fault it is "". */
int loading_text(struct loading *loading, const struct yaml *map, const char *key, const char *standard, char **out);
/* As loading_text(), relative paths made absolute by the file's folder; "" stays "". */
int loading_path(struct loading *loading, const struct yaml *map, const char *key, const char *standard, char **out);

/* The texts of a list, or of a single text; `what` is for the fault. */
int loading_texts(struct loading *loading, const struct yaml *node, const char *what, char ***texts, size_t *count);
int loading_networks(struct loading *loading, const struct yaml *map, const char *key, struct network **networks,
                     size_t *count);

/* Is the name in the list, which ends with NULL? */
bool loading_listed(const char *const *list, const char *name);

/* ---- configuration_decoys.c, configuration_routes.c ---- */

int loading_decoys(struct loading *loading, const struct yaml *root);
int loading_routes(struct loading *loading, const struct yaml *root);

/* ---- configuration_accounts.c ---- */

int loading_accounts(struct loading *loading, const struct yaml *root);

/* ---- configuration_referrals.c ---- */

/* Of all decoys, once these are loaded. */
int loading_referrals(struct loading *loading, const struct yaml *root);

/* ---- configuration_sense.c ---- */

/* A name that clients could look up, or an address. */
bool loading_host_name(const char *name);
/* Is there [LOGIN@]HOST[:PORT] behind "://"? */
bool loading_has_host(const char *url);
/* What persons, pages and certificates say. */
int loading_house(struct loading *loading, const struct yaml *root);
/* Listeners that cannot stand beside each other; of all decoys, once these are loaded. */
int loading_collisions(struct loading *loading, const struct yaml *root);

/* ---- configuration_limits.c ---- */

int loading_users(struct loading *loading, const struct yaml *root);
int loading_limits(struct loading *loading, const struct yaml *root);
int loading_key(struct loading *loading, const struct yaml *root);

#endif
