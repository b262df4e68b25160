/* SPDX-License-Identifier: ISC
 *
 * A kind of honeytoken: bytes in, bytes out. No I/O, no clock, no database; randomness by the caller's draw. One
 * file each, its struct at the end, one line in server/wire/tables/kinds.def; gitlab_token.c is the example. */
#ifndef TOKENS_KIND_H
#define TOKENS_KIND_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

/* Random bytes: libsodium's in the minter, a counter in tests. */
struct draw {
    void (*bytes)(void *context, void *out, size_t length);
    void *context;
};

/* Uniform below bound (bound > 0). */
uint32_t draw_below(const struct draw *draw, uint32_t bound);

struct person {
    const char *given, *family, *login; /* ASCII login */
};

struct mint_request {
    const char *form;     /* one of the kind's */
    const char *identity; /* the operator's choice, or NULL */
    const char *language; /* "en", "fr" */
    const char *organisation, *domain;
    const struct person *people; /* of the persona; may be none */
    size_t people_count;
    const struct draw *draw;
};

struct minted {
    struct buffer identity; /* text, initialised by the caller */
    struct buffer secret;
    uint16_t secret_bits, identity_bits;
    bool distinctive;
};

struct token_kind {
    const char *name;
    bool bound; /* the secret is good with its identity only */
    const char *const *forms; /* NULL-ended, the default first */
    /* Draws one token. Never a word that secret scanners filter (kind_filtered()); re-draws instead. */
    int (*mint)(const struct mint_request *request, struct minted *minted, struct error *error);
    /* Is this text well formed as a secret of the kind (checksums too)? Used by tests and `recognise`. */
    bool (*valid)(const char *form, struct slice secret);
};

#define KIND(symbol, name, summary, forms, seen, bound, proofs) extern const struct token_kind kind_##symbol;
#include "server/wire/tables/kinds.def"
#undef KIND

const struct token_kind *kind_find(const char *name);
const struct token_kind *kind_at(size_t index); /* NULL behind the last */
/* Does the text hold a word that scanners drop, or a run that looks made up? */
bool kind_filtered(struct slice text);

#endif
