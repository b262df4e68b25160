/* SPDX-License-Identifier: ISC */
#include "server/sink/sink.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include "server/base/address.h"
#include "server/base/clock.h"
#include "server/sink/print.h"

#define SINK_BODY (1024 * 1024)
#define SINK_SEEN 65536
#define SINK_ID 128

struct visit {
    struct sink *sink;
    struct MHD_Connection *connection;
    struct buffer body;
    int64_t wake_us; /* when a slow answer is due; 0: never */
    bool suspended, answered_late;
    struct visit *next; /* of the suspended ones */
};

struct sink {
    struct sink_options options;
    struct MHD_Daemon *daemon;
    uint16_t port;
    uint64_t requests, taken;
    bool full; /* `count` were taken: the last answer is going out */
    struct visit *suspended;
    char (*seen)[SINK_ID]; /* ring of ids that were accepted */
    size_t seen_count, seen_next;
};

int sink_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    bool digits = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';

    errno = 0;
    *out = strtoull(text, NULL, 10);
    return digits && errno == 0 && *out >= least && *out <= most ? 0 : -1;
}

int sink_fail_parse(const char *text, struct sink_options *options)
{
    static const struct {
        const char *name;
        enum sink_fail fail;
    } modes[] = {{"500", SINK_FAIL_500},    {"410", SINK_FAIL_410},   {"429", SINK_FAIL_429},
                 {"slow", SINK_FAIL_SLOW},  {"hang", SINK_FAIL_HANG}, {"redirect", SINK_FAIL_REDIRECT},
                 {"close", SINK_FAIL_CLOSE}};
    size_t length = strcspn(text, ":");

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strlen(modes[i].name) != length || strncmp(modes[i].name, text, length) != 0)
            continue;
        options->fail = modes[i].fail;
        options->fail_first = 0;
        return text[length] == '\0' ? 0 : sink_number(text + length + 1, 1, UINT64_MAX, &options->fail_first);
    }
    return -1;
}

/* ---- what came before ---- */

/* Remembers; true when it was there already. */
static bool is_duplicate(struct sink *sink, const char *id)
{
    char cut[SINK_ID];

    snprintf(cut, sizeof(cut), "%s", id);
    for (size_t i = 0; i < sink->seen_count; i++) {
        if (strcmp(sink->seen[i], cut) == 0)
            return true;
    }
    memcpy(sink->seen[sink->seen_next], cut, sizeof(cut));
    sink->seen_next = (sink->seen_next + 1) % SINK_SEEN;
    if (sink->seen_count < SINK_SEEN)
        sink->seen_count++;
    return false;
}

