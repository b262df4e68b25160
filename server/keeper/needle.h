/* SPDX-License-Identifier: ISC
 *
 * What is looked for of a secret in files (`sundew recognise`): its needle, the forms of that, and their windows
 * (server/wire/window.h). */
#ifndef KEEPER_NEEDLE_H
#define KEEPER_NEEDLE_H

#include "server/base/buffer.h"
#include "server/wire/window.h"

#define NEEDLE_LONGEST 256

/* The secret without white space around it; of several lines the middle one of the longest; of a long line the last
 * NEEDLE_LONGEST bytes. Points into the secret. */
struct slice needle_of(struct slice secret);
/* Writes a form, and returns its length; 0 where the needle has no such form, or it is the same as another. */
size_t needle_form(struct slice needle, enum window_form form, unsigned char out[WINDOW_LONGEST]);
/* Adds the windows of one form to WINDOWS (at most 8); none where it is too short. */
void needle_windows(const struct window_keys *keys, uint32_t token, enum window_form form, struct slice bytes,
                    struct buffer *buffer);

#endif
