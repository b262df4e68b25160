/* SPDX-License-Identifier: ISC */
#include "tokens/proof/proof.h"

static const struct proof proofs[] = {
#define PROOF(number, symbol, name, summary, fields, find, stored)                                                     \
    {name, fields, stored, proof_##symbol##_make, proof_##symbol##_verify},
#include "server/wire/tables/proofs.def"
#undef PROOF
};

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

bool proof_verify(const struct proof *proof, struct slice verifier, const struct slice *fields, size_t count)
{
    return count == words(proof->fields) && proof->verify(verifier, fields);
}
