/* SPDX-License-Identifier: ISC
 *
 * A WireGuard peer: its private key in base64, clamped as `wg genkey` does (RFC 7748), its public key, which a
 * handshake shows and so is the identity, and the server's public key, whose private half nobody has. */
#include <sodium.h>
#include <string.h>
#include "tokens/shape.h"

#define KEY 32
#define KEY_TEXT sodium_base64_ENCODED_LEN(KEY, sodium_base64_VARIANT_ORIGINAL)

static void encode(const unsigned char key[KEY], char text[KEY_TEXT])
{
    sodium_bin2base64(text, KEY_TEXT, key, KEY, sodium_base64_VARIANT_ORIGINAL);
}

static void draw_pair(const struct draw *draw, unsigned char private[KEY], unsigned char public[KEY])
{
    draw->bytes(draw->context, private, KEY);
    private[0] &= 248;
    private[31] = (unsigned char)((private[31] & 127) | 64);
    (void)crypto_scalarmult_base(public, private);
}

/* The public key as those who see a handshake name it: wire/message.h. */
static void name_of(const unsigned char public[KEY], char name[2 * crypto_hash_sha256_BYTES + 1])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, public, KEY);
    sodium_bin2hex(name, 2 * sizeof hash + 1, hash, sizeof hash);
}

static int add_facts(const struct mint_request *request, const unsigned char public[KEY], struct minted *minted)
{
    unsigned char other[KEY], server[KEY];
    char text[KEY_TEXT], name[2 * crypto_hash_sha256_BYTES + 1];

    draw_pair(request->draw, other, server);
    sodium_memzero(other, sizeof other);
    name_of(public, name);
    encode(server, text);
    fact_add(&minted->facts, FACT_PUBLIC, "fingerprint", slice_of(name));
    return fact_add(&minted->facts, FACT_PLAIN, "server", slice_of(text));
}

static int wireguard_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    unsigned char private[KEY], public[KEY];
    char text[KEY_TEXT];

    if (request->identity != NULL)
        return error_usage(error, "a WireGuard key's identity is its public half; leave --identity out");
    do {
        draw_pair(request->draw, private, public);
        encode(private, text);
    } while (kind_skipped(slice_of(text), KIND_FLOOR));
    buffer_add_text(&minted->secret, text);
    sodium_memzero(private, sizeof private);
    sodium_memzero(text, sizeof text);
    encode(public, text);
    buffer_add_text(&minted->identity, text);
    minted->secret_bits = 250;
    minted->identity_bits = 250;
    minted->distinctive = true;
    return minted->secret.failed || minted->identity.failed || add_facts(request, public, minted) != 0
               ? error_set(error, "no room for the key")
               : 0;
}

static bool wireguard_valid(const char *form, struct slice secret)
{
    unsigned char key[KEY];
    size_t length = 0;

    (void)form;
    return secret.length == KEY_TEXT - 1 &&
           sodium_base642bin(key, sizeof key, (const char *)secret.data, secret.length, NULL, &length, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           length == KEY && (key[0] & 7) == 0 && (key[31] & 192) == 64;
}

static const char *const wireguard_forms[] = {"peer", NULL};

const struct token_kind kind_wireguard = {
    .name = "wireguard",
    .forms = wireguard_forms,
    .mint = wireguard_mint,
    .valid = wireguard_valid,
};
