/* SPDX-License-Identifier: ISC
 *
 * draw_kinds COUNT SECONDS [KIND[:FORM]…]: so many tokens of every form of every kind, or of these, as JSON Lines, for those
 * who read them independently. Forms that are slow (keys) give fewer: what so many seconds make. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "server/base/json.h"
#include "tests/tokens/draws.h"
#include "tests/tokens/key_pairs.h"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* As the minter draws: ahead. */
static unsigned char pool[4096];
static size_t left;

static void chance(void *context, void *out, size_t length)
{
    (void)context;
    if (left < length) {
        randombytes_buf(pool, sizeof pool);
        left = sizeof pool;
    }
    left -= length;
    memcpy(out, pool + left, length);
}

/* The RSA key that was drawn for the token: nothing but its maker's word says whose a signature is. */
static void print_modulus(const struct key_pairs *pairs, struct buffer *line)
{
    char *text = BN_is_zero(pairs->modulus) ? NULL : BN_bn2hex(pairs->modulus);

    if (text != NULL)
        json_member_text(line, "modulus", text);
    OPENSSL_free(text);
}

static int print_one(const char *kind, const char *form, const struct minted *minted, const struct key_pairs *pairs,
                     struct buffer *line)
{
    struct reader reader = reader_of(buffer_slice(&minted->facts));
    struct token_fact fact;
    char name[64];

    buffer_clear(line);
    buffer_add_char(line, '{');
    json_member_text(line, "kind", kind);
    json_member_text(line, "form", form);
    json_member(line, "identity", buffer_slice(&minted->identity));
    json_member(line, "secret", buffer_slice(&minted->secret));
    json_member_number(line, "bits", minted->secret_bits);
    print_modulus(pairs, line);
    json_member_open(line, "facts");
    buffer_add_char(line, '{');
    while (fact_next(&reader, &fact)) {
        snprintf(name, sizeof name, "%.*s", (int)fact.name.length, (const char *)fact.name.data);
        json_member(line, name, fact.value);
    }
    buffer_add_text(line, "}}\n");
    return line->failed || fwrite(line->data, 1, line->length, stdout) != line->length ? -1 : 0;
}

/* How many of each form, and for how long. */
struct amount {
    long count;
    double seconds;
};

static int print_form(const struct token_kind *kind, const char *form, const struct amount *amount,
                      struct key_pairs *pairs)
{
    const struct key_supply keys = {key_pairs_next, pairs};
    const struct draw draw = {chance, NULL};
    struct mint_request request = draws_request(&draw, form);
    struct minted minted;
    struct buffer line;
    struct error error;
    double end = now() + amount->seconds;
    int rc = 0;

    request.keys = &keys;
    key_pairs_again(pairs);
    draws_init(&minted);
    buffer_init(&line, 1 << 20);
    for (long i = 0; rc == 0 && i < amount->count && (i == 0 || now() < end); i++) {
        buffer_clear(&minted.identity);
        buffer_clear(&minted.secret);
        buffer_clear(&minted.facts);
        rc = kind->mint(&request, &minted, &error);
        if (rc != 0)
            fprintf(stderr, "%s %s: %s\n", kind->name, form, error.text);
        else
            rc = print_one(kind->name, form, &minted, pairs, &line);
    }
    draws_free(&minted);
    buffer_free(&line);
    return rc;
}

static bool is_wanted(const char *kind, const char *form, char *const *wanted)
{
    bool found = *wanted == NULL;
    char both[128];

    snprintf(both, sizeof both, "%s:%s", kind, form);
    for (; !found && *wanted != NULL; wanted++)
        found = strcmp(kind, *wanted) == 0 || strcmp(both, *wanted) == 0;
    return found;
}

int main(int argc, char **argv)
{
    const struct token_kind *kind;
    struct amount amount;
    struct key_pairs pairs;
    int rc = 0;

    if (argc < 3 || sodium_init() < 0 || key_pairs_begin(&pairs) != 0)
        return 2;
    amount = (struct amount){strtol(argv[1], NULL, 10), strtod(argv[2], NULL)};
    for (size_t i = 0; rc == 0 && (kind = kind_at(i)) != NULL; i++)
        for (const char *const *form = kind->forms; rc == 0 && *form != NULL; form++)
            if (is_wanted(kind->name, *form, argv + 3))
                rc = print_form(kind, *form, &amount, &pairs);
    key_pairs_end(&pairs);
    return rc == 0 ? 0 : 1;
}
