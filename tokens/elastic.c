/* SPDX-License-Identifier: ISC
 *
 * Elasticsearch. `api-key`: an id of 20 and a key of 22 characters; clients send both as base64 of "id:key", which is
 * recognised as well. `basic`: a user and a password as the server generates it. */
#include <openssl/evp.h>
#include <string.h>
#include "tokens/shape.h"

static const struct shape elastic_shapes[] = {
    {"api-key", "%22u", "%20u", NULL, 0}, {"basic", "%20w", NULL, NULL, 0}, {NULL}};

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
        rc = error_set(error, "the identity is too long for an API key");
    else if (EVP_EncodeBlock(text, plain.data, (int)plain.length) < 0 ||
             fact_add(&minted->facts, FACT_SECRET, "encoded", slice_of((const char *)text)) != 0)
        rc = error_set(error, "no room for the key");
    buffer_free(&plain);
    return rc;
}

static int elastic_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    if (shape_mint(elastic_shapes, request, minted, error) != 0)
        return -1;
    return strcmp(request->form, "api-key") == 0 ? add_encoded(minted, error) : 0;
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
