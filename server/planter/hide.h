/* SPDX-License-Identifier: ISC
 *
 * Servers may repeat what they were sent, also in what they say of a failure: no secret of the account is told on. */
#ifndef PLANTER_HIDE_H
#define PLANTER_HIDE_H

#include "server/planter/credentials.h"

/* Puts '*' over the account's password, token and secret, and the access token that was given out for it, in a text: as
 * they are, in base64 within other text, and with %XX; also where they are cut off. */
void hide_secrets(const struct credentials *credentials, char *text);

#endif
