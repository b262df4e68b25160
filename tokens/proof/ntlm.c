/* SPDX-License-Identifier: ISC
 *
 * NTLM ([MS-NLMP] 3.3). Verifier: the NT hash, MD4 of the password in UTF-16. The first version's response is the
 * challenge in DES under three keys, which are the NT hash's bytes one after the other and zeros. NTLMv2: user and domain
 * as in the client's message, UTF-16LE. Response: NTProofStr and what it covers:
 *
 *   key         HMAC-MD5(NT hash, upper-case user, domain)
 *   NTProofStr  HMAC-MD5(key, challenge, the rest of the response) */
#define OPENSSL_SUPPRESS_DEPRECATED /* MD4() and DES need no provider, which cannot be loaded in a cage */
#include <openssl/des.h>
#include <openssl/md4.h>
#include <sodium.h>
#include "tokens/proof/hash.h"
#include "tokens/proof/proof.h"

#define NAME 1024 /* bytes of user and domain */
#define PASSWORD 1024
#define PROOF_BYTES 16

/* UTF-8, which a secret is. A character beyond the first plane becomes two units. */
static int add_utf16(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.length;) {
        unsigned char first = text.data[i++];
        size_t more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        uint32_t code = more == 0 ? first : first & (0x3fu >> more);

        for (; more > 0 && i < text.length; more--)
            code = code << 6 | (text.data[i++] & 0x3f);
        if (code >= 0x10000) {
            code -= 0x10000;
            buffer_add_u8(out, (uint8_t)(code >> 10));
            buffer_add_u8(out, (uint8_t)(0xd8 | (code >> 18 & 3)));
            code = 0xdc00 | (code & 0x3ff);
        }
        buffer_add_u8(out, (uint8_t)code);
        buffer_add_u8(out, (uint8_t)(code >> 8));
    }
    return out->failed ? -1 : 0;
}

/* The letters of Latin-1, which are those of the names that are minted. */
static void add_upper(struct buffer *out, struct slice name)
{
    for (size_t i = 0; i + 1 < name.length; i += 2) {
        unsigned char low = name.data[i], high = name.data[i + 1];
        bool letter = (low >= 'a' && low <= 'z') || (low >= 0xe0 && low <= 0xfe && low != 0xf7);

        buffer_add_u8(out, high == 0 && letter ? (uint8_t)(low - 32) : low);
        buffer_add_u8(out, high);
    }
}

int proof_ntlmv2_make(const struct proof_secret *secret, struct buffer *verifier)
{
    unsigned char hash[MD4_DIGEST_LENGTH];
    struct buffer text;
    int rc = -1;

    buffer_init(&text, 2 * PASSWORD);
    if (add_utf16(&text, secret->secret) == 0 && text.length > 0 && MD4(text.data, text.length, hash) != NULL)
        rc = buffer_add(verifier, hash, sizeof hash);
    sodium_memzero(hash, sizeof hash);
    buffer_free(&text);
    return rc;
}

int proof_ntlmv1_make(const struct proof_secret *secret, struct buffer *verifier)
{
    return proof_ntlmv2_make(secret, verifier);
}

/* 7 bytes as a key of 8, each with a bit of parity, which nobody looks at. */
static void encrypt(const unsigned char key[7], struct slice challenge, unsigned char out[8])
{
    unsigned char bytes[8], block[8];
    DES_key_schedule schedule;

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((i > 0 ? key[i - 1] << (8 - i) : 0) | (i < 7 ? key[i] >> i : 0));
    memcpy(block, challenge.data, sizeof block);
    DES_set_key_unchecked(&bytes, &schedule);
    DES_ecb_encrypt(&block, (DES_cblock *)out, &schedule, DES_ENCRYPT);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(&schedule, sizeof schedule);
}

bool proof_ntlmv1_verify(struct slice verifier, const struct slice *fields)
{
    struct slice challenge = fields[0], response = fields[1];
    unsigned char key[21] = {0}, wanted[24];
    bool made = verifier.length == MD4_DIGEST_LENGTH;

    if (challenge.length != 8 || response.length != sizeof wanted)
        return false;
    if (made)
        memcpy(key, verifier.data, MD4_DIGEST_LENGTH);
    for (size_t i = 0; i < 3; i++)
        encrypt(key + 7 * i, challenge, wanted + 8 * i);
    sodium_memzero(key, sizeof key);
    return sodium_memcmp(wanted, response.data, sizeof wanted) == 0 && made;
}

bool proof_ntlmv2_verify(struct slice verifier, const struct slice *fields)
{
    struct slice user = fields[0], domain = fields[1], challenge = fields[2], response = fields[3];
    struct buffer text;
    struct hash hash;
    bool proven = false;

    if (response.length <= PROOF_BYTES)
        return false;
    buffer_init(&text, NAME + response.length + challenge.length);
    add_upper(&text, user);
    buffer_add_slice(&text, domain);
    if (!text.failed && text.length <= NAME) {
        hash = hash_hmac(EVP_md5(), verifier, buffer_slice(&text));
        buffer_clear(&text);
        buffer_add_slice(&text, challenge);
        buffer_add(&text, response.data + PROOF_BYTES, response.length - PROOF_BYTES);
        hash = hash_hmac(EVP_md5(), hash_slice(&hash), buffer_slice(&text));
        proven = !text.failed && hash_equal(hash_slice(&hash), (struct slice){response.data, PROOF_BYTES});
    }
    buffer_free(&text);
    return proven;
}
