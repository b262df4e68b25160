/* SPDX-License-Identifier: ISC */
#include "tokens/proof/signature.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

EVP_PKEY *signature_key(struct slice der)
{
    const unsigned char *at = der.data;
    EVP_PKEY *key = der.length == 0 ? NULL : d2i_PUBKEY(NULL, &at, (long)der.length);

    if (key != NULL && at != der.data + der.length) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

/* Never asks anybody for a passphrase. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static EVP_PKEY *read_pem(struct slice pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    if (key == NULL && bio != NULL && BIO_reset(bio) == 1)
        key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return key;
}

int signature_public(struct slice key, struct buffer *der)
{
    EVP_PKEY *pair = key.length > 0 && key.data[0] == '-' ? read_pem(key) : signature_key(key);
    unsigned char *bytes = NULL;
    int length = pair == NULL ? -1 : i2d_PUBKEY(pair, &bytes);
    int rc = length <= 0 ? -1 : buffer_add(der, bytes, (size_t)length);

    OPENSSL_free(bytes);
    EVP_PKEY_free(pair);
    return rc;
}

/* The two numbers as libcrypto takes them. Length 0: they are not such. */
static int add_der(struct slice signature, size_t number, unsigned char **der)
{
    ECDSA_SIG *both = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature.data, (int)number, NULL);
    BIGNUM *s = BN_bin2bn(signature.data + number, (int)number, NULL);
    int length = 0;

    if (both != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(both, r, s) == 1) {
        r = s = NULL;
        length = i2d_ECDSA_SIG(both, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(both);
    return length < 0 ? 0 : length;
}

static bool verify(EVP_PKEY *key, const struct signature_scheme *scheme, struct slice data, struct slice signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    bool good = context != NULL && EVP_DigestVerifyInit(context, &options, scheme->md, NULL, key) == 1;

    if (good && scheme->pss)
        good = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(context, signature.data, signature.length, data.data, data.length) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

/* Keys that nobody has, for verifications that cannot succeed: an odd number of 2,048 bits, and base points. */
static EVP_PKEY *stand_in(int type)
{
    static const unsigned char rsa[] = {0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                        0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01,
                                        0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00};
    static const unsigned char rsa_end[] = {0x02, 0x03, 0x01, 0x00, 0x01};
    static const unsigned char ec[] = {
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8,
        0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39,
        0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c,
        0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
        0xf5};
    static const unsigned char ed25519[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
                                            0x00, 0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                            0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                            0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};
    unsigned char der[sizeof rsa + 256 + sizeof rsa_end];

    if (type == EVP_PKEY_EC)
        return signature_key((struct slice){ec, sizeof ec});
    if (type == EVP_PKEY_ED25519)
        return signature_key((struct slice){ed25519, sizeof ed25519});
    memcpy(der, rsa, sizeof rsa);
    memset(der + sizeof rsa, 0xb7, 256);
    memcpy(der + sizeof rsa + 256, rsa_end, sizeof rsa_end);
    return signature_key((struct slice){der, sizeof der});
}

bool signature_verify(EVP_PKEY *key, const struct signature_scheme *scheme, struct slice data, struct slice signature)
{
    bool fits = key != NULL && EVP_PKEY_get_base_id(key) == scheme->key, good;
    EVP_PKEY *other = fits ? NULL : stand_in(scheme->key);
    unsigned char *der = NULL;

    if (signature.length > 0 && scheme->number > 0) {
        signature.length = signature.length == 2 * scheme->number ? (size_t)add_der(signature, scheme->number, &der) : 0;
        signature.data = der;
    }
    good = signature.length > 0 && verify(fits ? key : other, scheme, data, signature);
    OPENSSL_free(der);
    EVP_PKEY_free(other);
    return good && fits;
}
