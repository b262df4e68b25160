/* SPDX-License-Identifier: ISC */
#include "tests/tokens/key_pairs.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <string.h>

/* Of a public exponent of 65537, and in the upper quarter of its length, so that two of them fill the key's. */
static BIGNUM *new_prime(int bits, BN_CTX *numbers)
{
    BIGNUM *prime = BN_new();

    do
        if (prime == NULL || BN_generate_prime_ex2(prime, bits, 0, NULL, NULL, NULL, numbers) != 1) {
            BN_free(prime);
            return NULL;
        }
    while (BN_mod_word(prime, RSA_F4) == 1);
    return prime;
}

/* The primes of the n-th pair of 1 and 0, 2 and 0, 2 and 1, 3 and 0 …; the larger one first, as others write it. */
static int choose(struct key_pairs *pairs, unsigned bits, unsigned n, BN_CTX *numbers, const BIGNUM *out[2])
{
    BIGNUM **primes = pairs->primes[bits == 3072];
    unsigned first = 1;

    for (; n >= first; first++)
        n -= first;
    if (first >= KEY_PRIMES)
        return -1;
    for (unsigned i = 0; i <= first; i++)
        if (primes[i] == NULL && (primes[i] = new_prime((int)bits / 2, numbers)) == NULL)
            return -1;
    out[0] = BN_cmp(primes[first], primes[n]) > 0 ? primes[first] : primes[n];
    out[1] = out[0] == primes[n] ? primes[first] : primes[n];
    return 0;
}

/* RFC 8017, 3.2, with d of the least common multiple as OpenSSL has it (SP 800-56B). */
static EVP_PKEY *join(const BIGNUM *primes[2], BIGNUM *modulus, BN_CTX *numbers)
{
    static const char *const factors[] = {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2};
    static const char *const exponents[] = {OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2};
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *e = BN_new(), *d = BN_new(), *less[2] = {BN_new(), BN_new()}, *parts[2] = {BN_new(), BN_new()};
    BIGNUM *all = BN_new(), *common = BN_new(), *inverse = BN_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;
    bool good = BN_set_word(e, RSA_F4) && BN_mul(modulus, primes[0], primes[1], numbers);

    for (int i = 0; i < 2; i++)
        good = good && BN_sub(less[i], primes[i], BN_value_one());
    good = good && BN_mul(all, less[0], less[1], numbers) && BN_gcd(common, less[0], less[1], numbers) &&
           BN_div(all, NULL, all, common, numbers) && BN_mod_inverse(d, e, all, numbers) != NULL &&
           BN_mod_inverse(inverse, primes[1], primes[0], numbers) != NULL &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse);
    for (int i = 0; i < 2; i++)
        good = good && BN_mod(parts[i], d, less[i], numbers) && OSSL_PARAM_BLD_push_BN(build, factors[i], primes[i]) &&
               OSSL_PARAM_BLD_push_BN(build, exponents[i], parts[i]);
    if (good && (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(making) == 1)
        (void)EVP_PKEY_fromdata(making, &key, EVP_PKEY_KEYPAIR, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(making);
    for (int i = 0; i < 2; i++) {
        BN_free(less[i]);
        BN_free(parts[i]);
    }
    BN_free(e);
    BN_free(d);
    BN_free(all);
    BN_free(common);
    BN_free(inverse);
    return key;
}

static int write_key(EVP_PKEY *key, struct buffer *der)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *text = NULL;
    int length = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &text);
    int rc = length <= 0 ? -1 : buffer_add(der, text, (size_t)length);

    OPENSSL_free(text);
    PKCS8_PRIV_KEY_INFO_free(info);
    return rc;
}

int key_pairs_begin(struct key_pairs *pairs)
{
    memset(pairs, 0, sizeof *pairs);
    pairs->modulus = BN_new();
    return pairs->modulus == NULL ? -1 : 0;
}

void key_pairs_again(struct key_pairs *pairs)
{
    pairs->given = 0;
    BN_zero(pairs->modulus);
}

int key_pairs_next(void *context, unsigned bits, struct buffer *der, struct error *error)
{
    struct key_pairs *pairs = context;
    BN_CTX *numbers = BN_CTX_new();
    const BIGNUM *primes[2];
    EVP_PKEY *key = NULL;
    int rc = numbers == NULL ? -1 : choose(pairs, bits, pairs->given, numbers, primes);

    if (rc == 0)
        key = join(primes, pairs->modulus, numbers);
    if (key == NULL || write_key(key, der) != 0)
        rc = error_set(error, "no %u-th RSA key can be made; %u primes give %u", pairs->given + 1, KEY_PRIMES,
                       KEY_PRIMES * (KEY_PRIMES - 1) / 2);
    pairs->given++;
    EVP_PKEY_free(key);
    BN_CTX_free(numbers);
    return rc;
}

void key_pairs_end(struct key_pairs *pairs)
{
    for (int size = 0; size < 2; size++)
        for (int i = 0; i < KEY_PRIMES; i++)
            BN_free(pairs->primes[size][i]);
    BN_free(pairs->modulus);
}
