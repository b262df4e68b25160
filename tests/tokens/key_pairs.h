/* SPDX-License-Identifier: ISC
 *
 * A supply of RSA keys for tests that want many, no two alike: each of another pair out of a few primes, which costs
 * little (145 primes make 10,440 keys). No use for anything but tests: two such keys with a prime in common open each
 * other. */
#ifndef TESTS_TOKENS_KEY_PAIRS_H
#define TESTS_TOKENS_KEY_PAIRS_H

#include <openssl/bn.h>
#include "tokens/kind.h"

#define KEY_PRIMES 160

struct key_pairs {
    BIGNUM *primes[2][KEY_PRIMES]; /* for 2048 and 3072 bits; made when first needed */
    unsigned given;                /* keys so far */
    BIGNUM *modulus;               /* of the last one, or 0 */
};

int key_pairs_begin(struct key_pairs *pairs);
/* Begins again with the first key. */
void key_pairs_again(struct key_pairs *pairs);
/* A key_supply's `rsa`; context is the struct key_pairs. */
int key_pairs_next(void *context, unsigned bits, struct buffer *der, struct error *error);
void key_pairs_end(struct key_pairs *pairs);

#endif
