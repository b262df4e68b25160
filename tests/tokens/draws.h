/* SPDX-License-Identifier: ISC
 *
 * Draws for tests: a counter's stream, the same in every run. */
#ifndef TESTS_TOKENS_DRAWS_H
#define TESTS_TOKENS_DRAWS_H

#include <sodium.h>
#include <string.h>
#include "tokens/kind.h"

struct counter {
    uint64_t count;
};

static inline void counter_bytes(void *context, void *out, size_t length)
{
    struct counter *counter = context;
    unsigned char seed[randombytes_SEEDBYTES] = {0};

    memcpy(seed, &counter->count, sizeof counter->count);
    counter->count++;
    randombytes_buf_deterministic(out, length, seed);
}

static const struct person draws_people[16] = {
    {"Ada", "Quill", "aquill"}, {"Ben", "Roth", "broth"},    {"Cleo", "Sand", "csand"},  {"Dov", "Tern", "dtern"},
    {"Eve", "Umber", "eumber"}, {"Finn", "Vane", "fvane"},   {"Gwen", "Wick", "gwick"},  {"Hal", "Yew", "hyew"},
    {"Ines", "Zorn", "izorn"},  {"Jon", "Abbot", "jabbot"},  {"Kim", "Birch", "kbirch"}, {"Leo", "Cole", "lcole"},
    {"Mia", "Drake", "mdrake"}, {"Nils", "Ekman", "nekman"}, {"Olga", "Fink", "ofink"},  {"Pia", "Grant", "pgrant"},
};

static const struct door draws_door = {"git", "http", "gitlab", "git.quill.internal", "https://git.quill.internal", 443,
                                       true};

static inline struct mint_request draws_request(const struct draw *draw, const char *form)
{
    return (struct mint_request){.form = form,
                                 .language = "en",
                                 .organisation = "Quill Rail",
                                 .domain = "quill.internal",
                                 .people = draws_people,
                                 .people_count = 16,
                                 .draw = draw,
                                 .now = 1790000000,
                                 .door = &draws_door};
}

static inline void draws_init(struct minted *minted)
{
    buffer_init(&minted->identity, 512);
    buffer_init(&minted->secret, 8192);
    buffer_init(&minted->facts, FACTS_BYTES);
}

static inline void draws_free(struct minted *minted)
{
    buffer_free(&minted->identity);
    buffer_free(&minted->secret);
    buffer_free(&minted->facts);
}

#endif
