/* SPDX-License-Identifier: ISC
 *
 * A connection to a directory (RFC 4511) by libldap, on a connection that `sundew` made (visit.h). TLS is OpenSSL's, from
 * the first byte or after StartTLS; nobody logs in without. The account logs in by a DN (or, to Active Directory, a
 * user principal name) and a password, or by its certificate (SASL EXTERNAL). */
#ifndef PLANTER_DIRECTORY_H
#define PLANTER_DIRECTORY_H

#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/planter/door.h"
#include "server/planter/visit.h"

struct directory {
    struct door door;
    LDAP *ld;
    char *host;
    char *suffix;  /* its naming context, or that of the place */
    char *domain;  /* that the suffix spells; the host where it spells none */
    bool active;   /* Active Directory */
    bool asserts;  /* takes assertions (RFC 4528) */
    bool broken;   /* the connection is of no use any more */
    size_t taken;  /* bytes of the answer to what was asked last */
};

struct task;
struct remote;

/* What libldap reads only, and takes without const. */
static inline void *directory_lend(const void *lent)
{
    union {
        const void *lent;
        void *taken;
    } both = {.lent = lent};

    return both.taken;
}

/* Connects to the task's place and logs in; or the session that is open. NULL with what to do. */
struct directory *directory_enter(const struct task *task, const struct remote *place, struct error *error);
/* Has libldap speak through the door that is open. */
int directory_begin(struct directory *directory, struct error *error);
/* To be called before each operation: how long, and how much, it may take. */
void directory_wait(struct directory *directory, int timeout_ms);
/* What libldap's code means, after "WHAT: ", with what to do; -1. */
int directory_fail(struct directory *directory, int code, const char *what, struct error *error);
/* At most `limit` entries with those attributes (NULL: all of users). 0 with *found, to be freed by ldap_msgfree(); 1
 * where there is no such base, *found NULL; -1. */
int directory_search(struct directory *directory, const char *base, int scope, const char *filter,
                     const char *const *attributes, int limit, LDAPMessage **found, struct error *error);
/* The first value, to be freed; NULL where there is none, or it is no text. */
char *directory_text(const struct directory *directory, LDAPMessage *entry, const char *attribute);

#endif
