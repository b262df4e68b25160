/* SPDX-License-Identifier: ISC
 *
 * git over ssh (libssh2): the server is known by the account's `known-hosts`, and by nothing else; its user proves
 * himself by the account's `ssh-key` or `password`. */
#ifndef PLANTER_GIT_SSH_H
#define PLANTER_GIT_SSH_H

#include <git2.h>
#include <git2/sys/transport.h>
#include "server/planter/visit.h"
#include "server/wire/remote.h"

/* What a connection needs; it must live as long as the transport. */
struct git_ssh {
    struct visit *visit;
    const struct remote *remote; /* its user comes after the account's */
    const char *path;            /* of the repository there */
};

/* A git_transport_cb; `ssh` is a struct git_ssh. */
int git_ssh_transport(git_transport **out, git_remote *owner, void *ssh);

#endif
