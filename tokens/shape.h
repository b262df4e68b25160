/* SPDX-License-Identifier: ISC
 *
 * Secrets that a pattern describes, for tables of near-equal kinds. In a pattern `%20u` stands for twenty characters of a
 * class, `%2<AQgw>` for two of those (a power of two of them, at most 32; no count: one), all else for itself:
 *
 *   d digit · x, X hexadecimal · w base62 · u base64url · a a-z0-9 · A A-Z0-9 · q a-z2-7 · b base64 · z z-base-32
 *   l letter · k digit but 0
 *   v one of 89ab, as in UUIDs (RFC 4122) · t a-zA-Z0-9.-_~ · e the last of base64 with four bits · j Django's */
#ifndef TOKENS_SHAPE_H
#define TOKENS_SHAPE_H

#include "tokens/kind.h"

#define SHAPE_UUID "%8x-%4x-4%3x-%1v%3x-%12x"

struct shape {
    const char *form;
    const char *secret;   /* pattern; what it begins with may be a word that scanners drop, as its maker chose it */
    const char *identity; /* pattern; NULL: an account's name */
    /* Adds the checksum of what was drawn; NULL: none. */
    int (*seal)(struct buffer *secret);
    size_t sealed;  /* characters that it adds */
    unsigned floor, identity_floor; /* of their entropy, where scanners ask for more than KIND_FLOOR, or for some */
};

/* Adds a draw. 0 or -1. */
int shape_draw(const char *pattern, const struct draw *draw, struct buffer *out);
bool shape_fits(const char *pattern, struct slice text);
/* Of one draw, rounded down; at most 512. */
uint16_t shape_bits(const char *pattern);

/* For struct token_kind: `shapes` ends with a form NULL, the default first. */
int shape_mint(const struct shape *shapes, const struct mint_request *request, struct minted *minted,
               struct error *error);
/* Its second half alone, where the identity is not of that sort. */
int shape_secret(const struct shape *shapes, const struct mint_request *request, struct minted *minted,
                 struct error *error);
bool shape_valid(const struct shape *shapes, const char *form, struct slice secret);
/* Fills the identity: the operator's choice, a draw of the pattern, or (NULL) an account's name. */
int shape_identity(const char *pattern, const struct mint_request *request, struct minted *minted, struct error *error);

/* For .seal: the CRC-32 of what is behind a prefix of four, in six digits of base 62, as GitHub and npm do. */
int shape_seal_crc62(struct buffer *secret);

/* A kind whose forms are all shapes. */
#define SHAPED(symbol, name_, bound_, ...)                                                                             \
    static const char *const symbol##_forms[] = {__VA_ARGS__, NULL};                                                   \
    static int symbol##_mint(const struct mint_request *request, struct minted *minted, struct error *error)           \
    {                                                                                                                  \
        return shape_mint(symbol##_shapes, request, minted, error);                                                    \
    }                                                                                                                  \
    static bool symbol##_valid(const char *form, struct slice secret)                                                  \
    {                                                                                                                  \
        return shape_valid(symbol##_shapes, form, secret);                                                             \
    }                                                                                                                  \
    const struct token_kind kind_##symbol = {.name = name_,                                                            \
                                             .bound = bound_,                                                          \
                                             .forms = symbol##_forms,                                                  \
                                             .mint = symbol##_mint,                                                    \
                                             .valid = symbol##_valid}

#endif
