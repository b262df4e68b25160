/* SPDX-License-Identifier: ISC
 *
 * PyPI's macaroons: "pypi-" and base64url of libmacaroons' second format: version, location, identifier (a UUID), caveats
 * and a signature, which only the index could check and so is drawn. The caveat binds a user: [3,"UUID"]. The form says
 * the location: `pypi.org`, what scanners look for, or `own`, an index of its own name. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tokens/checksum.h"
#include "tokens/shape.h"

#define PLAIN_MOST 512
#define UUID_LENGTH 36
#define CAVEAT_LENGTH (UUID_LENGTH + 6)

static void add_field(struct buffer *out, uint8_t type, struct slice value)
{
    buffer_add_u8(out, type);
    buffer_add_u8(out, (uint8_t)value.length);
    buffer_add_slice(out, value);
}

static int draw_macaroon(const struct mint_request *request, struct buffer *plain)
{
    const char *location = strcmp(request->form, "own") == 0 ? request->door->host : "pypi.org";
    unsigned char signature[32];
    struct buffer identifier, caveat;

    if (strlen(location) > 120)
        return -1;
    buffer_init(&identifier, UUID_LENGTH);
    buffer_init(&caveat, CAVEAT_LENGTH);
    shape_draw(SHAPE_UUID, request->draw, &identifier);
    shape_draw("[3,\"" SHAPE_UUID "\"]", request->draw, &caveat);
    request->draw->bytes(request->draw->context, signature, sizeof signature);
    buffer_add_u8(plain, 2);
    add_field(plain, 1, slice_of(location));
    add_field(plain, 2, buffer_slice(&identifier));
    buffer_add_u8(plain, 0);
    add_field(plain, 2, buffer_slice(&caveat));
    buffer_add_u8(plain, 0);
    buffer_add_u8(plain, 0);
    add_field(plain, 6, (struct slice){signature, sizeof signature});
    sodium_memzero(signature, sizeof signature);
    buffer_free(&identifier);
    buffer_free(&caveat);
    return plain->failed ? -1 : 0;
}

static int pypi_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret, plain;
    int rc = 0, tries = 0;

    /* pip and twine send this name with every token. */
    if (request->identity == NULL) {
        buffer_add_text(&minted->identity, "__token__");
        minted->identity_bits = 0;
        minted->distinctive = false;
    } else if (shape_identity(NULL, request, minted, error) != 0) {
        return -1;
    }
    minted->secret_bits = 499;
    buffer_init(&plain, PLAIN_MOST);
    do {
        buffer_clear(out);
        buffer_clear(&plain);
        rc = draw_macaroon(request, &plain);
        buffer_add_text(out, "pypi-");
        checksum_base64url(out, buffer_slice(&plain));
    } while (rc == 0 && !out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR) && ++tries < KIND_TRIES);
    buffer_free(&plain);
    return rc != 0 || out->failed ? error_usage(error, "the host's name is too long for a token that holds it") : 0;
}

/* The field's value; data NULL where another stands there. */
static struct slice field(struct reader *reader, uint8_t type)
{
    return reader_u8(reader) == type ? reader_raw(reader, reader_u8(reader)) : SLICE_NONE;
}

static bool macaroon_valid(struct slice plain)
{
    struct reader reader = reader_of(plain);
    bool valid = reader_u8(&reader) == 2 && field(&reader, 1).length > 0 && shape_fits(SHAPE_UUID, field(&reader, 2)) &&
                 reader_u8(&reader) == 0 && shape_fits("[3,\"" SHAPE_UUID "\"]", field(&reader, 2)) &&
                 reader_u8(&reader) == 0 && reader_u8(&reader) == 0 && field(&reader, 6).length == 32;

    return valid && reader_end(&reader) == 0;
}

static bool pypi_valid(const char *form, struct slice secret)
{
    struct buffer plain;
    bool valid;

    (void)form;
    if (secret.length < 8 || memcmp(secret.data, "pypi-", 5) != 0)
        return false;
    buffer_init(&plain, PLAIN_MOST);
    valid = checksum_base64url_decode(&plain, (struct slice){secret.data + 5, secret.length - 5}) == 0 &&
            macaroon_valid(buffer_slice(&plain));
    buffer_free(&plain);
    return valid;
}

static const char *const pypi_forms[] = {"pypi.org", "own", NULL};

const struct token_kind kind_pypi = {
    .name = "pypi",
    .forms = pypi_forms,
    .mint = pypi_mint,
    .valid = pypi_valid,
};
