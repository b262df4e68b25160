/* SPDX-License-Identifier: ISC
 *
 * What a directory says of a person (RFC 2798, RFC 2307; [MS-ADTS]). */
#ifndef PLANTER_PERSON_H
#define PLANTER_PERSON_H

#include <jansson.h>
#include "server/planter/directory.h"

/* Which attributes are to be asked for; ends with NULL. */
extern const char *const person_attributes[];

/* Adds "login", "mail", "name", "given", "family", "title", "department", "language" and "phone", as far as the entry has
 * them, and "disabled": true of who can no longer log in. Texts are UTF-8 on one line, of at most PEOPLE_TEXT bytes;
 * others are left out. */
void person_put(const struct directory *directory, LDAPMessage *entry, json_t *row);

#endif
