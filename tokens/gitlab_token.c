/* SPDX-License-Identifier: ISC
 *
 * GitLab's tokens: a prefix that says what for, and random characters. Personal ones `pat-routable` (GitLab 17 on):
 *
 *   payload = "o:" base36(organisation) "\n" "u:" base36(user)
 *   E       = base64url(16 random bytes, payload, one byte: length of payload)
 *   T       = "glpat-" E ".01." two digits base36: length of E
 *   token   = T, seven digits base36: CRC-32 of T */
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"
#include "tokens/identity.h"
#include "tokens/shape.h"

#define PREFIX "glpat-"
#define PREFIX_LENGTH 6
#define FLOOR 400 /* gitleaks */
#define NONCE 16
#define CRC_DIGITS 7
#define TAIL (4 + 2 + CRC_DIGITS) /* ".01.", length, checksum */

/* All but the routable ones. */
static const struct shape shapes[] = {
    {"pat", "glpat-%20u", NULL, NULL, 0},    {"deploy", "gldt-%20u", NULL, NULL, 0},
    {"runner", "glrt-%20u", NULL, NULL, 0},  {"trigger", "glptt-%40x", NULL, NULL, 0},
    {"feed", "glft-%20u", NULL, NULL, 0},    {"oauth-secret", "gloas-%64x", NULL, NULL, 0},
    {NULL},
};

static struct slice part(struct slice text, size_t at, size_t length)
{
    return (struct slice){text.data + at, length};
}

static int draw_routable(const struct draw *draw, struct buffer *out)
{
    struct buffer raw, payload;
    unsigned char nonce[NONCE];
    size_t start;
    int rc = -1;

    buffer_init(&raw, 128);
    buffer_init(&payload, 64);
    buffer_add_text(&payload, "o:1\nu:");
    checksum_number(&payload, ALPHABET_BASE36, 40 + draw_below(draw, 4000), 0);
    draw->bytes(draw->context, nonce, sizeof nonce);
    buffer_add(&raw, nonce, sizeof nonce);
    buffer_add_slice(&raw, buffer_slice(&payload));
    buffer_add_u8(&raw, (uint8_t)payload.length);
    if (raw.failed || payload.failed || buffer_add_text(out, PREFIX) != 0)
        goto out;
    start = out->length;
    checksum_base64url(out, buffer_slice(&raw));
    start = out->length - start;
    buffer_add_text(out, ".01.");
    checksum_number(out, ALPHABET_BASE36, start, 2);
    rc = checksum_number(out, ALPHABET_BASE36, checksum_crc32(buffer_slice(out)), CRC_DIGITS);
out:
    buffer_free(&raw);
    buffer_free(&payload);
    return rc;
}

static int gitlab_token_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;

    if (strcmp(request->form, "pat-routable") != 0)
        return shape_mint(shapes, request, minted, error);
    if (identity_mint(request, minted, error) != 0)
        return -1;
    minted->secret_bits = 8 * NONCE;
    do {
        buffer_clear(out);
        draw_routable(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), FLOOR));
    return out->failed ? error_set(error, "no room for the token") : 0;
}

/* Nonce, payload and the payload's length; what the payload says is GitLab's own matter. */
static bool payload_valid(struct slice encoded)
{
    struct buffer raw;
    bool valid;

    buffer_init(&raw, 256);
    valid = checksum_base64url_decode(&raw, encoded) == 0 && raw.length > NONCE + 1;
    buffer_free(&raw);
    return valid;
}

static bool routable_valid(struct slice secret)
{
    size_t encoded = secret.length - PREFIX_LENGTH - TAIL, signed_length = secret.length - CRC_DIGITS;
    struct buffer end;
    bool valid;

    buffer_init(&end, 32);
    buffer_add_text(&end, ".01.");
    checksum_number(&end, ALPHABET_BASE36, encoded, 2);
    checksum_number(&end, ALPHABET_BASE36, checksum_crc32(part(secret, 0, signed_length)), CRC_DIGITS);
    valid = !end.failed && slice_equal(buffer_slice(&end), part(secret, PREFIX_LENGTH + encoded, TAIL)) &&
            payload_valid(part(secret, PREFIX_LENGTH, encoded));
    buffer_free(&end);
    return valid;
}

static bool gitlab_token_valid(const char *form, struct slice secret)
{
    if (strcmp(form, "pat-routable") != 0)
        return shape_valid(shapes, form, secret);
    return secret.length > PREFIX_LENGTH + TAIL && secret.length < 256 &&
           memcmp(secret.data, PREFIX, PREFIX_LENGTH) == 0 && routable_valid(secret);
}

static const char *const gitlab_token_forms[] = {"pat-routable", "pat",  "deploy",       "runner",
                                                 "trigger",      "feed", "oauth-secret", NULL};

const struct token_kind kind_gitlab_token = {
    .name = "gitlab-token",
    .bound = false,
    .forms = gitlab_token_forms,
    .mint = gitlab_token_mint,
    .valid = gitlab_token_valid,
};
