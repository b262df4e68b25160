/* SPDX-License-Identifier: ISC
 *
 * As whom a role runs, for both starters (sundewd, and sundew without a daemon): the user that `users:` names, else
 * the state folder's owner. Started by somebody else than root, roles stay that user, who must own the state. */
#ifndef WIRE_USERS_H
#define WIRE_USERS_H

#include <sys/types.h>
#include "server/base/error.h"
#include "server/wire/configuration.h"

/* -1 with what to do: no state folder, no such user, somebody else's state. */
int users_of(const struct configuration *configuration, const char *role, uid_t *uid, gid_t *gid, struct error *error);
/* To be called by starters before the roles. Where root made the state and `users:` names a keeper, the folder and what
 * the keeper has in it become that user's; where it names a courier, root's files with the routes' signing keys become
 * that one's, and a folder of them beside the configuration can be passed through. Else nothing. */
int users_give_files(const struct configuration *configuration, struct error *error);
/* May the role's user read the file, as far as modes say? -1 with who is stopped where. */
int users_may_read(const struct configuration *configuration, const char *role, const char *path, struct error *error);
/* The group that `operators:` names; (gid_t)-1 when none is. */
int users_operators(const struct configuration *configuration, gid_t *gid, struct error *error);

#endif
