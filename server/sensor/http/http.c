/* SPDX-License-Identifier: ISC
 *
 * The service "http": a product behind nginx. Requests are answered one after the other; an answer to one that
 * presented something is made when the keeper's verdict is there. */
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/sensor/http/answer.h"
#include "server/sensor/http/body.h"
#include "server/sensor/http/context.h"
#include "server/sensor/http/extract.h"
#include "server/sensor/http/head.h"
#include "server/sensor/http/profile_nginx.h"
#include "server/sensor/session.h"

#define SITE_HEADERS 16384
#define SITE_BODY (2 * 1024 * 1024)
#define KEPT_BODY (BODY_KEPT + 1)
#define SPARE 2048
#define UNFINISHED 408  /* in the evidence of a request that was cut off */
#define BODY_TOTAL 3600 /* seconds that a whole upload may take */

/* What a decoy needs beside its site; used by one request at a time, so that requests allocate little. */
struct http_decoy {
    struct site *site;
    struct nginx_date date;
    struct extract *extract;
    struct credentials credentials;
    struct buffer context;
    struct http_request request;
    struct site_answer answer;
};

enum http_phase { PHASE_HEAD, PHASE_BODY, PHASE_ANSWER };

struct http_connection {
    enum http_phase phase;
    bool began;                     /* the first byte of a head is there: its time runs */
    bool closes;                    /* after this answer */
    bool presented;                 /* something as the product expects credentials */
    const struct site_route *route; /* once the request is complete */
    unsigned refused;               /* nginx's own page with this status instead of the site's answer, or 0 */
    struct head head;
    struct body body;
    struct buffer raw;  /* the head, from when it is complete */
    struct buffer kept; /* of the body */
};

static void http_unload(struct decoy_face *face)
{
    struct http_decoy *decoy = face->state;

    if (decoy == NULL)
        return;
    site_free(decoy->site);
    extract_free(decoy->extract);
    credentials_free(&decoy->credentials);
    buffer_free(&decoy->context);
    buffer_free(&decoy->answer.headers);
    buffer_free(&decoy->answer.body);
    free(decoy);
    face->state = NULL;
}

static int load_site(struct decoy_face *face, struct http_decoy *decoy, struct error *error)
{
    char *sites = paths_join(paths_data(), "site"), *folder = NULL;
    int result = -1;

    if (sites != NULL)
        folder = paths_join(sites, face->decoy->site);
    if (folder == NULL)
        error_set(error, "out of memory for the site of decoy %s", face->decoy->name);
    else
        result = site_load(folder, face->decoy, face->face, face->salt, &decoy->site, error);
    free(folder);
    free(sites);
    return result;
}

static int http_load(struct decoy_face *face, struct error *error)
{
    struct http_decoy *decoy = calloc(1, sizeof(*decoy));

    face->state = decoy;
    if (decoy == NULL)
        return error_set(error, "out of memory for decoy %s", face->decoy->name);
    credentials_init(&decoy->credentials);
    buffer_init(&decoy->context, CONTEXT_MAXIMUM);
    buffer_init(&decoy->answer.headers, SITE_HEADERS);
    buffer_init(&decoy->answer.body, SITE_BODY);
    decoy->extract = extract_new();
    if (decoy->extract == NULL)
        (void)error_set(error, "out of memory for decoy %s", face->decoy->name);
    if (decoy->extract == NULL || load_site(face, decoy, error) != 0) {
        http_unload(face);
        return -1;
    }
    return 0;
}

static int http_open(struct session *session)
{
    struct http_connection *connection = malloc(sizeof(*connection));

    session->state = connection;
    if (connection == NULL)
        return -1;
    connection->phase = PHASE_HEAD;
    connection->began = true; /* the time for the first head runs from here */
    connection->closes = false;
    connection->refused = 0;
    head_begin(&connection->head);
    buffer_init(&connection->raw, SESSION_INPUT);
    buffer_init(&connection->kept, KEPT_BODY);
    return 0;
}

/* The request as far as it is there, in the decoy's working memory. */
static struct http_request *request_view(struct session *session)
{
    struct http_connection *connection = session->state;
    struct http_decoy *decoy = session->face->state;
    struct http_request *request = &decoy->request;

    head_request(&connection->head, buffer_slice(&connection->raw), request);
    request->body = buffer_slice(&connection->kept);
    request->body_length = connection->body.length;
    request->tls = session->tls.on;
    return request;
}

/* Was anything presented where a product looks for credentials? Other values are candidates, but change no answer. */
static bool is_login(const struct credentials *credentials)
{
    size_t i;

    for (i = 0; i < credentials->count; i++)
        if (credentials->items[i].rank <= EXTRACT_LOGIN)
            return true;
    return false;
}

