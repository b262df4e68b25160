/* SPDX-License-Identifier: ISC
 *
 * `sundew check`: what is told, and the parts that look. A part tells "ok" for what it found good, too, so that a
 * reader sees what was looked at. */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include <jansson.h>
#include "server/base/yaml.h"
#include "server/command/command.h"
#include "server/command/connect.h"

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_WRONG };

struct checking {
    struct output *output;
    struct configuration *configuration;
    struct yaml *tree;
    size_t told[3]; /* by state */
    struct link link;
    bool linked, daemon; /* a keeper answers; it is the running daemon's */
    bool no_names;       /* no name server answered: others are not asked either */
};

/* check: "certificate", "route", …; subject: a decoy, a route, a path, or "". at: where it stands in the configuration,
 * or NULL; remedy: what to do, "" where nothing is. */
void check_tell(struct checking *checking, enum check_state state, const char *check, const char *subject,
                const struct yaml *at, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* The node of a key below decoys or routes ("gitlab", "names"); the entry itself where it has no such key. */
const struct yaml *check_entry(const struct checking *checking, const char *map, size_t index, const char *key);
/* The node of a key of the root, or NULL. */
const struct yaml *check_root(const struct checking *checking, const char *key);

/* ---- the parts ---- */

/* What does not go together in the configuration; nothing but that is looked at. */
void check_sense(struct checking *checking);
/* Files, users, disk, clock, limits of this host. */
void check_host(struct checking *checking);
/* What answers: certificates, names, listeners (with a daemon), routes; each by a planter of its own. */
void check_doors(struct checking *checking);
/* What the keeper says of the ledger. */
void check_ledger(struct checking *checking);

#endif
