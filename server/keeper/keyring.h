/* SPDX-License-Identifier: ISC
 *
 * The master key and what is derived from it: libsodium's crypto_kdf subkeys for digests, sealing, chaining and
 * checking. Only the keeper has it. Every digest and sealed value carries the number of its key. */
#ifndef KEEPER_KEYRING_H
#define KEEPER_KEYRING_H

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define KEYRING_NUMBER 1 /* of the key in use */
#define KEYRING_BYTES 32
#define DIGEST_BYTES 16
#define CHAIN_BYTES 32
#define SEAL_OVERHEAD (1 + 24 + 16) /* key number, nonce, authenticator */
#define KEYRING_HEAD 64             /* bytes that keyring_head() opens */

enum digest_tag { DIGEST_SECRET = 'S', DIGEST_IDENTITY = 'I', DIGEST_PUBLIC = 'K', DIGEST_TRIAL = 'T',
                  DIGEST_PLANTED = 'P' };

struct digest {
    unsigned char bytes[DIGEST_BYTES];
};

struct keyring {
    unsigned char digest_key[KEYRING_BYTES];
    unsigned char seal_key[KEYRING_BYTES];
    unsigned char chain_key[KEYRING_BYTES];
    unsigned char check_key[KEYRING_BYTES];
    unsigned char mask_key[KEYRING_BYTES];
    unsigned char seed[KEYRING_BYTES]; /* for what is drawn once and then stored */
    /* Hashes that have taken their keys, as bytes: the states themselves ask for an alignment. */
    unsigned char digesting[sizeof(crypto_generichash_state)], chaining[sizeof(crypto_generichash_state)];
};

/* Draws a master key and writes it to a new file, mode 0600, synced; fails if one is there. */
int keyring_create(const char *path, struct error *error);
/* Refuses a file of the wrong size, of another owner than this process (or root), or that others may read. */
int keyring_open(struct keyring *keyring, const char *path, struct error *error);
/* Takes KEYRING_BYTES of master key. */
void keyring_derive(struct keyring *keyring, const unsigned char master[KEYRING_BYTES]);
void keyring_wipe(struct keyring *keyring);
/* Begins a keyed BLAKE2b-256 as rows and links of the chains have it, over at least one byte; ended by CHAIN_BYTES. */
void keyring_chain(const struct keyring *keyring, crypto_generichash_state *state);
/* Keyed BLAKE2b-128 of the tag and the bytes. */
struct digest keyring_digest(const struct keyring *keyring, enum digest_tag tag, struct slice bytes);
/* Adds the sealed form of `plain` (SEAL_OVERHEAD longer). 0 or -1 when `out` is full. */
int keyring_seal(const struct keyring *keyring, struct slice plain, struct buffer *out);
/* Adds the plain form to `out`, which the caller wipes. -1 when damaged, of another key, or `out` is full. */
int keyring_open_sealed(const struct keyring *keyring, struct slice sealed, struct buffer *out);
/* As above into memory of at least sealed.length - SEAL_OVERHEAD bytes; the length, or -1. */
int keyring_unseal(const struct keyring *keyring, struct slice sealed, unsigned char *out, size_t size);
/* Opens the beginning of what is sealed, which the caller wipes, without a look at the rest, so that damage is not seen.
 * The plain form's length; 0, and zeros, where it cannot be told. */
uint16_t keyring_head(const struct keyring *keyring, struct slice sealed, unsigned char out[KEYRING_HEAD]);
/* Makes bytes of a secret unreadable where they stay in memory, or readable again (ChaCha20). `number`: another one for
 * each secret. */
void keyring_mask(const struct keyring *keyring, int64_t number, unsigned char *bytes, size_t length);
/* The same for the same key; kept in the ledger, so that a wrong key shows at once. */
void keyring_check(const struct keyring *keyring, unsigned char value[KEYRING_BYTES]);

#endif
