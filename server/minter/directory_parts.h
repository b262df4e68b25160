/* SPDX-License-Identifier: ISC
 *
 * For the directory*.c files alone. */
#ifndef MINTER_DIRECTORY_PARTS_H
#define MINTER_DIRECTORY_PARTS_H

#include <stdbool.h>
#include "server/base/buffer.h"
#include "server/base/yaml.h"
#include "server/minter/directory.h"
#include "server/minter/when.h"

#define DIRECTORY_SUFFIX 512
#define DIRECTORY_TEXT 256
#define DIRECTORY_GROUPS 6
#define DIRECTORY_HOSTS 4

/* What is drawn once for all entries. */
struct directory_shape {
    bool posix;       /* people are accounts of Unix, too */
    bool by_name;     /* people's entries are named cn=, not uid= */
    bool posix_groups; /* groups list logins, not names of entries */
    bool numbered, displayed, placed, unit_too;
    bool class_first; /* top stands first among the classes */
    unsigned rotation;
    unsigned first_uid, uid_step, group_id;
    const char *shell;
};

struct directory_maker {
    const struct draw *draw;
    const struct yaml *words; /* of the language */
    const json_t *persona, *units;
    struct zone zone;
    struct directory_shape shape;
    char suffix[DIRECTORY_SUFFIX];
    unsigned char node[6];
    unsigned sequence;
    int64_t now, time; /* of the entry that comes next */
    size_t people;     /* made so far */
    struct buffer ldif;
};

/* directory_words.c: those of the language, or the English ones; any text of a list. They stay the words'. */
const struct yaml *directory_words_of(const struct directory_words *words, const char *language);
const char *directory_pick(const struct yaml *list, const struct draw *draw);

/* directory_ldif.c (RFC 2849). A value that LDIF does not take as it is goes as base64. */
bool ldif_is_plain(const char *value);
void ldif_add(struct directory_maker *m, const char *attribute, const char *value);
void ldif_number(struct directory_maker *m, const char *attribute, unsigned number);
/* Begins an entry below that unit, or where `under` is "" below the suffix. */
void ldif_begin(struct directory_maker *m, const char *rdn, const char *under);
/* `classes` ends with NULL, the structural one last. */
void ldif_classes(struct directory_maker *m, const char *const *classes);
/* The operational attributes, in slapcat's order. One entry in three was changed since. */
void ldif_end(struct directory_maker *m, const char *class);
/* The next entry is made up to so many days later. */
void ldif_later(struct directory_maker *m, unsigned most_days);

#endif
