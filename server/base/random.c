/* SPDX-License-Identifier: ISC */
#include "server/base/random.h"

#include <sodium.h>
#include <string.h>
#include <sys/random.h>

#define POOL 4096

/* libsodium hands its implementation no context, so this cannot live anywhere else. */
static struct {
    unsigned char bytes[POOL];
    size_t left;
} pool;

static const char *name(void)
{
    return "pooled";
}

static void stir(void)
{
    randombytes_sysrandom_implementation.stir();
}

/* libsodium asks for 256 bytes at a time. It knows what to do where the kernel gives none. */
static void fill(unsigned char *to, size_t wanted)
{
    while (wanted > 0) {
        ssize_t got = getrandom(to, wanted, 0);

        if (got <= 0) {
            randombytes_sysrandom_implementation.buf(to, wanted);
            got = (ssize_t)wanted;
        }
        to += got;
        wanted -= (size_t)got;
    }
}

static void draw(void *const out, const size_t size)
{
    unsigned char *to = out;
    size_t wanted = size, piece;

    while (wanted > 0) {
        if (pool.left == 0) {
            fill(pool.bytes, POOL);
            pool.left = POOL;
        }
        piece = wanted < pool.left ? wanted : pool.left;
        pool.left -= piece;
        wanted -= piece;
        memcpy(to + wanted, pool.bytes + pool.left, piece);
        sodium_memzero(pool.bytes + pool.left, piece);
    }
}

static uint32_t draw_number(void)
{
    uint32_t number;

    draw(&number, sizeof number);
    return number;
}

static int forget(void)
{
    sodium_memzero(&pool, sizeof pool);
    return randombytes_sysrandom_implementation.close();
}

void random_pooled(void)
{
    static randombytes_implementation pooled = {name, draw_number, stir, NULL, draw, forget};

    randombytes_set_implementation(&pooled);
}
