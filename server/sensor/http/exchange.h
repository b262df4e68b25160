/* SPDX-License-Identifier: ISC
 *
 * One request and its answer: what was presented goes to the keeper, and the answer is written when it may be. What the
 * web server in front answers by itself (redirects, files of its own) it answers when the head is there, as nginx does;
 * the body of such a request is presented when it has come. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>
#include "server/sensor/http/body.h"
#include "server/sensor/http/extract.h"
#include "server/sensor/http/head.h"
#include "server/sensor/http/profile_nginx.h"
#include "server/sensor/http/site.h"
#include "server/sensor/session.h"

/* What a decoy needs beside its site; used by one request at a time, so that requests allocate little. */
struct http_decoy {
    struct site *site;
    struct nginx_date date;
    struct extract *extract;
    struct credentials credentials;
    struct buffer context;
    struct http_request request;
    struct site_answer answer;
    uint64_t boundary; /* of the last answer in several parts: nginx counts them */
};

enum http_phase { PHASE_HEAD, PHASE_BODY, PHASE_ANSWER };

struct http_connection {
    enum http_phase phase;
    bool began;                     /* the first byte of a head is there: its time runs */
    bool closes;                    /* after this answer */
    bool presented;                 /* something as the product expects credentials */
    bool answered;                  /* by the front, with the body still to come */
    bool told;                      /* what the head presents has gone to the keeper */
    const struct site_route *front; /* that the front answers by itself, or NULL */
    const struct site_route *route; /* once the request is complete */
    bool granted;                   /* the keeper let in what was presented: */
    struct site_grant grant;
    unsigned refused;               /* nginx's own page with this status instead of the site's answer, or 0 */
    struct head head;
    struct body body;
    struct buffer raw;  /* the head, from when it is complete */
    struct buffer kept; /* of the body */
};

/* A connection's next request is awaited. */
void exchange_begin(struct session *session);
/* The request as far as it is there, in the decoy's working memory. */
struct http_request *exchange_request(struct session *session);
/* The route that the front answers by itself, or NULL where that need not be known before the body is there; and the
 * largest body that the front takes for this head (0: any). */
const struct site_route *exchange_front(struct session *session, const struct http_request *request, uint64_t *limit);
/* The head of a request for the front is there, its body is not: the answer goes out now, or with the verdict. */
void exchange_early(struct session *session);
/* The head is refused with nginx's status. The answer goes out, and what is still to come of the body is awaited. */
void exchange_refuse(struct session *session, unsigned status);
/* The request is complete, or refused (nginx's status): it is presented, and answered when that may be. */
void exchange_complete(struct session *session, unsigned refused);
/* Of a request that never came to its end, what was there is evidence all the same. */
void exchange_unfinished(struct session *session);
/* The answer to what was presented may go out. status 0: what the site says; else nginx's own page. */
void exchange_answer(struct session *session, unsigned status);

#endif
