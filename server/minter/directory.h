/* SPDX-License-Identifier: ISC
 *
 * The entries of a directory decoy, as an administrator's slapcat shows them: the persona's people, their groups, and
 * hosts. Drawn once; what they look like (names of units, classes, order of attributes, numbers) differs from one
 * installation to the next. Accounts of services and of administrators are not among them: these lie in a unit that
 * anonymous clients may not see, so that planted ones cannot be told from others. */
#ifndef MINTER_DIRECTORY_H
#define MINTER_DIRECTORY_H

#include <jansson.h>
#include <stdint.h>
#include "server/base/error.h"
#include "tokens/kind.h"

struct directory_words;

/* Reads DATA/directory/words.yaml. */
int directory_load(const char *data, struct directory_words **words, struct error *error);
void directory_free(struct directory_words *words);
/* The names of the directory's units, for the persona: {"people","groups","hosts","accounts"}. NULL without memory. */
json_t *directory_units(const struct directory_words *words, const char *language, const struct draw *draw);
/* The face: {"directory": LDIF, "hidden": DN}. `parameters`: a job's, for its persona and decoy. `now` in seconds. */
json_t *directory_draw(const struct directory_words *words, const json_t *parameters, int64_t now,
                       const struct draw *draw, struct error *error);

#endif
