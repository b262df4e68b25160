/* SPDX-License-Identifier: ISC
 *
 * The organisation's certificate authority and the decoys' certificates (RFC 5280), ECDSA on P-256, as an
 * administrator with OpenSSL makes them. Nothing in them is the same in two installations but their shape. */
#ifndef MINTER_CERTIFICATE_H
#define MINTER_CERTIFICATE_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "tokens/kind.h"

struct certificate_names {
    const char *const *names; /* host names, *.wildcards too */
    size_t name_count;
    const char *const *addresses; /* IPv4 and IPv6; unspecified ones are skipped */
    size_t address_count;
};

/* All: PEM into `certificate` and `key` (initialised by the caller, wiped by it). `now` in seconds: validity begins
 * some weeks or months before. */

/* A root for ten years, path length 0, constrained to `domain` and the given names, and to loopback, private and the
 * given addresses. */
int certificate_authority(const char *organisation, const char *domain, const char *language,
                          const struct certificate_names *also, int64_t now, const struct draw *draw,
                          struct buffer *certificate, struct buffer *key, struct error *error);
/* A leaf of at most 397 days with the chain behind it. A name that the authority may not sign is an error, such an
 * address is left out. */
int certificate_leaf(const struct certificate_names *names, struct slice authority, struct slice authority_key,
                     int64_t now, const struct draw *draw, struct buffer *certificate, struct buffer *key,
                     struct error *error);
/* Can a server that bears these names use it? The key fits the first certificate, the others each sign the one before,
 * all are valid now, and the names are the first one's. -1 with what is wrong. */
int certificate_verify(const struct certificate_names *names, struct slice certificate, struct slice key, int64_t now,
                       struct error *error);
/* As `openssl req -x509` makes one. */
int certificate_self_signed(const struct certificate_names *names, const char *organisation, int64_t now,
                            const struct draw *draw, struct buffer *certificate, struct buffer *key,
                            struct error *error);
/* Self-signed, for ten years, for a key that signs assertions: a common name and an organisation, nothing else. The
 * caller's; NULL when it cannot be made. */
X509 *certificate_signing(const char *name, const char *organisation, EVP_PKEY *pair, int64_t now,
                          const struct draw *draw);

#endif
