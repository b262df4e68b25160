/* SPDX-License-Identifier: ISC
 *
 * Words that people make passphrases of: everyday nouns of 4 to 9 letters, ASCII, none twice, none that secret
 * scanners filter. 1,024 each, so that one uniform draw is worth exactly 10 bits. */
#ifndef TOKENS_WORDS_H
#define TOKENS_WORDS_H

#define WORDS 1024

extern const char *const words_english[WORDS];
extern const char *const words_french[WORDS];

#endif
