/* SPDX-License-Identifier: ISC */
#include "tokens/bcrypt.h"
#include <openssl/bn.h>
#include <sodium.h>
#include <string.h>

#define SUBKEYS 18
#define BOX 256
#define WORDS (SUBKEYS + 4 * BOX)
#define BITS (32 * WORDS)
#define GUARD 64 /* bits below those that are wanted, for what is cut off */
#define COST 64
#define HASH 32
#define WIDE crypto_hash_sha512_BYTES
#define MAGIC "OxychromaticBlowfishSwatDynamite"

struct blowfish {
    uint32_t words[WORDS]; /* the subkeys, then the four boxes */
};

/* ---- the digits of pi, by Machin's formula: 16 arctan(1/5) - 4 arctan(1/239) ---- */

/* Adds arctan(1/x) times `factor`, or takes it away, in fixed point. */
static bool add_arctan(BIGNUM *sum, BN_ULONG x, BN_ULONG factor, bool minus)
{
    BIGNUM *power = BN_new(), *term = BN_new();
    bool good = power != NULL && term != NULL && BN_set_bit(power, BITS + GUARD) == 1 && BN_mul_word(power, factor) == 1 &&
                BN_div_word(power, x) != (BN_ULONG)-1;

    for (BN_ULONG n = 1; good && !BN_is_zero(power); n += 2, minus = !minus)
        good = BN_copy(term, power) != NULL && BN_div_word(term, n) != (BN_ULONG)-1 &&
               (minus ? BN_sub(sum, sum, term) : BN_add(sum, sum, term)) == 1 &&
               BN_div_word(power, x * x) != (BN_ULONG)-1;
    BN_free(power);
    BN_free(term);
    return good;
}

static uint32_t word_at(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Blowfish without a key: what stands behind pi's point. */
static bool blowfish_begin(struct blowfish *fish)
{
    unsigned char bytes[BITS / 8];
    BIGNUM *pi = BN_new();
    bool good = pi != NULL && add_arctan(pi, 5, 16, false) && add_arctan(pi, 239, 4, true) &&
                BN_rshift(pi, pi, GUARD) == 1 && BN_mask_bits(pi, BITS) == 1 &&
                BN_bn2binpad(pi, bytes, sizeof bytes) == (int)sizeof bytes;

    for (size_t i = 0; good && i < WORDS; i++)
        fish->words[i] = word_at(bytes + 4 * i);
    BN_free(pi);
    return good;
}

/* ---- Blowfish ---- */

static uint32_t mixed(const struct blowfish *fish, uint32_t x)
{
    const uint32_t *box = fish->words + SUBKEYS;

    return ((box[x >> 24] + box[BOX + (x >> 16 & 255)]) ^ box[2 * BOX + (x >> 8 & 255)]) + box[3 * BOX + (x & 255)];
}

static void encipher(const struct blowfish *fish, uint32_t block[2])
{
    uint32_t left = block[0], right = block[1], swap;

    for (size_t i = 0; i < SUBKEYS - 2; i++) {
        left ^= fish->words[i];
        swap = right ^ mixed(fish, left);
        right = left;
        left = swap;
    }
    block[0] = right ^ fish->words[SUBKEYS - 1];
    block[1] = left ^ fish->words[SUBKEYS - 2];
}

/* Both texts are repeated; salt NULL: zeros. */
static void expand(struct blowfish *fish, const unsigned char key[WIDE], const unsigned char *salt)
{
    uint32_t block[2] = {0, 0};

    for (size_t i = 0; i < SUBKEYS; i++)
        fish->words[i] ^= word_at(key + 4 * i % WIDE);
    for (size_t i = 0; i < WORDS; i += 2) {
        for (size_t k = 0; salt != NULL && k < 2; k++)
            block[k] ^= word_at(salt + 4 * (i + k) % WIDE);
        encipher(fish, block);
        memcpy(fish->words + i, block, sizeof block);
    }
}

/* ---- the derivation ---- */

static void hash(const struct blowfish *unkeyed, const unsigned char passphrase[WIDE], const unsigned char salt[WIDE],
                 unsigned char out[HASH])
{
    struct blowfish fish = *unkeyed;
    uint32_t blocks[HASH / 8][2];

    for (size_t i = 0; i < HASH / 4; i++)
        blocks[i / 2][i % 2] = word_at((const unsigned char *)MAGIC + 4 * i);
    expand(&fish, passphrase, salt);
    for (int i = 0; i < COST; i++) {
        expand(&fish, salt, NULL);
        expand(&fish, passphrase, NULL);
    }
    for (int i = 0; i < COST; i++)
        for (size_t k = 0; k < HASH / 8; k++)
            encipher(&fish, blocks[k]);
    for (size_t i = 0; i < HASH; i++)
        out[i] = (unsigned char)(blocks[i / 8][i / 4 % 2] >> 8 * (i % 4));
    sodium_memzero(&fish, sizeof fish);
}

/* The block of that number, from 1: its rounds xored. */
static void derive(const struct blowfish *unkeyed, const unsigned char passphrase[WIDE], struct slice salt, uint8_t number,
                   unsigned rounds, unsigned char out[HASH])
{
    const unsigned char count[4] = {0, 0, 0, number};
    unsigned char wide[WIDE], last[HASH];
    crypto_hash_sha512_state state;

    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, salt.data, salt.length);
    crypto_hash_sha512_update(&state, count, sizeof count);
    crypto_hash_sha512_final(&state, wide);
    hash(unkeyed, passphrase, wide, last);
    memcpy(out, last, HASH);
    for (unsigned i = 1; i < rounds; i++) {
        crypto_hash_sha512(wide, last, sizeof last);
        hash(unkeyed, passphrase, wide, last);
        for (size_t k = 0; k < HASH; k++)
            out[k] ^= last[k];
    }
    sodium_memzero(last, sizeof last);
}

int bcrypt_pbkdf(struct slice passphrase, struct slice salt, unsigned rounds, unsigned char *key, size_t length)
{
    size_t blocks = (length + HASH - 1) / HASH;
    unsigned char wide[WIDE], block[HASH];
    struct blowfish unkeyed;

    if (length == 0 || length > BCRYPT_KEY || !blowfish_begin(&unkeyed))
        return -1;
    crypto_hash_sha512(wide, passphrase.data, passphrase.length);
    for (size_t number = 0; number < blocks; number++) {
        derive(&unkeyed, wide, salt, (uint8_t)(number + 1), rounds, block);
        for (size_t i = 0; i * blocks + number < length && i < HASH; i++) /* blocks lie interleaved in the key */
            key[i * blocks + number] = block[i];
    }
    sodium_memzero(wide, sizeof wide);
    sodium_memzero(block, sizeof block);
    return 0;
}
