/* SPDX-License-Identifier: ISC */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <string.h>
#include "server/minter/certificate.h"
#include "server/minter/face_way.h"

#define RSA_BITS 2048
#define DER_MOST 4096

static json_t *base64(const unsigned char *data, size_t length, int variant)
{
    char text[sodium_base64_ENCODED_LEN(DER_MOST, sodium_base64_VARIANT_ORIGINAL)];

    return length > DER_MOST ? NULL : json_string(sodium_bin2base64(text, sizeof text, data, length, variant));
}

/* A number of the key as in a JWK: big-endian, URL-safe. */
static json_t *number_of(const EVP_PKEY *pair, const char *parameter)
{
    unsigned char bytes[RSA_BITS / 8];
    BIGNUM *number = NULL;
    json_t *text = NULL;
    int length;

    if (EVP_PKEY_get_bn_param(pair, parameter, &number) == 1 && (size_t)BN_num_bytes(number) <= sizeof bytes) {
        length = BN_bn2bin(number, bytes);
        text = base64(bytes, (size_t)length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    }
    BN_free(number);
    return text;
}

static json_t *certificate_of(const X509 *certificate)
{
    unsigned char *der = NULL;
    int length = i2d_X509(certificate, &der);
    json_t *text = length > 0 ? base64(der, (size_t)length, sodium_base64_VARIANT_ORIGINAL) : NULL;

    OPENSSL_free(der);
    return text;
}

json_t *face_key_draw(const char *name, const char *organisation, int64_t now, const struct draw *draw,
                      struct error *error)
{
    unsigned char kid[16];
    char hex[2 * sizeof kid + 1];
    EVP_PKEY *pair = EVP_RSA_gen(RSA_BITS);
    X509 *certificate = pair == NULL ? NULL : certificate_signing(name, organisation, pair, now, draw);
    json_t *key = NULL;

    draw->bytes(draw->context, kid, sizeof kid);
    if (certificate != NULL)
        key = json_pack("{ss so so so}", "kid", sodium_bin2hex(hex, sizeof hex, kid, sizeof kid), "n",
                        number_of(pair, "n"), "e", number_of(pair, "e"), "certificate", certificate_of(certificate));
    if (key == NULL)
        error_set(error, "no key could be made for what the site signs");
    X509_free(certificate);
    EVP_PKEY_free(pair);
    return key;
}
