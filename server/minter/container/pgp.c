/* SPDX-License-Identifier: ISC
 *
 * An OpenPGP message for the token's key, as `gpg --encrypt` writes it: the session's key, and what is encrypted with
 * it, compressed. */
#include <openssl/evp.h>
#include <sodium.h>
#include <zlib.h>
#include "server/minter/container/containers.h"
#include "server/minter/container/openpgp.h"

#define AES_256 9
#define KEY 32
#define BLOCK 16
#define HIDDEN 40 /* cipher, key, sum, filled up */
#define WRAPPED (HIDDEN + 8)
#define SHA1 20
#define NAME 255
#define LEAST_PART 512 /* bytes of a part of a body whose length is not known ahead */
#define MOST_PART 8192

/* ---- the session's key ---- */

/* RFC 6637, section 7: the shared secret becomes the key that hides the session's. */
static void derive(const struct pgp_key *key, const unsigned char shared[KEY], unsigned char out[KEY])
{
    struct buffer text;

    buffer_init(&text, 256);
    buffer_add_u32(&text, 1);
    buffer_add(&text, shared, KEY);
    buffer_add_slice(&text, pgp_curve());
    buffer_add_u8(&text, 18);
    buffer_add_slice(&text, pgp_hiding());
    buffer_add_text(&text, "Anonymous Sender    ");
    buffer_add(&text, key->fingerprint, sizeof key->fingerprint);
    crypto_hash_sha256(out, text.data, text.length);
    buffer_free(&text);
}

/* AES key wrap (RFC 3394). */
static int wrap(const unsigned char *key, const unsigned char session[KEY], unsigned char out[WRAPPED])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char plain[HIDDEN] = {AES_256, [KEY + 3] = 5, 5, 5, 5, 5};
    unsigned sum = 0;
    int length, rc = -1;

    memcpy(plain + 1, session, KEY);
    for (size_t i = 0; i < KEY; i++)
        sum += session[i];
    plain[KEY + 1] = (unsigned char)(sum >> 8);
    plain[KEY + 2] = (unsigned char)sum;
    if (context != NULL)
        EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (context != NULL && EVP_EncryptInit_ex(context, EVP_aes_128_wrap(), NULL, key, NULL) == 1 &&
        EVP_EncryptUpdate(context, out, &length, plain, sizeof plain) == 1 && length == WRAPPED)
        rc = 0;
    EVP_CIPHER_CTX_free(context);
    sodium_memzero(plain, sizeof plain);
    return rc;
}

static int add_session(const struct contents *contents, const unsigned char session[KEY], struct buffer *out)
{
    unsigned char ephemeral[KEY], point[KEY], shared[KEY], key[KEY], wrapped[WRAPPED];
    struct pgp_pair pair;
    struct buffer body;
    int rc = -1;

    if (pgp_pair_make(contents, &pair) != 0)
        return -1;
    contents->draw->bytes(contents->draw->context, ephemeral, KEY);
    crypto_scalarmult_base(point, ephemeral);
    buffer_init(&body, 256);
    if (crypto_scalarmult(shared, ephemeral, pair.sub.point) == 0) {
        derive(&pair.sub, shared, key);
        rc = wrap(key, session, wrapped);
    }
    buffer_add_u8(&body, 3);
    buffer_add(&body, pair.sub.fingerprint + PGP_FINGERPRINT - PGP_KEY_ID, PGP_KEY_ID);
    buffer_add_u8(&body, 18);
    pgp_add_point(&body, point);
    buffer_add_u8(&body, WRAPPED);
    buffer_add(&body, wrapped, sizeof wrapped);
    pgp_add_packet(out, PGP_FOR_KEY, buffer_slice(&body));
    rc = body.failed ? -1 : rc;
    buffer_free(&body);
    sodium_memzero(ephemeral, sizeof ephemeral);
    sodium_memzero(key, sizeof key);
    sodium_memzero(shared, sizeof shared);
    sodium_memzero(&pair, sizeof pair);
    return rc;
}

/* ---- what is encrypted ---- */

