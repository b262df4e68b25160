/* SPDX-License-Identifier: ISC */
#include "tests/keeper/operator.h"
#include <check.h>
#include <ftw.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/keeper/init.h"
#include "server/wire/message.h"

/* Ends 2051-07-15T01:33:19Z; its key was thrown away. */
static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBcjCCARigAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAx0ZXN0LmV4\n"
                                  "YW1wbGUwIBcNMjYxMTIzMDEzMzE5WhgPMjA1MTA3MTUwMTMzMTlaMBcxFTATBgNV\n"
                                  "BAMMDHRlc3QuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDXMjXzk\n"
                                  "ZyJ+nGqcUlrQ4WoEO6teJvAvsibIFpYYhcPYFrBc/K5ebw3J0BWK5IcDRP/BHFTs\n"
                                  "5q5oYujKf7dtsmujUzBRMB0GA1UdDgQWBBT9zYgd6wZ6HeyLRfjtw3DVv+ZcWzAf\n"
                                  "BgNVHSMEGDAWgBT9zYgd6wZ6HeyLRfjtw3DVv+ZcWzAPBgNVHRMBAf8EBTADAQH/\n"
                                  "MAoGCCqGSM49BAMCA0gAMEUCIQCDcky8NF38toqUPoOpay5ODyUwBYFjqDRark0K\n"
                                  "xYdV2AIgDEftbNkr0OgahWHWumyWzXICOmDMH9/QRHdIFxxdSlc=\n"
                                  "-----END CERTIFICATE-----\n";

/* ---- the played minter ---- */

static void send_message(struct channel *channel, struct buffer *message)
{
    ck_assert(!message->failed);
    ck_assert_int_eq(channel_send(channel, buffer_slice(message), -1), 0);
    buffer_clear(message);
}

static void give(struct operator *o, uint64_t number, const char *kind, const char *name, struct slice data)
{
    struct result result = {.number = number, .kind = slice_of(kind), .name = slice_of(name)};
    struct buffer message;
    size_t half = data.length / 2;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (half > 8 && strcmp(kind, "token") != 0) { /* in two pieces, to be joined */
        result.data = (struct slice){data.data, half};
        result.more = true;
        ck_assert_int_eq(result_add(&message, &result), 0);
        send_message(o->minter_end, &message);
        data = (struct slice){data.data + half, data.length - half};
    }
    result.data = data;
    result.more = false;
    ck_assert_int_eq(result_add(&message, &result), 0);
    send_message(o->minter_end, &message);
    buffer_free(&message);
}

static void end_job(struct operator *o, uint64_t number, bool ok, const char *text)
{
    struct result_done done = {.number = number, .code = ok ? 0 : 2, .text = slice_of(text)};
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    ck_assert_int_eq(result_done_add(&message, &done), 0);
    send_message(o->minter_end, &message);
    buffer_free(&message);
}

static const char *parameter(const struct operator *o, const char *name)
{
    return json_string_value(json_object_get(o->minter.parameters, name));
}

static void give_token(struct operator *o, uint64_t number)
{
    unsigned char random[16];
    char identity[64];
    struct token_result token = {.kind = slice_of(parameter(o, "kind")), .form = slice_of("human"), .secret_bits = 128,
                                 .identity_bits = 40, .bound = true, .distinctive = true};
    struct buffer data;

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(o->minter.secret, sizeof o->minter.secret, random, sizeof random);
    (void)snprintf(identity, sizeof identity, "user.%.8s", o->minter.secret);
    token.identity = slice_of(parameter(o, "identity") != NULL ? parameter(o, "identity") : identity);
    token.secret = slice_of(o->minter.secret);
    buffer_init(&data, CHANNEL_MESSAGE);
    ck_assert_int_eq(token_result_add(&data, &token), 0);
    give(o, number, "token", "", buffer_slice(&data));
    buffer_free(&data);
}

static void give_artifacts(struct operator *o, uint64_t number, const char *secret)
{
    char text[128];

    (void)snprintf(text, sizeof text, "PASSWORD=%s\n", secret);
    give(o, number, "artifact", ".env", slice_of(text));
    give(o, number, "artifact", "key.bin", (struct slice){(const unsigned char *)"\x00\xff\x01", 3});
}

static void give_mint(struct operator *o, uint64_t number)
{
    json_int_t count = json_integer_value(json_object_get(o->minter.parameters, "count"));

    for (json_int_t i = 0; i < count; i++) {
        give_token(o, number);
        if (json_is_true(json_object_get(o->minter.parameters, "artifacts")))
            give_artifacts(o, number, o->minter.secret);
        if (channel_waiting(o->minter_end) > 1024)
            channel_flush(o->minter_end);
    }
}

