/* SPDX-License-Identifier: ISC
 *
 * The people and habits of the organisation that the decoys belong to; drawn once for an installation. */
#ifndef MINTER_PERSONA_H
#define MINTER_PERSONA_H

#include <jansson.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/minter/when.h"
#include "tokens/kind.h"

#define PERSONA_PEOPLE 24

/* A new JSON object, as server/minter/job.h says; the caller's. NULL with the error's text. `now` in seconds. */
json_t *persona_draw(const char *organisation, const char *domain, const char *language, int64_t now,
                     const struct draw *draw, struct error *error);
/* A house that supplies this one: "name", "domain", a person, and what "mail" of a persona holds. */
json_t *persona_supplier(const char *language, const struct draw *draw);
/* Fills at most `room` people that mint_request can take, pointing into the persona. Returns how many. */
size_t persona_people(const json_t *persona, struct person *people, size_t room);
struct zone persona_zone(const json_t *persona);
/* ASCII letters and digits in lower case, '-' for what is between them; accents of Latin letters fall off. For logins
 * and slugs; at most `size` - 1 bytes and a NUL. */
void persona_fold(const char *text, const char *between, char *out, size_t size);

#endif
