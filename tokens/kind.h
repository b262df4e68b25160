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
#include "server/base/facts.h"

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

/* Where the secret is to be used. Texts are never NULL. */
struct door {
    const char *decoy;         /* its name; "" where nothing of ours listens for such a secret yet */
    const char *service, *site;
    const char *host, *url;    /* url: scheme://host, :port where it is not the usual one, without a slash behind */
    uint16_t port;
    bool tls;
};

/* What an operator sets for one command: mint --account N is {"account", "N"}. */
struct setting {
    const char *name, *value;
};

/* The rules that the house has for its people's passwords; zeros where it has none. */
enum password_class { PASSWORD_UPPER = 1, PASSWORD_LOWER = 2, PASSWORD_DIGIT = 4, PASSWORD_SIGN = 8 };

struct password_policy {
    uint16_t least, most; /* characters; most is 12 or more, so that all classes fit */
    uint8_t classes;      /* of which each password has one at least */
};

/* Fresh private keys. RSA ones come from a pool that is filled in the background, or are made at once while it is
 * empty. Adds the DER of a PKCS #8 PrivateKeyInfo; the caller wipes it. bits: 2048, 3072 or 4096. */
struct key_supply {
    int (*rsa)(void *context, unsigned bits, struct buffer *der, struct error *error);
    void *context;
};

struct mint_request {
    const char *form;     /* one of the kind's */
    const char *identity; /* the operator's choice, or NULL */
    const char *style;    /* the operator's sample of names that a drawn one is like, a line each; or NULL */
    const char *language; /* "en", "fr" */
    const char *organisation, *domain;
    const struct person *people; /* of the persona; may be none */
    size_t people_count;
    const struct draw *draw;
    uint64_t seed; /* the installation's: for what all its tokens share and no other installation has */
    int64_t now;   /* seconds since 1970 */
    const struct door *door;
    struct password_policy passwords;
    const struct setting *settings; /* only such as the kind names */
    size_t setting_count;
    const struct key_supply *keys;
};

/* The operator's setting, or NULL. */
const char *mint_setting(const struct mint_request *request, const char *name);

/* Buffers are initialised, and cleared, by the caller. identity, secret and each fact are UTF-8 text without NUL, at
 * most 8 KiB; the secret is what is presented, to the last byte, but in
 * PEM: a private key is never sent, its proofs show it. */
struct minted {
    struct buffer identity;
    struct buffer secret;
    struct buffer facts; /* fact_add(): what else is recognised, and what templates name as {{fact.NAME}} */
    uint16_t secret_bits, identity_bits;
    bool distinctive;
};

struct token_kind {
    const char *name;
    bool bound; /* the secret is good with its identity only */
    const char *const *forms;    /* NULL-ended, the default first */
    const char *const *settings; /* NULL-ended names of those it knows; NULL: none */
    /* Draws one token. Never a word that secret scanners filter (kind_filtered()); re-draws instead. -1 also for an
     * identity or a setting that cannot be, with a text that says what can. */
    int (*mint)(const struct mint_request *request, struct minted *minted, struct error *error);
    /* Is this text well formed as a secret of the kind (checksums too)? Used by tests and `recognise`. */
    bool (*valid)(const char *form, struct slice secret);
};

#define KIND(symbol, name, summary, forms, opens, bound, proofs) extern const struct token_kind kind_##symbol;
#include "server/wire/tables/kinds.def"
#undef KIND

const struct token_kind *kind_find(const char *name);
const struct token_kind *kind_at(size_t index); /* NULL behind the last */
/* Draws of a secret that holds texts not drawn (a host, an identity): they may be what is filtered, and then the last is
 * taken as it is. */
#define KIND_TRIES 64
/* Does the text hold a word that scanners drop, or a run that looks made up? */
bool kind_filtered(struct slice text);
/* As above, but for words within the first `fixed` bytes: what its maker begins all such secrets with is not ours to
 * choose, and scanners drop the real ones for it as they drop ours. */
bool kind_filtered_behind(struct slice text, size_t fixed);
/* Shannon's entropy of the text's characters, in hundredths of a bit, rounded down. */
unsigned kind_entropy(struct slice text);
/* Would scanners pass over such a secret, for a word, or as its entropy is not above the floor that their rule for it asks
 * for? No text is asked for more than its length can have, but half a bit. KIND_FLOOR is that of gitleaks' generic-api-key,
 * which knows what no other rule does, and takes letters alone for a name. */
#define KIND_FLOOR 350
bool kind_skipped(struct slice secret, unsigned floor);
bool kind_skipped_behind(struct slice secret, size_t fixed, unsigned floor);

#endif
