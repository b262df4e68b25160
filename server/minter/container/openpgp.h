/* SPDX-License-Identifier: ISC
 *
 * OpenPGP (RFC 4880; its curves as draft-ietf-openpgp-rfc4880bis-10 has them), as GnuPG 2.2 writes it. A pair is a key
 * that signs (Ed25519) and a subkey for which messages are encrypted (X25519). */
#ifndef MINTER_CONTAINER_OPENPGP_H
#define MINTER_CONTAINER_OPENPGP_H

#include "server/minter/container.h"

#define PGP_KEY 32
#define PGP_FINGERPRINT 20
#define PGP_KEY_ID 8 /* the fingerprint's last bytes */
#define PGP_PUBLIC_BYTES 64
#define PGP_BYTES (2 * 256 * 1024)

enum pgp_tag {
    PGP_FOR_KEY = 1,
    PGP_SIGNATURE = 2,
    PGP_SECRET_KEY = 5,
    PGP_SECRET_SUBKEY = 7,
    PGP_LITERAL = 11,
    PGP_USER_ID = 13,
};

struct pgp_key {
    unsigned char point[PGP_KEY], secret[PGP_KEY]; /* secret: as it is written, highest byte first */
    unsigned char public[PGP_PUBLIC_BYTES];        /* the public key's packet, without its head */
    size_t public_length;
    unsigned char fingerprint[PGP_FINGERPRINT];
};

struct pgp_pair {
    struct pgp_key primary, sub;
    uint32_t created; /* seconds since 1970 */
};

/* The pair of the contents' token, always the same. To be wiped. -1 when there is no seed. */
int pgp_pair_make(const struct contents *contents, struct pgp_pair *pair);
/* curve25519's name and how a message's key is hidden by it, as they stand in the subkey and go into the hiding. */
struct slice pgp_curve(void);
struct slice pgp_hiding(void);

/* A packet's head in the old format, for bodies of known length. */
void pgp_add_head(struct buffer *out, enum pgp_tag tag, size_t length);
void pgp_add_packet(struct buffer *out, enum pgp_tag tag, struct slice body);
/* A number, highest byte first. */
void pgp_add_number(struct buffer *out, const unsigned char *bytes, size_t length);
/* A point of one of the curves is a number, too. */
void pgp_add_point(struct buffer *out, const unsigned char point[PGP_KEY]);
/* As text between "BEGIN PGP title" and "END PGP title". */
void pgp_add_armour(struct buffer *out, const char *title, struct slice data);

#endif
