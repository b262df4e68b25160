/* SPDX-License-Identifier: ISC
 *
 * PostgreSQL's AuthenticationMD5Password (Frontend/Backend Protocol, 55.2.1): "md5" hex(MD5(verifier, salt)), where the
 * verifier is hex(MD5(password, user name)). */
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"

int proof_postgres_md5_make(const struct proof_secret *secret, struct buffer *verifier)
{
    struct hash hash = hash_parts(EVP_md5(), HASH_PARTS(secret->secret, secret->identity));

    hash = hash_hex(&hash);
    return hash.length == 0 ? -1 : buffer_add_slice(verifier, hash_slice(&hash));
}

bool proof_postgres_md5_verify(struct slice verifier, const struct slice *fields)
{
    struct hash hash = hash_parts(EVP_md5(), HASH_PARTS(verifier, fields[0]));
    struct slice response = fields[1];

    if (response.length < 3 || memcmp(response.data, "md5", 3) != 0)
        return false;
    return hash_equal_hex(&hash, (struct slice){response.data + 3, response.length - 3});
}