/* ---- answers ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *text, const char *header,
                              const char *value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc;

    if (response == NULL)
        return MHD_NO;
    if (header != NULL)
        MHD_add_response_header(response, header, value);
    rc = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return rc;
}

static ssize_t break_off(void *context, uint64_t position, char *out, size_t size)
{
    (void)context;
    if (position > 0 || size < 4)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    memcpy(out, "half", 4);
    return 4;
}

static enum MHD_Result answer_half(struct MHD_Connection *connection)
{
    struct MHD_Response *response = MHD_create_response_from_callback(1000, 16, break_off, NULL, NULL);
    enum MHD_Result rc = MHD_NO;

    if (response != NULL) {
        rc = MHD_queue_response(connection, 200, response);
        MHD_destroy_response(response);
    }
    return rc;
}

static enum MHD_Result put_off(struct visit *visit, int64_t wake_us)
{
    visit->wake_us = wake_us;
    visit->suspended = true;
    visit->next = visit->sink->suspended;
    visit->sink->suspended = visit;
    MHD_suspend_connection(visit->connection);
    return MHD_YES;
}

static enum MHD_Result fail(struct visit *visit)
{
    struct MHD_Connection *connection = visit->connection;

    switch (visit->sink->options.fail) {
    case SINK_FAIL_500:
        return answer(connection, 500, "failing on request\n", NULL, NULL);
    case SINK_FAIL_410:
        return answer(connection, 410, "gone on request\n", NULL, NULL);
    case SINK_FAIL_429:
        return answer(connection, 429, "too many, on request\n", "Retry-After", "2");
    case SINK_FAIL_REDIRECT:
        return answer(connection, 302, "elsewhere, on request\n", "Location", "http://127.0.0.1:1/elsewhere");
    case SINK_FAIL_CLOSE:
        return answer_half(connection);
    case SINK_FAIL_SLOW:
        visit->answered_late = true;
        return put_off(visit, clock_monotonic() + SINK_SLOW_S * 1000000LL);
    default:
        return put_off(visit, 0);
    }
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result take(struct visit *visit)
{
    struct MHD_Connection *connection = visit->connection;
    struct sink *sink = visit->sink;
    struct print_alert alert = {.id = header(connection, "webhook-id"), .body = buffer_slice(&visit->body)};

    alert.verified =
        verify_body(&sink->options.keys, alert.id, header(connection, "webhook-timestamp"),
                    header(connection, "webhook-signature"), alert.body, clock_wall() / 1000000, &alert.scheme);
    if (alert.id == NULL)
        alert.id = "";
    if (alert.verified == VERIFY_GOOD || alert.verified == VERIFY_NO_KEY)
        alert.duplicate = alert.id[0] != '\0' && is_duplicate(sink, alert.id);
    (sink->options.json ? print_json : print_words)(&alert);
    if (alert.verified != VERIFY_GOOD && alert.verified != VERIFY_NO_KEY)
        return answer(connection, 401, "the signature does not verify\n", NULL, NULL);
    sink->taken += !alert.duplicate;
    return answer(connection, 204, "", NULL, NULL);
}

static enum MHD_Result decide(struct visit *visit, const char *method)
{
    struct sink *sink = visit->sink;

    if (visit->answered_late)
        return take(visit);
    if (visit->body.failed)
        return answer(visit->connection, 413, "larger than 1 MiB\n", NULL, NULL);
    if (strcmp(method, "POST") != 0)
        return answer(visit->connection, 405, "POST alerts here\n", "Allow", "POST");
    sink->requests++;
    if (sink->options.fail != SINK_FAIL_NOT &&
        (sink->options.fail_first == 0 || sink->requests <= sink->options.fail_first))
        return fail(visit);
    return take(visit);
}

/* ---- libmicrohttpd ---- */

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    struct visit *visit = *state;

    (void)url, (void)version;
    if (visit == NULL) {
        visit = calloc(1, sizeof(*visit));
        if (visit == NULL)
            return MHD_NO;
        visit->sink = context;
        visit->connection = connection;
        buffer_init(&visit->body, SINK_BODY);
        *state = visit;
        return MHD_YES;
    }
    if (*size > 0) {
        buffer_add(&visit->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return decide(visit, method);
}

static void forget_suspended(struct visit *visit)
{
    struct visit **at = &visit->sink->suspended;

    while (*at != NULL && *at != visit)
        at = &(*at)->next;
    if (*at != NULL)
        *at = visit->next;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct visit *visit = *state;
    struct sink *sink = context;

    (void)connection, (void)code;
    if (visit == NULL)
        return;
    forget_suspended(visit);
    buffer_free(&visit->body);
    free(visit);
    *state = NULL;
    sink->full = sink->options.count > 0 && sink->taken >= sink->options.count;
}

/* Lets slow answers go that are due; with `all`, everything, for the end. */
static void wake(struct sink *sink, bool all)
{
    int64_t now = clock_monotonic();
    struct visit **at = &sink->suspended;

    while (*at != NULL) {
        struct visit *visit = *at;

        if (!all && (visit->wake_us == 0 || visit->wake_us > now)) {
            at = &visit->next;
            continue;
        }
        *at = visit->next;
        visit->suspended = false;
        MHD_resume_connection(visit->connection);
    }
}

static int start(struct sink *sink, struct error *error)
{
    struct address address;
    struct sockaddr_storage where;
    const union MHD_DaemonInfo *info;
    unsigned flags = MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;

    if (address_parse(sink->options.address, &address) != 0)
        return error_usage(error, "\"%s\" is no address; write it as 127.0.0.1 or ::1", sink->options.address);
    address_sockaddr(&address, sink->options.port, &where);
    if (!address_is_v4(&address))
        flags |= MHD_USE_IPv6;
    errno = 0;
    sink->daemon = MHD_start_daemon(flags & ~(unsigned)MHD_USE_ERROR_LOG, sink->options.port, NULL, NULL, on_request,
                                    sink, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&where, MHD_OPTION_NOTIFY_COMPLETED,
                                    on_completed, sink, MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_END);
    if (sink->daemon == NULL && errno == EADDRINUSE)
        return error_set(error,
                         "port %u of %s is taken by another program; choose another with --port, or 0 for a free one",
                         sink->options.port, sink->options.address);
    if (sink->daemon == NULL)
        return error_errno(error, "cannot listen on port %u of %s", sink->options.port, sink->options.address);
    info = MHD_get_daemon_info(sink->daemon, MHD_DAEMON_INFO_BIND_PORT);
    sink->port = info != NULL ? info->port : sink->options.port;
    return 0;
}

struct sink *sink_new(const struct sink_options *options, struct error *error)
{
    struct sink *sink = calloc(1, sizeof(*sink));

    if (sink == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    sink->options = *options;
    sink->seen = calloc(SINK_SEEN, sizeof(*sink->seen));
    if (sink->seen == NULL)
        error_set(error, "out of memory");
    else if (start(sink, error) == 0)
        return sink;
    sink_free(sink);
    return NULL;
}

void sink_free(struct sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->daemon != NULL) {
        wake(sink, true);
        MHD_stop_daemon(sink->daemon);
    }
    free(sink->seen);
    free(sink);
}

uint16_t sink_port(const struct sink *sink)
{
    return sink->port;
}

/* The nearest of what is due, in milliseconds. */
static int next_due(struct sink *sink, int timeout_ms)
{
    MHD_UNSIGNED_LONG_LONG own;
    int64_t now = clock_monotonic();

    if (MHD_get_timeout(sink->daemon, &own) == MHD_YES && own < (MHD_UNSIGNED_LONG_LONG)timeout_ms)
        timeout_ms = (int)own;
    for (const struct visit *visit = sink->suspended; visit != NULL; visit = visit->next) {
        int64_t left = (visit->wake_us - now) / 1000 + 1;

        if (visit->wake_us != 0 && left < timeout_ms)
            timeout_ms = left > 0 ? (int)left : 0;
    }
    return timeout_ms;
}

bool sink_step(struct sink *sink, int timeout_ms)
{
    fd_set reading, writing, except;
    struct timeval wait;
    int highest = -1;

    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&except);
    wake(sink, false);
    MHD_get_fdset(sink->daemon, &reading, &writing, &except, &highest);
    timeout_ms = next_due(sink, timeout_ms);
    wait.tv_sec = timeout_ms / 1000;
    wait.tv_usec = timeout_ms % 1000 * 1000;
    if (select(highest + 1, &reading, &writing, &except, &wait) < 0) {
        FD_ZERO(&reading);
        FD_ZERO(&writing);
        FD_ZERO(&except);
    }
    MHD_run_from_select(sink->daemon, &reading, &writing, &except);
    return sink->full;
}
