/* SPDX-License-Identifier: ISC
 *
 * A forge that answers whatever it likes. The first byte chooses forge and act, the second what is planted; behind them
 * stand the answers, one for each request, RS (0x1e) between them: whole HTTP, or a body that gets a head of its own. When
 * there are no more the connection is closed. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "server/base/role.h"
#include "server/planter/door.h"
#include "server/planter/planter.h"
#include "server/planter/task.h"
#include "server/planter/visit.h"
#include "server/planter/web.h"
#include "tests/fuzz/quick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOST "forge.example"
#define SECRET "glpat-Zk3vWq8TarnVole42"

static struct slice answers;
static int quiet = -1; /* one end of a pair over which nothing comes */

/* ---- instead of the network and the clock ---- */

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted, (void)left;
    return 0;
}

void door_init(struct door *door)
{
    memset(door, 0, sizeof *door);
    door->fd = -1;
    buffer_init(&door->input, 1 << 20);
}

void door_close(struct door *door)
{
    buffer_free(&door->input);
    door_init(door);
}

int door_no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

int door_prepare(struct door *door, struct error *error)
{
    (void)door;
    return error_set(error, "no network");
}

int door_connect(struct door *door, const char *address, uint16_t port, int timeout_ms, struct error *error)
{
    (void)address, (void)port, (void)timeout_ms;
    return door_prepare(door, error);
}

int door_proxy(struct door *door, struct error *error)
{
    return door_prepare(door, error);
}

int door_tls(struct door *door, const char *name, struct error *error)
{
    (void)name;
    return door_prepare(door, error);
}

int door_tls_trusted(struct door *door, const char *host, struct error *error)
{
    (void)host;
    return door_prepare(door, error);
}

void door_turn(struct door *door, int timeout_ms, int64_t most)
{
    (void)door, (void)timeout_ms, (void)most;
}

void door_wait(struct door *door, int timeout_ms)
{
    (void)door, (void)timeout_ms;
}

/* Each request has its answer. */
int door_write(struct door *door, struct slice data, struct error *error)
{
    const unsigned char *end = answers.length > 0 ? memchr(answers.data, 0x1e, answers.length) : NULL;
    size_t length = end != NULL ? (size_t)(end - answers.data) : answers.length;

    (void)data, (void)error;
    if (length > 0 && (length < 5 || memcmp(answers.data, "HTTP/", 5) != 0))
        buffer_add_format(&door->input, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", length);
    buffer_add(&door->input, answers.data, length);
    length += end != NULL;
    answers.data += length;
    answers.length -= length;
    return 0;
}

int door_read(struct door *door, struct error *error)
{
    (void)door, (void)error;
    return 0;
}

/* ---- the job ---- */

static const char *const forges[] = {"github", "gitea", "gitlab", "bitbucket"};
static const char *const sorts[] = {"commit", "branch", "merge-request", "variable", "issue", "comment", "wiki", "snippet",
                                    "package"};

static void begin(struct visit *visit, const char *scheme)
{
    static const struct web_api api = {.path = "/api"};
    struct error error;
    struct web *web;
    char key[64];
    int ends[2];

    if (quiet < 0 && (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || (quiet = ends[0]) < 0))
        exit(3);
    visit_init(visit);
    visit->credentials.name = strdup("api");
    visit->credentials.settings = json_object();
    visit->scratch = strdup("/dev/null/none"); /* where no copy can be made */
    buffer_add_text(&visit->credentials.files[ACCOUNT_TOKEN].data, "token");
    web = web_new(visit, &api, HOST, 0, "", &error);
    if (web == NULL)
        exit(3);
    web->door.fd = quiet;
    web->port = 443;
    snprintf(web->host, sizeof web->host, HOST);
    snprintf(key, sizeof key, "%s " HOST ":0", scheme);
    if (visit_keep(visit, key, web, web_free, &error) != 0)
        exit(3);
}

static json_t *change(const char *message, const char *file, bool remove)
{
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:[{s:s, s:s*, s:b}]}", "message", message, "area", "ci", "date",
                     "2026-06-02T10:00:00Z", "author", "name", "Ines Hollis", "mail", "ines@corp.example", "files", "path",
                     "ci/env", "file", file, "remove", remove);
}

static json_t *where(bool object, const char *sort, const char *digest)
{
    json_t *told = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:{s:s}}", "branch", "main", "path",
                             "ci/env", "file", "env", "title", "Env", "name", "TOKEN", "digest", digest, "version", "1.0.0",
                             "integrity", "sha512-x", "package", "/orgs/group/packages/npm/project", "beside", "URL",
                             "beside_digests", "URL", digest);

    if (object)
        json_object_set_new(told, "object", json_string(sort));
    else
        json_object_set_new(told, "source", json_string(strcmp(sort, "commit") == 0 ? "main" : "push-tags"));
    return told;
}

/* Bits of `what`: the sort, then whether it is buried, a text, and has its id. */
static void make(struct task *task, const char *action, uint8_t what)
{
    const char *sort = sorts[(what & 15) % 9];
    bool buried = (what & 0x10) != 0, text = (what & 0x20) != 0, known = (what & 0x40) != 0;

    snprintf(task->action, sizeof task->action, "%s", action);
    task->target = strdup("//" HOST "/group/project#main");
    quick_file(task, "ci/env", "TOKEN=" SECRET "\nURL='https://" HOST "'\n");
    task->meta = json_pack("{s:s, s:s, s:i, s:[o], s:s}", "type", text ? "text" : "change", "name", ".env", "line", 1, "changes",
                           change("Add the job\n\nIt runs at night.\n", "ci/env", false), "secret_file", "ci/env");
    if (buried)
        json_array_append_new(json_object_get(task->meta, "changes"), change("Remove it\n", NULL, true));
    task->options = json_pack("{s:s, s:s}", "as", sort, "at", "2026-06-02T10:00:00Z");
    if (strcmp(action, "plant") == 0)
        return;
    json_object_set_new(task->options, "where", where((what & 15) % 9 > 2, sort, QUICK_DIGEST));
    if (known) {
        json_object_set_new(json_object_get(task->options, "where"), "id", json_string("7"));
        json_object_set_new(json_object_get(task->options, "where"), "commit", json_string("c0ffee"));
        json_object_set_new(json_object_get(task->options, "where"), "request", json_string("5"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const actions[] = {"plant", "inspect", "uproot", "plant"};
    struct visit visit;
    struct task task;
    int null;

    if (size < 2)
        return 0;
    null = open("/dev/null", O_RDWR);
    if (null != ROLE_FD && fcntl(ROLE_FD, F_GETFD) < 0)
        dup2(null, ROLE_FD); /* whoever asks for a connection gets none */
    if (null >= 0 && null != ROLE_FD)
        close(null);
    begin(&visit, forges[data[0] & 3]);
    task_init(&task);
    task.place = place_find(slice_of(forges[data[0] & 3]));
    task.visit = &visit;
    make(&task, actions[data[0] >> 2 & 3], data[1]);
    answers = (struct slice){data + 2, size - 2};
    quick_run(&task, &visit);
    return 0;
}
