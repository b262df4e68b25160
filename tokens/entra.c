/* SPDX-License-Identifier: ISC
 *
 * Client id and client secret in the form of Microsoft Entra, for an authority on our host. The secret: three of base 62,
 * "8Q~", 31 of A-Za-z0-9.-_~, and the first three of six digits, in an alphabet of 66, of the Marvin32 of what is before
 * them. The tenant's id is a fact. */
#include <string.h>
#include "tokens/checksum.h"
#include "tokens/shape.h"

#define SEED 0x4161645077643030ull /* "AadPwd00" */
#define DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~"
#define BODY "%3w8Q~%31t"
#define CHECK 3

static int seal_entra(struct buffer *secret)
{
    uint32_t checksum = checksum_marvin32(buffer_slice(secret), SEED);
    struct buffer digits;
    int rc;

    buffer_init(&digits, 16);
    checksum_number(&digits, DIGITS, checksum, 6);
    rc = buffer_add(secret, digits.data, CHECK);
    buffer_free(&digits);
    return rc;
}

static const struct shape entra_like_shapes[] = {
    {"client-secret", BODY, SHAPE_UUID, seal_entra, CHECK}, {NULL}};

static int entra_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer tenant;
    int rc;

    buffer_init(&tenant, 64);
    rc = shape_mint(entra_like_shapes, request, minted, error);
    if (rc == 0 && (shape_draw(SHAPE_UUID, request->draw, &tenant) != 0 ||
                    fact_add(&minted->facts, FACT_IDENTITY, "tenant", buffer_slice(&tenant)) != 0))
        rc = error_set(error, "no room for the tenant");
    buffer_free(&tenant);
    return rc;
}

static bool entra_valid(const char *form, struct slice secret)
{
    return shape_valid(entra_like_shapes, form, secret);
}

static const char *const entra_forms[] = {"client-secret", NULL};

const struct token_kind kind_entra_like = {
    .name = "entra-like",
    .forms = entra_forms,
    .mint = entra_mint,
    .valid = entra_valid,
};
