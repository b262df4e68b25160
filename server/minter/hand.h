/* SPDX-License-Identifier: ISC
 *
 * A person's hand: how somebody greets, ends and signs, whatever a mail is about, and in all mails of theirs. Lures say
 * what there is to say; this makes it a mail of that person. */
#ifndef MINTER_HAND_H
#define MINTER_HAND_H

#include "server/minter/letter.h"

/* Adds the text with a greeting, an end and a name, as the writer uses to; paragraphs and blanks that optional sentences
 * left empty are gone. Greetings and ends are the words `hi`, `bye`, `hi_formal` and `bye_formal`; the latter two where
 * another house reads or writes along. Who talks adds some of `aside_0`, `aside_1`, …: each lure has one of these lists. */
int hand_write(const struct letter *letter, struct slice text, struct buffer *out, struct error *error);
/* Does this mail have the writer's signature? */
bool hand_signs(const struct letter *letter);

#endif
