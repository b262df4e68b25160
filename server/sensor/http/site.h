/* SPDX-License-Identifier: ISC
 *
 * A site: what an HTTP decoy looks like and how it answers, loaded from a folder of data: site.yaml (routes, answers,
 * headers, cookies), Mustache pages, static files. No C for a new site. The format is described in
 * templates/site/README. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/sensor/http/request.h"
#include "server/wire/configuration.h"

struct site;
struct site_route;

/* What the keeper let in, on a decoy that grants. */
struct site_grant {
    char kind[32]; /* of the token; "session" for a later step of a session that was let in */
    unsigned char seal[32]; /* takes the place of the pad of the next page's CSRF field */
};

enum site_outcome {
    SITE_PLAIN,   /* nothing was presented */
    SITE_REFUSED, /* credentials were presented, and are not let in */
};

enum site_served {
    SITE_BEHIND, /* by the product behind nginx */
    SITE_CACHED, /* by the product, from nginx's cache: conditions and ranges are nginx's */
    SITE_FRONT,  /* by nginx alone: a file of its own, or its own page for the status */
};

struct site_answer {
    enum site_served served;
    bool file;        /* a file: conditions and ranges apply */
    int64_t modified; /* when it was, in seconds since 1970; 0: not said */
    unsigned status;
    struct buffer headers;    /* lines "Name: value\r\n" in the product's order, without the server's own (Server, Date,
                                 Content-Type, Content-Length, Connection), which the nginx profile writes */
    const char *content_type; /* or NULL */
    struct buffer body;       /* for HEAD too: its length goes into Content-Length */
    const struct site_grant *grant; /* set by the caller: what was let in, or NULL */
    unsigned runtime_us;      /* that the headers claim the product took, or 0: sent sooner, it gives itself away */
};

/* Reads and checks the folder; faults are FILE:LINE:COLUMN: text. face: the decoy's drawn facts (JSON object).
 * salt: the decoy's secret for cookies and CSRF fields. `decoy` and the texts must outlive the site. */
int site_load(const char *folder, const struct decoy *decoy, const char *face, const unsigned char salt[32],
              struct site **site, struct error *error);
/* As site_load(), with the text of site.yaml given; pages and static files still come from the folder. */
int site_load_text(struct slice text, const char *folder, const struct decoy *decoy, const char *face,
                   const unsigned char salt[32], struct site **site, struct error *error);
/* As site_load(), but told of every fault, each as FILE:LINE:COLUMN: what is wrong; what to do; and of what works, but
 * cannot be meant. 0 without any, 1 with some, -1 where the site cannot be read at all. */
struct site_examination {
    void (*fault)(const char *text, void *context);
    void *context;
};
int site_examine(const char *folder, const struct decoy *decoy, const char *face, const struct site_examination *how,
                 struct error *error);
void site_free(struct site *site);
/* The first route that fits method, path (percent-decoded once) and, where a route asks for that, fields of query and
 * body: with a body still to come, ask again when it is there. Never NULL: the last is the one for all else. */
const struct site_route *site_route(const struct site *site, const struct http_request *request);
/* What a plain listener of a decoy that has one for TLS, too, answers instead of the site: a redirect, as a rule. NULL:
 * the site answers itself. */
const struct site_route *site_plain_route(const struct site *site, const struct http_request *request);
/* The route that fits where nginx answers it alone, or NULL: then the body decides, or the product. */
const struct site_route *site_front_route(const struct site *site, const struct http_request *request);
/* Is the front's answer to the route its own page for an error, which takes no body? */
bool site_front_errs(const struct site_route *route);
/* Renders the route's answer. A form without a valid CSRF field and session gets the product's refusal for that.
 * answer's buffers are initialised and empty. 0, or -1 when out of memory or over the limit. */
int site_answer(const struct site *site, const struct site_route *route, const struct http_request *request,
                enum site_outcome outcome, struct site_answer *answer);
/* Did this site itself hand out the value (a session cookie, a CSRF field)? Then it is no credential. */
bool site_own(const struct site *site, struct slice value);
/* Is the path segment a literal of some route? Others are not kept word for word. */
bool site_literal(const struct site *site, struct slice segment);
/* Does the route treat what is presented as a login, so that names of form fields matter? Names of the identity's
 * and the secret's field of the route's form, or NULL. */
const char *site_identity_field(const struct site_route *route);
const char *site_secret_field(const struct site_route *route);
/* May the route's form let somebody in here? site and route may be NULL. */
bool site_grants(const struct site *site, const struct site_route *route);
/* The seal that came back with a later step: a sound form, in which the field of the code is filled. 0 or -1. */
int site_later_step(const struct site *site, const struct site_route *route, const struct http_request *request,
                    unsigned char seal[32]);
/* The largest body that the product's front end takes (client_max_body_size) for this head, in bytes; 0: no limit. */
uint64_t site_body_limit(const struct site *site, const struct http_request *request);
/* The same of a route that is known. */
uint64_t site_route_limit(const struct site *site, const struct site_route *route);
/* What the nginx in front says in Server; e.g. "nginx". */
const char *site_server(const struct site *site);
/* One line on the site, for listings. */
const char *site_summary(const struct site *site);

#endif
