/* SPDX-License-Identifier: ISC
 *
 * What mail servers ask for: CRAM-MD5 (RFC 2195), hex(HMAC-MD5(secret, challenge)), and APOP (RFC 1939, section 7),
 * hex(MD5(timestamp, secret)). The verifier is the secret. */
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"

int proof_cram_md5_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return buffer_add_slice(verifier, secret->secret);
}

bool proof_cram_md5_verify(struct slice verifier, const struct slice *fields)
{
    struct hash hash = hash_hmac(EVP_md5(), verifier, fields[0]);

    return hash_equal_hex(&hash, fields[1]);
}

int proof_apop_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return buffer_add_slice(verifier, secret->secret);
}

bool proof_apop_verify(struct slice verifier, const struct slice *fields)
{
    struct hash hash = hash_parts(EVP_md5(), HASH_PARTS(fields[0], verifier));

    return hash_equal_hex(&hash, fields[1]);
}
