/* SPDX-License-Identifier: ISC
 *
 * Elasticsearch. `api-key`: an id of 20 characters and a key of 22; clients send both as base64 of "id:key", which is
 * recognised as well. The id is the server's own of a document, 15 bytes in base64url that hold its time:
 *
 *   3 bytes of a counter and 6 of a node, each drawn at the server's start; 6 of milliseconds, mixed among them
 *
 * the key 16 bytes that are a random UUID (RFC 4122). `basic`: a user and a password as the server generates it. */
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>
#include "tokens/checksum.h"
#include "tokens/shape.h"

#define ID_BYTES 15
#define OLDEST (500 * 86400)
#define NEWEST (5 * 86400)

static const struct shape elastic_shapes[] = {
    {"api-key", "%8u%<QRST>%1u%<CGKOSWaeimquy26->%10u%<AQgw>", NULL, NULL, 0},
    {"basic", "%20w", NULL, NULL, 0},
    {NULL}};

static void draw_id(const struct mint_request *request, struct buffer *out)
{
    int64_t made = request->now - NEWEST - draw_below(request->draw, OLDEST);
    uint64_t time = (uint64_t)made * 1000 + draw_below(request->draw, 1000);
    unsigned char id[ID_BYTES];

    request->draw->bytes(request->draw->context, id, sizeof id);
    for (unsigned i = 0; i < 4; i++)
        id[2 + i] = (unsigned char)(time >> (16 + 8 * i));
    id[12] = (unsigned char)(time >> 8);
    id[14] = (unsigned char)time;
    checksum_base64url(out, (struct slice){id, sizeof id});
}

static int key_identity(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->identity;

    if (request->identity != NULL)
        return shape_identity(NULL, request, minted, error);
    do {
        buffer_clear(out);
        draw_id(request, out);
    } while (!out->failed && kind_filtered(buffer_slice(out)));
    minted->identity_bits = 72;
    minted->distinctive = true;
    return out->failed ? error_set(error, "no room for the key's id") : 0;
}

static int add_encoded(struct minted *minted, struct error *error)
{
    unsigned char text[512];
    struct buffer plain;
    int rc = 0;

    buffer_init(&plain, sizeof text / 4 * 3 - 3);
    buffer_add_slice(&plain, buffer_slice(&minted->identity));
    buffer_add_char(&plain, ':');
    buffer_add_slice(&plain, buffer_slice(&minted->secret));
    if (plain.failed)
        rc = error_usage(error, "the identity is too long for an API key");
    else if (EVP_EncodeBlock(text, plain.data, (int)plain.length) < 0 ||
             fact_add(&minted->facts, FACT_SECRET, "encoded", slice_of((const char *)text)) != 0)
        rc = error_set(error, "no room for the key");
    sodium_memzero(text, sizeof text);
    buffer_free(&plain);
    return rc;
}

static int elastic_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    if (strcmp(request->form, "api-key") != 0)
        return shape_mint(elastic_shapes, request, minted, error);
    if (key_identity(request, minted, error) != 0 || shape_secret(elastic_shapes, request, minted, error) != 0)
        return -1;
    return add_encoded(minted, error);
}

static bool elastic_valid(const char *form, struct slice secret)
{
    return shape_valid(elastic_shapes, form, secret);
}

static const char *const elastic_forms[] = {"api-key", "basic", NULL};

const struct token_kind kind_elastic = {
    .name = "elastic",
    .bound = true,
    .forms = elastic_forms,
    .mint = elastic_mint,
    .valid = elastic_valid,
};
