/* SPDX-License-Identifier: ISC
 *
 * A file that a mail brings. */
#ifndef MINTER_ATTACHMENT_H
#define MINTER_ATTACHMENT_H

#include "server/minter/container.h"
#include "server/minter/lure.h"

struct attachment {
    char name[CONTAINER_NAME];
    const char *type;
    struct buffer data;
};

/* Made by `author` some minutes before `sent`. -1 also where it should hold identity and secret, and does not. `made`
 * is filled whatever happens; attachment_free() it. */
int attachment_make(const struct lure_work *work, const struct lure_attachment *source, const json_t *author,
                    int64_t sent, struct attachment *made, struct error *error);
void attachment_free(struct attachment *attachment);

#endif
