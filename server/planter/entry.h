/* SPDX-License-Identifier: ISC
 *
 * Entries of a directory, as lures write them (templates/README.md), as they are there, and what makes one look like
 * those beside it. No network in here. */
#ifndef PLANTER_ENTRY_H
#define PLANTER_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define ENTRY_VALUES 64
#define ENTRIES 4 /* of one lure */

struct entry_value {
    char *name;
    char *data; /* ended by NUL, which is not counted */
    size_t length;
    bool secret; /* it holds the token's */
    bool unique; /* a number that no other entry may have */
};

struct entry {
    char *dn;
    char *id; /* entryUUID, or objectGUID in hexadecimal digits; NULL: not known */
    struct entry_value values[ENTRY_VALUES];
    size_t count;
};

struct entries {
    struct entry list[ENTRIES]; /* the account first */
    size_t count;
};

void entry_free(struct entry *entry);
/* The first value; NULL where there is none. Names are compared without case. */
const char *entry_text(const struct entry *entry, const char *name);
int entry_add(struct entry *entry, const char *name, struct slice value, struct error *error);
/* All its values of that name go; it may be the name of one of them. */
void entry_drop(struct entry *entry, const char *name);
/* Puts in place of all values of that name the one. */
int entry_set(struct entry *entry, const char *name, struct slice value, struct error *error);

/* Reads "name: value" lines, entries apart by empty lines, each begun by its "dn: " below `base`. ${base}, ${domain},
 * and, behind the first entry, ${dn} of that one are replaced. `line` (from 1) holds the secret. entries_free() either
 * way. */
int entries_read(struct slice text, size_t line, const char *base, const char *domain, struct entries *entries,
                 struct error *error);
void entries_free(struct entries *entries);

/* entry_like.c: gives the account the classes, the attributes, their order and the way of naming that most accounts in
 * the crowd have, as far as that can be told from them; never what gives rights, and of what it has itself all but
 * what none of them has. */
int entry_be_like(struct entry *own, const struct entry *crowd, size_t count, struct error *error);
/* entry_like.c: the same for those attributes alone, which NULL ends: no classes, no other names, no order. */
int entry_describe_like(struct entry *own, const struct entry *crowd, size_t count, const char *const *names,
                        struct error *error);
/* What most of the crowd have as their value; NULL where none does. Not to be freed. */
const char *entry_usual(const struct entry *crowd, size_t count, const char *name);

/* Is it an attribute that changes by itself, differs from server to server, or repeats the name? Nobody's change is told
 * by it. */
bool entry_is_volatile(const char *name);
/* What is needed to tell later whether, and in what, it was changed: short digests of each attribute, and disk.h's of
 * the secret's. To be freed. */
char *entry_digest(const struct entry *entry);
/* Is it the entry of that digest, by the attribute that holds the secret? Marks that. */
bool entry_is(struct entry *entry, const char *digest);
/* Adds the names of attributes that are not as they were, or new, ", " between them. */
void entry_changes(struct entry *entry, const char *digest, struct buffer *names);

#endif
