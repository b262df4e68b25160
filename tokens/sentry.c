/* SPDX-License-Identifier: ISC
 *
 * Sentry's tokens. `organisation` names its server itself: "sntrys_", base64 of {"iat","url","region_url","org"}, "_",
 * and 32 random bytes in base64 without padding. Scanners want exactly 200 characters behind the prefix, so the
 * organisation's slug is drawn as long as that needs, where the host leaves the room. `user`: "sntryu_" and 64 digits.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/shape.h"

#define PREFIX "sntrys_"
#define JSON_MOST 1024
#define JSON_WANTED 116 /* bytes that make 156 of base64: 200 with the rest */
#define TAIL "%42b%1e"
#define TAIL_LENGTH 43
#define FLOOR 450 /* gitleaks */

static bool is_slug(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The organisation's first letters, then what teams are called, as long as is wanted. */
static void make_slug(const struct mint_request *request, size_t length, char slug[64])
{
    static const char *const teams[] = {"-eng", "-ops", "-web", "-dev", "-it", "-apps", "-sre", "-platform"};
    size_t used = 0;

    length = length < 3 ? 3 : length > 40 ? 40 : length;
    for (const char *c = request->organisation; *c != '\0' && used < length; c++) {
        char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;

        if (is_slug(lower))
            slug[used++] = lower;
    }
    while (used < length) {
        const char *team = teams[draw_below(request->draw, 8)];

        for (const char *c = team; *c != '\0' && used < length; c++)
            slug[used++] = *c;
    }
    if (slug[length - 1] == '-')
        slug[length - 1] = 'x';
    slug[length] = '\0';
}

static int add_base64(struct buffer *out, const unsigned char *data, size_t length)
{
    unsigned char *room = buffer_reserve(out, length / 3 * 4 + 8);

    if (room == NULL)
        return -1;
    buffer_grow(out, (size_t)EVP_EncodeBlock(room, data, (int)length));
    return 0;
}

static int draw_organisation(const struct mint_request *request, struct buffer *out)
{
    const char *url = request->door->url;
    uint32_t age = draw_below(request->draw, 300 * 86400), part = draw_below(request->draw, 900000) + 100000;
    size_t fixed = sizeof "{\"iat\":1234567890.123456,\"url\":\"\",\"region_url\":\"\",\"org\":\"\"}" - 1 + 2 * strlen(url);
    char json[JSON_MOST], slug[64];
    int length;

    make_slug(request, fixed < JSON_WANTED ? JSON_WANTED - fixed : 6, slug);
    length = snprintf(json, sizeof json, "{\"iat\":%lld.%u,\"url\":\"%s\",\"region_url\":\"%s\",\"org\":\"%s\"}",
                      (long long)request->now - age, part | 1, url, url, slug);
    if (length < 0 || (size_t)length >= sizeof json)
        return -1;
    buffer_add_text(out, PREFIX);
    add_base64(out, (const unsigned char *)json, (size_t)length);
    buffer_add_char(out, '_');
    return shape_draw(TAIL, request->draw, out);
}

static int sentry_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    bool user = strcmp(request->form, "user") == 0;
    struct buffer *out = &minted->secret;
    int tries = 0;

    if (shape_identity(NULL, request, minted, error) != 0)
        return -1;
    minted->secret_bits = 255;
    do {
        buffer_clear(out);
        if (user)
            shape_draw("sntryu_%64x", request->draw, out);
        else if (draw_organisation(request, out) != 0)
            return error_usage(error, "the host's name is too long for a Sentry token");
    } while (!out->failed && kind_skipped(buffer_slice(out), user ? KIND_FLOOR : FLOOR) && ++tries < KIND_TRIES);
    return out->failed ? error_set(error, "no room for the token") : 0;
}

static bool organisation_valid(struct slice secret)
{
    unsigned char plain[JSON_MOST];
    size_t start = sizeof PREFIX - 1, encoded;

    if (secret.length < start + 8 + 1 + TAIL_LENGTH || memcmp(secret.data, PREFIX, start) != 0)
        return false;
    encoded = secret.length - start - 1 - TAIL_LENGTH;
    return encoded % 4 == 0 && encoded < sizeof plain && secret.data[start + encoded] == '_' &&
           EVP_DecodeBlock(plain, secret.data + start, (int)encoded) > 8 && memcmp(plain, "{\"iat\":", 7) == 0 &&
           shape_fits(TAIL, (struct slice){secret.data + secret.length - TAIL_LENGTH, TAIL_LENGTH});
}

static bool sentry_valid(const char *form, struct slice secret)
{
    return strcmp(form, "user") == 0 ? shape_fits("sntryu_%64x", secret) : organisation_valid(secret);
}

static const char *const sentry_forms[] = {"organisation", "user", NULL};

const struct token_kind kind_sentry = {
    .name = "sentry",
    .forms = sentry_forms,
    .mint = sentry_mint,
    .valid = sentry_valid,
};