static int add_literal(const struct contents *contents, struct buffer *out)
{
    const char *slash = strrchr(contents->name, '/'), *name = slash == NULL ? contents->name : slash + 1;
    size_t length = strlen(name) < NAME ? strlen(name) : NAME;

    pgp_add_head(out, PGP_LITERAL, 6 + length + contents->text.length);
    buffer_add_char(out, 'b');
    buffer_add_u8(out, (uint8_t)length);
    buffer_add(out, name, length);
    buffer_add_u32(out, (uint32_t)contents->time);
    buffer_add_slice(out, contents->text);
    return out->failed ? -1 : 0;
}

/* Chance of a block, whose last two bytes come again; the compressed packet, of unknown length; SHA-1 of all that. */
static int add_plain(const struct contents *contents, struct buffer *out)
{
    unsigned char start[BLOCK + 2], hash[SHA1];
    struct buffer literal;
    int rc;

    buffer_init(&literal, PGP_BYTES);
    contents->draw->bytes(contents->draw->context, start, BLOCK);
    memcpy(start + BLOCK, start + BLOCK - 2, 2);
    buffer_add(out, start, sizeof start);
    buffer_add_text(out, "\xa3\x02"); /* ZLIB */
    rc = add_literal(contents, &literal) != 0 ? -1 : deflate_into(buffer_slice(&literal), MAX_WBITS, out);
    buffer_add_text(out, "\xd3\x14");
    if (rc == 0 && !out->failed)
        rc = EVP_Digest(out->data, out->length, hash, NULL, EVP_sha1(), NULL) == 1 ? 0 : -1;
    buffer_add(out, hash, sizeof hash);
    buffer_free(&literal);
    return out->failed ? -1 : rc;
}

static int encrypt(const unsigned char session[KEY], struct slice plain, struct buffer *out)
{
    static const unsigned char none[BLOCK] = {0};
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *room = buffer_reserve(out, plain.length);
    int length = 0, rc = -1;

    if (context != NULL && room != NULL &&
        EVP_EncryptInit_ex(context, EVP_aes_256_cfb128(), NULL, session, none) == 1 &&
        EVP_EncryptUpdate(context, room, &length, plain.data, (int)plain.length) == 1)
        rc = 0;
    buffer_grow(out, (size_t)length);
    EVP_CIPHER_CTX_free(context);
    return rc;
}

/* GnuPG does not know the length before its end: parts as large as may be, then a last one of known length. */
static void add_parts(struct buffer *out, struct slice body)
{
    buffer_add_char(out, '\xd2');
    while (body.length >= LEAST_PART) {
        unsigned power = 9;

        while ((2U << power) <= body.length && (2U << power) <= MOST_PART)
            power++;
        buffer_add_u8(out, (uint8_t)(0xe0 | power));
        buffer_add(out, body.data, 1U << power);
        body = (struct slice){body.data + (1U << power), body.length - (1U << power)};
    }
    if (body.length < 192)
        buffer_add_u8(out, (uint8_t)body.length);
    else
        buffer_add_u16(out, (uint16_t)(body.length - 192 + 0xc000));
    buffer_add_slice(out, body);
}

static int add_message(const struct contents *contents, struct buffer *out)
{
    unsigned char session[KEY];
    struct buffer plain, body;
    int rc;

    contents->draw->bytes(contents->draw->context, session, sizeof session);
    buffer_init(&plain, PGP_BYTES);
    buffer_init(&body, PGP_BYTES);
    buffer_add_u8(&body, 1);
    rc = add_session(contents, session, out);
    if (rc == 0)
        rc = add_plain(contents, &plain);
    if (rc == 0)
        rc = encrypt(session, buffer_slice(&plain), &body);
    if (rc == 0)
        add_parts(out, buffer_slice(&body));
    buffer_free(&plain);
    buffer_free(&body);
    sodium_memzero(session, sizeof session);
    return rc != 0 || out->failed ? -1 : 0;
}

/* ---- the file ---- */

int container_pgp(const struct contents *contents, struct buffer *out, struct error *error)
{
    if (add_message(contents, out) != 0)
        return error_set(error, "an OpenPGP message could not be sealed: it is too long, or memory ran out");
    return 0;
}

int container_pgp_armour(const struct contents *contents, struct buffer *out, struct error *error)
{
    struct buffer message;
    int rc;

    buffer_init(&message, PGP_BYTES);
    rc = container_pgp(contents, &message, error);
    if (rc == 0)
        pgp_add_armour(out, "MESSAGE", buffer_slice(&message));
    buffer_free(&message);
    return rc;
}
