/* SPDX-License-Identifier: ISC
 *
 * A private OpenPGP key, as `gpg --export-secret-keys --armor` writes it. What is packed is the user id. */
#include <openssl/evp.h>
#include <sodium.h>
#include "server/minter/container/containers.h"
#include "server/minter/container/openpgp.h"

#define USER_ID_BYTES 255
#define SHA1 20
#define SHA256 32
#define SALT 8
#define BLOCK 16
#define AES_128 7
#define ROUNDS 65011712 /* bytes hashed; gpg-agent tries how many it manages in 0.1 s, which comes to the most by now */
#define ROUNDS_CODED 255
#define STRIDE 4096 /* of the text that is hashed over and over */
#define POSITIVE 0x13
#define BINDING 0x18

/* ---- the secret half ---- */

/* Iterated and salted (RFC 4880, section 3.7.1.3), as GnuPG does it. */
static int stretch(const char *password, const unsigned char salt[SALT], unsigned char key[SHA1])
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    struct buffer text;
    size_t left = ROUNDS, whole;
    int rc = -1;

    buffer_init(&text, 2 * STRIDE);
    do {
        buffer_add(&text, salt, SALT);
        buffer_add_text(&text, password);
    } while (text.length < STRIDE && !text.failed);
    if (text.failed || hash == NULL || EVP_DigestInit_ex(hash, EVP_sha1(), NULL) != 1)
        goto out;
    for (rc = 0; rc == 0 && left > 0; left -= whole) {
        whole = left < text.length ? left : text.length;
        rc = EVP_DigestUpdate(hash, text.data, whole) == 1 ? 0 : -1;
    }
    if (rc == 0)
        rc = EVP_DigestFinal_ex(hash, key, NULL) == 1 ? 0 : -1;
out:
    EVP_MD_CTX_free(hash);
    buffer_free(&text);
    return rc;
}

static int encrypt(const unsigned char *key, const unsigned char iv[BLOCK], struct slice plain, struct buffer *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *room = buffer_reserve(out, plain.length);
    int length = 0, rc = -1;

    if (context != NULL && room != NULL && EVP_EncryptInit_ex(context, EVP_aes_128_cfb128(), NULL, key, iv) == 1 &&
        EVP_EncryptUpdate(context, room, &length, plain.data, (int)plain.length) == 1)
        rc = 0;
    buffer_grow(out, (size_t)length);
    EVP_CIPHER_CTX_free(context);
    return rc;
}

/* Behind the number stands its SHA-1; all that is encrypted. */
static int add_locked(const struct contents *contents, struct buffer *number, struct buffer *out)
{
    const unsigned char how[] = {254, AES_128, 3, 2};
    unsigned char salt[SALT], iv[BLOCK], key[SHA1], hash[SHA1];
    int rc;

    contents->draw->bytes(contents->draw->context, salt, sizeof salt);
    contents->draw->bytes(contents->draw->context, iv, sizeof iv);
    EVP_Digest(number->data, number->length, hash, NULL, EVP_sha1(), NULL);
    buffer_add(number, hash, sizeof hash);
    buffer_add(out, how, sizeof how);
    buffer_add(out, salt, sizeof salt);
    buffer_add_u8(out, ROUNDS_CODED);
    buffer_add(out, iv, sizeof iv);
    rc = stretch(contents->password, salt, key) != 0 ? -1 : encrypt(key, iv, buffer_slice(number), out);
    sodium_memzero(key, sizeof key);
    return rc;
}

static void add_open(const struct buffer *number, struct buffer *out)
{
    uint16_t sum = 0;

    for (size_t i = 0; i < number->length; i++)
        sum = (uint16_t)(sum + number->data[i]);
    buffer_add_u8(out, 0);
    buffer_add_slice(out, buffer_slice(number));
    buffer_add_u16(out, sum);
}

static int add_secret(const struct contents *contents, const struct pgp_key *key, enum pgp_tag tag, bool locked,
                      struct buffer *out)
{
    struct buffer body, number;
    int rc = 0;

    buffer_init(&body, 512);
    buffer_init(&number, 128);
    buffer_add(&body, key->public, key->public_length);
    pgp_add_number(&number, key->secret, PGP_KEY);
    if (locked)
        rc = add_locked(contents, &number, &body);
    else
        add_open(&number, &body);
    pgp_add_packet(out, tag, buffer_slice(&body));
    rc = rc != 0 || body.failed || number.failed ? -1 : 0;
    buffer_free(&body);
    buffer_free(&number);
    return rc;
}

/* ---- signatures ---- */

/* A subpacket's length counts its type. */
static void add_detail(struct buffer *out, unsigned type, const void *data, size_t length)
{
    buffer_add_u8(out, (uint8_t)(1 + length));
    buffer_add_u8(out, (uint8_t)type);
    buffer_add(out, data, length);
}