static void give_lure(struct operator *o, uint64_t number)
{
    char text[256];

    give(o, number, "meta", "", slice_of("{\"lure\":\"onboarding\",\"type\":\"mail\",\"to\":\"Ada <ada@corp.example>\","
                                         "\"message_id\":\"<1@corp.example>\",\"secret_file\":\"0\",\"line\":3}"));
    (void)snprintf(text, sizeof text, "Subject: hello\n\nYour password is %s\n", parameter(o, "secret"));
    give(o, number, "file", "0", slice_of(text));
}

static void give_pem(struct operator *o, uint64_t number)
{
    char key[128];

    (void)snprintf(key, sizeof key, "-----BEGIN PRIVATE KEY-----\n%u\n-----END PRIVATE KEY-----\n", o->minter.pem++);
    give(o, number, "pem", "certificate", slice_of(certificate));
    give(o, number, "pem", "key", slice_of(key));
}

static void do_job(struct operator *o, const struct job *job)
{
    if (slice_is(job->what, "mint"))
        give_mint(o, job->number);
    else if (slice_is(job->what, "artifacts"))
        give_artifacts(o, job->number, parameter(o, "secret"));
    else if (slice_is(job->what, "lure"))
        give_lure(o, job->number);
    else if (slice_is(job->what, "persona"))
        give(o, job->number, "json", "", slice_of("{\"organisation\":\"Example\",\"people\":[]}"));
    else if (slice_is(job->what, "face"))
        give(o, job->number, "json", "", slice_of("{\"version\":\"17.1.2\"}"));
    else
        give_pem(o, job->number);
    end_job(o, job->number, true, "");
}

static void minter_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct operator *o = context;
    struct reader reader = reader_of(message);
    struct job job;

    (void)fd;
    if (message_type(&reader) != MESSAGE_JOB) {
        struct buffer hello;

        buffer_init(&hello, CHANNEL_MESSAGE);
        hello_add(&hello);
        send_message(channel, &hello);
        buffer_free(&hello);
        return;
    }
    ck_assert_int_eq(job_get(&reader, &job), 0);
    o->minter.jobs++;
    (void)snprintf(o->minter.last, sizeof o->minter.last, "%.*s", (int)job.what.length, (const char *)job.what.data);
    json_decref(o->minter.parameters);
    o->minter.parameters = json_loadb((const char *)job.parameters.data, job.parameters.length, 0, NULL);
    ck_assert_ptr_nonnull(o->minter.parameters);
    if (o->minter.die_at != NULL && slice_is(job.what, o->minter.die_at)) {
        channel_free(channel);
        o->minter_end = NULL;
    } else if (o->minter.silent_at != NULL && slice_is(job.what, o->minter.silent_at)) {
        return;
    } else if (o->minter.refuse != NULL) {
        end_job(o, job.number, false, o->minter.refuse);
    } else {
        do_job(o, &job);
    }
}

static void minter_closed(struct channel *channel, void *context)
{
    channel_free(channel);
    ((struct operator *)context)->minter_end = NULL;
}

void operator_minter(struct operator *o)
{
    static const struct channel_events events = {.message = minter_message, .closed = minter_closed};
    struct error error;
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    o->minter_end = channel_new(o->base, fds[0], &events, o);
    jobs_peer(o->keeper.jobs, fds[1]);
}

/* ---- the operator's end ---- */

static void row_add(struct operator *o, const struct reply_row *row, bool joined)
{
    struct operator_row *last;

    if (!joined) {
        o->rows = realloc(o->rows, (o->row_count + 1) * sizeof *o->rows);
        last = &o->rows[o->row_count++];
        last->kind = slice_copy(row->kind);
        last->name = slice_copy(row->name);
        last->json = NULL;
        buffer_init(&last->data, 64 * 1024 * 1024);
    }
    last = &o->rows[o->row_count - 1];
    (void)buffer_add_slice(&last->data, row->data);
    if (!row->more)
        last->json = json_loadb((const char *)last->data.data, last->data.length, JSON_REJECT_DUPLICATES, NULL);
}

static void end_message(struct channel *channel, struct slice message, int fd, void *context)
{
    static bool more;
    struct operator *o = context;
    struct reader reader = reader_of(message);
    struct reply_row row;
    struct reply_done done;

    (void)channel;
    (void)fd;
    switch (message_type(&reader)) {
    case MESSAGE_HELLO:
        o->greeted = hello_get(&reader) == 0;
        break;
    case MESSAGE_REPLY_ROW:
        ck_assert_int_eq(reply_row_get(&reader, &row), 0);
        if (o->credit == 0)
            o->exceeded = true;
        else
            o->credit--;
        row_add(o, &row, more);
        more = row.more;
        if (o->credit == 0 && o->window > 0)
            operator_credit(o, o->window);
        break;
    case MESSAGE_REPLY_DONE:
        ck_assert_int_eq(reply_done_get(&reader, &done), 0);
        o->done = true;
        o->code = done.code;
        (void)snprintf(o->text, sizeof o->text, "%.*s", (int)done.text.length, (const char *)done.text.data);
        break;
    default:
        ck_abort_msg("a message that no operator is sent");
    }
}

