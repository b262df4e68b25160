/* SPDX-License-Identifier: ISC
 *
 * Public keys and signatures by libcrypto. */
#ifndef TOKENS_PROOF_SIGNATURE_H
#define TOKENS_PROOF_SIGNATURE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include "server/base/buffer.h"

/* How a signature was made. md NULL: the key's own (Ed25519, Ed448). */
struct signature_scheme {
    int key; /* EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519 … */
    const EVP_MD *md;
    bool pss;      /* RSA-PSS, salt as long as the digest */
    size_t number; /* EC: bytes of each of the two numbers, which stand one after the other; 0: DER */
};

/* Of a SubjectPublicKeyInfo in DER, exactly used up. NULL when it is none. EVP_PKEY_free(). */
EVP_PKEY *signature_key(struct slice der);
/* Adds the SubjectPublicKeyInfo of a key pair or its public half, in PEM or DER (SubjectPublicKeyInfo). -1: it is no
 * key. Encrypted ones are none. */
int signature_public(struct slice key, struct buffer *der);
/* Takes as long for a key of another type than the scheme's, or none (NULL), as for one of its own, and is false. */
bool signature_verify(EVP_PKEY *key, const struct signature_scheme *scheme, struct slice data,
                      struct slice signature);

#endif