/* Credentials and evidence of the request go to the keeper. */
static void present(struct session *session)
{
    struct http_connection *connection = session->state;
    struct http_decoy *decoy = session->face->state;
    const struct http_request *request = request_view(session);

    connection->route = connection->refused != 0 ? NULL : site_route(decoy->site, request);
    credentials_clear(&decoy->credentials);
    buffer_clear(&decoy->context);
    extract_request(decoy->extract, request, decoy->site, connection->route, &decoy->credentials);
    context_write(&decoy->context, request, decoy->site, connection->refused, &decoy->credentials);
    connection->presented = is_login(&decoy->credentials);
    session_present(session, &decoy->credentials, buffer_slice(&decoy->context));
    credentials_clear(&decoy->credentials);
}

static void frame_fill(struct session *session, const struct http_request *request, struct answer_frame *frame)
{
    struct http_connection *connection = session->state;
    struct http_decoy *decoy = session->face->state;

    frame->server = site_server(decoy->site);
    frame->date = nginx_date(&decoy->date, clock_wall());
    frame->version = request->version;
    frame->head_only = slice_is(request->method, "HEAD");
    frame->keep_alive = !connection->closes;
    frame->padded = connection->head.padded;
}

static int write_site(struct session *session, struct http_request *request, struct answer_frame *frame)
{
    const struct http_connection *connection = session->state;
    struct http_decoy *decoy = session->face->state;
    struct site_answer *answer = &decoy->answer;
    enum site_outcome outcome = connection->presented ? SITE_REFUSED : SITE_PLAIN;

    buffer_clear(&answer->headers);
    buffer_clear(&answer->body);
    answer->content_type = NULL;
    answer->status = 500;
    if (site_answer(decoy->site, connection->route, request, outcome, answer) != 0)
        return -1;
    return answer_site(&session->output, frame, answer);
}

/* Small memory stays with the connection for its next request. */
static void forget(struct buffer *buffer)
{
    if (buffer->capacity > SPARE)
        buffer_free(buffer);
    else
        buffer_clear(buffer);
}

static void hold(struct session *session)
{
    const struct http_connection *connection = session->state;

    session->held = connection->raw.capacity + connection->kept.capacity;
}

/* The next request is awaited. */
static void begin_again(struct session *session)
{
    struct http_connection *connection = session->state;

    forget(&connection->raw);
    forget(&connection->kept);
    connection->phase = PHASE_HEAD;
    connection->began = false;
    connection->refused = 0;
    head_begin(&connection->head);
    session_deadline(session, NGINX_KEEPALIVE_TIMEOUT, NGINX_KEEPALIVE_TIMEOUT);
}

/* status 0: what the site says; else nginx's own page. */
static void answer(struct session *session, unsigned status)
{
    struct http_connection *connection = session->state;
    struct http_request *request = request_view(session);
    struct answer_frame frame;

    if (status != 0 && answer_closes(status))
        connection->closes = true;
    frame_fill(session, request, &frame);
    if (status == 0 && write_site(session, request, &frame) != 0) {
        log_warning("decoy %s could not render an answer", session->face->decoy->name);
        connection->closes = true;
        frame.keep_alive = false;
        status = 500;
    }
    if (status != 0)
        (void)answer_page(&session->output, &frame, status);
    session_send(session);
    if (connection->closes)
        session_close(session, false);
    else
        begin_again(session);
}

/* The request is complete, or refused: it is presented, and answered when that may be. */
static void complete(struct session *session, unsigned refused)
{
    struct http_connection *connection = session->state;

    connection->refused = refused;
    if (refused != 0 && connection->phase == PHASE_BODY)
        session->linger = true;
    connection->phase = PHASE_ANSWER;
    present(session);
    if (!session->waiting)
        answer(session, refused);
}

/* A head that nginx refuses: all that has come is looked at, also what is behind the fault. */
static void take_refused(struct session *session)
{
    struct http_connection *connection = session->state;

    (void)buffer_add_slice(&connection->raw, buffer_slice(&session->input));
    buffer_consume(&session->input, session->input.length);
    session->request++;
    session->linger = connection->head.at < connection->raw.length || connection->head.status == 414 ||
                      connection->head.status == HEAD_TOO_LARGE;
    connection->closes = true;
    body_begin(&connection->body, false, 0, 0);
    complete(session, connection->head.status);
}

/* The decoy by the name asked for; the client's address by all X-Forwarded-For, where a trusted proxy sent them. */
static void choose_face(struct session *session, const struct http_request *request)
{
    struct buffer hops;
    size_t i;

    (void)session_choose(session, request->host);
    buffer_init(&hops, HEAD_MAXIMUM);
    for (i = 0; i < request->header_count; i++) {
        if (!slice_is_nocase(request->headers[i].name, "X-Forwarded-For"))
            continue;
        if (hops.length > 0)
            (void)buffer_add_char(&hops, ',');
        (void)buffer_add_slice(&hops, request->headers[i].value);
    }
    session_forwarded(session, buffer_slice(&hops));
    buffer_free(&hops);
}

