/* SPDX-License-Identifier: ISC
 *
 * OpenSSH's own file of a private key (its PROTOCOL.key). */
#ifndef TOKENS_OPENSSH_H
#define TOKENS_OPENSSH_H

#include "tokens/kind.h"

#define OPENSSH_LABEL "OPENSSH PRIVATE KEY"

struct openssh_key {
    struct slice blob, private_half; /* in the wire format (RFC 4251, section 5), each begins with the type's name */
    const char *comment;
    const char *passphrase; /* NULL: none */
};

/* Adds the PEM. With a passphrase as ssh-keygen's defaults are: AES-256-CTR, its key by 16 rounds of bcrypt. */
int openssh_key_add(struct buffer *out, const struct openssh_key *key, const struct draw *draw);

#endif
