/* SPDX-License-Identifier: ISC
 *
 * The service "http": a product behind nginx. Requests are answered one after the other; an answer to one that
 * presented something is made when the keeper's verdict is there. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "server/base/paths.h"
#include "server/sensor/http/answer.h"
#include "server/sensor/http/context.h"
#include "server/sensor/http/exchange.h"
#include "server/sensor/http/text.h"

#define SITE_HEADERS 16384
#define SITE_BODY (2 * 1024 * 1024)
#define BOUNDARY_FIRST 20000 /* nginx counts from 0, temporary files too: as after some days */
#define KEPT_BODY (BODY_KEPT + 1)
#define FRONT_PAUSE 50  /* milliseconds: what is sent behind a head comes sooner, and is durable before the answer */
#define BODY_TOTAL 3600 /* seconds that a whole upload may take */

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
    decoy->boundary = randombytes_uniform(BOUNDARY_FIRST);
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
    buffer_init(&connection->raw, SESSION_INPUT);
    buffer_init(&connection->kept, KEPT_BODY);
    exchange_begin(session);
    connection->began = true; /* the time for the first head runs from here */
    return 0;
}

static void hold(struct session *session)
{
    const struct http_connection *connection = session->state;

    session->busy = connection->phase != PHASE_HEAD;
    session->held = connection->raw.capacity + connection->kept.capacity;
}

/* Does nginx await a body? */
static bool body_follows(const struct head *head)
{
    return head->whole && !head->length_bad && (head->sized ? head->length > 0 : head->chunked && head->version > 10);
}

/* A head that nginx refuses: all that has come is looked at, also what is behind the fault. nginx closes when it has
 * the body, where it knows of one; no sooner. */
static void take_refused(struct session *session)
{
    struct http_connection *connection = session->state;
    const struct head *head = &connection->head;
    struct slice behind = text_from(buffer_slice(&session->input), head->at);
    bool more = behind.length > 0, follows = body_follows(head);
    size_t used;

    (void)buffer_add_slice(&connection->raw, buffer_slice(&session->input));
    session->request++;
    session->linger = more || head->status == 414 || head->status == HEAD_TOO_LARGE;
    connection->closes = true;
    body_begin(&connection->body, !head->sized, head->length, 0);
    follows = follows && body_take(&connection->body, behind, &used, &connection->kept) == BODY_MORE;
    buffer_consume(&session->input, session->input.length);
    if (follows) {
        exchange_refuse(session, head->status);
    } else {
        body_begin(&connection->body, false, 0, 0);
        exchange_complete(session, head->status);
    }
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

/* A sound head that is refused for what follows it, or for the port that it came to. */
static void refuse_head(struct session *session, unsigned status)
{
    struct http_connection *connection = session->state;
    size_t used;

    if (body_take(&connection->body, buffer_slice(&session->input), &used, &connection->kept) == BODY_MORE &&
        body_follows(&connection->head))
        exchange_refuse(session, status);
    else
        exchange_complete(session, status);
    buffer_consume(&session->input, used);
}

/* A complete head: whose it is, and what follows it. */
static void take_head(struct session *session)
{
    struct http_connection *connection = session->state;
    const struct head *head = &connection->head;
    const struct http_request *request;
    uint64_t limit = 0;
    unsigned refused;

    (void)buffer_add(&connection->raw, session->input.data, head->at);
    buffer_consume(&session->input, head->at);
    session->request++;
    body_begin(&connection->body, false, 0, 0);
    request = exchange_request(session);
    choose_face(session, request);
    connection->closes = !head->keep_alive || session->request >= NGINX_KEEPALIVE_REQUESTS;
    if (!session->plain_on_tls)
        connection->front = exchange_front(session, request, &limit);
    refused = session->plain_on_tls ? NGINX_PLAIN_TO_TLS : limit > 0 && head->length > limit ? 413 : 0;
    body_begin(&connection->body, head->chunked, head->length, refused == 0 && connection->front == NULL ? limit : 0);
    if (refused != 0) {
        refuse_head(session, refused);
        return;
    }
    connection->phase = PHASE_BODY;
    if (head->expects && (connection->front == NULL || !site_front_errs(connection->front)))
        (void)answer_continue(&session->output);
    session_deadline(session, NGINX_BODY_TIMEOUT, BODY_TOTAL);
    if (connection->front != NULL && (head->chunked || head->length > 0))
        (void)session_pause(session, FRONT_PAUSE);
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
    exchange_complete(session, result == BODY_REFUSED ? connection->body.status : 0);
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

/* The seal, and the kind's name. */
static void take_grant(struct http_connection *connection, struct slice world)
{
    struct site_grant *grant = &connection->grant;
    struct slice kind = slice_behind(world, sizeof(grant->seal));

    if (kind.length == 0 || kind.length >= sizeof(grant->kind))
        return;
    memcpy(grant->seal, world.data, sizeof(grant->seal));
    memcpy(grant->kind, kind.data, kind.length);
    grant->kind[kind.length] = '\0';
    connection->granted = true;
}

static void http_verdict(struct session *session, const struct verdict *verdict)
{
    struct http_connection *connection = session->state;

    if (verdict->grant)
        take_grant(connection, verdict->world);
    exchange_answer(session, connection->refused);
    hold(session);
}

/* The body behind a head that the front answers by itself is late. */
static void http_resume(struct session *session)
{
    const struct http_connection *connection = session->state;

    if (connection->phase == PHASE_BODY && connection->front != NULL && !connection->answered && !session->waiting)
        exchange_early(session);
    hold(session);
}

/* The product behind nginx is down; what nginx refuses by itself it still refuses. What it would answer without the
 * product has no such answer, but may not go out either. */
static void http_unavailable(struct session *session)
{
    const struct http_connection *connection = session->state;

    if (connection->front != NULL && connection->refused == 0)
        session_close(session, true);
    else
        exchange_answer(session, connection->refused != 0 ? connection->refused : session->slow ? 504 : 502);
    http_input(session);
}

/* nginx closes without a word, and with a request that was begun without one in TLS, either. */
static void http_timeout(struct session *session)
{
    const struct http_connection *connection = session->state;

    session->silent = !connection->answered && (connection->phase == PHASE_BODY || session->input.length > 0);
    exchange_unfinished(session);
}

static void http_close(struct session *session)
{
    struct http_connection *connection = session->state;

    if (connection == NULL)
        return;
    exchange_unfinished(session);
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
    .parts_silently = true,
    .load = http_load,
    .unload = http_unload,
    .open = http_open,
    .input = http_input,
    .verdict = http_verdict,
    .unavailable = http_unavailable,
    .resume = http_resume,
    .timeout = http_timeout,
    .close = http_close,
};
