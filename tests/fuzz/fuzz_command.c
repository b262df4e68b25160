/* SPDX-License-Identifier: ISC
 *
 * A command as a client of the control socket sends it: read, checked, and carried out on a ledger. The input is a
 * COMMAND datagram, or lines: name, then argument and value by turns. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/keeper/control.h"
#include "server/keeper/jobs.h"
#include "server/keeper/keeper.h"
#include "server/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct listener listener = {.address = (char[]){"127.0.0.1"}, .port = 443, .tls = TLS_DIRECT};
static char *names[] = {(char[]){"git.corp.example"}};
static char none[] = "";
static struct decoy decoy = {.name = (char[]){"gitlab"}, .service = (char[]){"http"}, .site = (char[]){"gitlab"},
                             .names = names, .name_count = 1, .listeners = &listener, .listener_count = 1,
                             .isolate = none, .certificate = none, .key = none};
static struct route route = {.name = (char[]){"soc"}, .format = (char[]){"cloudevents"},
                             .url = (char[]){"http://127.0.0.1:9/"}};
static char folder[] = "/tmp/sundew-fuzz-command-XXXXXX", key[sizeof folder + 4], ledger[sizeof folder + 16];
static struct configuration configuration = {.organisation = (char[]){"Example"}, .domain = (char[]){"corp.example"},
                                             .language = (char[]){"en"}, .state = folder, .master_key = key,
                                             .operators = none, .decoys = &decoy, .decoy_count = 1, .routes = &route,
                                             .route_count = 1, .budget_noise = 1 << 20, .budget_source_per_hour = 600};
static struct keeper keeper;

static void clean(void)
{
    static const char *const files[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.lock", "lock", "reserve",
                                        "key"};

    keeper_close(&keeper);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(ledger, sizeof ledger, "%s/%s", folder, files[i]);
        unlink(ledger);
    }
    rmdir(folder);
}

static void set_up(void)
{
    struct error error = {""};

    if (keeper.base != NULL)
        return;
    if (sodium_init() < 0 || mkdtemp(folder) == NULL)
        abort();
    (void)snprintf(key, sizeof key, "%s/key", folder);
    keeper.base = event_base_new();
    keeper.configuration = &configuration;
    keeper.jobs = jobs_new(keeper.base);
    keeper.control = control_new(&keeper, keeper.base, keeper.jobs, &error);
    if (keeper.control == NULL || keeper_open(&keeper, true, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    (void)sqlite3_exec(keeper.ledger.db, "PRAGMA synchronous = OFF; INSERT INTO persona VALUES (1, 1, '{}', '', x'')",
                       NULL, NULL, NULL);
    (void)atexit(clean);
}

static void send_all(int fd, const uint8_t *data, size_t size)
{
    struct error error;
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    hello_add(&message);
    (void)channel_send_now(fd, buffer_slice(&message), -1, &error);
    buffer_clear(&message);
    (void)credit_add(&message, 1000);
    (void)channel_send_now(fd, buffer_slice(&message), -1, &error);
    (void)channel_send_now(fd, (struct slice){data, size}, -1, &error);
    buffer_free(&message);
}

static struct slice line(struct slice *rest)
{
    const unsigned char *end = rest->length > 0 ? memchr(rest->data, '\n', rest->length) : NULL;
    struct slice found = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->length};
    size_t used = found.length + (end != NULL);

    *rest = (struct slice){rest->data + used, rest->length - used};
    return found;
}

static int pack(struct slice rest, struct buffer *message)
{
    struct command command = {.name = line(&rest)};

    while (rest.length > 0 && command.argument_count < COMMAND_ARGUMENTS) {
        struct argument *argument = &command.arguments[command.argument_count++];

        argument->name = line(&rest);
        argument->value = line(&rest);
    }
    return command_add(message, &command);
}

static void one_client(const uint8_t *data, size_t size)
{
    struct error error;
    int fds[2];

    if (channel_pair(fds, &error) != 0)
        return;
    if (control_peer(keeper.control, "operator", fds[1]) != 0)
        abort();
    send_all(fds[0], data, size);
    for (int i = 0; i < 6; i++)
        event_base_loop(keeper.base, EVLOOP_NONBLOCK);
    close(fds[0]);
    for (int i = 0; i < 2; i++)
        event_base_loop(keeper.base, EVLOOP_NONBLOCK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer message;

    set_up();
    if (size < 2 || size > CHANNEL_MESSAGE)
        return 0;
    buffer_init(&message, CHANNEL_MESSAGE);
    if (data[0] == 0)
        one_client(data, size);
    else if (pack((struct slice){data, size}, &message) == 0)
        one_client(message.data, message.length);
    buffer_free(&message);
    return 0;
}
