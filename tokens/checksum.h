/* SPDX-License-Identifier: ISC
 *
 * Checksums and number formats that several vendors' tokens share. */
#ifndef TOKENS_CHECKSUM_H
#define TOKENS_CHECKSUM_H

#include <stdint.h>
#include "server/base/buffer.h"

/* CRC-32 as in IEEE 802.3 and zlib (reflected polynomial EDB88320). */
uint32_t checksum_crc32(struct slice data);
/* Marvin32, the first 32 bits of Marvin (US patent 8,655,939), as Microsoft's identifiable secrets use it. */
uint32_t checksum_marvin32(struct slice data, uint64_t seed);
/* The number in the alphabet's digits, most significant first, padded on the left with the zero digit up to `width`
 * (0: no padding). A number that needs more than `width` digits is written whole. 0 or -1. */
int checksum_number(struct buffer *out, const char *alphabet, uint64_t number, unsigned width);
/* Base64 with the URL alphabet and no padding (RFC 4648, section 5). 0 or -1. */
int checksum_base64url(struct buffer *out, struct slice data);
/* The other way. -1 for other characters, impossible lengths and bits left over, or when the buffer is full. */
int checksum_base64url_decode(struct buffer *out, struct slice text);

#endif
