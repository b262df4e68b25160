/* SPDX-License-Identifier: ISC */
#include "tokens/proof/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A proof's number, then packed: verifier and fields; and the verifier taken for a secret. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_of((struct slice){data, size});
    const struct proof *proof = proof_at(reader_u8(&reader));
    struct slice verifier = reader_bytes(&reader, size), fields[PROOF_FIELDS];
    struct proof_secret secret = {.identity = slice_of("fuzz"), .secret = verifier, .salt = slice_of("salt"), .rounds = 2};
    struct buffer made;
    size_t count = 0;

    while (count < PROOF_FIELDS && reader.left > 0 && !reader.failed)
        fields[count++] = reader_bytes(&reader, size);
    if (proof == NULL)
        return 0;
    (void)proof_verify(proof, verifier, fields, count);
    buffer_init(&made, PROOF_VERIFIER);
    if (proof->make(&secret, &made) == 0)
        (void)proof_verify(proof, buffer_slice(&made), fields, count);
    buffer_free(&made);
    return 0;
}
