/* SPDX-License-Identifier: ISC
 *
 * Alphabets of secrets, digits in the order of their value, and drawing from them. */
#ifndef TOKENS_ALPHABET_H
#define TOKENS_ALPHABET_H

#include <stdbool.h>
#include <stddef.h>
#include "tokens/kind.h"

#define ALPHABET_DIGITS "0123456789"
#define ALPHABET_BASE36 "0123456789abcdefghijklmnopqrstuvwxyz"
#define ALPHABET_BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
/* RFC 4648, sections 6 and 5. */
#define ALPHABET_BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define ALPHABET_BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Adds `count` characters, each drawn uniformly. 0, or -1 when the buffer is full. */
int alphabet_draw(struct buffer *out, const char *alphabet, size_t count, const struct draw *draw);
/* Adds the bytes in base 32, unpadded: five bits a digit, the last filled up with zeros. 0, or -1. */
int alphabet_base32(struct buffer *out, struct slice bytes);
/* Are all bytes of the text in the alphabet? True for an empty one. */
bool alphabet_holds(const char *alphabet, struct slice text);

#endif