static void end_closed(struct channel *channel, void *context)
{
    struct operator *o = context;

    channel_free(channel);
    o->end = NULL;
    o->done = true;
    o->code = -1;
}

void operator_connect(struct operator *o)
{
    static const struct channel_events events = {.message = end_message, .closed = end_closed};
    struct buffer hello;
    struct error error;
    int fds[2];

    if (o->end != NULL)
        channel_free(o->end);
    ck_assert_int_eq(channel_pair(fds, &error), 0);
    o->end = channel_new(o->base, fds[0], &events, o);
    ck_assert_int_eq(control_peer(o->keeper.control, "operator", fds[1]), 0);
    buffer_init(&hello, CHANNEL_MESSAGE);
    hello_add(&hello);
    send_message(o->end, &hello);
    buffer_free(&hello);
    o->credit = 0;
}

void operator_credit(struct operator *o, uint32_t rows)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    ck_assert_int_eq(credit_add(&message, rows), 0);
    o->credit += rows;
    send_message(o->end, &message);
    buffer_free(&message);
}

void operator_clear(struct operator *o)
{
    for (size_t i = 0; i < o->row_count; i++) {
        free(o->rows[i].kind);
        free(o->rows[i].name);
        buffer_free(&o->rows[i].data);
        json_decref(o->rows[i].json);
    }
    free(o->rows);
    o->rows = NULL;
    o->row_count = 0;
    o->done = false;
    o->text[0] = '\0';
}

static void send_command(struct operator *o, const char *name, va_list arguments)
{
    struct command command = {.name = slice_of(name)};
    struct buffer message;
    const char *argument;

    operator_clear(o);
    while ((argument = va_arg(arguments, const char *)) != NULL) {
        command.arguments[command.argument_count].name = slice_of(argument);
        command.arguments[command.argument_count++].value = slice_of(va_arg(arguments, const char *));
    }
    buffer_init(&message, CHANNEL_MESSAGE);
    ck_assert_int_eq(command_add(&message, &command), 0);
    send_message(o->end, &message);
    buffer_free(&message);
    if (o->window > 0 && o->credit == 0)
        operator_credit(o, o->window);
}

void operator_send(struct operator *o, const char *name, ...)
{
    va_list arguments;

    va_start(arguments, name);
    send_command(o, name, arguments);
    va_end(arguments);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
    ck_abort_msg("no answer came");
}

int operator_wait(struct operator *o)
{
    const struct timeval limit = {120, 0}; /* against hanging: a loaded machine with sanitizers takes its time */
    struct event *timer = evtimer_new(o->base, on_limit, NULL);

    evtimer_add(timer, &limit);
    while (!o->done)
        event_base_loop(o->base, EVLOOP_ONCE);
    event_free(timer);
    return o->code;
}

int operator_ask(struct operator *o, const char *name, ...)
{
    va_list arguments;

    va_start(arguments, name);
    send_command(o, name, arguments);
    va_end(arguments);
    return operator_wait(o);
}

void operator_turn(struct operator *o, size_t rows)
{
    for (int quiet = 0; quiet < 50 && o->row_count < rows; quiet++) {
        size_t before = o->row_count;
        const struct timeval moment = {0, 2000};

        event_base_loopexit(o->base, &moment);
        event_base_dispatch(o->base);
        if (o->row_count != before)
            quiet = 0;
    }
}

const char *operator_text(const struct operator *o, size_t row, const char *member)
{
    const char *text = row < o->row_count ? json_string_value(json_object_get(o->rows[row].json, member)) : NULL;

    return text != NULL ? text : "";
}

/* ---- the ledger ---- */

