/* SPDX-License-Identifier: ISC
 *
 * Passwords as people choose them, for the kinds that hold one. */
#ifndef TOKENS_PASSWORD_H
#define TOKENS_PASSWORD_H

#include "tokens/kind.h"

#define PASSWORD_MOST 64 /* characters */

/* Adds one of form `human` (password.c), by the house's rules if it has some, which kind_filtered() may drop. Returns its
 * guessing entropy in bits. */
uint16_t password_human_draw(const struct mint_request *request, struct buffer *out);
/* Adds one as people choose for an archive or a store: a word, a number, a sign. It has some 20 bits, so whoever has the
 * file finds it; it is no token's secret. */
void password_light(const struct draw *draw, const char *language, struct buffer *out);
/* The same in the style that is called as the request's form: season, keyboard, company; of another form: in any. All
 * have letters of both cases, digits and signs. */
uint16_t password_style_draw(const struct mint_request *request, struct buffer *out);
/* Could one of them have drawn it? */
bool password_human_valid(struct slice secret);

#endif
