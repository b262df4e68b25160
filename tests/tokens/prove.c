/* SPDX-License-Identifier: ISC
 *
 * Proofs for scripts:   prove PROOF SECRET FIELD…
 * Makes the proof's verifier of the secret and verifies the fields, all in hexadecimal. Exit 0: proven; 1: not; 3: no
 * verifier can be made of the secret. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "tokens/proof/proof.h"

#define MOST 65536

static struct slice read_hex(const char *text)
{
    static unsigned char store[PROOF_FIELDS + 1][MOST];
    static size_t used;
    size_t length = 0;

    if (used > PROOF_FIELDS ||
        sodium_hex2bin(store[used], MOST, text, strlen(text), NULL, &length, NULL) != 0)
        exit(2);
    return (struct slice){store[used++], length};
}

int main(int argc, char **argv)
{
    const struct proof *proof = argc > 2 ? proof_named(slice_of(argv[1])) : NULL;
    struct slice fields[PROOF_FIELDS];
    struct proof_secret secret = {.identity = SLICE_NONE};
    struct buffer verifier;
    size_t count = 0;
    int rc = 3;

    if (proof == NULL || argc > 3 + PROOF_FIELDS || sodium_init() < 0)
        return 2;
    secret.secret = read_hex(argv[2]);
    for (int i = 3; i < argc; i++)
        fields[count++] = read_hex(argv[i]);
    buffer_init(&verifier, PROOF_VERIFIER);
    if (proof->make(&secret, &verifier) == 0)
        rc = proof_verify(proof, buffer_slice(&verifier), fields, count) ? 0 : 1;
    buffer_free(&verifier);
    return rc;
}
