/* SPDX-License-Identifier: ISC
 *
 * Key pairs for the kinds that are made of one, by libcrypto: fresh ones, and their texts. */
#ifndef TOKENS_KEYS_H
#define TOKENS_KEYS_H

#include <openssl/types.h>
#include "tokens/kind.h"

enum key_type { KEY_ED25519, KEY_P256, KEY_RSA_2048, KEY_RSA_3072 };

/* A fresh pair; RSA ones come from request->keys. NULL with the error. EVP_PKEY_free(). */
EVP_PKEY *key_make(const struct mint_request *request, enum key_type type, struct error *error);
/* PEM of the private half: PKCS #8 (RFC 7468), or what its type had before it (RFC 8017, RFC 5915); there a passphrase
 * may encrypt it with AES-128-CBC, as OpenSSL's and OpenSSH's tools do. */
int key_pem(EVP_PKEY *key, struct buffer *out);
int key_pem_old(EVP_PKEY *key, const char *passphrase, struct buffer *out);
/* The SubjectPublicKeyInfo, in DER. */
int key_public(EVP_PKEY *key, struct buffer *der);
/* A JSON web signature (RFC 7515, compact) of header and claims, which are JSON: RS256, ES256 or EdDSA by the key's
 * type. */
int key_jwt(EVP_PKEY *key, const char *header, const char *claims, struct buffer *out);
/* "RS256", "ES256", "EdDSA" */
const char *key_algorithm(const EVP_PKEY *key);

/* Facts. Bytes in base64. */
int fact_add_base64(struct minted *minted, enum fact_role role, const char *name, struct slice bytes);
/* The verifier of that proof, of the secret: what a proof of its possession is verified with. */
int fact_add_verifier(struct minted *minted, const char *proof, struct slice secret);
/* FACT_PUBLIC "fingerprint": by it the public half is known when a client offers it. */
int fact_add_fingerprint(struct minted *minted, struct slice public_half);

/* Does the text begin and end as PEM of that label does? */
bool key_is_pem(struct slice text, const char *label);

#endif
