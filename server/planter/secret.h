/* SPDX-License-Identifier: ISC
 *
 * Texts that hold secrets: they are wiped before they are freed. */
#ifndef PLANTER_SECRET_H
#define PLANTER_SECRET_H

#include "server/base/buffer.h"

/* In base64, of sodium's variants. NULL without memory; secret_free() it. */
char *secret_base64(struct slice data, int variant);
/* Takes NULL. */
void secret_free(char *text);

#endif
