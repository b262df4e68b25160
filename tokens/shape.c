/* SPDX-License-Identifier: ISC */
#include "tokens/shape.h"
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"
#include "tokens/identity.h"

#define BITS_MOST 512
#define SET 32 /* characters of a set */

/* Alphabets by the class's letter. bits: of one character, in hundredths. */
static const struct class {
    char letter;
    uint16_t bits;
    const char *alphabet;
} classes[] = {
    {'d', 332, ALPHABET_DIGITS},
    {'k', 316, "123456789"},
    {'x', 400, "0123456789abcdef"},
    {'X', 400, "0123456789ABCDEF"},
    {'w', 595, ALPHABET_BASE62},
    {'l', 570, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
    {'u', 600, ALPHABET_BASE64URL},
    {'a', 516, ALPHABET_BASE36},
    {'A', 516, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    {'q', 500, "abcdefghijklmnopqrstuvwxyz234567"},
    {'b', 600, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"},
    {'z', 500, "ybndrfg8ejkmcpqxot1uwisza345h769"},
    {'v', 200, "89ab"},
    {'e', 400, "AEIMQUYcgkosw048"},
    {'j', 564, "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)"},
    {'t', 604, ALPHABET_BASE62 ".-_~"},
};

/* One piece of a pattern: `count` characters of an alphabet, or one that stands for itself. */
struct piece {
    const char *alphabet;
    size_t count, bits;
    char literal, set[SET + 1];
};

/* The characters up to '>'; each doubling of them is a bit. */
static const char *take_set(const char *at, struct piece *piece)
{
    size_t size = strcspn(at, ">");

    memcpy(piece->set, at, size <= SET ? size : SET);
    piece->alphabet = piece->set;
    piece->count += piece->count == 0;
    for (size_t half = size; half > 1; half /= 2)
        piece->bits += 100;
    return at + size + 1;
}

static const char *next_piece(const char *at, struct piece *piece)
{
    *piece = (struct piece){.count = 1, .literal = *at};
    if (*at != '%')
        return at + 1;
    piece->count = 0;
    for (at++; *at >= '0' && *at <= '9'; at++)
        piece->count = piece->count * 10 + (size_t)(*at - '0');
    if (*at == '<')
        return take_set(at + 1, piece);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (classes[i].letter == *at) {
            piece->alphabet = classes[i].alphabet;
            piece->bits = classes[i].bits;
        }
    return at + 1;
}

int shape_draw(const char *pattern, const struct draw *draw, struct buffer *out)
{
    struct piece piece;

    for (const char *at = pattern; *at != '\0';) {
        at = next_piece(at, &piece);
        if (piece.alphabet != NULL)
            alphabet_draw(out, piece.alphabet, piece.count, draw);
        else
            buffer_add_char(out, piece.literal);
    }
    return out->failed ? -1 : 0;
}

bool shape_fits(const char *pattern, struct slice text)
{
    struct piece piece;
    size_t used = 0;

    for (const char *at = pattern; *at != '\0'; used += piece.count) {
        at = next_piece(at, &piece);
        if (used + piece.count > text.length)
            return false;
        if (piece.alphabet == NULL ? text.data[used] != (unsigned char)piece.literal
                                   : !alphabet_holds(piece.alphabet, (struct slice){text.data + used, piece.count}))
            return false;
    }
    return used == text.length;
}

uint16_t shape_bits(const char *pattern)
{
    struct piece piece;
    size_t bits = 0;

    for (const char *at = pattern; *at != '\0';) {
        at = next_piece(at, &piece);
        bits += piece.alphabet != NULL ? piece.count * piece.bits : 0;
    }
    bits = bits > 100 ? bits / 100 - 1 : 0; /* one less for what is filtered */
    return (uint16_t)(bits < BITS_MOST ? bits : BITS_MOST);
}

static const struct shape *shape_of(const struct shape *shapes, const char *form)
{
    while (shapes->form != NULL && strcmp(shapes->form, form) != 0)
        shapes++;
    return shapes->form != NULL ? shapes : NULL;
}

/* One that scanners do not pass over for what stands behind its first `fixed` bytes, nor for its entropy. A pattern whose
 * own letters make them do so with all its draws is refused. */
static int draw_fitting(const struct shape *shape, size_t fixed, const struct draw *draw, struct buffer *out,
                        struct error *error)
{
    for (int tries = 0; tries < KIND_TRIES; tries++) {
        buffer_clear(out);
        if (shape_draw(shape->secret, draw, out) == 0 && shape->seal != NULL)
            shape->seal(out);
        if (out->failed)
            return error_set(error, "no room for a secret or an id like %s", shape->secret);
        if (!kind_skipped_behind(buffer_slice(out), fixed, shape->floor))
            return 0;
    }
    return error_set(error, "scanners take all that is like %s for an example; choose another form, and report this",
                     shape->secret);
}

static int draw_identity(const char *pattern, unsigned floor, const struct mint_request *request, struct minted *minted,
                         struct error *error)
{
    const struct shape shape = {.secret = pattern, .floor = floor};
    struct buffer *out = &minted->identity;

    if (pattern == NULL || request->identity != NULL)
        return identity_mint(request, minted, error);
    if (request->style != NULL)
        return error_usage(error, "its maker gives out the id of such a secret, like no name; leave --style out");
    if (draw_fitting(&shape, 0, request->draw, out, error) != 0)
        return -1;
    minted->identity_bits = shape_bits(pattern);
    minted->distinctive = true;
    return 0;
}

int shape_identity(const char *pattern, const struct mint_request *request, struct minted *minted, struct error *error)
{
    return draw_identity(pattern, 0, request, minted, error);
}

int shape_secret(const struct shape *shapes, const struct mint_request *request, struct minted *minted,
                 struct error *error)
{
    const struct shape *found = shape_of(shapes, request->form);
    struct shape shape;

    if (found == NULL)
        return error_usage(error, "there is no form '%s'", request->form);
    shape = *found;
    if (shape.floor == 0)
        shape.floor = KIND_FLOOR;
    minted->secret_bits = shape_bits(shape.secret);
    return draw_fitting(&shape, strcspn(shape.secret, "%"), request->draw, &minted->secret, error);
}

int shape_mint(const struct shape *shapes, const struct mint_request *request, struct minted *minted,
               struct error *error)
{
    const struct shape *shape = shape_of(shapes, request->form);

    if (shape != NULL && draw_identity(shape->identity, shape->identity_floor, request, minted, error) != 0)
        return -1;
    return shape_secret(shapes, request, minted, error);
}

int shape_seal_crc62(struct buffer *secret)
{
    return checksum_number(secret, ALPHABET_BASE62,
                           checksum_crc32((struct slice){secret->data + 4, secret->length - 4}), 6);
}

static bool seal_fits(const struct shape *shape, struct slice body, struct slice secret)
{
    struct buffer again;
    bool fits;

    buffer_init(&again, secret.length + 1);
    buffer_add_slice(&again, body);
    fits = shape->seal(&again) == 0 && slice_equal(buffer_slice(&again), secret);
    buffer_free(&again);
    return fits;
}

bool shape_valid(const struct shape *shapes, const char *form, struct slice secret)
{
    const struct shape *shape = shape_of(shapes, form);
    struct slice body = secret;

    if (shape == NULL || secret.length <= shape->sealed)
        return false;
    body.length -= shape->sealed;
    return shape_fits(shape->secret, body) && (shape->seal == NULL || seal_fits(shape, body, secret));
}
