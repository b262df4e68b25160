/* SPDX-License-Identifier: ISC
 *
 * The questions of one errand (people.h): what people.c and people_active.c share. */
#ifndef PLANTER_PEOPLE_ASK_H
#define PLANTER_PEOPLE_ASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/planter/directory.h"

#define NESTED 16 /* groups within groups */
#define FILTER_MOST 2048

/* Who can log in: a normal account that is not disabled ([MS-ADTS] 2.2.16, [MS-SAMR] 2.2.1.9). */
#define ACTIVE_PERSON "(sAMAccountType=805306368)(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
#define IN_CHAIN "memberOf:1.2.840.113556.1.4.1941:="

struct asking {
    struct directory *directory;
    const char *base;     /* below which departments are looked for */
    struct buffer *out;
    int question;
    json_t *seen;         /* DNs of this question's entries */
    struct buffer groups; /* and in Active Directory its groups, each as the last four bytes of its SID */
    json_t *managers;     /* by DN: an object, or null */
    json_t *departments;  /* of this question's people */
    bool mates;           /* who is found now is told as a colleague alone */
    size_t looked;        /* entries, of all questions */
    int64_t deadline;
};

/* Counts an entry; -1 where it is one too many, or too late. */
int asking_look(struct asking *asking, struct error *error);
/* A filter with the value escaped (RFC 4515); -1 where it is too long. */
int asking_filter(char filter[FILTER_MOST], const char *before, const char *value, const char *behind);
/* Tells the people, or follows the groups, of an answer, `depth` groups within the one that was asked for. */
int asking_add(struct asking *asking, LDAPMessage *found, int depth, struct error *error);
/* Does so with all entries that the filter finds, in pages (RFC 2696). `attributes`: NULL for all that may be wanted. */
int asking_find(struct asking *asking, const char *base, const char *filter, const char *const *attributes, int depth,
                struct error *error);
bool asking_is_class(const struct asking *asking, LDAPMessage *entry, const char *name);
/* Answers that the question cannot be answered. */
int asking_fault(struct asking *asking, const char *fault, struct error *error);

/* people_active.c: tells who can log in and is in that group of Active Directory. */
int asking_active_group(struct asking *asking, const char *dn, LDAPMessage *group, struct error *error);
/* Keeps a group's id for those whose first group it is. */
int asking_note_group(struct asking *asking, LDAPMessage *entry, struct error *error);

#endif
