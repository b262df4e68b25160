/* SPDX-License-Identifier: ISC
 *
 * A supply of RSA keys for tests: one of each size, made when first asked for. */
#ifndef TESTS_TOKENS_KEY_SUPPLY_H
#define TESTS_TOKENS_KEY_SUPPLY_H

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "tokens/kind.h"

static inline int canned_rsa(void *context, unsigned bits, struct buffer *der, struct error *error)
{
    static unsigned char canned[5][4096];
    static int lengths[5];
    unsigned char *at = canned[bits / 1024];

    (void)context;
    (void)error;
    if (lengths[bits / 1024] == 0) {
        EVP_PKEY *key = EVP_RSA_gen(bits);
        PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);

        lengths[bits / 1024] = i2d_PKCS8_PRIV_KEY_INFO(info, &at);
        PKCS8_PRIV_KEY_INFO_free(info);
        EVP_PKEY_free(key);
    }
    return buffer_add(der, canned[bits / 1024], (size_t)lengths[bits / 1024]);
}

static const struct key_supply canned_keys = {canned_rsa, NULL};

#endif
