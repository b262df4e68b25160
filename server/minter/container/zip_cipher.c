/* SPDX-License-Identifier: ISC
 *
 * What protects files in archives: PKWARE's own cipher (APPNOTE, section 6.1), which every program opens, Windows' too,
 * and WinZip's AE-2 (AES-256, PBKDF2 and HMAC with SHA-1). */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <zlib.h>
#include "server/minter/container/zip.h"

#define HEADER 12
#define ROUNDS 1000
#define SALT 16
#define KEY 32
#define CHECK 2
#define CODE 10
#define BLOCK 16

/* ---- PKWARE's ---- */

static uint32_t crc_step(uint32_t crc, unsigned char c)
{
    return (uint32_t)(crc32_z(crc ^ 0xffffffff, &c, 1) ^ 0xffffffff);
}

static void keys_update(uint32_t keys[3], unsigned char c)
{
    keys[0] = crc_step(keys[0], c);
    keys[1] = (keys[1] + (keys[0] & 0xff)) * 134775813 + 1;
    keys[2] = crc_step(keys[2], (unsigned char)(keys[1] >> 24));
}

static unsigned char keys_hide(uint32_t keys[3], unsigned char c)
{
    uint32_t t = (keys[2] & 0xffff) | 2;
    unsigned char hidden = (unsigned char)(c ^ ((t * (t ^ 1)) >> 8));

    keys_update(keys, c);
    return hidden;
}

int zip_hide(const struct contents *contents, uint32_t crc, struct slice data, struct buffer *out)
{
    uint32_t keys[3] = {0x12345678, 0x23456789, 0x34567890};
    unsigned char header[HEADER];

    for (const char *c = contents->password; *c != 0; c++)
        keys_update(keys, (unsigned char)*c);
    contents->draw->bytes(contents->draw->context, header, sizeof header);
    header[HEADER - 1] = (unsigned char)(crc >> 24);
    for (size_t i = 0; i < HEADER; i++)
        buffer_add_char(out, (char)keys_hide(keys, header[i]));
    for (size_t i = 0; i < data.length; i++)
        buffer_add_char(out, (char)keys_hide(keys, data.data[i]));
    return out->failed ? -1 : 0;
}

/* ---- WinZip's ---- */

/* Counter mode whose counter has its least byte first, and begins at one: libcrypto has none. */
static int count_blocks(const unsigned char *key, struct slice data, struct buffer *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char counter[BLOCK] = {0}, stream[2 * BLOCK];
    int rc = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), NULL, key, NULL) == 1 ? 0 : -1, length;

    for (size_t at = 0; rc == 0 && at < data.length; at += BLOCK) {
        sodium_increment(counter, sizeof counter);
        rc = EVP_EncryptUpdate(context, stream, &length, counter, BLOCK) == 1 ? 0 : -1;
        for (size_t i = 0; i < BLOCK && at + i < data.length; i++)
            buffer_add_char(out, (char)(data.data[at + i] ^ stream[i]));
    }
    EVP_CIPHER_CTX_free(context);
    return rc != 0 || out->failed ? -1 : 0;
}

int zip_seal(const struct contents *contents, struct slice data, struct buffer *out)
{
    unsigned char salt[SALT], keys[2 * KEY + CHECK], code[EVP_MAX_MD_SIZE];
    size_t start;
    int rc = -1;

    contents->draw->bytes(contents->draw->context, salt, sizeof salt);
    if (PKCS5_PBKDF2_HMAC(contents->password, (int)strlen(contents->password), salt, sizeof salt, ROUNDS, EVP_sha1(),
                          sizeof keys, keys) != 1)
        return -1;
    buffer_add(out, salt, sizeof salt);
    buffer_add(out, keys + 2 * KEY, CHECK);
    start = out->length;
    if (count_blocks(keys, data, out) == 0 &&
        HMAC(EVP_sha1(), keys + KEY, KEY, out->data + start, out->length - start, code, NULL) != NULL)
        rc = buffer_add(out, code, CODE);
    sodium_memzero(keys, sizeof keys);
    return rc;
}
