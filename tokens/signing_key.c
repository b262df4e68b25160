/* SPDX-License-Identifier: ISC
 *
 * Keys with which web applications sign their sessions: nobody presents such a key, he forges with it. Of what is forged
 * only JWTs (HS256) are seen: each key stands among those that a JWT's signature is tried against. */
#include "tokens/keys.h"
#include "tokens/shape.h"

/* Laravel's without "base64:" before it, which its files add. */
static const struct shape shapes[] = {{"django", "%50j", NULL, NULL, 0},
                                      {"rails", "%128x", NULL, NULL, 0},
                                      {"laravel", "%42b%1e=", NULL, NULL, 0},
                                      {"hs256", "%64w", NULL, NULL, 0},
                                      {NULL}};

static int signing_key_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    if (shape_mint(shapes, request, minted, error) != 0)
        return -1;
    return fact_add_verifier(minted, "hs256", buffer_slice(&minted->secret)) == 0
               ? 0
               : error_set(error, "no room for what verifies a forgery");
}

static bool signing_key_valid(const char *form, struct slice secret)
{
    return shape_valid(shapes, form, secret);
}

static const char *const forms[] = {"django", "rails", "laravel", "hs256", NULL};

const struct token_kind kind_signing_key = {.name = "signing-key",
                                            .forms = forms,
                                            .mint = signing_key_mint,
                                            .valid = signing_key_valid};
