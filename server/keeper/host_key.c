/* SPDX-License-Identifier: ISC */
#include "server/keeper/host_key.h"
#include <sodium.h>
#include <string.h>

#define TYPE "ssh-ed25519"
#define BLOB (4 + sizeof(TYPE) - 1 + 4 + crypto_sign_PUBLICKEYBYTES)

static void derive(const struct keyring *keyring, const char *host, unsigned char public[crypto_sign_PUBLICKEYBYTES])
{
    static const unsigned char domain[] = "ssh host key";
    unsigned char seed[crypto_sign_SEEDBYTES], private[crypto_sign_SECRETKEYBYTES];
    crypto_generichash_state state;

    crypto_generichash_init(&state, keyring->seed, sizeof keyring->seed, sizeof seed);
    crypto_generichash_update(&state, domain, sizeof domain);
    crypto_generichash_update(&state, (const unsigned char *)host, strlen(host));
    crypto_generichash_final(&state, seed, sizeof seed);
    crypto_sign_seed_keypair(public, private, seed);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(private, sizeof private);
}

int host_key_public(const struct keyring *keyring, const char *host, struct buffer *out)
{
    char text[sodium_base64_ENCODED_LEN(BLOB, sodium_base64_VARIANT_ORIGINAL)];
    unsigned char public[crypto_sign_PUBLICKEYBYTES];
    struct buffer blob;

    derive(keyring, host, public);
    buffer_init(&blob, BLOB);
    buffer_add_string(&blob, TYPE);
    buffer_add_bytes(&blob, (struct slice){public, sizeof public});
    if (blob.failed) {
        out->failed = true;
    } else {
        sodium_bin2base64(text, sizeof text, blob.data, blob.length, sodium_base64_VARIANT_ORIGINAL);
        (void)buffer_add_format(out, TYPE " %s", text);
    }
    buffer_free(&blob);
    return out->failed ? -1 : 0;
}
