/* SPDX-License-Identifier: ISC
 *
 * An entry of a directory as the linter reads it (lint_entry_read.c) and judges it (lint_entry.c). In here an entry is
 * {"dn", "values": {name: [text]}}, names in lower case; all of it may be anybody's. */
#ifndef MINTER_LINT_ENTRY_H
#define MINTER_LINT_ENTRY_H

#include "server/minter/lint.h"

#define ENTRY_PEERS 256
#define ENTRY_FEWEST 4 /* of those beside it that make a custom */
#define ENTRY_SHAPE 320

struct entry_look {
    struct lint *lint;
    const struct lint_mail *mail;
    const json_t *entry, *peers[ENTRY_PEERS]; /* peers: of its sort, in the same folder */
    size_t count, others;                     /* others: of no such sort */
};

/* Fills the look. True: it is an account; else a group, or whatever. */
bool entry_look_at(struct lint *lint, const struct lint_mail *mail, struct entry_look *look);

/* "" */
const char *entry_dn(const json_t *entry);
/* The first value of an attribute (in lower case); NULL where there is none. */
const char *entry_value(const json_t *entry, const char *name);
/* Does it differ by its nature, from each to each or with time? Nothing follows from such then. */
bool entry_is_own(const char *name);
/* How a value is spelt: its account's names are {name}, {given} and {surname}; flags and times in words; all classes. */
void entry_shape(const json_t *entry, const char *name, char out[ENTRY_SHAPE]);
/* In seconds; 0 where it does not say. entry_used(): the last login. */
int64_t entry_made(const json_t *entry);
int64_t entry_filetime(const json_t *entry, const char *name);
int64_t entry_used(const json_t *entry);

#endif
