/* SPDX-License-Identifier: ISC
 *
 * Bearer tokens of an OpenID provider (RFC 9068, OpenID Connect Core): signed JWTs whose issuer is a realm of its own
 * on our host. Who verifies one asks the issuer for its keys and so names the token without sending it. */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/identity.h"
#include "tokens/keys.h"
#include "tokens/shape.h"

#define TEXT 64
#define DAY 86400
#define KEY_ID "%42u%1e" /* 32 bytes in base64url, as a digest of the key is */
#define TRIES 32 /* a chosen identity may itself encode to a filtered word */

struct claims {
    char realm[TEXT], key_id[TEXT], id[TEXT], subject[TEXT], client[IDENTITY_MAXIMUM + 1];
};

static void draw_text(char *out, const char *pattern, const struct draw *draw)
{
    struct buffer text;

    buffer_init(&text, TEXT);
    shape_draw(pattern, draw, &text);
    snprintf(out, TEXT, "%s", buffer_text(&text));
    buffer_free(&text);
}

/* A word of the organisation and digits: quill-47130295. */
static void draw_realm(const struct mint_request *request, char *out)
{
    char word[16] = "r";
    size_t length = 0;

    for (const char *c = request->organisation; *c != 0 && *c != ' ' && length < sizeof word - 1; c++)
        if ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z')
            word[length++] = (char)(*c | 0x20);
    snprintf(out, TEXT, "%s-%u", word, 10000000 + draw_below(request->draw, 90000000));
}

/* How long the provider's tokens are good for, which is one setting of it. */
static int64_t lifetime(uint64_t seed)
{
    static const int64_t days[] = {180, 365, 730};

    return days[seed % 3] * DAY;
}

/* As Keycloak writes them: compact, in this order. */
static int sign(const struct mint_request *request, struct minted *minted, EVP_PKEY *key, const struct claims *claims)
{
    int64_t issued = request->now - 3600 - draw_below(request->draw, 12 * 3600);
    struct buffer header, body;
    int rc;

    buffer_init(&header, 512);
    buffer_init(&body, 4096);
    (void)buffer_add_format(&header, "{\"alg\":\"%s\",\"typ\" : \"JWT\",\"kid\" : \"%s\"}", key_algorithm(key),
                            claims->key_id);
    (void)buffer_add_format(
        &body,
        "{\"exp\":%lld,\"iat\":%lld,\"jti\":\"%s\",\"iss\":\"%s/realms/%s\",\"aud\":\"account\",\"sub\":\"%s\","
        "\"typ\":\"Bearer\",\"azp\":\"%s\",\"scope\":\"openid profile offline_access\",\"clientId\":\"%s\","
        "\"preferred_username\":\"service-account-%s\"}",
        (long long)(issued + lifetime(request->seed)), (long long)issued, claims->id, request->door->url, claims->realm,
        claims->subject, claims->client, claims->client, claims->client);
    rc = header.failed || body.failed ? -1 : key_jwt(key, buffer_text(&header), buffer_text(&body), &minted->secret);
    buffer_free(&header);
    buffer_free(&body);
    return rc;
}

static enum key_type type_of(const char *form)
{
    return strcmp(form, "es256") == 0 ? KEY_P256 : strcmp(form, "eddsa") == 0 ? KEY_ED25519 : KEY_RSA_2048;
}

static int draw_token(const struct mint_request *request, struct minted *minted, EVP_PKEY *key, struct claims *claims,
                      struct error *error)
{
    buffer_clear(&minted->identity);
    buffer_clear(&minted->secret);
    if (identity_mint(request, minted, error) != 0)
        return -1;
    if (strpbrk(buffer_text(&minted->identity), "\"\\") != NULL)
        return error_usage(error, "a client's name in a token holds no quotes or backslashes; choose one without");
    snprintf(claims->client, sizeof claims->client, "%s", buffer_text(&minted->identity));
    draw_realm(request, claims->realm);
    draw_text(claims->subject, SHAPE_UUID, request->draw);
    draw_text(claims->key_id, KEY_ID, request->draw);
    draw_text(claims->id, SHAPE_UUID, request->draw);
    return sign(request, minted, key, claims) == 0 ? 0 : error_set(error, "no room for the token");
}

static int oidc_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    EVP_PKEY *key = key_make(request, type_of(request->form), error);
    struct claims claims;
    int rc = 0, tries = 0;

    if (key == NULL)
        return -1;
    minted->secret_bits = 112;
    do
        rc = draw_token(request, minted, key, &claims, error);
    while (rc == 0 && kind_filtered(buffer_slice(&minted->secret)) && ++tries < TRIES);
    EVP_PKEY_free(key);
    if (rc != 0)
        return -1;
    fact_add(&minted->facts, FACT_IDENTITY, "realm", slice_of(claims.realm));
    return fact_add(&minted->facts, FACT_IDENTITY, "subject", slice_of(claims.subject)) == 0
               ? 0
               : error_set(error, "no room for the token");
}

/* Three parts of the URL alphabet, the first of which is a JSON object's beginning. */
static bool oidc_valid(const char *form, struct slice secret)
{
    unsigned dots = 0;

    (void)form;
    for (size_t i = 0; i < secret.length; i++) {
        if (secret.data[i] == '.')
            dots++;
        else if (!alphabet_holds(ALPHABET_BASE64URL, (struct slice){secret.data + i, 1}))
            return false;
    }
    return dots == 2 && secret.length > 100 && memcmp(secret.data, "eyJ", 3) == 0;
}

static const char *const forms[] = {"rs256", "es256", "eddsa", NULL};

const struct token_kind kind_oidc_jwt = {.name = "oidc-jwt", .bound = false, .forms = forms, .mint = oidc_mint,
                                         .valid = oidc_valid};
