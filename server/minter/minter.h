/* SPDX-License-Identifier: ISC
 *
 * The minter's heart: what was read at start, and where chance and time come from. job.h works with it. */
#ifndef MINTER_MINTER_H
#define MINTER_MINTER_H

#include <stdint.h>
#include "server/base/error.h"
#include "server/minter/catalogue.h"
#include "tokens/kind.h"

struct directory_words;
struct supply;
struct faces;

/* Random bytes drawn ahead, since a system call for every letter would cost more than the rest of minting; each is
 * wiped as it is used. */
struct pool {
    unsigned char bytes[1024];
    size_t left;
};

#define MINTER_CIRCLES 6 /* lists of asides, each of some lures */

struct minter {
    struct key_supply keys;
    struct supply *supply; /* behind `keys` (supply.h); supply_start() makes it keep a stock */
    const struct draw *draw;
    struct draw own; /* of the pool */
    struct pool pool;
    int64_t (*now)(void); /* seconds since 1970 */
    struct catalogue *catalogue;
    struct faces *faces;
    struct directory_words *directory;
    uint64_t *turns; /* of each lure of the catalogue the last one (lure.c), and of each list of asides (hand.c); 0: none yet */
};

/* libsodium's randomness. */
extern const struct draw minter_draw;
int64_t minter_now(void);

/* Reads all templates below `data`; no file is opened afterwards. draw: NULL for the minter's pool, or a test's own.
 * The minter must not be moved. */
int minter_open(struct minter *minter, const char *data, const struct draw *draw, int64_t (*now)(void),
                struct error *error);
void minter_close(struct minter *minter);
/* Shuts the process's cage for good: no file is opened by name, no socket made, nothing started from here on. What
 * OpenSSL and the C library load when first used is loaded before. */
int minter_shut(struct error *error);

#endif
