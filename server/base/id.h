/* SPDX-License-Identifier: ISC
 *
 * Ids: 16 bytes; as text a type letter, '-', and 26 lower-case base32 characters (RFC 4648 alphabet, unpadded).
 * Letters: t token, p placement, o observation, s sighting, a alert, i incident, d delivery, c actor, x operation. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdint.h>
#include "server/base/buffer.h"

#define ID_BYTES 16
#define ID_TEXT 29 /* with the NUL */

struct id {
    unsigned char bytes[ID_BYTES];
};

struct id id_random(void);
/* The first 6 bytes are milliseconds since 1970, the rest random: ids made later sort later. */
struct id id_ordered(int64_t time_us);
const char *id_text(struct id id, char letter, char text[ID_TEXT]);
/* 0, or -1 when the text is not an id with that letter. */
int id_parse(const char *text, char letter, struct id *id);

#endif
