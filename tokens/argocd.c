/* SPDX-License-Identifier: ISC
 *
 * Argo CD's API tokens: JWTs (RFC 7519) signed by the server with HS256, whose key nobody else has, so that the signature
 * is drawn. */
#include <stdio.h>
#include <string.h>
#include "tokens/checksum.h"
#include "tokens/shape.h"

#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" /* {"alg":"HS256","typ":"JWT"} */
#define HEADER_LENGTH 36
#define TAIL "%42u%1e"
#define TAIL_LENGTH 43

static void draw_token(const struct mint_request *request, struct slice account, struct buffer *out)
{
    long long made = (long long)request->now - draw_below(request->draw, 300 * 86400);
    struct buffer claims;

    buffer_init(&claims, 1024);
    buffer_add_text(&claims, "{\"iss\":\"argocd\",\"sub\":\"");
    buffer_add_slice(&claims, account);
    buffer_add_format(&claims, ":apiKey\",\"nbf\":%lld,\"iat\":%lld,\"jti\":\"", made, made);
    shape_draw(SHAPE_UUID "\"}", request->draw, &claims);
    buffer_add_text(out, HEADER ".");
    checksum_base64url(out, buffer_slice(&claims));
    buffer_add_char(out, '.');
    shape_draw(TAIL, request->draw, out);
    buffer_free(&claims);
}

static int argocd_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;
    int tries = 0;

    if (request->identity != NULL && strpbrk(request->identity, "\"\\") != NULL)
        return error_usage(error, "an account of Argo CD holds no quotes and no backslash");
    minted->secret_bits = 255;
    do {
        buffer_clear(out);
        buffer_clear(&minted->identity);
        if (shape_identity(NULL, request, minted, error) != 0)
            return -1;
        draw_token(request, buffer_slice(&minted->identity), out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR) && ++tries < KIND_TRIES);
    return out->failed ? error_set(error, "no room for the token") : 0;
}

static bool argocd_valid(const char *form, struct slice secret)
{
    size_t middle = secret.length - HEADER_LENGTH - 2 - TAIL_LENGTH;
    struct buffer claims;
    bool valid;

    (void)form;
    if (secret.length < HEADER_LENGTH + 2 + TAIL_LENGTH + 8 || memcmp(secret.data, HEADER ".", HEADER_LENGTH + 1) != 0 ||
        secret.data[HEADER_LENGTH + 1 + middle] != '.' ||
        !shape_fits(TAIL, (struct slice){secret.data + secret.length - TAIL_LENGTH, TAIL_LENGTH}))
        return false;
    buffer_init(&claims, 2048);
    valid = checksum_base64url_decode(&claims, (struct slice){secret.data + HEADER_LENGTH + 1, middle}) == 0 &&
            claims.length > 16 && memcmp(claims.data, "{\"iss\":\"argocd\"", 15) == 0;
    buffer_free(&claims);
    return valid;
}

static const char *const argocd_forms[] = {"account", NULL};

const struct token_kind kind_argocd = {
    .name = "argocd",
    .forms = argocd_forms,
    .mint = argocd_mint,
    .valid = argocd_valid,
};
