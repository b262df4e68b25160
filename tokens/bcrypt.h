/* SPDX-License-Identifier: ISC
 *
 * The key derivation that OpenSSH's private keys are encrypted with, which no library of Debian exports: bcrypt as PBKDF2's
 * function (OpenBSD's bcrypt_pbkdf(3)), on Blowfish (Schneier 1993), whose tables are the digits of pi. */
#ifndef TOKENS_BCRYPT_H
#define TOKENS_BCRYPT_H

#include "server/base/buffer.h"

#define BCRYPT_KEY 1024 /* bytes at most */

/* Fills `key`, of 1 to BCRYPT_KEY bytes, which the caller wipes. A round takes some four milliseconds for each 32 bytes.
 * -1 where memory ran out. */
int bcrypt_pbkdf(struct slice passphrase, struct slice salt, unsigned rounds, unsigned char *key, size_t length);

#endif
