/* SPDX-License-Identifier: ISC
 *
 * What belongs to a token beside its identity and its secret, as a packed list: names, texts, and how each text is
 * recognised when somebody presents it. Texts are UTF-8; bytes go in as base64. */
#ifndef BASE_FACTS_H
#define BASE_FACTS_H

#include "server/base/buffer.h"

#define FACTS_BYTES 24576 /* of a whole list */
#define FACT_NAME 32      /* bytes of a name: lower-case letters, digits and _ */

/* The numbers stand in ledgers (secret_index.part) and never change. */
enum fact_role {
    FACT_PLAIN = 0,    /* not recognised: for templates and proofs only */
    FACT_IDENTITY = 1, /* as the identity is: a client id, an issuer's path */
    FACT_SECRET = 2,   /* as the secret is: a second form of it, the other half that works alone */
    FACT_PUBLIC = 4,   /* the public half of a key pair: grade key-offered */
    FACT_ADDRESS = 5,  /* part of an address that is fetched and nothing more: grade beacon */
};

struct token_fact {
    enum fact_role role;
    struct slice name, value;
};

/* Appends one. 0, or -1 when the list is full. */
int fact_add(struct buffer *facts, enum fact_role role, const char *name, struct slice value);
/* The next one of a reader over a list; false at the end, and where the list is damaged (reader_end() tells). */
bool fact_next(struct reader *reader, struct token_fact *fact);
/* The value of the first fact with that name; data NULL without one. */
struct slice fact_value(struct slice facts, const char *name);

#endif
