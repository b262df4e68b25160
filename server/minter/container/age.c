/* SPDX-License-Identifier: ISC
 *
 * age (age-encryption.org/v1) for one X25519 recipient; keys in Bech32 (BIP 173). */
#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include "server/minter/container/age.h"
#include "server/minter/container/containers.h"

#define KEY 32
#define FILE_KEY 16
#define NONCE 16
#define CHUNK 65536
#define CHECKSUM 6
#define WRAPPED (FILE_KEY + crypto_aead_chacha20poly1305_ietf_ABYTES)

/* ---- Bech32 ---- */

static uint32_t check_step(uint32_t check, unsigned value)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = check >> 25;

    check = (check & 0x1ffffff) << 5 ^ value;
    for (int i = 0; i < 5; i++)
        if (top >> i & 1)
            check ^= generator[i];
    return check;
}

/* `out` takes the prefix, 59 characters and a NUL. */
static void bech32(const char *prefix, const unsigned char key[KEY], char *out)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    uint32_t check = 1, bits = 0;
    unsigned held = 0;

    for (const char *c = prefix; *c != 0; c++)
        check = check_step(check, (unsigned char)*c >> 5);
    check = check_step(check, 0);
    for (const char *c = prefix; *c != 0; c++) {
        check = check_step(check, *c & 31);
        *out++ = *c;
    }
    *out++ = '1';
    for (size_t i = 0; i < KEY || held > 0;) {
        unsigned value;

        if (held < 5 && i < KEY) {
            bits = bits << 8 | key[i++];
            held += 8;
        }
        value = held >= 5 ? bits >> (held - 5) & 31 : bits << (5 - held) & 31;
        held = held >= 5 ? held - 5 : 0;
        check = check_step(check, value);
        *out++ = alphabet[value];
    }
    for (int i = 0; i < CHECKSUM; i++)
        check = check_step(check, 0);
    check ^= 1;
    for (int i = CHECKSUM - 1; i >= 0; i--)
        *out++ = alphabet[check >> 5 * i & 31];
    *out = 0;
}

void age_recipient(const unsigned char key[KEY], char out[AGE_TEXT])
{
    unsigned char public[KEY];

    crypto_scalarmult_base(public, key);
    bech32("age", public, out);
}

void age_identity(const unsigned char key[KEY], char out[AGE_TEXT])
{
    bech32("age-secret-key-", key, out);
    for (char *c = out; *c != 0; c++)
        *c = (char)toupper((unsigned char)*c);
}

/* ---- keys ---- */

/* HKDF with SHA-256 (RFC 5869), 32 bytes. */
static void derive(struct slice secret, struct slice salt, const char *purpose, unsigned char out[KEY])
{
    static const unsigned char none[KEY] = {0};
    unsigned char first[KEY], text[64];
    size_t length = strlen(purpose);

    HMAC(EVP_sha256(), salt.length > 0 ? salt.data : none, salt.length > 0 ? (int)salt.length : KEY, secret.data,
         secret.length, first, NULL);
    memcpy(text, purpose, length);
    text[length] = 1;
    HMAC(EVP_sha256(), first, KEY, text, length + 1, out, NULL);
    sodium_memzero(first, sizeof first);
}

static void add_base64(struct buffer *out, const unsigned char *bytes, size_t length)
{
    char text[sodium_base64_ENCODED_LEN(KEY, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];

    buffer_add_text(out, sodium_bin2base64(text, sizeof text, bytes, length, sodium_base64_VARIANT_ORIGINAL_NO_PADDING));
}

static void seal(const unsigned char key[KEY], bool last, struct slice text, unsigned char *out)
{
    const unsigned char nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {[11] = last};

    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, text.data, text.length, NULL, 0, NULL, nonce, key);
}

/* ---- the file ---- */

static int add_header(const struct contents *contents, const unsigned char file_key[FILE_KEY], struct buffer *out)
{
    unsigned char identity[KEY], ephemeral[KEY], pair[2 * KEY], shared[KEY], key[KEY], wrapped[WRAPPED], code[KEY];
    size_t start = out->length;

    if (sodium_hex2bin(identity, KEY, contents->seed, strlen(contents->seed), NULL, NULL, NULL) != 0)
        return -1;
    contents->draw->bytes(contents->draw->context, ephemeral, KEY);
    crypto_scalarmult_base(pair, ephemeral);
    crypto_scalarmult_base(pair + KEY, identity);
    if (crypto_scalarmult(shared, ephemeral, pair + KEY) != 0)
        return -1;
    derive((struct slice){shared, KEY}, (struct slice){pair, sizeof pair}, "age-encryption.org/v1/X25519", key);
    seal(key, false, (struct slice){file_key, FILE_KEY}, wrapped);
    buffer_add_text(out, "age-encryption.org/v1\n-> X25519 ");
    add_base64(out, pair, KEY);
    buffer_add_char(out, '\n');
    add_base64(out, wrapped, sizeof wrapped);
    buffer_add_text(out, "\n---");
    derive((struct slice){file_key, FILE_KEY}, SLICE_NONE, "header", key);
    if (out->failed)
        return -1;
    HMAC(EVP_sha256(), key, KEY, out->data + start, out->length - start, code, NULL);
    buffer_add_char(out, ' ');
    add_base64(out, code, KEY);
    buffer_add_char(out, '\n');
    sodium_memzero(identity, sizeof identity);
    sodium_memzero(key, sizeof key);
    return 0;
}

int container_age(const struct contents *contents, struct buffer *out, struct error *error)
{
    size_t sealed = contents->text.length + crypto_aead_chacha20poly1305_ietf_ABYTES;
    unsigned char file_key[FILE_KEY], nonce[NONCE], key[KEY], *room;

    if (contents->text.length > CHUNK)
        return error_set(error, "more than %d bytes do not go into one age file here", CHUNK);
    contents->draw->bytes(contents->draw->context, file_key, sizeof file_key);
    contents->draw->bytes(contents->draw->context, nonce, sizeof nonce);
    if (add_header(contents, file_key, out) != 0)
        return error_set(error, "an age file could not be sealed, or memory ran out");
    derive((struct slice){file_key, FILE_KEY}, (struct slice){nonce, NONCE}, "payload", key);
    buffer_add(out, nonce, NONCE);
    room = buffer_reserve(out, sealed);
    if (room == NULL)
        return error_set(error, "out of memory");
    seal(key, true, contents->text, room);
    buffer_grow(out, sealed);
    sodium_memzero(file_key, sizeof file_key);
    sodium_memzero(key, sizeof key);
    return 0;
}
