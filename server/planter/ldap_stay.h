/* SPDX-License-Identifier: ISC
 *
 * One job in one directory: what its acts share (ldap.c, ldap_make.c, ldap_later.c). */
#ifndef PLANTER_LDAP_STAY_H
#define PLANTER_LDAP_STAY_H

#include <jansson.h>
#include <stdint.h>
#include "server/planter/directory.h"
#include "server/planter/entry.h"
#include "server/planter/place.h"
#include "server/wire/remote.h"

#define LDAP_CROWD 200 /* entries beside it that are looked at */

struct ldap_stay {
    const struct task *task;
    struct place_result *result;
    struct directory *directory;
    struct remote place;
    struct entries own;
    struct entry *crowd; /* those beside it */
    size_t crowd_count;
    char *password;  /* for an account that is enabled, where the server stores it itself; NULL: none */
    char *creator;   /* who made most of those; NULL: not known */
    int64_t founded; /* seconds: when the folder was made, or the account before it; 0: not known */
};

/* Logs in. ldap_stay_end() either way. */
int ldap_stay_begin(struct ldap_stay *stay, const struct task *task, struct place_result *result, struct error *error);
void ldap_stay_end(struct ldap_stay *stay);

/* As many of the message's values as an entry can hold, without those that change by themselves. */
int ldap_entry_of(const struct directory *directory, LDAPMessage *message, struct entry *entry, struct error *error);
/* The first that is found. 1, 0 or -1; the message, which has what changes by itself, too, and the entry are to be freed
 * either way. */
int ldap_read_entry(struct ldap_stay *stay, const char *base, int scope, const char *filter, LDAPMessage **message,
                    struct entry *entry, struct error *error);
/* 20230313200304Z (RFC 4517, 3.3.13) in seconds; 0 where it is none. */
int64_t ldap_time(const char *text);

/* The placement's "where": {"directory","dn","entry","beside":[{"dn","entry"}]}; new. */
json_t *ldap_where(const struct ldap_stay *stay, const struct entry *account);
/* Takes `where` for the result, with the entry's digest where one is given. */
int ldap_tell(struct ldap_stay *stay, json_t *where, const struct entry *digested, struct error *error);

/* Fills stay->own by the lure, as this directory spells it and as those beside it are. */
int ldap_shape(struct ldap_stay *stay, struct error *error);
/* inspect, and uproot where `remove`. */
int ldap_look(const struct task *task, bool remove, struct place_result *result, struct error *error);
/* Prints, for those who look at it (server/minter/lint_entry.c), the account, its groups (where.beside) and at most
 * LDAP_CROWD that lie in the account's folder:
 *
 *   {"entries": [ENTRY], "beside": [ENTRY]}
 *   ENTRY: {"dn", "values": {NAME: [text]}}    "": what lets in, or is no text; objectSid: its last part alone */
int ldap_show(struct ldap_stay *stay, const char *dn, const json_t *groups, struct error *error);

#endif
