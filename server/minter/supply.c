/* SPDX-License-Identifier: ISC */
#include "server/minter/supply.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

int supply_rsa(void *context, unsigned bits, struct buffer *der, struct error *error)
{
    EVP_PKEY *key = bits == 2048 || bits == 3072 || bits == 4096 ? EVP_RSA_gen(bits) : NULL;
    PKCS8_PRIV_KEY_INFO *info = key == NULL ? NULL : EVP_PKEY2PKCS8(key);
    unsigned char *bytes = NULL;
    int length = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &bytes), rc = 0;

    (void)context;
    if (length < 0 || buffer_add(der, bytes, (size_t)length) != 0)
        rc = error_set(error, "no RSA key of %u bits can be made", bits);
    if (length > 0)
        OPENSSL_clear_free(bytes, (size_t)length);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(key);
    return rc;
}
