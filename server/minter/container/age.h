/* SPDX-License-Identifier: ISC
 *
 * The keys that open age files, as text. */
#ifndef MINTER_CONTAINER_AGE_H
#define MINTER_CONTAINER_AGE_H

#define AGE_TEXT 80

/* key: 32 bytes. AGE-SECRET-KEY-1…, and the age1… that belongs to it. */
void age_identity(const unsigned char key[32], char out[AGE_TEXT]);
void age_recipient(const unsigned char key[32], char out[AGE_TEXT]);

#endif
