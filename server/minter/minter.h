/* SPDX-License-Identifier: ISC
 *
 * The minter's heart: what was read at start, and where chance and time come from. job.h works with it. */
#ifndef MINTER_MINTER_H
#define MINTER_MINTER_H

#include <stdint.h>
#include "server/base/error.h"
#include "server/minter/catalogue.h"
#include "tokens/kind.h"

struct faces;

struct minter {
    const struct draw *draw;
    int64_t (*now)(void); /* seconds since 1970 */
    struct catalogue *catalogue;
    struct faces *faces;
};

/* libsodium's randomness. */
extern const struct draw minter_draw;
int64_t minter_now(void);

/* Reads all templates below `data`; no file is opened afterwards. draw and now: the two above, or a test's own. */
int minter_open(struct minter *minter, const char *data, const struct draw *draw, int64_t (*now)(void),
                struct error *error);
void minter_close(struct minter *minter);

#endif
