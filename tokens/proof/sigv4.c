/* SPDX-License-Identifier: ISC
 *
 * AWS Signature Version 4 ("Create a signed AWS API request"). Scope: DATE/REGION/SERVICE/aws4_request. String: the
 * string to sign, whole. Signature: its 32 bytes. The verifier is the secret access key. */
#include <sodium.h>
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"

#define PREFIX "AWS4"
#define SECRET 512
#define PARTS 4

int proof_sigv4_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return secret->secret.length == 0 || secret->secret.length > SECRET ? -1
                                                                        : buffer_add_slice(verifier, secret->secret);
}

/* The next of the scope's parts, of which there must be exactly PARTS. */
static bool cut(struct slice *scope, struct slice *part, bool last)
{
    const unsigned char *slash = scope->length == 0 ? NULL : memchr(scope->data, '/', scope->length);

    if ((slash == NULL) != last)
        return false;
    *part = *scope;
    if (slash != NULL) {
        part->length = (size_t)(slash - scope->data);
        scope->data = slash + 1;
        scope->length -= part->length + 1;
    }
    return true;
}

bool proof_sigv4_verify(struct slice verifier, const struct slice *fields)
{
    unsigned char text[sizeof PREFIX - 1 + SECRET] = PREFIX;
    struct slice scope = fields[0], part, key = {text, sizeof PREFIX - 1 + verifier.length};
    struct hash hash;
    bool good = verifier.length <= SECRET;

    if (good && verifier.length > 0)
        memcpy(text + sizeof PREFIX - 1, verifier.data, verifier.length);
    for (int i = 0; good && i < PARTS; i++) {
        good = cut(&scope, &part, i == PARTS - 1);
        if (good) {
            hash = hash_hmac(EVP_sha256(), key, part);
            key = hash_slice(&hash);
        }
    }
    if (good) {
        hash = hash_hmac(EVP_sha256(), key, fields[1]);
        good = hash_equal(hash_slice(&hash), fields[2]);
    }
    sodium_memzero(text, sizeof text);
    return good;
}
