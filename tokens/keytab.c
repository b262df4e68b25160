/* SPDX-License-Identifier: ISC
 *
 * A Kerberos keytab (MIT's format 0502): the principal is the identity, its key for aes256-cts-hmac-sha1-96 (RFC 3962),
 * in hexadecimal, the secret. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tokens/identity.h"
#include "tokens/shape.h"

#define KEY "%64x"
#define KEY_BYTES 32
#define AES256 18
#define NAME_PRINCIPAL 1
#define AGE (400 * 86400)

static void add_counted(struct buffer *out, struct slice text)
{
    buffer_add_u16(out, (uint16_t)text.length);
    buffer_add_slice(out, text);
}

/* One entry of the file. */
static void add_entry(const struct mint_request *request, struct slice account, const char *realm, struct slice key,
                      struct buffer *out)
{
    uint8_t version = (uint8_t)(1 + draw_below(request->draw, 7));

    buffer_add_u16(out, 1);
    add_counted(out, slice_of(realm));
    add_counted(out, account);
    buffer_add_u32(out, NAME_PRINCIPAL);
    buffer_add_u32(out, (uint32_t)(request->now - draw_below(request->draw, AGE)));
    buffer_add_u8(out, version);
    buffer_add_u16(out, AES256);
    add_counted(out, key);
    buffer_add_u32(out, version);
}

static int add_file(const struct mint_request *request, struct slice account, const char *realm, struct minted *minted)
{
    unsigned char key[KEY_BYTES];
    struct buffer entry, file;
    char text[2048];
    int rc = -1;

    buffer_init(&entry, 1024);
    buffer_init(&file, 1280);
    if (sodium_hex2bin(key, sizeof key, (const char *)minted->secret.data, minted->secret.length, NULL, NULL, NULL) == 0) {
        add_entry(request, account, realm, (struct slice){key, sizeof key}, &entry);
        buffer_add_u16(&file, 0x0502);
        buffer_add_bytes(&file, buffer_slice(&entry));
        if (!entry.failed && !file.failed) {
            sodium_bin2base64(text, sizeof text, file.data, file.length, sodium_base64_VARIANT_ORIGINAL);
            rc = fact_add(&minted->facts, FACT_PLAIN, "keytab", slice_of(text));
        }
    }
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
    buffer_free(&entry);
    buffer_free(&file);
    return rc;
}

static void realm_of(const char *domain, char realm[256])
{
    size_t length = 0;

    for (; domain[length] != '\0' && length < 255; length++)
        realm[length] = domain[length] >= 'a' && domain[length] <= 'z' ? (char)(domain[length] - 32) : domain[length];
    realm[length] = '\0';
}

static int keytab_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct slice account;
    char realm[256];
    int rc = 0;

    if (identity_mint(request, minted, error) != 0)
        return -1;
    if (memchr(minted->identity.data, '@', minted->identity.length) != NULL)
        return error_usage(error, "a principal's name comes without its realm, which is the domain");
    minted->secret_bits = shape_bits(KEY);
    do {
        buffer_clear(&minted->secret);
        shape_draw(KEY, request->draw, &minted->secret);
    } while (!minted->secret.failed && kind_skipped(buffer_slice(&minted->secret), KIND_FLOOR));
    realm_of(request->domain, realm);
    account = buffer_slice(&minted->identity);
    if (minted->secret.failed || add_file(request, account, realm, minted) != 0 ||
        fact_add(&minted->facts, FACT_PLAIN, "realm", slice_of(realm)) != 0)
        rc = error_set(error, "no room for the keytab");
    return rc;
}

static bool keytab_valid(const char *form, struct slice secret)
{
    (void)form;
    return shape_fits(KEY, secret);
}

static const char *const keytab_forms[] = {"aes256", NULL};

const struct token_kind kind_keytab = {
    .name = "keytab",
    .bound = true,
    .forms = keytab_forms,
    .mint = keytab_mint,
    .valid = keytab_valid,
};
