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

bool signature_verify(EVP_PKEY *key, const struct signature_scheme *scheme, struct slice data, struct slice signature)
{
    unsigned char *der = NULL;
    bool good;

    if (key == NULL || EVP_PKEY_get_base_id(key) != scheme->key || signature.length == 0 ||
        (scheme->number > 0 && signature.length != 2 * scheme->number))
        return false;
    if (scheme->number > 0) {
        signature.length = (size_t)add_der(signature, scheme->number, &der);
        signature.data = der;
    }
    good = signature.length > 0 && verify(key, scheme, data, signature);
    OPENSSL_free(der);
    return good;
}
