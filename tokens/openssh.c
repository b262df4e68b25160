/* SPDX-License-Identifier: ISC */
#include "tokens/openssh.h"
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>
#include "tokens/bcrypt.h"

#define MAGIC "openssh-key-v1" /* with its NUL */
#define LINE 70
#define FILE_BYTES 8192
#define ROUNDS 16
#define SALT 16
#define KEY 32
#define BLOCK 16
#define BLOCK_OPEN 8 /* as if of a cipher, where there is none */

static bool encrypt(unsigned char *bytes, size_t length, const unsigned char key[KEY + BLOCK])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0;
    bool good = context != NULL && EVP_EncryptInit_ex2(context, EVP_aes_256_ctr(), key, key + KEY, NULL) == 1 &&
                EVP_EncryptUpdate(context, bytes, &written, bytes, (int)length) == 1 && written == (int)length;

    EVP_CIPHER_CTX_free(context);
    return good;
}

/* Two equal numbers, by which it is seen that the passphrase was right, then the key. */
static void add_section(struct buffer *section, const struct openssh_key *key, const struct draw *draw)
{
    size_t block = key->passphrase != NULL ? BLOCK : BLOCK_OPEN;
    uint32_t check;

    draw->bytes(draw->context, &check, sizeof check);
    buffer_add_u32(section, check);
    buffer_add_u32(section, check);
    buffer_add_slice(section, key->private_half);
    buffer_add_string(section, key->comment);
    for (uint8_t pad = 1; section->length % block != 0; pad++)
        buffer_add_u8(section, pad);
}

/* Encrypts the section, and adds the cipher's and the derivation's names to the file, with what that needs to know. */
static void lock_section(struct buffer *section, struct buffer *file, const char *passphrase, const struct draw *draw)
{
    unsigned char salt[SALT], key[KEY + BLOCK];

    draw->bytes(draw->context, salt, sizeof salt);
    if (section->failed || bcrypt_pbkdf(slice_of(passphrase), (struct slice){salt, SALT}, ROUNDS, key, sizeof key) != 0 ||
        !encrypt(section->data, section->length, key))
        file->failed = true;
    sodium_memzero(key, sizeof key);
    buffer_add_string(file, "aes256-ctr");
    buffer_add_string(file, "bcrypt");
    buffer_add_u32(file, 4 + SALT + 4);
    buffer_add_bytes(file, (struct slice){salt, SALT});
    buffer_add_u32(file, ROUNDS);
}

static void add_file(struct buffer *file, const struct openssh_key *key, const struct draw *draw)
{
    struct buffer section;

    buffer_init(&section, FILE_BYTES);
    add_section(&section, key, draw);
    buffer_add(file, MAGIC, sizeof MAGIC);
    if (key->passphrase != NULL) {
        lock_section(&section, file, key->passphrase, draw);
    } else {
        buffer_add_string(file, "none");
        buffer_add_string(file, "none");
        buffer_add_string(file, "");
    }
    buffer_add_u32(file, 1);
    buffer_add_bytes(file, key->blob);
    buffer_add_bytes(file, buffer_slice(&section));
    file->failed = file->failed || section.failed;
    buffer_free(&section);
}

int openssh_key_add(struct buffer *out, const struct openssh_key *key, const struct draw *draw)
{
    char text[sodium_base64_ENCODED_LEN(FILE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    struct buffer file;
    size_t length;
    int rc = -1;

    buffer_init(&file, FILE_BYTES);
    add_file(&file, key, draw);
    if (!file.failed) {
        sodium_bin2base64(text, sizeof text, file.data, file.length, sodium_base64_VARIANT_ORIGINAL);
        length = strlen(text);
        buffer_add_text(out, "-----BEGIN " OPENSSH_LABEL "-----\n");
        for (size_t at = 0; at < length; at += LINE)
            (void)buffer_add_format(out, "%.*s\n", LINE, text + at);
        sodium_memzero(text, sizeof text);
        buffer_add_text(out, "-----END " OPENSSH_LABEL "-----\n");
        rc = out->failed ? -1 : 0;
    }
    buffer_free(&file);
    return rc;
}
