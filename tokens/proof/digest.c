/* SPDX-License-Identifier: ISC
 *
 * DIGEST-MD5 of SASL (RFC 2831) and Digest of HTTP (RFC 7616, and RFC 2617 where qop is empty). With H one of MD5,
 * SHA-256 and SHA-512-256, in hexadecimal:
 *
 *   A1        H(user ":" realm ":" secret); for …-sess, H(that in bytes ":" nonce ":" cnonce [":" authzid])
 *   response  H(A1 ":" nonce ":" [nc ":" cnonce ":" qop ":"] H(request))
 *
 * request: "GET:/index.html", "AUTHENTICATE:imap/host"; with auth-int and auth-conf also ":" and the body's digest.
 * The verifier is the secret, since the realm is the server's to choose. */
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"

enum { ALGORITHM, USER, REALM, NONCE, NC, CNONCE, QOP, AUTHZID, REQUEST, RESPONSE };

/* NULL for an unknown one. An empty one is MD5. */
static const EVP_MD *algorithm_of(struct slice name, bool *session)
{
    static const char suffix[] = "-sess";
    size_t length = sizeof suffix - 1;

    *session = name.length > length &&
               slice_is_nocase((struct slice){name.data + name.length - length, length}, suffix);
    if (*session)
        name.length -= length;
    if (name.length == 0 || slice_is_nocase(name, "MD5"))
        return EVP_md5();
    if (slice_is_nocase(name, "SHA-256"))
        return EVP_sha256();
    return slice_is_nocase(name, "SHA-512-256") ? EVP_sha512_256() : NULL;
}

int proof_digest_md5_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return buffer_add_slice(verifier, secret->secret);
}

bool proof_digest_md5_verify(struct slice verifier, const struct slice *fields)
{
    const struct slice colon = slice_of(":"), nothing = slice_of("");
    struct slice beside = fields[AUTHZID].length > 0 ? colon : nothing;
    struct hash user, request, response;
    bool session;
    const EVP_MD *md = algorithm_of(fields[ALGORITHM], &session);

    if (md == NULL)
        return false;
    user = hash_parts(md, HASH_PARTS(fields[USER], colon, fields[REALM], colon, verifier));
    if (session)
        user = hash_parts(md, HASH_PARTS(hash_slice(&user), colon, fields[NONCE], colon, fields[CNONCE], beside,
                                         fields[AUTHZID]));
    user = hash_hex(&user);
    request = hash_parts(md, HASH_PARTS(fields[REQUEST]));
    request = hash_hex(&request);
    if (fields[QOP].length > 0)
        response = hash_parts(md, HASH_PARTS(hash_slice(&user), colon, fields[NONCE], colon, fields[NC], colon,
                                             fields[CNONCE], colon, fields[QOP], colon, hash_slice(&request)));
    else
        response = hash_parts(md, HASH_PARTS(hash_slice(&user), colon, fields[NONCE], colon, hash_slice(&request)));
    return hash_equal_hex(&response, fields[RESPONSE]);
}
