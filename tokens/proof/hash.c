/* SPDX-License-Identifier: ISC */
#include "tokens/proof/hash.h"

#include <openssl/hmac.h>
#include <sodium.h>

struct hash hash_parts(const EVP_MD *md, const struct slice *parts, size_t count)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct hash hash = {.length = 0};
    unsigned length = 0;
    bool good = context != NULL && EVP_DigestInit_ex(context, md, NULL) == 1;

    for (size_t i = 0; good && i < count; i++)
        good = EVP_DigestUpdate(context, parts[i].data, parts[i].length) == 1;
    if (good && EVP_DigestFinal_ex(context, hash.bytes, &length) == 1)
        hash.length = length;
    EVP_MD_CTX_free(context);
    return hash;
}

struct hash hash_hmac(const EVP_MD *md, struct slice key, struct slice data)
{
    static const unsigned char none[1] = "";
    struct hash hash = {.length = 0};
    unsigned length = 0;

    if (HMAC(md, key.data == NULL ? none : key.data, (int)key.length, data.data, data.length, hash.bytes, &length) != NULL)
        hash.length = length;
    return hash;
}

struct hash hash_hex(const struct hash *hash)
{
    struct hash hex = {.length = 0};

    if (hash->length > 0 && hash->length <= EVP_MAX_MD_SIZE) {
        sodium_bin2hex((char *)hex.bytes, sizeof hex.bytes, hash->bytes, hash->length);
        hex.length = 2 * hash->length;
    }
    return hex;
}

bool hash_equal(struct slice a, struct slice b)
{
    return a.length > 0 && a.length == b.length && sodium_memcmp(a.data, b.data, a.length) == 0;
}

bool hash_equal_hex(const struct hash *hash, struct slice hex)
{
    unsigned char bytes[HASH_MOST];
    size_t length = 0;

    if (hex.length != 2 * hash->length ||
        sodium_hex2bin(bytes, sizeof bytes, (const char *)hex.data, hex.length, NULL, &length, NULL) != 0)
        return false;
    return hash_equal(hash_slice(hash), (struct slice){bytes, length});
}
