/* SPDX-License-Identifier: ISC */
#include "tokens/aws_session.h"
#include <sodium.h>
#include <string.h>

#define TOKEN 1024
#define SEALED 336 /* bytes that only AWS reads: at least, and at most so many more */
#define SEALED_MORE 96
#define FLOOR 450 /* trufflehog */
#define NUMBER 32 /* bytes of each half of a signature */

static void add_random(struct buffer *out, size_t length, const struct draw *draw)
{
    unsigned char *room = buffer_reserve(out, length);

    if (room == NULL)
        return;
    draw->bytes(draw->context, room, length);
    buffer_grow(out, length);
}

/* ---- Protocol Buffers' wire format ---- */

static void add_number(struct buffer *out, unsigned field, uint64_t number)
{
    buffer_add_u8(out, (uint8_t)(field << 3));
    for (; number > 127; number >>= 7)
        buffer_add_u8(out, (uint8_t)(number | 128));
    buffer_add_u8(out, (uint8_t)number);
}

static void add_head(struct buffer *out, unsigned field, size_t length)
{
    size_t at = out->length;

    add_number(out, field, length);
    if (!out->failed)
        out->data[at] |= 2;
}

static void add_text(struct buffer *out, unsigned field, const char *text)
{
    add_head(out, field, strlen(text));
    buffer_add_text(out, text);
}

/* ---- the token ---- */

/* An ECDSA signature in DER whose first number has a leading zero, as every other has. */
static void add_signature(struct buffer *out, const struct draw *draw)
{
    static const unsigned char head[] = {0x30, 5 + 2 * NUMBER, 0x02, NUMBER + 1, 0}, middle[] = {0x02, NUMBER};
    size_t at;

    add_head(out, 4, 7 + 2 * NUMBER);
    buffer_add(out, head, sizeof head);
    at = out->length;
    add_random(out, NUMBER, draw);
    buffer_add(out, middle, sizeof middle);
    add_random(out, NUMBER, draw);
    if (out->failed)
        return;
    out->data[at] |= 0x80;
    out->data[at + NUMBER + sizeof middle] &= 0x7f;
}

static void add_session(struct buffer *out, const char *account, const struct draw *draw)
{
    size_t sealed = SEALED + draw_below(draw, SEALED_MORE);
    struct buffer session;

    buffer_init(&session, TOKEN);
    add_number(&session, 1, 1 + draw_below(draw, 120));
    add_number(&session, 2, 0);
    add_text(&session, 3, account);
    add_head(&session, 4, 12);
    add_random(&session, 12, draw);
    add_head(&session, 5, sealed);
    add_random(&session, sealed, draw);
    add_head(out, 5, session.length);
    buffer_add_slice(out, buffer_slice(&session));
    out->failed = out->failed || session.failed;
    buffer_free(&session);
}

static void add_token(struct buffer *out, const char *account, int64_t made, const struct draw *draw)
{
    buffer_add_u8(out, 0x21);
    add_text(out, 1, "origin_ec");
    add_number(out, 2, 1 + draw_below(draw, 120));
    add_text(out, 3, "us-east-1");
    add_signature(out, draw);
    add_session(out, account, draw);
    add_number(out, 6, (uint64_t)made);
}

int aws_session_draw(const struct draw *draw, const char *account, int64_t made, struct buffer *out)
{
    char text[sodium_base64_ENCODED_LEN(TOKEN, sodium_base64_VARIANT_ORIGINAL)];
    struct buffer token;
    int rc = -1;

    buffer_init(&token, TOKEN);
    for (int tries = 0; tries < KIND_TRIES && rc != 0 && !token.failed; tries++) {
        buffer_clear(&token);
        add_token(&token, account, made, draw);
        sodium_bin2base64(text, sizeof text, token.data, token.length, sodium_base64_VARIANT_ORIGINAL);
        rc = kind_skipped(slice_of(text), FLOOR) ? -1 : 0;
    }
    if (rc == 0)
        rc = token.failed ? -1 : buffer_add_text(out, text);
    sodium_memzero(text, sizeof text);
    buffer_free(&token);
    return rc;
}
