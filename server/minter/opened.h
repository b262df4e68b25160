/* SPDX-License-Identifier: ISC
 *
 * What a file says to whoever opens it: documents of Word and Excel, PDFs as simple as ours, calendar entries, archives
 * of all these, and texts. The file may be anybody's. */
#ifndef MINTER_OPENED_H
#define MINTER_OPENED_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

#define OPENED_TEXT (64 * 1024)
#define OPENED_NAME 256
#define OPENED_MEMBERS 64 /* of archives, in all */
#define OPENED_DEPTH 3    /* archives within each other */

struct opened {
    struct buffer text;           /* UTF-8 where the file is right; what does not fit is left out */
    char author[OPENED_NAME];     /* who made or saved it; "" where it does not say */
    int64_t saved;                /* seconds; 0 where it does not say */
    bool local;                   /* `saved` is the wall clock of who made it, as if it were UTC */
    bool document;                /* text is for people: no file of a program */
    unsigned members;             /* that were looked at */
};

/* Whatever the bytes are. opened_free() it. */
void opened_read(struct slice file, struct opened *opened);
void opened_free(struct opened *opened);

#endif
