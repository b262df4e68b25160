/* SPDX-License-Identifier: ISC
 *
 * A client's certificate in TLS. The handshake itself has the client sign it (RFC 8446, section 4.4.3), and the sensor's
 * OpenSSL has verified that before anything is told; what is left is whether the key is the planted one. Key: the
 * certificate's SubjectPublicKeyInfo, which is also the verifier, whatever certificate it came in. */
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"
#include "tokens/proof/signature.h"

int proof_tls_client_key_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return signature_public(secret->secret, verifier);
}

bool proof_tls_client_key_verify(struct slice verifier, const struct slice *fields)
{
    return hash_equal(verifier, fields[0]);
}
