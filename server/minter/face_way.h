/* SPDX-License-Identifier: ISC
 *
 * The ways in which a fact of a face is drawn. templates/site/README describes them. */
#ifndef MINTER_FACE_WAY_H
#define MINTER_FACE_WAY_H

#include <jansson.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/base/yaml.h"
#include "tokens/kind.h"

#define FACE_VIEWS 4
#define FACE_TEXT 4096 /* bytes of one text */

/* A face in the making. Texts are templates over the views, innermost last: the job's parameters, the persona, the
 * facts drawn before, and the texts drawn before in the same map. */
struct face_drawing {
    const struct draw *draw;
    json_t *views[FACE_VIEWS];
    size_t view_count;
    int64_t now; /* seconds */
    struct error *error;
};

/* `node` is the value of the word: hex: 64, choice: […]. draw() gives a new value, or NULL with the error's text. */
struct face_way {
    const char *word;
    int (*check)(const struct yaml *node, struct error *error);
    json_t *(*draw)(const struct yaml *node, struct face_drawing *drawing);
};

/* The way that a fact {WORD: …} names; NULL for none. */
const struct face_way *face_way_of(const struct yaml *fact);
/* The words of all ways, for messages. */
const char *face_ways(void);

/* face_key.c: the public half of a new RSA key that signs what a site would sign: {"kid","n","e"} as in a JWK
 * (RFC 7517) and "certificate", the base64 of a self-signed one. The private half is thrown away: no decoy signs. */
json_t *face_key_draw(const char *name, const char *organisation, int64_t now, const struct draw *draw,
                      struct error *error);

#endif
