/* SPDX-License-Identifier: ISC
 *
 * Who may stand beside a mailbox's owner in lures: real people, of a directory or of a file that the operator wrote. A
 * person is an object with
 *
 *   "name","mail", and where it is known "given","family","title","department","phone","language","manager":{"name",
 *   "mail"}; "disabled" or "excluded": true of who must not be named
 *
 * as server/planter/people.h tells them. */
#ifndef COMMAND_COLLEAGUES_H
#define COMMAND_COLLEAGUES_H

#include <jansson.h>
#include <sodium.h>
#include "server/base/error.h"

#define COLLEAGUES_MOST 7
#define COLLEAGUES_BYTES 8192
#define COLLEAGUES_KEY crypto_shorthash_KEYBYTES

/* The people of a file: a line each, NAME, a tab and the mail address, and where known, each behind a tab, title,
 * department and the manager's address. Empty lines, and such as begin with '#', are comments. NULL with FILE:LINE and
 * what to do. */
json_t *colleagues_read(const char *file, struct error *error);
/* Of an array of people the one with that address, or "Name <address>"; NULL. */
const json_t *colleagues_find(const json_t *people, const char *address);
/* What `plant` is told by --people, a JSON array: the owner ("is":"owner"), the manager ("is":"manager"), and up to
 * COLLEAGUES_MOST others of the same house, those of the owner's department first, then those of the owner's language;
 * which ones is drawn by the key, and the same for the same people. Never the owner twice, nor whom nobody may name.
 * `owner`: NULL, not known. At most COLLEAGUES_BYTES, to be freed; NULL without memory. */
char *colleagues_choose(const json_t *people, const json_t *owner, const unsigned char key[COLLEAGUES_KEY]);
/* "en" or "fr": the first of "fr-CH, en;q=0.8" (RFC 2798, 2.7) that lures are written in; NULL. */
const char *colleagues_language(const json_t *person);

#endif
