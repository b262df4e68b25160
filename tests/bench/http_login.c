/* SPDX-License-Identifier: ISC
 *
 * What one login costs the service "http" beside sockets: requests as wrk sends them, and the keeper's verdicts,
 * without either. http_login COUNT: to be counted by `valgrind --tool=callgrind --toggle-collect=one_login*`.
 * http_login FILE…: each file is one connection's input; every observation and answer is printed, so that two builds
 * can be compared. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/sensor/session.h"

static const char login_text[] = "POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1:8929\r\n"
                                 "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 67\r\n\r\n"
                                 "grant_type=password&username=nobody.here&password=some-wrong-secret";
static const char face[] = "{\"release\":{\"version\":\"17.9.1\",\"revision\":\"998f540a579\","
                           "\"date\":\"2025-02-26T15:41:12Z\"},\"style_digest\":\"aa11\",\"icon_digest\":\"bb22\"}";
static char decoy_name[] = "gitlab", host_name[] = "git.corp.example", *host_names[] = {host_name};
static const struct listener listener = {.tls = TLS_NONE};
static const struct decoy decoy = {.name = decoy_name, .site = decoy_name, .names = host_names, .name_count = 1};

struct bench {
    struct session session; /* first */
    struct decoy_face face;
    struct observation observation;
    struct buffer message;
    size_t answered; /* bytes */
    bool closed, prints;
};

struct decoy_face *session_choose(struct session *session, struct slice host)
{
    (void)host;
    return session->face;
}

void session_send(struct session *session)
{
    (void)session;
}

bool session_congested(struct session *session)
{
    return session->output.length >= SESSION_CONGESTED;
}

void session_close(struct session *session, bool reset)
{
    (void)reset;
    ((struct bench *)session)->closed = true;
}

int session_start_tls(struct session *session)
{
    (void)session;
    return -1;
}

void session_deadline(struct session *session, int idle_s, int total_s)
{
    (void)session;
    (void)idle_s;
    (void)total_s;
}

int session_pause(struct session *session, int milliseconds)
{
    (void)session;
    (void)milliseconds;
    return -1;
}

void session_forwarded(struct session *session, struct slice header)
{
    (void)session;
    (void)header;
}

const char *session_classes(struct slice value, char text[SESSION_CLASSES])
{
    bool digits = false;

    for (size_t i = 0; i < value.length; i++)
        digits = digits || (value.data[i] >= '0' && value.data[i] <= '9');
    memcpy(text, digits ? "digit" : "other", 6);
    return text;
}

static void print_observation(const struct observation *o)
{
    printf("observation %u: %.*s\n", o->request, (int)o->context.length, (const char *)o->context.data);
    for (size_t i = 0; i < o->candidate_count; i++)
        printf("  %u %u %.*s: %.*s\n", o->candidates[i].part, o->candidates[i].pair, (int)o->candidates[i].where.length,
               (const char *)o->candidates[i].where.data, (int)o->candidates[i].value.length,
               (const char *)o->candidates[i].value.data);
}

void session_present(struct session *session, const struct credentials *credentials, struct slice context)
{
    struct bench *bench = (struct bench *)session;
    struct observation *o = &bench->observation;

    o->context = context;
    o->request = session->request;
    o->candidate_count = 0;
    if (credentials != NULL)
        credentials_list(credentials, o);
    buffer_clear(&bench->message);
    (void)observation_add(&bench->message, o);
    session->waiting = o->candidate_count > 0;
    if (bench->prints)
        print_observation(o);
}

static void settle(struct bench *bench)
{
    static const struct verdict verdict;
    struct session *session = &bench->session;

    while (session->waiting) {
        session->waiting = false;
        session->service->verdict(session, &verdict);
        if (!bench->closed && !session->waiting && session->input.length > 0)
            session->service->input(session);
    }
    bench->answered += session->output.length;
    if (bench->prints && session->output.length > 0)
        printf("answer:\n%s\n", buffer_text(&session->output));
    buffer_clear(&session->output);
}

__attribute__((noinline)) static void one_login(struct bench *bench, struct slice input)
{
    (void)buffer_add_slice(&bench->session.input, input);
    bench->session.service->input(&bench->session);
    settle(bench);
}

static void begin(struct bench *bench)
{
    bench->closed = false;
    bench->session.request = 0;
    bench->session.waiting = false;
    buffer_clear(&bench->session.input);
    if (service_http.open(&bench->session) != 0)
        exit(1);
}

static void end(struct bench *bench)
{
    service_http.close(&bench->session);
    bench->session.waiting = false;
}

static int replay(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char *at;
    size_t length;

    begin(bench);
    at = buffer_reserve(&bench->session.input, SESSION_INPUT - 1);
    if (file == NULL || at == NULL) {
        perror(path);
        return 1;
    }
    length = fread(at, 1, SESSION_INPUT - 1, file);
    fclose(file);
    buffer_grow(&bench->session.input, length);
    printf("== %s\n", path);
    if (length > 0)
        one_login(bench, SLICE_NONE);
    end(bench);
    settle(bench);
    return 0;
}

static void repeat(struct bench *bench, long count)
{
    begin(bench);
    for (long i = 0; i < count; i++) {
        if (bench->closed) {
            end(bench);
            begin(bench);
        }
        one_login(bench, slice_of(login_text));
    }
    end(bench);
    printf("%ld logins, %zu bytes of answers\n", count, bench->answered);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct error error = {""};
    long count = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    int result = 0;

    if (argc < 2 || sodium_init() < 0)
        return 2;
    bench.face = (struct decoy_face){.decoy = &decoy, .face = (char *)(uintptr_t)face};
    bench.session.service = &service_http;
    bench.session.face = &bench.face;
    bench.session.listener = &listener;
    buffer_init(&bench.session.input, SESSION_INPUT);
    buffer_init(&bench.session.output, SESSION_OUTPUT);
    buffer_init(&bench.message, CHANNEL_MESSAGE);
    if (service_http.load(&bench.face, &error) != 0) {
        fprintf(stderr, "http_login: %s\n", error.text);
        return 1;
    }
    bench.prints = count <= 0;
    if (count > 0)
        repeat(&bench, count);
    for (int i = 1; i < argc && count <= 0 && result == 0; i++)
        result = replay(&bench, argv[i]);
    service_http.unload(&bench.face);
    buffer_free(&bench.session.input);
    buffer_free(&bench.session.output);
    buffer_free(&bench.message);
    return result;
}
