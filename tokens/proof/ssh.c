/* SPDX-License-Identifier: ISC
 *
 * Signatures of SSH (RFC 4252, section 7). Verifier: the public key's blob (RFC 4253, section 6.6; RFC 5656; RFC 8709).
 * Algorithm: as in the signature's blob. Data: what was signed, put together by the sensor. Signature: the blob's second
 * string. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include "tokens/proof/proof.h"
#include "tokens/proof/signature.h"

#define STRING 2048 /* bytes of the longest, an RSA key's of 16,384 bits */
#define CURVE "ecdsa-sha2-"

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY *key = NULL;

    if (context == NULL || parameters == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    OSSL_PARAM_free(parameters);
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *rsa_key(struct slice e, struct slice n)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.length, NULL), *modulus = BN_bin2bn(n.data, (int)n.length, NULL);
    EVP_PKEY *key = NULL;

    if (build != NULL && exponent != NULL && modulus != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1)
        key = from_parameters("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(exponent);
    BN_free(modulus);
    return key;
}

static EVP_PKEY *ec_key(struct slice curve, struct slice point)
{
    const char *group = slice_is(curve, "nistp256") ? "P-256" : slice_is(curve, "nistp384") ? "P-384" : "P-521";
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;

    if (build != NULL && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.length) == 1)
        key = from_parameters("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* NULL for what is none of ours. *type becomes the blob's first string. */
static EVP_PKEY *key_of(struct slice blob, struct slice *type)
{
    struct reader reader = reader_of(blob);
    struct slice first, second = SLICE_NONE;

    *type = reader_bytes(&reader, STRING);
    first = reader_bytes(&reader, STRING);
    if (!slice_is(*type, "ssh-ed25519"))
        second = reader_bytes(&reader, STRING);
    if (reader_end(&reader) != 0)
        return NULL;
    if (slice_is(*type, "ssh-ed25519"))
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, first.data, first.length);
    if (slice_is(*type, "ssh-rsa"))
        return rsa_key(first, second);
    if (slice_is(*type, CURVE "nistp256") || slice_is(*type, CURVE "nistp384") || slice_is(*type, CURVE "nistp521"))
        return slice_equal(first, (struct slice){type->data + sizeof CURVE - 1, type->length - sizeof CURVE + 1})
                   ? ec_key(first, second)
                   : NULL;
    return NULL;
}

/* The curve of an ECDSA key is told by the signature's length. */
static bool scheme_of(struct slice algorithm, struct signature_scheme *scheme)
{
    static const struct {
        const char *name;
        int key;
        const EVP_MD *(*md)(void);
        size_t number;
    } schemes[] = {
        {"ssh-ed25519", EVP_PKEY_ED25519, NULL, 0},
        {"rsa-sha2-512", EVP_PKEY_RSA, EVP_sha512, 0},
        {"rsa-sha2-256", EVP_PKEY_RSA, EVP_sha256, 0},
        {"ssh-rsa", EVP_PKEY_RSA, EVP_sha1, 0},
        {CURVE "nistp256", EVP_PKEY_EC, EVP_sha256, 32},
        {CURVE "nistp384", EVP_PKEY_EC, EVP_sha384, 48},
        {CURVE "nistp521", EVP_PKEY_EC, EVP_sha512, 66},
    };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!slice_is(algorithm, schemes[i].name))
            continue;
        *scheme = (struct signature_scheme){schemes[i].key, schemes[i].md == NULL ? NULL : schemes[i].md(), false,
                                            schemes[i].number};
        return true;
    }
    return false;
}

/* An ECDSA signature is two mpints (RFC 5656, section 3.1.2): each becomes `number` bytes. */
static bool add_number(struct reader *reader, size_t number, unsigned char *out)
{
    struct slice mpint = reader_bytes(reader, STRING);

    while (mpint.length > number && mpint.data[0] == 0)
        mpint = (struct slice){mpint.data + 1, mpint.length - 1};
    if (mpint.length > number)
        return false;
    memset(out, 0, number);
    if (mpint.length > 0)
        memcpy(out + number - mpint.length, mpint.data, mpint.length);
    return true;
}

int proof_ssh_signature_make(const struct proof_secret *secret, struct buffer *verifier)
{
    struct slice type;
    EVP_PKEY *key = key_of(secret->secret, &type);
    int rc = key == NULL ? -1 : buffer_add_slice(verifier, secret->secret);

    EVP_PKEY_free(key);
    return rc;
}

bool proof_ssh_signature_verify(struct slice verifier, const struct slice *fields)
{
    unsigned char numbers[2 * 66];
    struct slice type, signature = fields[2];
    struct reader reader = reader_of(signature);
    EVP_PKEY *key = key_of(verifier, &type);
    struct signature_scheme scheme;
    bool proven = scheme_of(fields[0], &scheme);

    if (proven && scheme.number > 0) {
        proven = add_number(&reader, scheme.number, numbers) &&
                 add_number(&reader, scheme.number, numbers + scheme.number) && reader_end(&reader) == 0;
        signature = (struct slice){numbers, 2 * scheme.number};
    }
    proven = proven && signature_verify(key, &scheme, fields[1], signature);
    EVP_PKEY_free(key);
    return proven;
}
