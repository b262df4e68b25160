/* SPDX-License-Identifier: ISC
 *
 * Ansible Vault, format 1.1: PBKDF2, AES-256 in counter mode, HMAC-SHA-256, all in hexadecimal. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include "server/minter/container/containers.h"

#define ROUNDS 10000
#define SALT 32
#define KEY 32
#define BLOCK 16
#define COLUMNS 80
#define HEX_BYTES (512 * 1024)

struct vault_keys {
    unsigned char cipher[KEY], mac[KEY], counter[BLOCK];
};

static void add_hex(struct buffer *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        buffer_add_format(out, "%02x", bytes.data[i]);
}

/* Filled up to whole blocks, although the mode would not need it. */
static int encrypt(const struct vault_keys *keys, struct slice text, struct buffer *out)
{
    unsigned char *room = buffer_reserve(out, text.length + 2 * BLOCK);
    unsigned char fill = (unsigned char)(BLOCK - text.length % BLOCK), filling[BLOCK];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int first = 0, second = 0, rc = -1;

    memset(filling, fill, sizeof filling);
    if (room != NULL && context != NULL &&
        EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, keys->cipher, keys->counter) == 1 &&
        EVP_EncryptUpdate(context, room, &first, text.data, (int)text.length) == 1 &&
        EVP_EncryptUpdate(context, room + first, &second, filling, fill) == 1)
        rc = 0;
    EVP_CIPHER_CTX_free(context);
    buffer_grow(out, rc == 0 ? (size_t)(first + second) : 0);
    return rc;
}

/* Salt, code and text in hexadecimal, on lines of their own. */
static int seal(const struct contents *contents, struct buffer *out)
{
    unsigned char salt[SALT], code[KEY];
    struct vault_keys keys;
    struct buffer cipher;
    unsigned length;
    int rc = -1;

    contents->draw->bytes(contents->draw->context, salt, sizeof salt);
    buffer_init(&cipher, HEX_BYTES);
    if (PKCS5_PBKDF2_HMAC(contents->password, (int)strlen(contents->password), salt, sizeof salt, ROUNDS, EVP_sha256(),
                          sizeof keys, (unsigned char *)&keys) == 1 &&
        encrypt(&keys, contents->text, &cipher) == 0 &&
        HMAC(EVP_sha256(), keys.mac, sizeof keys.mac, cipher.data, cipher.length, code, &length) != NULL)
        rc = 0;
    add_hex(out, (struct slice){salt, sizeof salt});
    buffer_add_char(out, '\n');
    add_hex(out, (struct slice){code, sizeof code});
    buffer_add_char(out, '\n');
    add_hex(out, buffer_slice(&cipher));
    sodium_memzero(&keys, sizeof keys);
    buffer_free(&cipher);
    return rc != 0 || out->failed ? -1 : 0;
}

int container_ansible_vault(const struct contents *contents, struct buffer *out, struct error *error)
{
    struct buffer sealed, hex;
    int rc;

    buffer_init(&sealed, HEX_BYTES);
    buffer_init(&hex, 2 * HEX_BYTES);
    rc = seal(contents, &sealed);
    add_hex(&hex, buffer_slice(&sealed));
    buffer_add_text(out, "$ANSIBLE_VAULT;1.1;AES256\n");
    for (size_t at = 0; at < hex.length; at += COLUMNS) {
        buffer_add(out, hex.data + at, hex.length - at < COLUMNS ? hex.length - at : COLUMNS);
        buffer_add_char(out, '\n');
    }
    if (rc != 0 || hex.failed || out->failed)
        rc = error_set(error, "a vault could not be sealed: it is too long, or memory ran out");
    buffer_free(&sealed);
    buffer_free(&hex);
    return rc;
}
