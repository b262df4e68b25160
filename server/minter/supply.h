/* SPDX-License-Identifier: ISC
 *
 * Private keys for kinds: the body of struct key_supply. An RSA key takes a good part of a second; so from the first one
 * on that is asked for, a thread of low priority keeps some of each size that was asked for ready. */
#ifndef MINTER_SUPPLY_H
#define MINTER_SUPPLY_H

#include <stddef.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define SUPPLY_STOCK 16 /* keys of each size */

struct supply;

/* NULL without memory. Without supply_start() each key is made when it is asked for. */
struct supply *supply_new(void);
/* Starts the thread, which first shuts its own cage by `shut` (a cage is a thread's); NULL: none. Returns when that has
 * happened. -1: it did not, and there is no thread. */
int supply_start(struct supply *supply, int (*shut)(struct error *error), struct error *error);
/* Ends the thread, in the middle of a key too, and wipes. Takes NULL. */
void supply_free(struct supply *supply);
/* For struct key_supply; context: the supply. */
int supply_rsa(void *context, unsigned bits, struct buffer *der, struct error *error);
/* How many keys of that size are ready. */
size_t supply_ready(struct supply *supply, unsigned bits);

#endif
