/* SPDX-License-Identifier: ISC
 *
 * HashiCorp Vault. `service`, a token since 1.10: what Vault's protocol buffers make of it, of which only the inner 24
 * characters and the signature are random:
 *
 *   inner  = "hvs." 24 of base 62
 *   signed = 08 01 12 20 (32 bytes of HMAC) 1A 1E (0A 1C inner)
 *   token  = "hvs." base64url(signed)
 *
 * `approle` is a login: role id and secret id, both UUIDs. `legacy`: "s." and 24. */
#include <sodium.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"
#include "tokens/shape.h"

#define SIGNED 68
#define SERVICE_LENGTH 95

static const unsigned char before_signature[] = {0x08, 0x01, 0x12, 0x20};
static const unsigned char before_inner[] = {0x1a, 0x1e, 0x0a, 0x1c, 'h', 'v', 's', '.'};

static int draw_service(const struct draw *draw, struct buffer *out)
{
    unsigned char signature[32];
    struct buffer plain;

    buffer_init(&plain, SIGNED);
    draw->bytes(draw->context, signature, sizeof signature);
    buffer_add(&plain, before_signature, sizeof before_signature);
    buffer_add(&plain, signature, sizeof signature);
    sodium_memzero(signature, sizeof signature);
    buffer_add(&plain, before_inner, sizeof before_inner);
    alphabet_draw(&plain, ALPHABET_BASE62, 24, draw);
    buffer_add_text(out, "hvs.");
    checksum_base64url(out, buffer_slice(&plain));
    buffer_free(&plain);
    return out->failed ? -1 : 0;
}

static int vault_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    bool login = strcmp(request->form, "approle") == 0, legacy = strcmp(request->form, "legacy") == 0;
    struct buffer *out = &minted->secret;

    if (shape_identity(login ? SHAPE_UUID : NULL, request, minted, error) != 0)
        return -1;
    minted->secret_bits = login ? 121 : legacy ? 141 : 398;
    do {
        buffer_clear(out);
        if (login || legacy)
            shape_draw(login ? SHAPE_UUID : "s.%24w", request->draw, out);
        else
            draw_service(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the token") : 0;
}

static bool service_valid(struct slice secret)
{
    struct buffer plain;
    bool valid;

    if (secret.length != SERVICE_LENGTH || memcmp(secret.data, "hvs.", 4) != 0)
        return false;
    buffer_init(&plain, SIGNED);
    valid = checksum_base64url_decode(&plain, (struct slice){secret.data + 4, secret.length - 4}) == 0 &&
            plain.length == SIGNED && memcmp(plain.data, before_signature, 4) == 0 &&
            memcmp(plain.data + 36, before_inner, 8) == 0 &&
            alphabet_holds(ALPHABET_BASE62, (struct slice){plain.data + 44, 24});
    buffer_free(&plain);
    return valid;
}

static bool vault_valid(const char *form, struct slice secret)
{
    if (strcmp(form, "approle") == 0)
        return shape_fits(SHAPE_UUID, secret);
    return strcmp(form, "legacy") == 0 ? shape_fits("s.%24w", secret) : service_valid(secret);
}

static const char *const vault_forms[] = {"service", "approle", "legacy", NULL};

const struct token_kind kind_vault = {
    .name = "vault",
    .forms = vault_forms,
    .mint = vault_mint,
    .valid = vault_valid,
};