static uint64_t body_limit(const struct session *session, const struct http_request *request)
{
    const struct http_decoy *decoy = session->face->state;

    return site_body_limit(decoy->site, request);
}

/* A complete head: whose it is, and what follows it. */
static void take_head(struct session *session)
{
    struct http_connection *connection = session->state;
    const struct head *head = &connection->head;
    const struct http_request *request;
    uint64_t limit;

    (void)buffer_add(&connection->raw, session->input.data, head->at);
    buffer_consume(&session->input, head->at);
    session->request++;
    body_begin(&connection->body, false, 0, 0);
    request = request_view(session);
    choose_face(session, request);
    connection->closes = !head->keep_alive || session->request >= NGINX_KEEPALIVE_REQUESTS;
    limit = head->length > 0 || head->chunked ? body_limit(session, request) : 0;
    if (session->plain_on_tls) {
        complete(session, NGINX_PLAIN_TO_TLS);
        return;
    }
    connection->phase = PHASE_BODY;
    if (limit > 0 && head->length > limit) {
        complete(session, 413);
        return;
    }
    if (head->expects)
        (void)answer_continue(&session->output);
    body_begin(&connection->body, head->chunked, head->length, limit);
    session_deadline(session, NGINX_BODY_TIMEOUT, BODY_TOTAL);
}

static bool step_head(struct session *session)
{
    struct http_connection *connection = session->state;
    struct head *head = &connection->head;

    switch (head_parse(head, buffer_slice(&session->input))) {
    case HEAD_DONE:
        buffer_consume(&session->input, head_skip(head));
        take_head(session);
        return true;
    case HEAD_REFUSED:
        buffer_consume(&session->input, head_skip(head));
        take_refused(session);
        return false;
    default:
        buffer_consume(&session->input, head_skip(head));
        if (!connection->began)
            session_deadline(session, NGINX_HEADER_TIMEOUT, NGINX_HEADER_TIMEOUT);
        connection->began = true;
        return false;
    }
}

static bool step_body(struct session *session)
{
    struct http_connection *connection = session->state;
    enum body_result result;
    size_t used = 0;

    result = body_take(&connection->body, buffer_slice(&session->input), &used, &connection->kept);
    buffer_consume(&session->input, used);
    if (result == BODY_MORE)
        return false;
    complete(session, result == BODY_REFUSED ? connection->body.status : 0);
    return true;
}

static bool is_open(const struct session *session)
{
    const struct http_connection *connection = session->state;

    return !session->waiting && !(connection->phase == PHASE_ANSWER && connection->closes);
}

static void http_input(struct session *session)
{
    const struct http_connection *connection = session->state;
    bool more = true;

    while (more && is_open(session) && !session_congested(session)) {
        if (connection->phase == PHASE_BODY)
            more = step_body(session);
        else
            more = session->input.length > 0 && step_head(session);
    }
    hold(session);
    session_send(session);
}

static void http_verdict(struct session *session, const struct verdict *verdict)
{
    const struct http_connection *connection = session->state;

    (void)verdict;
    answer(session, connection->refused);
    hold(session);
}

/* The product behind nginx is down; what nginx refuses by itself it still refuses. */
static void http_unavailable(struct session *session)
{
    const struct http_connection *connection = session->state;

    answer(session, connection->refused != 0 ? connection->refused : 502);
    http_input(session);
}

/* Of a request that never came to its end, what was there is evidence all the same. */
static void present_unfinished(struct session *session)
{
    struct http_connection *connection = session->state;

    if (session->waiting || connection->phase == PHASE_ANSWER ||
        (connection->phase == PHASE_HEAD && session->input.length == 0))
        return;
    if (connection->phase == PHASE_HEAD) {
        (void)buffer_add_slice(&connection->raw, buffer_slice(&session->input));
        buffer_consume(&session->input, session->input.length);
        body_begin(&connection->body, false, 0, 0);
        session->request++;
    }
    connection->phase = PHASE_ANSWER;
    connection->closes = true;
    connection->refused = UNFINISHED;
    present(session);
}

/* nginx closes without a word. */
static void http_timeout(struct session *session)
{
    present_unfinished(session);
}

static void http_close(struct session *session)
{
    struct http_connection *connection = session->state;

    if (connection == NULL)
        return;
    present_unfinished(session);
    buffer_free(&connection->raw);
    buffer_free(&connection->kept);
    free(connection);
    session->held = 0;
    session->state = NULL;
}

const struct service service_http = {
    .name = "http",
    .idle_s = NGINX_HEADER_TIMEOUT,
    .total_s = NGINX_HEADER_TIMEOUT,
    .load = http_load,
    .unload = http_unload,
    .open = http_open,
    .input = http_input,
    .verdict = http_verdict,
    .unavailable = http_unavailable,
    .timeout = http_timeout,
    .close = http_close,
};
