/* SPDX-License-Identifier: ISC
 *
 * Digests, keyed or not, of several parts one after the other, by libcrypto. */
#ifndef TOKENS_PROOF_HASH_H
#define TOKENS_PROOF_HASH_H

#include <openssl/evp.h>
#include <stdbool.h>
#include "server/base/buffer.h"

#define HASH_MOST (2 * EVP_MAX_MD_SIZE + 1)

/* A digest, or its hexadecimal digits; length 0 where libcrypto failed, which no field ever equals. */
struct hash {
    unsigned char bytes[HASH_MOST];
    size_t length;
};

struct hash hash_parts(const EVP_MD *md, const struct slice *parts, size_t count);
struct hash hash_hmac(const EVP_MD *md, struct slice key, struct slice data);
/* For hash_parts(): slices, and how many. */
#define HASH_PARTS(...)                                                                                                \
    (const struct slice[]){__VA_ARGS__}, sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice)
static inline struct slice hash_slice(const struct hash *hash)
{
    return (struct slice){hash->bytes, hash->length};
}
/* A digest's lower-case hexadecimal digits. */
struct hash hash_hex(const struct hash *hash);
/* In constant time for one length. */
bool hash_equal(struct slice a, struct slice b);
/* As hash_equal(), for hexadecimal digits of either case. */
bool hash_equal_hex(const struct hash *hash, struct slice hex);

#endif
