/* SPDX-License-Identifier: ISC
 *
 * MySQL's mysql_native_password and the fast path of caching_sha2_password (MySQL Internals, Authentication Method).
 * With H SHA-1 or SHA-256 and H2 = H(H(password)), which is the verifier:
 *
 *   native  response = H(password) xor H(challenge, H2)
 *   sha2    response = H(password) xor H(H2, challenge)
 *
 * An empty response is an empty password, and proves nothing. */
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"

static int make(const EVP_MD *md, const struct proof_secret *secret, struct buffer *verifier)
{
    struct hash hash = hash_parts(md, HASH_PARTS(secret->secret));

    hash = hash_parts(md, HASH_PARTS(hash_slice(&hash)));
    return hash.length == 0 ? -1 : buffer_add_slice(verifier, hash_slice(&hash));
}

/* With what covers it taken off the response is H(password). */
static bool verify(const EVP_MD *md, struct slice verifier, struct hash cover, struct slice response)
{
    if (response.length != cover.length)
        return false;
    for (size_t i = 0; i < cover.length; i++)
        cover.bytes[i] ^= response.data[i];
    cover = hash_parts(md, HASH_PARTS(hash_slice(&cover)));
    return hash_equal(hash_slice(&cover), verifier);
}

int proof_mysql_native_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return make(EVP_sha1(), secret, verifier);
}

bool proof_mysql_native_verify(struct slice verifier, const struct slice *fields)
{
    return verify(EVP_sha1(), verifier, hash_parts(EVP_sha1(), HASH_PARTS(fields[0], verifier)), fields[1]);
}

int proof_mysql_sha2_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return make(EVP_sha256(), secret, verifier);
}

bool proof_mysql_sha2_verify(struct slice verifier, const struct slice *fields)
{
    return verify(EVP_sha256(), verifier, hash_parts(EVP_sha256(), HASH_PARTS(verifier, fields[0])), fields[1]);
}
