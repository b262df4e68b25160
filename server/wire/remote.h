/* SPDX-License-Identifier: ISC
 *
 * Places on other hosts, and the accounts that open them. Such a place is written
 *
 *   SCHEME:[//][USER@]HOST[:PORT][/PATH]      imaps://j.doe@mail.corp.example/Archive   graph:j.doe@corp.example
 *
 * with %XX for bytes that would mean something else. The last '@' before the first '/' ends the user. */
#ifndef WIRE_REMOTE_H
#define WIRE_REMOTE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/wire/configuration.h"

struct remote {
    char *user; /* decoded; NULL: none was named */
    char *host; /* without brackets, lower case */
    uint16_t port; /* 0: none was named */
    char *path; /* decoded, without its first '/'; "" */
};

/* Does a place of that scheme ("imaps", or the whole place) lie on another host? */
bool remote_is(struct slice place);
/* 0 or -1: no such place, or one with a password in it, which must not be. remote_free() either way. */
int remote_parse(const char *place, struct remote *remote, struct error *error);
void remote_free(struct remote *remote);

/* The first account in the file whose `places` has this place's scheme and host, and its user and port as far as it
 * names them. NULL with what to do. */
const struct account *remote_account(const struct configuration *configuration, const char *place,
                                     struct error *error);
/* May the planter of that place and account connect there? Hosts are those of the place's scheme (places.def), and of
 * the account's own `url` and `token-url`. */
bool remote_allows(const struct account *account, const char *place, const char *host, uint16_t port);
/* Host and port of an http or https URL; the host to be freed. 0 or -1. */
int remote_url(const char *url, char **host, uint16_t *port);

#endif
