/* SPDX-License-Identifier: ISC
 *
 * The public half of a login: account names of people and services. */
#ifndef TOKENS_IDENTITY_H
#define TOKENS_IDENTITY_H

#include "tokens/kind.h"

#define IDENTITY_MAXIMUM 255 /* bytes of an identity that the operator chose */
#define IDENTITY_BITS 20     /* least that a drawn one is worth */

/* The operator's choice if there is one, else a draw that is in no common list and worth IDENTITY_BITS. Fills
 * identity, identity_bits (0 for a chosen one) and distinctive. -1 for a choice that a login cannot carry. */
int identity_mint(const struct mint_request *request, struct minted *minted, struct error *error);
/* One like those of request->style, as distinctive, and none of them. -1: the sample cannot be imitated. */
int identity_like(const struct mint_request *request, struct minted *minted, struct error *error);
/* Is it a name that people who guess would try: admin, postgres, john.smith, anna2? A domain before `\` or behind
 * `@`, up to four digits at the end, and case do not count. So are texts under five characters. Three such words in
 * a row (app-audit-web) are guessed by nobody. */
bool identity_common(struct slice identity);

#endif
