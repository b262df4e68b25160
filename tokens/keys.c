/* SPDX-License-Identifier: ISC */
#include "tokens/keys.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdio.h>
#include "tokens/checksum.h"
#include "tokens/proof/proof.h"

#define DER 4096
#define JWT 8192

static EVP_PKEY *take_rsa(const struct mint_request *request, unsigned bits, struct error *error)
{
    struct buffer der;
    const unsigned char *at;
    PKCS8_PRIV_KEY_INFO *info = NULL;
    EVP_PKEY *key = NULL;

    buffer_init(&der, DER);
    if (request->keys->rsa(request->keys->context, bits, &der, error) == 0) {
        at = der.data;
        info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.length);
        key = info == NULL ? NULL : EVP_PKCS82PKEY(info);
        if (key == NULL)
            error_set(error, "the supply gave no RSA key");
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    buffer_free(&der);
    return key;
}

EVP_PKEY *key_make(const struct mint_request *request, enum key_type type, struct error *error)
{
    EVP_PKEY *key;

    if (type == KEY_RSA_2048 || type == KEY_RSA_3072)
        return take_rsa(request, type == KEY_RSA_2048 ? 2048 : 3072, error);
    key = type == KEY_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_EC_gen("P-256");
    if (key == NULL)
        error_set(error, "no key pair can be made");
    return key;
}

/* ---- texts ---- */

static int take_bio(BIO *bio, bool written, struct buffer *out)
{
    char *data = NULL;
    long length = bio == NULL || !written ? 0 : BIO_get_mem_data(bio, &data);
    int rc = length <= 0 ? -1 : buffer_add(out, data, (size_t)length);

    if (length > 0)
        sodium_memzero(data, (size_t)length);
    BIO_free(bio);
    return rc;
}

int key_pem(EVP_PKEY *key, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, out);
}

int key_pem_old(EVP_PKEY *key, const char *passphrase, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = passphrase == NULL ? NULL : EVP_aes_128_cbc();
    const unsigned char *word = (const unsigned char *)passphrase;
    int length = passphrase == NULL ? 0 : (int)strlen(passphrase);

    return take_bio(bio, bio != NULL && PEM_write_bio_PrivateKey_traditional(bio, key, cipher, word, length, NULL,
                                                                             NULL) == 1, out);
}

int key_public(EVP_PKEY *key, struct buffer *der)
{
    unsigned char *bytes = NULL;
    int length = i2d_PUBKEY(key, &bytes);
    int rc = length <= 0 ? -1 : buffer_add(der, bytes, (size_t)length);

    OPENSSL_free(bytes);
    return rc;
}

/* ---- JWT ---- */

const char *key_algorithm(const EVP_PKEY *key)
{
    int type = EVP_PKEY_get_base_id(key);

    return type == EVP_PKEY_RSA ? "RS256" : type == EVP_PKEY_EC ? "ES256" : "EdDSA";
}

/* A DER signature's two numbers, of 32 bytes each (RFC 7518, section 3.4). */
static size_t two_numbers(unsigned char *signature, size_t length)
{
    const unsigned char *at = signature;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)length);
    bool good = both != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(both), signature, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(both), signature + 32, 32) == 32;

    ECDSA_SIG_free(both);
    return good ? 64 : 0;
}

static int add_signature(EVP_PKEY *key, struct slice input, struct buffer *out)
{
    const EVP_MD *md = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[512];
    size_t length = sizeof signature;
    bool good = context != NULL && EVP_DigestSignInit(context, NULL, md, NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &length, input.data, input.length) == 1;

    if (good && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
        length = two_numbers(signature, length);
    EVP_MD_CTX_free(context);
    return good && length > 0 ? checksum_base64url(out, (struct slice){signature, length}) : -1;
}

int key_jwt(EVP_PKEY *key, const char *header, const char *claims, struct buffer *out)
{
    struct buffer input;
    int rc = -1;

    buffer_init(&input, JWT);
    checksum_base64url(&input, slice_of(header));
    buffer_add_char(&input, '.');
    checksum_base64url(&input, slice_of(claims));
    if (!input.failed && buffer_add_slice(out, buffer_slice(&input)) == 0 && buffer_add_char(out, '.') == 0)
        rc = add_signature(key, buffer_slice(&input), out);
    buffer_free(&input);
    return rc;
}

/* ---- facts ---- */

int fact_add_base64(struct minted *minted, enum fact_role role, const char *name, struct slice bytes)
{
    struct buffer text;
    size_t size = sodium_base64_encoded_len(bytes.length, sodium_base64_VARIANT_ORIGINAL);
    unsigned char *room;
    int rc = -1;

    buffer_init(&text, FACTS_BYTES);
    room = buffer_reserve(&text, size);
    if (room != NULL) {
        sodium_bin2base64((char *)room, size, bytes.data, bytes.length, sodium_base64_VARIANT_ORIGINAL);
        buffer_grow(&text, size - 1);
        rc = fact_add(&minted->facts, role, name, buffer_slice(&text));
    }
    buffer_free(&text);
    return rc;
}

int fact_add_verifier(struct minted *minted, const char *proof, struct slice secret)
{
    const struct proof *made = proof_named(slice_of(proof));
    struct proof_secret given = {.secret = secret};
    struct buffer verifier;
    int rc = -1;

    buffer_init(&verifier, PROOF_VERIFIER);
    if (made != NULL && made->make(&given, &verifier) == 0)
        rc = fact_add_base64(minted, FACT_PLAIN, made->fact, buffer_slice(&verifier));
    buffer_free(&verifier);
    return rc;
}

int fact_add_fingerprint(struct minted *minted, struct slice public_half)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[2 * sizeof hash + 1];

    crypto_hash_sha256(hash, public_half.data, public_half.length);
    return fact_add(&minted->facts, FACT_PUBLIC, "fingerprint",
                    slice_of(sodium_bin2hex(text, sizeof text, hash, sizeof hash)));
}

bool key_is_pem(struct slice text, const char *label)
{
    char begin[64], end[64];
    size_t head = (size_t)snprintf(begin, sizeof begin, "-----BEGIN %s-----\n", label);
    size_t tail = (size_t)snprintf(end, sizeof end, "\n-----END %s-----\n", label);

    return text.length > head + tail && memcmp(text.data, begin, head) == 0 &&
           memcmp(text.data + text.length - tail, end, tail) == 0;
}
