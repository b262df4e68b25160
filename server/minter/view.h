/* SPDX-License-Identifier: ISC
 *
 * What templates of artifacts and lures can name; templates/README.md lists it for their writers. */
#ifndef MINTER_VIEW_H
#define MINTER_VIEW_H

#include <jansson.h>
#include <stdint.h>
#include "server/base/error.h"
#include "tokens/kind.h"

/* Of a job's parameters: organisation, domain, language, company, group, branch, memo, decoy.*. A new object, or NULL
 * with the error's text: without a persona or a decoy nothing can be rendered. */
json_t *view_base(const json_t *parameters, struct error *error);
/* A token as it is shown. */
struct shown_token {
    const char *kind, *form;
    struct slice identity, secret;
    const json_t *facts; /* an object of texts; NULL: none */
};

/* Of one token: identity, secret, kind, form.NAME, fact.*, password, token, http, ldap, netrc.*, url.*, base64.*,
 * bind_dn, project, from.*, to.*, third.*, container.*; people and project are drawn. `now`, in seconds: what is
 * older than the token is older than that. NULL without memory, or when identity or secret are not UTF-8. */
json_t *view_token(const json_t *parameters, const struct shown_token *shown, int64_t now, const struct draw *draw);
/* The directory decoy's suffix, "dc=corp,dc=example"; "" where the job names no domain, or too long a one. */
void view_suffix(const json_t *parameters, char *out, size_t size);
/* The operator's "Name <mail>", mail address or name as {"name","given","family","mail","login",…}: the person of the
 * persona who goes by it, or one made of it. NULL when there is no usable text. */
json_t *view_owner(const json_t *parameters);

/* By what somebody is called: of "Jane Doe" or "Doe, Jane", or of jane.doe@… where there is no name. */
void view_given(const char *name, const char *mail, char given[64]);

/* Replaces the token's "outside" and "supplier" by the person of another house whom the operator names, if one is. */
int view_outside(const json_t *parameters, json_t *token, struct error *error);

/* A draw that yields the same for the same persona, identity, secret and purpose: artifacts asked for again read the
 * same. Nobody without the persona's seed can tell what it yields; those of earlier versions have none. */
struct view_draw {
    unsigned char key[32];
    uint64_t count;
};

struct draw view_draw(struct view_draw *state, const json_t *persona, const struct shown_token *shown,
                      const char *purpose);

#endif
