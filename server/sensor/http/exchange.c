/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/exchange.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/sensor/http/answer.h"
#include "server/sensor/http/context.h"

#define SPARE 2048
#define UNFINISHED 408  /* in the evidence of a request that was cut off */
#define LINGER_IDLE 5   /* seconds: nginx's lingering_timeout and lingering_time, for a body that it answered already */
#define LINGER_TOTAL 30

struct http_request *exchange_request(struct session *session)
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

static bool has_tls(const struct decoy *decoy)
{
    bool has = false;

    for (size_t i = 0; !has && i < decoy->listener_count; i++)
        has = decoy->listeners[i].tls == TLS_DIRECT;
    return has;
}

const struct site_route *exchange_front(struct session *session, const struct http_request *request, uint64_t *limit)
{
    const struct http_connection *connection = session->state;
    const struct http_decoy *decoy = session->face->state;
    const struct site_route *route = NULL;
    bool body = connection->head.chunked || connection->head.length > 0 || connection->head.expects;

    if (session->listener->tls == TLS_NONE && has_tls(session->face->decoy))
        route = site_plain_route(decoy->site, request);
    if (body)
        *limit = route != NULL ? site_route_limit(decoy->site, route) : site_body_limit(decoy->site, request);
    return route == NULL && body ? site_front_route(decoy->site, request) : route;
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

/* What the head presented was told, and may not be shown now that it is not among what is presented: there stays what
 * the body needs to be understood, in `raw`. */
static void forget_head(struct http_request *request, struct buffer *raw)
{
    struct slice type = http_request_header(request, "Content-Type");
    struct slice encoding = http_request_header(request, "Content-Encoding");

    (void)buffer_add_text(raw, "\nContent-Type: ");
    (void)buffer_add_slice(raw, type);
    (void)buffer_add_text(raw, "\r\nContent-Encoding: ");
    (void)buffer_add_slice(raw, encoding);
    (void)buffer_add_text(raw, "\r\n\r\n");
    request->raw = buffer_slice(raw);
    request->host = SLICE_NONE;
    request->header_count = 0;
}

/* Fills the decoy's credentials and context from the request. */
static void look(struct session *session)
{
    struct http_connection *connection = session->state;
    struct http_decoy *decoy = session->face->state;
    unsigned char seal[sizeof(connection->grant.seal)];
    struct http_request *request;
    struct buffer rest;

    body_settle(&connection->body, &connection->kept);
    request = exchange_request(session);
    buffer_init(&rest, HEAD_MAXIMUM);
    connection->route = connection->refused != 0 ? NULL : site_route(decoy->site, request);
    if (connection->told)
        forget_head(request, &rest);
    credentials_clear(&decoy->credentials);
    buffer_clear(&decoy->context);
    extract_request(decoy->extract, request, decoy->site, connection->route, &decoy->credentials);
    if (connection->route != NULL && site_later_step(decoy->site, connection->route, request, seal) == 0)
        credentials_add(&decoy->credentials, CANDIDATE_SESSION, 0, EXTRACT_LOGIN + 1, "session",
                        (struct slice){seal, sizeof(seal)});
    context_write(&decoy->context, request, decoy->site, connection->refused, &decoy->credentials);
    connection->presented = is_login(&decoy->credentials);
    buffer_free(&rest);
}

/* Credentials and evidence of the request go to the keeper. */
static void present(struct session *session)
{
    struct http_decoy *decoy = session->face->state;

    look(session);
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
    struct http_connection *connection = session->state;
    struct http_decoy *decoy = session->face->state;
    struct site_answer *answer = &decoy->answer;
    enum site_outcome outcome = connection->presented ? SITE_REFUSED : SITE_PLAIN;
    const struct site_route *route = connection->front != NULL ? connection->front : connection->route;
    unsigned status;

    buffer_clear(&answer->headers);
    buffer_clear(&answer->body);
    *answer = (struct site_answer){.status = 500, .headers = answer->headers, .body = answer->body,
                                   .grant = connection->granted ? &connection->grant : NULL};
    if (site_answer(decoy->site, route, request, outcome, answer) != 0)
        return -1;
    if (answer->file && answer->served != SITE_BEHIND && answer->modified != 0) {
        status = answer_file(&session->output, frame, request, answer, &decoy->boundary);
        connection->closes = connection->closes || status == 412;
        return status == 0 ? -1 : 0;
    }
    if (answer->served == SITE_FRONT && !answer->file)
        return answer_front(&session->output, frame, answer->status, buffer_slice(&answer->headers));
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

void exchange_begin(struct session *session)
{
    struct http_connection *connection = session->state;

    forget(&connection->raw);
    forget(&connection->kept);
    connection->phase = PHASE_HEAD;
    connection->began = connection->closes = connection->answered = connection->told = connection->granted = false;
    connection->front = NULL;
    connection->refused = 0;
    head_begin(&connection->head);
}

/* The exchange is over. */
static void end(struct session *session)
{
    const struct http_connection *connection = session->state;

    if (connection->closes) {
        session_close(session, false);
        return;
    }
    exchange_begin(session);
    session_deadline(session, NGINX_KEEPALIVE_TIMEOUT, NGINX_KEEPALIVE_TIMEOUT);
}

static void write_answer(struct session *session, unsigned status)
{
    struct http_connection *connection = session->state;
    struct http_request *request = exchange_request(session);
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
}

void exchange_answer(struct session *session, unsigned status)
{
    struct http_connection *connection = session->state;

    if (!connection->answered)
        write_answer(session, status);
    connection->answered = true;
    if (connection->phase == PHASE_BODY)
        session_deadline(session, LINGER_IDLE, LINGER_TOTAL);
    else
        end(session);
}

void exchange_early(struct session *session)
{
    struct http_connection *connection = session->state;
    struct http_decoy *decoy = session->face->state;

    look(session);
    connection->told = decoy->credentials.count > 0;
    if (connection->told)
        session_present(session, &decoy->credentials, buffer_slice(&decoy->context));
    credentials_clear(&decoy->credentials);
    if (!session->waiting)
        exchange_answer(session, 0);
}

void exchange_refuse(struct session *session, unsigned status)
{
    struct http_connection *connection = session->state;

    connection->phase = PHASE_BODY;
    connection->refused = status;
    connection->closes = true;
    present(session);
    connection->told = true;
    if (!session->waiting)
        exchange_answer(session, status);
}

void exchange_complete(struct session *session, unsigned refused)
{
    struct http_connection *connection = session->state;

    connection->closes = connection->closes || refused != 0;
    if (connection->front != NULL && site_front_errs(connection->front))
        refused = 0;
    if (refused != 0 && connection->phase == PHASE_BODY)
        session->linger = true;
    if (!connection->answered)
        connection->refused = refused;
    connection->phase = PHASE_ANSWER;
    present(session);
    if (!session->waiting)
        exchange_answer(session, refused);
}

void exchange_unfinished(struct session *session)
{
    struct http_connection *connection = session->state;

    if (session->waiting || connection->phase == PHASE_ANSWER ||
        (connection->phase == PHASE_HEAD && session->input.length == 0) ||
        (connection->told && connection->kept.length == 0))
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
