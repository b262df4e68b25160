/* SPDX-License-Identifier: ISC
 *
 * What differs from one decoy to the next of the same product. For sites: drawn from templates/site/SITE/face.yaml,
 * whose format templates/site/README describes. */
#ifndef MINTER_FACE_H
#define MINTER_FACE_H

#include <jansson.h>
#include <stdint.h>
#include "server/base/error.h"
#include "tokens/kind.h"

struct faces;

/* Reads face.yaml and face.LANGUAGE.yaml of every folder below DATA/site; a site without them has nothing to draw. */
int faces_load(const char *data, struct faces **faces, struct error *error);
/* That of one site alone, which is called "". */
int faces_load_folder(const char *folder, struct faces **faces, struct error *error);
void faces_free(struct faces *faces);
/* A new object: what the site draws. An unknown site has an empty face. `parameters`: a job's, for its persona and
 * decoy. `now` in seconds. NULL with the error's text. */
json_t *face_draw(const struct faces *faces, const char *site, json_t *parameters, int64_t now,
                  const struct draw *draw, struct error *error);

#endif
