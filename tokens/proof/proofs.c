/* SPDX-License-Identifier: ISC */
#include "tokens/proof/proof.h"

#include <openssl/crypto.h>

static const struct proof proofs[] = {
#define PROOF(number, symbol, name, summary, fields, find, stored)                                                     \
    {name, #symbol, fields, PROOF_##stored, proof_##symbol##_make, proof_##symbol##_verify},
#include "server/wire/tables/proofs.def"
#undef PROOF
};

void proof_prepare(void)
{
    static const struct slice fields[PROOF_FIELDS];
    static const char *const algorithms[] = {"RS256", "ES256", "EdDSA", "HS256"};

    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++)
        (void)proofs[i].verify(SLICE_NONE, fields);
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        const struct slice some[] = {slice_of(algorithms[i]), slice_of("."), slice_of("signature")};

        (void)proof_jwt_verify(SLICE_NONE, some);
        (void)proof_hs256_verify(SLICE_NONE, some);
    }
}

const struct proof *proof_at(size_t number)
{
    return number < sizeof proofs / sizeof *proofs ? &proofs[number] : NULL;
}

const struct proof *proof_named(struct slice name)
{
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++)
        if (slice_is(name, proofs[i].name))
            return &proofs[i];
    return NULL;
}

static size_t words(const char *text)
{
    size_t count = *text != 0;

    for (; *text != 0; text++)
        count += *text == ' ';
    return count;
}

int proof_terms(const struct proof *proof, const struct slice *fields, size_t count, struct proof_secret *secret)
{
    struct slice rounds;

    if (proof->stored != PROOF_DERIVED || count != words(proof->fields))
        return -1;
    secret->salt = fields[count - 2];
    secret->rounds = 0;
    rounds = fields[count - 1];
    if (rounds.length == 0 || rounds.length > 9)
        return -1;
    for (size_t i = 0; i < rounds.length; i++) {
        if (rounds.data[i] < '0' || rounds.data[i] > '9')
            return -1;
        secret->rounds = secret->rounds * 10 + (uint32_t)(rounds.data[i] - '0');
    }
    return 0;
}

bool proof_verify(const struct proof *proof, struct slice verifier, const struct slice *fields, size_t count)
{
    return count == words(proof->fields) && proof->verify(verifier, fields);
}
