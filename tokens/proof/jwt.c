/* SPDX-License-Identifier: ISC
 *
 * JSON web signatures (RFC 7515) with the algorithms of RFC 7518 and RFC 8037. Algorithm: the header's "alg". Input: the
 * two parts and the dot between them, as they came. Signature: decoded. Verifiers: of `jwt` the signer's
 * SubjectPublicKeyInfo; of `hs256` the shared key as text. Applications take such a text as it stands, or as base64 of
 * the key: both count. */
#include <sodium.h>
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"
#include "tokens/proof/signature.h"

/* ---- with a key pair ---- */

static bool scheme_of(struct slice algorithm, struct signature_scheme *scheme)
{
    static const struct {
        const char *name;
        int key;
        const EVP_MD *(*md)(void);
        bool pss;
        size_t number;
    } schemes[] = {
        {"RS256", EVP_PKEY_RSA, EVP_sha256, false, 0},  {"RS384", EVP_PKEY_RSA, EVP_sha384, false, 0},
        {"RS512", EVP_PKEY_RSA, EVP_sha512, false, 0},  {"PS256", EVP_PKEY_RSA, EVP_sha256, true, 0},
        {"PS384", EVP_PKEY_RSA, EVP_sha384, true, 0},   {"PS512", EVP_PKEY_RSA, EVP_sha512, true, 0},
        {"ES256", EVP_PKEY_EC, EVP_sha256, false, 32},  {"ES384", EVP_PKEY_EC, EVP_sha384, false, 48},
        {"ES512", EVP_PKEY_EC, EVP_sha512, false, 66},  {"EdDSA", EVP_PKEY_ED25519, NULL, false, 0},
        {"Ed25519", EVP_PKEY_ED25519, NULL, false, 0},
    };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!slice_is(algorithm, schemes[i].name))
            continue;
        *scheme = (struct signature_scheme){schemes[i].key, schemes[i].md == NULL ? NULL : schemes[i].md(),
                                            schemes[i].pss, schemes[i].number};
        return true;
    }
    return false;
}

int proof_jwt_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return signature_public(secret->secret, verifier);
}

bool proof_jwt_verify(struct slice verifier, const struct slice *fields)
{
    struct signature_scheme scheme;
    EVP_PKEY *key;
    bool proven;

    if (!scheme_of(fields[0], &scheme))
        return false;
    key = signature_key(verifier);
    proven = signature_verify(key, &scheme, fields[1], fields[2]);
    EVP_PKEY_free(key);
    return proven;
}

/* ---- with a shared key ---- */

int proof_hs256_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return secret->secret.length == 0 ? -1 : buffer_add_slice(verifier, secret->secret);
}

static const EVP_MD *md_of(struct slice algorithm)
{
    if (slice_is(algorithm, "HS256"))
        return EVP_sha256();
    if (slice_is(algorithm, "HS384"))
        return EVP_sha384();
    return slice_is(algorithm, "HS512") ? EVP_sha512() : NULL;
}

static bool is_signed(const EVP_MD *md, struct slice key, const struct slice *fields)
{
    struct hash hash = hash_hmac(md, key, fields[1]);

    return hash_equal(hash_slice(&hash), fields[2]);
}

bool proof_hs256_verify(struct slice verifier, const struct slice *fields)
{
    static const int variants[] = {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    const EVP_MD *md = md_of(fields[0]);
    unsigned char key[PROOF_VERIFIER];
    bool proven;

    if (md == NULL || verifier.length > sizeof key)
        return false;
    proven = is_signed(md, verifier, fields);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        size_t length;

        if (sodium_base642bin(key, sizeof key, (const char *)verifier.data, verifier.length, NULL, &length, NULL,
                              variants[i]) == 0)
            proven = is_signed(md, (struct slice){key, length}, fields) || proven;
    }
    sodium_memzero(key, sizeof key);
    return proven;
}
