/* SPDX-License-Identifier: ISC */
#include "server/minter/container/openpgp.h"

#include <openssl/evp.h>
#include <sodium.h>

#define VERSION 4
#define EDDSA 22
#define ECDH 18
#define NATIVE_POINT 0x40
#define ARMOUR_LINE 48 /* bytes of one */

/* Each with its length before it. */
static const unsigned char ed25519[] = {9, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01};
static const unsigned char curve25519[] = {10, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01};
static const unsigned char hiding[] = {3, 1, 8, 7}; /* reserved, SHA-256, AES-128 */

struct slice pgp_curve(void)
{
    return (struct slice){curve25519, sizeof curve25519};
}

struct slice pgp_hiding(void)
{
    return (struct slice){hiding, sizeof hiding};
}

/* ---- packets ---- */

void pgp_add_head(struct buffer *out, enum pgp_tag tag, size_t length)
{
    unsigned size = length < 0x100 ? 0 : length < 0x10000 ? 1 : 2;

    buffer_add_u8(out, (uint8_t)(0x80 | tag << 2 | size));
    if (size == 0)
        buffer_add_u8(out, (uint8_t)length);
    else if (size == 1)
        buffer_add_u16(out, (uint16_t)length);
    else
        buffer_add_u32(out, (uint32_t)length);
}

void pgp_add_packet(struct buffer *out, enum pgp_tag tag, struct slice body)
{
    pgp_add_head(out, tag, body.length);
    buffer_add_slice(out, body);
}

void pgp_add_number(struct buffer *out, const unsigned char *bytes, size_t length)
{
    size_t bits;

    for (; length > 0 && bytes[0] == 0; length--)
        bytes++;
    bits = 8 * length;
    for (unsigned top = length > 0 ? bytes[0] : 0x80; top < 0x80; top <<= 1)
        bits--;
    buffer_add_u16(out, (uint16_t)bits);
    buffer_add(out, bytes, length);
}

void pgp_add_point(struct buffer *out, const unsigned char point[PGP_KEY])
{
    unsigned char number[1 + PGP_KEY] = {NATIVE_POINT};

    memcpy(number + 1, point, PGP_KEY);
    pgp_add_number(out, number, sizeof number);
}

/* ---- keys ---- */

/* The public key's packet, and of it the fingerprint (RFC 4880, section 12.2). */
static void publish(struct pgp_key *key, uint32_t created, unsigned algorithm, struct slice curve, struct slice more)
{
    struct buffer body, hashed;

    buffer_init(&body, PGP_PUBLIC_BYTES);
    buffer_init(&hashed, PGP_PUBLIC_BYTES + 3);
    buffer_add_u8(&body, VERSION);
    buffer_add_u32(&body, created);
    buffer_add_u8(&body, (uint8_t)algorithm);
    buffer_add_slice(&body, curve);
    pgp_add_point(&body, key->point);
    buffer_add_slice(&body, more);
    buffer_add_u8(&hashed, 0x99);
    buffer_add_u16(&hashed, (uint16_t)body.length);
    buffer_add_slice(&hashed, buffer_slice(&body));
    memcpy(key->public, body.data, body.length);
    key->public_length = body.length;
    EVP_Digest(hashed.data, hashed.length, key->fingerprint, NULL, EVP_sha1(), NULL);
    buffer_free(&body);
    buffer_free(&hashed);
}

static void make_primary(struct pgp_key *key, uint32_t created)
{
    unsigned char whole[crypto_sign_SECRETKEYBYTES];

    crypto_sign_seed_keypair(key->point, whole, key->secret);
    publish(key, created, EDDSA, (struct slice){ed25519, sizeof ed25519}, SLICE_NONE);
    sodium_memzero(whole, sizeof whole);
}

/* X25519's numbers have their lowest byte first and fixed bits (RFC 7748, section 5). */
static void make_sub(struct pgp_key *key, uint32_t created)
{
    unsigned char scalar[PGP_KEY];

    memcpy(scalar, key->secret, PGP_KEY);
    scalar[0] &= 0xf8;
    scalar[PGP_KEY - 1] = (unsigned char)((scalar[PGP_KEY - 1] & 0x7f) | 0x40);
    crypto_scalarmult_base(key->point, scalar);
    for (size_t i = 0; i < PGP_KEY; i++)
        key->secret[i] = scalar[PGP_KEY - 1 - i];
    publish(key, created, ECDH, pgp_curve(), pgp_hiding());
    sodium_memzero(scalar, sizeof scalar);
}

int pgp_pair_make(const struct contents *contents, struct pgp_pair *pair)
{
    unsigned char seed[PGP_KEY];

    if (sodium_hex2bin(seed, sizeof seed, contents->pgp_seed, strlen(contents->pgp_seed), NULL, NULL, NULL) != 0)
        return -1;
    pair->created = (uint32_t)contents->pgp_created;
    crypto_generichash(pair->primary.secret, PGP_KEY, (const unsigned char *)"primary", 7, seed, sizeof seed);
    crypto_generichash(pair->sub.secret, PGP_KEY, (const unsigned char *)"sub", 3, seed, sizeof seed);
    make_primary(&pair->primary, pair->created);
    make_sub(&pair->sub, pair->created);
    sodium_memzero(seed, sizeof seed);
    return 0;
}

/* ---- armour ---- */

/* CRC-24 (RFC 4880, section 6.1). */
static uint32_t checksum(struct slice data)
{
    uint32_t crc = 0xb704ce;

    for (size_t i = 0; i < data.length; i++) {
        crc ^= (uint32_t)data.data[i] << 16;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x800000 ? 0x1864cfb : 0);
    }
    return crc & 0xffffff;
}

static void add_base64(struct buffer *out, const char *before, const unsigned char *bytes, size_t length)
{
    char text[sodium_base64_ENCODED_LEN(ARMOUR_LINE, sodium_base64_VARIANT_ORIGINAL)];

    sodium_bin2base64(text, sizeof text, bytes, length, sodium_base64_VARIANT_ORIGINAL);
    buffer_add_format(out, "%s%s\n", before, text);
    sodium_memzero(text, sizeof text);
}

void pgp_add_armour(struct buffer *out, const char *title, struct slice data)
{
    uint32_t crc = checksum(data);
    const unsigned char sum[] = {(unsigned char)(crc >> 16), (unsigned char)(crc >> 8), (unsigned char)crc};

    buffer_add_format(out, "-----BEGIN PGP %s-----\n\n", title);
    for (size_t at = 0; at < data.length; at += ARMOUR_LINE)
        add_base64(out, "", data.data + at, data.length - at < ARMOUR_LINE ? data.length - at : ARMOUR_LINE);
    add_base64(out, "=", sum, sizeof sum);
    buffer_add_format(out, "-----END PGP %s-----\n", title);
}
