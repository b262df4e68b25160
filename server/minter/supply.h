/* SPDX-License-Identifier: ISC
 *
 * Private keys for kinds: the body of struct key_supply. */
#ifndef MINTER_SUPPLY_H
#define MINTER_SUPPLY_H

#include "server/base/buffer.h"
#include "server/base/error.h"

int supply_rsa(void *context, unsigned bits, struct buffer *der, struct error *error);

#endif
