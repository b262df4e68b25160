/* SPDX-License-Identifier: ISC
 *
 * SCRAM (RFC 5802) with SHA-1, with SHA-256 (RFC 7677), and with what else Cyrus SASL offers. Verifier: u32 rounds,
 * bytes salt, bytes StoredKey, bytes ServerKey; the last is for a server that grants. Message: AuthMessage, the three
 * messages as they went over the wire. Proof: ClientProof, decoded. Salt, decoded, and rounds, in decimal digits, as
 * the server told them. Passwords are taken as they are: those that are minted are left alone by
 * SASLprep. */
#include <sodium.h>
#include <stdio.h>
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"

static int make(const EVP_MD *md, const struct proof_secret *secret, struct buffer *verifier)
{
    struct hash salted = {.length = (size_t)EVP_MD_get_size(md)}, client, server, stored;
    int rc = -1;

    if (secret->rounds == 0 || secret->rounds > INT32_MAX || secret->salt.length == 0 || secret->secret.length == 0 ||
        PKCS5_PBKDF2_HMAC((const char *)secret->secret.data, (int)secret->secret.length, secret->salt.data,
                          (int)secret->salt.length, (int)secret->rounds, md, (int)salted.length, salted.bytes) != 1)
        return -1;
    client = hash_hmac(md, hash_slice(&salted), slice_of("Client Key"));
    server = hash_hmac(md, hash_slice(&salted), slice_of("Server Key"));
    stored = hash_parts(md, HASH_PARTS(hash_slice(&client)));
    buffer_add_u32(verifier, secret->rounds);
    buffer_add_bytes(verifier, secret->salt);
    buffer_add_bytes(verifier, hash_slice(&stored));
    rc = buffer_add_bytes(verifier, hash_slice(&server));
    sodium_memzero(&salted, sizeof salted);
    sodium_memzero(&client, sizeof client);
    sodium_memzero(&server, sizeof server);
    return rc;
}

/* ClientKey is the proof with ClientSignature taken off; its digest must be StoredKey. */
static bool verify(const EVP_MD *md, struct slice verifier, const struct slice *fields)
{
    static const unsigned char none[HASH_MOST];
    struct slice message = fields[0], proof = fields[1], stored, salt;
    struct reader reader = reader_of(verifier);
    struct hash key;
    char rounds[16];

    (void)snprintf(rounds, sizeof rounds, "%u", reader_u32(&reader));
    salt = reader_bytes(&reader, PROOF_VERIFIER);
    stored = reader_bytes(&reader, HASH_MOST);
    if (reader.failed)
        stored = (struct slice){none, (size_t)EVP_MD_get_size(md)};
    if (proof.length != (size_t)EVP_MD_get_size(md))
        return false;
    key = hash_hmac(md, stored, message);
    for (size_t i = 0; i < key.length; i++)
        key.bytes[i] ^= proof.data[i];
    key = hash_parts(md, HASH_PARTS(hash_slice(&key)));
    return hash_equal(hash_slice(&key), stored) && slice_equal(fields[2], salt) && slice_is(fields[3], rounds);
}

#define SCRAM(bits)                                                                                                    \
    int proof_scram_sha_##bits##_make(const struct proof_secret *secret, struct buffer *verifier)                      \
    {                                                                                                                  \
        return make(EVP_sha##bits(), secret, verifier);                                                                \
    }                                                                                                                  \
                                                                                                                       \
    bool proof_scram_sha_##bits##_verify(struct slice verifier, const struct slice *fields)                            \
    {                                                                                                                  \
        return verify(EVP_sha##bits(), verifier, fields);                                                              \
    }

SCRAM(1)
SCRAM(224)
SCRAM(256)
SCRAM(384)
SCRAM(512)