int64_t operator_number(struct operator *o, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t number;

    ck_assert_int_eq(sqlite3_prepare_v2(o->keeper.ledger.db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

void operator_sql(struct operator *o, const char *sql)
{
    char *fault = NULL;

    if (sqlite3_exec(o->keeper.ledger.db, sql, NULL, NULL, &fault) != SQLITE_OK)
        ck_abort_msg("%s: %s", sql, fault);
}

char *operator_mint(struct operator *o, const char *kind)
{
    ck_assert_int_eq(operator_ask(o, "mint", "kind", kind, NULL), 0);
    ck_assert_uint_eq(o->row_count, 1);
    return strdup(operator_text(o, 0, "token"));
}

void operator_sighting(struct operator *o, const char *token)
{
    struct id id;
    char hex[2 * ID_BYTES + 1], sql[4096];

    ck_assert_int_eq(id_parse(token, 't', &id), 0);
    sodium_bin2hex(hex, sizeof hex, id.bytes, ID_BYTES);
    (void)snprintf(
        sql, sizeof sql,
        "INSERT OR IGNORE INTO actor (id, prefix, address, first_seen, last_seen, sightings) VALUES"
        " (randomblob(16), x'00000000000000000000ffffc0000207', x'00000000000000000000ffffc0000207', 1, 2, 1);"
        "INSERT INTO incident (id, state, severity, opened, updated) VALUES (randomblob(16), 'open', 'critical',"
        " 1700000000000000, 1700000000000000);"
        "INSERT INTO sighting (id, observation, observation_id, token, actor, incident, time, grade, part, found_in,"
        " reason, decoy, service, source, port, via, client, context) VALUES (randomblob(16),"
        " (SELECT 1 + count(*) FROM sighting), randomblob(16), (SELECT number FROM token WHERE id = x'%s'), 1,"
        " (SELECT max(number) FROM incident), 1700000000123456, 'secret', 'secret', 'form password', 'why', 'gitlab',"
        " 'http', x'00000000000000000000ffffc0000207', 40112, '[]', '{\"http\":{\"method\":\"POST\"}}', '[]');"
        "INSERT INTO fold SELECT incident, token, actor, grade, time, time, 1, 0, time, 0, NULL, number FROM sighting"
        " ORDER BY number DESC LIMIT 1;"
        "INSERT INTO alert (id, incident, sighting, token, time, type, activity, severity, grade, title, record)"
        " SELECT randomblob(16), incident, number, token, time, 'sighting', 'create', 'critical', grade,"
        " 'a title', '{\"alert\":1}' FROM sighting ORDER BY number DESC LIMIT 1;"
        "INSERT INTO delivery (id, alert, route, rank, state, attempts, next, deadline, made) VALUES (randomblob(16),"
        " (SELECT max(number) FROM alert), 'soc', 0, 'dead', 9, 1, 1, 1);",
        hex);
    operator_sql(o, sql);
}

/* ---- all of it ---- */

static struct configuration *make_configuration(const char *state)
{
    static const char yaml[] = "organisation: Example\ndomain: corp.example\nlanguage: en\nstate: %s\nkey: %s/key\n"
                               "decoys:\n"
                               "  ldap:\n    service: ldap\n    names: [ldap.corp.example]\n"
                               "    listen: [{address: 127.0.0.1, port: 21003, tls: tls}]\n"
                               "  gitlab:\n    service: http\n    site: %s\n    names: [git.corp.example]\n"
                               "    listen: [{address: 127.0.0.1, port: 21001, tls: tls}]\n"
                               "routes:\n"
                               "  soc: {format: cloudevents, url: \"http://u:p@127.0.0.1:9/hook?k=1\", secret: %s/soc,"
                               " allow: [127.0.0.1/32]}\n";
    struct configuration *configuration;
    char file[96], text[4096];
    struct error error;
    FILE *stream;

    (void)snprintf(file, sizeof file, "%s/site.yaml", state);
    (void)snprintf(text, sizeof text, yaml, state, state, state, state);
    stream = fopen(file, "w");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_ge(fputs(text, stream), 0);
    ck_assert_int_eq(fclose(stream), 0);
    if (configuration_load(file, &configuration, &error) != 0)
        ck_abort_msg("%s", error.text);
    unlink(file);
    /* The folder stood for a site until it was checked. */
    free(configuration->decoys[1].site);
    configuration->decoys[1].site = strdup("gitlab");
    return configuration;
}

void operator_open(struct operator *o, bool create)
{
    struct error error;

    memset(o, 0, sizeof *o);
    o->window = 64;
    (void)snprintf(o->state, sizeof o->state, "/tmp/sundew-operator-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(o->state));
    o->base = event_base_new();
    o->keeper.base = o->base;
    o->keeper.configuration = make_configuration(o->state);
    o->keeper.jobs = jobs_new(o->base);
    o->keeper.control = control_new(&o->keeper, o->base, o->keeper.jobs, &error);
    if (o->keeper.control == NULL)
        ck_abort_msg("%s", error.text);
    operator_minter(o);
    operator_connect(o);
    if (create && operator_ask(o, "init", NULL) != 0)
        ck_abort_msg("%s", o->text);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void operator_close(struct operator *o)
{
    operator_clear(o);
    if (o->end != NULL)
        channel_free(o->end);
    if (o->minter_end != NULL)
        channel_free(o->minter_end);
    control_free(o->keeper.control);
    o->keeper.control = NULL;
    jobs_free(o->keeper.jobs);
    keeper_close(&o->keeper);
    configuration_free(o->keeper.configuration);
    json_decref(o->minter.parameters);
    event_base_free(o->base);
    nftw(o->state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
