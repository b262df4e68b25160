/* SPDX-License-Identifier: ISC
 *
 * JFrog Artifactory. `reference`: base64 of "reftkn:01:", ten digits of expiry (zeros: never), ':' and 27 letters or
 * digits. `api-key`: "AK" and, in Bitcoin's base 58, "MILLISECONDS:UUID" with the first two bytes of its double SHA-256
 * behind it. */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/shape.h"

#define BASE58 "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#define KEY_PLAIN 50
#define KEY_BYTES (KEY_PLAIN + 2)
#define KEY_DIGITS 71
#define REFERENCE_PLAIN 48
#define FLOOR 450 /* gitleaks */
#define LEAST_AGE (20 * 86400)

static int check_of(const unsigned char *plain, unsigned char check[2])
{
    unsigned char hash[EVP_MAX_MD_SIZE];

    if (EVP_Digest(plain, KEY_PLAIN, hash, NULL, EVP_sha256(), NULL) != 1 ||
        EVP_Digest(hash, 32, hash, NULL, EVP_sha256(), NULL) != 1)
        return -1;
    memcpy(check, hash, 2);
    return 0;
}

/* The number in base 58, by long division of its bytes, which are used up. */
static int add_base58(struct buffer *out, unsigned char bytes[KEY_BYTES])
{
    char digits[KEY_DIGITS + 1];
    unsigned rest;

    for (size_t i = KEY_DIGITS; i-- > 0;) {
        rest = 0;
        for (size_t k = 0; k < KEY_BYTES; k++) {
            rest = rest << 8 | bytes[k];
            bytes[k] = (unsigned char)(rest / 58);
            rest %= 58;
        }
        digits[i] = BASE58[rest];
    }
    buffer_add(out, digits, KEY_DIGITS);
    sodium_memzero(digits, sizeof digits);
    return out->failed ? -1 : 0;
}

static int decode_base58(struct slice text, unsigned char bytes[KEY_BYTES])
{
    memset(bytes, 0, KEY_BYTES);
    for (size_t i = 0; i < text.length; i++) {
        const char *digit = text.data[i] == 0 ? NULL : strchr(BASE58, text.data[i]);
        unsigned carry = digit == NULL ? 0 : (unsigned)(digit - BASE58);

        if (digit == NULL)
            return -1;
        for (size_t k = KEY_BYTES; k-- > 0;) {
            carry += bytes[k] * 58u;
            bytes[k] = (unsigned char)carry;
            carry >>= 8;
        }
        if (carry != 0)
            return -1;
    }
    return 0;
}

/* Made in the three years before now, so that the digits in front are those of its time. */
static int draw_key(const struct mint_request *request, struct buffer *out)
{
    int64_t seconds = request->now - LEAST_AGE - draw_below(request->draw, 3 * 365 * 86400);
    unsigned char bytes[KEY_BYTES];
    struct buffer plain;
    int rc = -1;

    buffer_init(&plain, KEY_BYTES);
    buffer_add_format(&plain, "%lld%03u:", (long long)seconds, draw_below(request->draw, 1000));
    shape_draw(SHAPE_UUID, request->draw, &plain);
    if (!plain.failed && plain.length == KEY_PLAIN && check_of(plain.data, bytes + KEY_PLAIN) == 0) {
        memcpy(bytes, plain.data, KEY_PLAIN);
        buffer_add_text(out, "AK");
        rc = add_base58(out, bytes);
    }
    sodium_memzero(bytes, sizeof bytes);
    buffer_free(&plain);
    return rc;
}

static int draw_reference(const struct draw *draw, struct buffer *out)
{
    unsigned char text[REFERENCE_PLAIN / 3 * 4 + 1];
    struct buffer plain;

    buffer_init(&plain, REFERENCE_PLAIN);
    shape_draw("reftkn:01:0000000000:%27w", draw, &plain);
    EVP_EncodeBlock(text, plain.data, (int)plain.length);
    buffer_free(&plain);
    buffer_add(out, text, sizeof text - 1);
    sodium_memzero(text, sizeof text);
    return out->failed ? -1 : 0;
}

static int artifactory_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    bool key = strcmp(request->form, "api-key") == 0;
    struct buffer *out = &minted->secret;

    if (shape_identity(NULL, request, minted, error) != 0)
        return -1;
    minted->secret_bits = key ? 121 : 159;
    do {
        buffer_clear(out);
        if (key && draw_key(request, out) != 0)
            return error_set(error, "no room for the key");
        if (!key)
            draw_reference(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), FLOOR));
    return out->failed ? error_set(error, "no room for the token") : 0;
}

static bool key_valid(struct slice secret)
{
    unsigned char bytes[KEY_BYTES], check[2];
    bool valid = secret.length == 2 + KEY_DIGITS && memcmp(secret.data, "AK", 2) == 0 &&
                 decode_base58((struct slice){secret.data + 2, KEY_DIGITS}, bytes) == 0 && check_of(bytes, check) == 0 &&
                 memcmp(check, bytes + KEY_PLAIN, 2) == 0 &&
                 shape_fits("%13d:" SHAPE_UUID, (struct slice){bytes, KEY_PLAIN});

    sodium_memzero(bytes, sizeof bytes);
    return valid;
}

static bool reference_valid(struct slice secret)
{
    unsigned char plain[REFERENCE_PLAIN + 3];
    bool valid = secret.length == REFERENCE_PLAIN / 3 * 4 &&
                 EVP_DecodeBlock(plain, secret.data, (int)secret.length) > 0 &&
                 shape_fits("reftkn:01:%10d:%27w", (struct slice){plain, REFERENCE_PLAIN});

    sodium_memzero(plain, sizeof plain);
    return valid;
}

static bool artifactory_valid(const char *form, struct slice secret)
{
    return strcmp(form, "api-key") == 0 ? key_valid(secret) : reference_valid(secret);
}

static const char *const artifactory_forms[] = {"reference", "api-key", NULL};

const struct token_kind kind_artifactory = {
    .name = "artifactory",
    .forms = artifactory_forms,
    .mint = artifactory_mint,
    .valid = artifactory_valid,
};
