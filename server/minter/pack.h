/* SPDX-License-Identifier: ISC
 *
 * Artifacts that are no text: what makes a file of a rendered template. */
#ifndef MINTER_PACK_H
#define MINTER_PACK_H

#include "server/base/buffer.h"
#include "server/base/error.h"

struct packer {
    const char *name; /* pack: NAME, beside an artifact */
    int (*pack)(struct slice text, struct buffer *out, struct error *error);
};

/* NULL for an unknown one. */
const struct packer *packer_find(const char *name);

#endif
