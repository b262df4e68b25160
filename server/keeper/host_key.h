/* SPDX-License-Identifier: ISC
 *
 * The key by which a host of ours is known over SSH. No decoy speaks SSH yet, but known_hosts of planted keys name it: a
 * decoy of that host is to hold the private half, which is derived from the master key and leaves nothing to store. */
#ifndef KEEPER_HOST_KEY_H
#define KEEPER_HOST_KEY_H

#include "server/keeper/keyring.h"

/* Adds "ssh-ed25519 AAAA…" (RFC 8709) of the host of that name: always the same in one installation. */
int host_key_public(const struct keyring *keyring, const char *host, struct buffer *out);

#endif
