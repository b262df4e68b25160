/* SPDX-License-Identifier: ISC
 *
 * Mails of several parts (RFC 2046): the same text as HTML, and what is attached, as each program writes them. */
#ifndef MINTER_PARTS_H
#define MINTER_PARTS_H

#include "server/minter/letter.h"

#define PARTS_BOUNDARY 72

struct parts {
    const struct letter *letter;
    bool rich;                                  /* the text stands in HTML too */
    bool many;                                  /* without it the text is the body */
    char mixed[PARTS_BOUNDARY], either[PARTS_BOUNDARY];
};

void parts_open(const struct letter *letter, struct parts *parts);
/* The message's own Content-Type, where it has many parts. */
void parts_type(const struct parts *parts, struct buffer *out);
/* What follows the head. */
int parts_add(const struct parts *parts, struct buffer *out);

#endif
