/* SPDX-License-Identifier: ISC
 *
 * Rendering one artifact of one token. The same parameters give the same bytes. */
#ifndef MINTER_ARTIFACT_H
#define MINTER_ARTIFACT_H

#include <jansson.h>
#include "server/minter/catalogue.h"
#include "server/minter/view.h"

/* The artifacts that fit kind, form, a job's decoy and language: the next one from `*index` on, which is moved behind
 * it; NULL at the end. Where the job has a token "beside", only those in which that one lives, too. */
const struct artifact *artifact_next(const struct catalogue *catalogue, const json_t *parameters, const char *kind,
                                     const char *form, const char *language, size_t *index);

/* A token's views, ready for its artifacts. */
struct artifact_views {
    const struct catalogue *catalogue;
    const json_t *parameters;
    const struct shown_token *shown;
    json_t *base;  /* borrowed */
    json_t *token; /* view_token() */
    json_t *drawn; /* what the catalogue's variables came to */
    const json_t *persona;
    int64_t time; /* seconds: when containers were saved */
};

/* `now`: for what parameters without "minted" make. -1 when identity, secret or facts are not UTF-8, or memory ran out.
 * artifact_views_free() in any case. */
int artifact_views_make(struct artifact_views *views, const struct catalogue *catalogue, const json_t *parameters,
                        const struct shown_token *shown, json_t *base, int64_t now, struct error *error);
void artifact_views_free(struct artifact_views *views);
/* Adds the artifact to `out`. */
int artifact_render(const struct artifact *artifact, struct artifact_views *views, struct buffer *out,
                    struct error *error);
/* The line, from 1, on which the secret stands in the artifact: as it is, percent-encoded, JSON-escaped or in base64;
 * 1 in one that is packed; 0 when it stands nowhere. */
size_t artifact_line(const struct artifact *artifact, const struct shown_token *shown, struct slice text);

#endif
