/* SPDX-License-Identifier: ISC
 *
 * Small bounded readings of bytes that the HTTP engine's parts share. */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/buffer.h"

#define TEXT_NONE SIZE_MAX

/* Where `needle` begins, or TEXT_NONE. */
size_t text_find(struct slice text, const char *needle);
size_t text_find_nocase(struct slice text, const char *needle);
/* Where the byte stands, or TEXT_NONE. */
size_t text_find_char(struct slice text, char c);
/* Two hexadecimal digits as a number, or -1. */
int text_hex_pair(const unsigned char *digits);
int text_hex(unsigned char digit);
/* Without spaces and tabs (and CR, LF) around it. */
struct slice text_trim(struct slice text);
/* The first `at` bytes, and what is behind them; `at` beyond the end counts as the end. */
struct slice text_before(struct slice text, size_t at);
struct slice text_from(struct slice text, size_t at);
bool text_starts_nocase(struct slice text, const char *start);
/* Cuts off and returns what stands before the next `c` (which is dropped), or all. */
struct slice text_cut(struct slice *rest, char c);
/* As text_cut(), at white space; leading white space is passed over. Empty when nothing is left. */
struct slice text_word(struct slice *rest);

#endif