/* What is signed along: who, when, what for; of the key itself what its owner's program prefers. */
static void add_details(const struct pgp_pair *pair, unsigned type, struct buffer *out)
{
    static const unsigned char ciphers[] = {9, 8, 7, 2}, hashes[] = {10, 9, 8, 11, 2}, packers[] = {2, 3, 1};
    struct buffer issuer, created;
    unsigned char flags = type == POSITIVE ? 0x03 : 0x0c;

    buffer_init(&issuer, 1 + PGP_FINGERPRINT);
    buffer_init(&created, 4);
    buffer_add_u8(&issuer, 4);
    buffer_add(&issuer, pair->primary.fingerprint, PGP_FINGERPRINT);
    buffer_add_u32(&created, pair->created);
    add_detail(out, 33, issuer.data, issuer.length);
    add_detail(out, 2, created.data, created.length);
    add_detail(out, 27, &flags, 1);
    if (type == POSITIVE) {
        add_detail(out, 11, ciphers, sizeof ciphers);
        add_detail(out, 21, hashes, sizeof hashes);
        add_detail(out, 22, packers, sizeof packers);
        add_detail(out, 30, "\x01", 1);
        add_detail(out, 23, "\x80", 1);
    }
    buffer_free(&issuer);
    buffer_free(&created);
}

static void add_hashed_key(struct buffer *out, const struct pgp_key *key)
{
    buffer_add_u8(out, 0x99);
    buffer_add_u16(out, (uint16_t)key->public_length);
    buffer_add(out, key->public, key->public_length);
}

/* `text`: what is signed; the part of the signature that is signed, too, is added to it. */
static void sign(const struct pgp_pair *pair, struct buffer *text, struct slice head, struct buffer *body)
{
    unsigned char digest[SHA256], point[PGP_KEY], secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];

    buffer_add_slice(text, head);
    buffer_add_u16(text, 0x04ff);
    buffer_add_u32(text, (uint32_t)head.length);
    crypto_hash_sha256(digest, text->data, text->length);
    crypto_sign_seed_keypair(point, secret, pair->primary.secret);
    crypto_sign_detached(signature, NULL, digest, sizeof digest, secret);
    buffer_add_slice(body, head);
    buffer_add_u16(body, 2 + PGP_KEY_ID);
    add_detail(body, 16, pair->primary.fingerprint + PGP_FINGERPRINT - PGP_KEY_ID, PGP_KEY_ID);
    buffer_add(body, digest, 2);
    pgp_add_number(body, signature, sizeof signature / 2);
    pgp_add_number(body, signature + sizeof signature / 2, sizeof signature / 2);
    sodium_memzero(secret, sizeof secret);
}

/* By the primary key, on itself and its user id, or on its subkey. */
static int add_signature(const struct pgp_pair *pair, unsigned type, struct slice user, struct buffer *out)
{
    const unsigned char what[] = {4, (unsigned char)type, 22, 8}; /* EdDSA, SHA-256 */
    struct buffer text, details, head, body;
    int rc;

    buffer_init(&text, 1024);
    buffer_init(&details, 256);
    buffer_init(&head, 256);
    buffer_init(&body, 512);
    add_hashed_key(&text, &pair->primary);
    if (type == BINDING) {
        add_hashed_key(&text, &pair->sub);
    } else {
        buffer_add_u8(&text, 0xb4);
        buffer_add_u32(&text, (uint32_t)user.length);
        buffer_add_slice(&text, user);
    }
    add_details(pair, type, &details);
    buffer_add(&head, what, sizeof what);
    buffer_add_u16(&head, (uint16_t)details.length);
    buffer_add_slice(&head, buffer_slice(&details));
    sign(pair, &text, buffer_slice(&head), &body);
    pgp_add_packet(out, PGP_SIGNATURE, buffer_slice(&body));
    rc = text.failed || details.failed || head.failed || body.failed ? -1 : 0;
    buffer_free(&text);
    buffer_free(&details);
    buffer_free(&head);
    buffer_free(&body);
    return rc;
}

/* ---- the key ---- */

static int add_key(const struct contents *contents, struct slice user, bool locked, struct buffer *out)
{
    struct pgp_pair pair;
    int rc = -1;

    if (pgp_pair_make(contents, &pair) == 0 &&
        add_secret(contents, &pair.primary, PGP_SECRET_KEY, locked, out) == 0) {
        pgp_add_packet(out, PGP_USER_ID, user);
        rc = add_signature(&pair, POSITIVE, user, out);
    }
    if (rc == 0)
        rc = add_secret(contents, &pair.sub, PGP_SECRET_SUBKEY, locked, out);
    if (rc == 0)
        rc = add_signature(&pair, BINDING, SLICE_NONE, out);
    sodium_memzero(&pair, sizeof pair);
    return rc != 0 || out->failed ? -1 : 0;
}

static int pack(const struct contents *contents, bool locked, struct buffer *out, struct error *error)
{
    struct slice user = contents->text;
    struct buffer key;
    int rc;

    while (user.length > 0 && user.data[user.length - 1] <= ' ')
        user.length--;
    if (user.length == 0 || user.length > USER_ID_BYTES || memchr(user.data, '\n', user.length) != NULL)
        return error_set(error, "what is packed as an OpenPGP key must be a user id, one line: Name <mail address>");
    buffer_init(&key, PGP_BYTES);
    rc = add_key(contents, user, locked, &key);
    if (rc == 0)
        pgp_add_armour(out, "PRIVATE KEY BLOCK", buffer_slice(&key));
    buffer_free(&key);
    return rc == 0 ? 0 : error_set(error, "an OpenPGP key could not be made, or memory ran out");
}

int container_pgp_key(const struct contents *contents, struct buffer *out, struct error *error)
{
    return pack(contents, false, out, error);
}

int container_pgp_key_locked(const struct contents *contents, struct buffer *out, struct error *error)
{
    return pack(contents, true, out, error);
}
