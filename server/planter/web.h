/* SPDX-License-Identifier: ISC
 *
 * Conversations with HTTPS APIs, on connections that `sundew` made (visit.h), which are kept: access tokens that are
 * asked for and refreshed (oauth.h), waiting where a server says so (429, 503, Retry-After), trying again what does no
 * harm. */
#ifndef PLANTER_WEB_H
#define PLANTER_WEB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/planter/visit.h"
#include "server/planter/web_talk.h"

/* Where an API is, and how its tokens are asked for. */
struct web_api {
    const char *url;       /* its base, without a '/' at the end; NULL: the place's host. The account's goes before it */
    const char *path;      /* behind the place's host; NULL: nothing */
    const char *token_url; /* {tenant} stands for the account's tenant; NULL: the account must name one */
    const char *scope;
    bool basic;            /* lets in by password, too */
};

struct web {
    struct visit *visit;
    const struct web_api *api;
    struct door door;      /* the connection that is kept, to host and port below */
    char *base;
    char *subject;         /* for whom a service account asks; "" */
    char *tenant;          /* where the account names none: the place's host */
    struct buffer token;   /* the access token; empty: none yet */
    int64_t token_until;   /* monotonic microseconds; 0: it is not ours to refresh */
    struct buffer answer;  /* the last answer's body */
    int status;            /* and its status; 0: none came */
    int64_t later;         /* and its Retry-After, in seconds */
    char location[WEB_URL]; /* and its Location; "" */
    bool unsure;           /* the last call failed, and may have been done all the same */
    char host[256];        /* where the last call went */
    uint16_t port;
};

struct web_call {
    const char *method;
    const char *path; /* behind the base, or a whole https URL */
    const char *type; /* Content-Type; NULL: no body */
    struct slice body;
    const char *header; /* one more, or NULL */
    bool once;          /* done twice it would be there twice */
    bool open;          /* without the account's login */
};

/* For a place's host and port (0: 443), and the one whose mailbox it is. NULL with what to do. */
struct web *web_new(struct visit *visit, const struct web_api *api, const char *host, uint16_t port, const char *subject,
                    struct error *error);
void web_free(void *web);

/* 0 with web->status, 1xx to 5xx; -1 when no answer came, or the server asks for more patience than there is. */
int web_do(struct web *web, const struct web_call *call, struct error *error);
/* The same where anything but 2xx is an error: "WHAT: …", with what the server says and what to do. */
int web_must(struct web *web, const struct web_call *call, const char *what, struct error *error);
/* JSON there and back: `body` (may be NULL) is released; *answer (may be NULL) is new, an object or a list, or NULL for an
 * empty answer. */
int web_json(struct web *web, const char *method, const char *path, json_t *body, bool once, const char *what,
             json_t **answer, struct error *error);
/* The whole URL that the last answer means by a reference, such as "/jmap/" (RFC 3986, 4.2). 0, or -1 with "WHAT: …". */
int web_refer(const struct web *web, const char *reference, char url[WEB_URL], const char *what, struct error *error);
/* Writes what the last answer says of a failure into the error; -1. */
int web_fail(struct web *web, const char *what, struct error *error);

/* Seconds to wait before the call is tried again, of the answer that there is; 0: it is the last word. A limit that
 * GitHub tells by words alone holds for a minute at least (docs.github.com/rest, rate limits for the REST API). */
int64_t web_pause(const struct web *web, const struct web_call *call, int tries);

#define WEB_WORDS 200
/* What the last answer says of a failure; "" nothing. */
void web_words(const struct web *web, char words[WEB_WORDS]);

/* Adds text with %XX for all but letters, digits and "-._~". */
void web_escape(struct buffer *out, const char *text);

#endif
