/* SPDX-License-Identifier: ISC */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/cage.h"
#include "server/base/clock.h"
#include "server/minter/directory.h"
#include "server/minter/face.h"
#include "server/minter/minter.h"
#include "server/minter/supply.h"

static void sodium_bytes(void *context, void *out, size_t length)
{
    (void)context;
    randombytes_buf(out, length);
}

const struct draw minter_draw = {sodium_bytes, NULL};

static void pool_bytes(void *context, void *out, size_t length)
{
    struct pool *pool = context;

    if (length > sizeof pool->bytes) {
        randombytes_buf(out, length);
        return;
    }
    if (pool->left < length) {
        randombytes_buf(pool->bytes, sizeof pool->bytes);
        pool->left = sizeof pool->bytes;
    }
    pool->left -= length;
    memcpy(out, pool->bytes + pool->left, length);
    sodium_memzero(pool->bytes + pool->left, length);
}

int64_t minter_now(void)
{
    return clock_wall() / 1000000;
}

int minter_open(struct minter *minter, const char *data, const struct draw *draw, int64_t (*now)(void),
                struct error *error)
{
    *minter = (struct minter){.draw = draw == NULL ? &minter->own : draw, .now = now};
    minter->own = (struct draw){pool_bytes, &minter->pool};
    minter->supply = supply_new();
    if (minter->supply == NULL)
        return error_set(error, "out of memory");
    minter->keys = (struct key_supply){supply_rsa, minter->supply};
    if (catalogue_load(data, &minter->catalogue, error) != 0 || faces_load(data, &minter->faces, error) != 0 ||
        directory_load(data, &minter->directory, error) != 0) {
        minter_close(minter);
        return -1;
    }
    minter->turns = calloc(minter->catalogue->lure_count + MINTER_CIRCLES, sizeof *minter->turns);
    if (minter->turns == NULL) {
        minter_close(minter);
        return error_set(error, "out of memory");
    }
    return 0;
}

void minter_close(struct minter *minter)
{
    supply_free(minter->supply);
    catalogue_free(minter->catalogue);
    faces_free(minter->faces);
    directory_free(minter->directory);
    free(minter->turns);
    sodium_memzero(minter, sizeof *minter);
}

int minter_shut(struct error *error)
{
    const struct cage cage = {.role = "minter"};
    EVP_PKEY *key;

    tzset();
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    key = EVP_EC_gen("P-256");
    EVP_PKEY_free(key);
    return cage_shut(&cage, error);
}
