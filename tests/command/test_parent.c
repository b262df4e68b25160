/* SPDX-License-Identifier: ISC
 *
 * The parent's plain parts: sockets, the lock and control socket, who gets what. No roles are started. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/parent/holder.h"
#include "server/parent/listen.h"
#include "server/parent/plan.h"
#include "server/parent/runtime.h"
#include "server/parent/supervise.h"
#include "tests/test.h"

static char text_127[] = "127.0.0.1", text_any[] = "::", empty[] = "", http[] = "http", ldap[] = "ldap";
static char name_a[] = "a", name_b[] = "b", name_c[] = "c", alone[] = "alone";
static struct error error;

/* Below the ports that clients get by themselves, which other tests' connections hold for a while. */
static int open_port(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    int fd = -1;

    for (int i = 0; i < 200 && fd < 0; i++) {
        *port = (uint16_t)(20000 + randombytes_uniform(12000));
        at.sin_port = htons(*port);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0) {
            close(fd);
            fd = -1;
        }
    }
    ck_assert_int_ge(fd, 0);
    return fd;
}

static uint16_t free_port(void)
{
    uint16_t port;

    close(open_port(&port));
    return port;
}

static bool connects(int family, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

    if (fd < 0)
        return false;
    result = family == AF_INET ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
                               : connect(fd, (struct sockaddr *)&v6, sizeof(v6));
    close(fd);
    return result == 0;
}

START_TEST(binds_keeps_and_closes)
{
    struct listener listeners[] = {{text_127, free_port(), TLS_NONE}, {text_any, free_port(), TLS_NONE}};
    struct decoy decoy = {.name = name_a, .listeners = listeners, .listener_count = 2};
    struct configuration configuration = {.decoys = &decoy, .decoy_count = 1};
    struct listening listening = {NULL};
    int fd;

    ck_assert_msg(listening_bind(&listening, &configuration, 0, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(listening.count, 2);
    ck_assert(connects(AF_INET, listeners[0].port));
    ck_assert(connects(AF_INET, listeners[1].port));
    if (access("/proc/net/if_inet6", R_OK) == 0 && !connects(AF_INET6, listeners[1].port))
        ck_assert_msg(socket(AF_INET6, SOCK_STREAM, 0) < 0, "\"::\" must take IPv6");
    fd = listening_find(&listening, "127.0.0.1", listeners[0].port);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(listening_bind(&listening, &configuration, 0, &error), 0);
    ck_assert_int_eq(listening_find(&listening, "127.0.0.1", listeners[0].port), fd);
    decoy.listener_count = 1;
    listening_keep(&listening, &configuration);
    ck_assert_uint_eq(listening.count, 1);
    ck_assert(!connects(AF_INET, listeners[1].port));
    listening_close(&listening);
    ck_assert(!connects(AF_INET, listeners[0].port));
}
END_TEST

START_TEST(a_port_in_use_is_named)
{
    struct listener listeners[] = {{text_127, free_port(), TLS_NONE}, {text_127, 0, TLS_NONE}};
    struct decoy decoy = {.name = name_a, .listeners = listeners, .listener_count = 2};
    struct configuration configuration = {.decoys = &decoy, .decoy_count = 1};
    struct listening listening = {NULL};
    int gate[2], taken = open_port(&listeners[1].port), status;
    char expected[64], name[64], byte;
    pid_t other;

    /* Another process holds it. */
    ck_assert_int_eq(pipe(gate), 0);
    other = fork();
    if (other == 0) {
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(taken);
    ck_assert_int_eq(holder_find(listeners[1].port, name, sizeof(name)), other);
    ck_assert_int_eq(listening_bind(&listening, &configuration, 60, &error), -1);
    snprintf(expected, sizeof(expected), "127.0.0.1 port %u", listeners[1].port);
    ck_assert_msg(strstr(error.text, expected) != NULL, "%s", error.text);
    snprintf(expected, sizeof(expected), "(process %d)", (int)other);
    ck_assert_msg(strstr(error.text, expected) != NULL, "%s", error.text);
    ck_assert_uint_eq(listening.count, 0);
    ck_assert(!connects(AF_INET, listeners[0].port));
    close(gate[0]);
    close(gate[1]);
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    listening_close(&listening);
}
END_TEST

/* ---- the run folder ---- */

static char folder[256];

static void make_state(const char *below)
{
    char path[300];

    snprintf(folder, sizeof(folder), "/tmp/sundew-parent-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    if (below[0] != '\0') {
        strncat(folder, "/", sizeof(folder) - strlen(folder) - 1);
        strncat(folder, below, sizeof(folder) - strlen(folder) - 1);
        ck_assert_int_eq(mkdir(folder, 0700), 0);
    }
    snprintf(path, sizeof(path), "%s/ledger.db", folder);
    ck_assert_int_eq(paths_create(path, "", 0, 0600, &error), 0);
}

static void remove_state(void)
{
    static const char *const names[] = {"run/sundewd.pid", "run/status", "run/control", "run", "ledger.db", ""};
    char path[300];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        remove(path);
    }
    if (strlen(folder) > 150) {
        *strrchr(folder, '/') = '\0';
        rmdir(folder);
    }
}

START_TEST(one_daemon_only)
{
    struct configuration configuration = {.state = folder, .operators = empty};
    struct runtime first, second;
    struct stat status;
    char path[300];

    make_state("");
    ck_assert_msg(runtime_open(&first, &configuration, 0, &error) == 0, "%s", error.text);
    snprintf(path, sizeof(path), "%s/run/control", folder);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert(S_ISSOCK(status.st_mode));
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(runtime_open(&second, &configuration, 60, &error), -1);
    ck_assert_msg(strstr(error.text, "another sundewd (process ") != NULL, "%s", error.text);
    runtime_close(&second);
    runtime_status(&first, 7, false, "why not");
    snprintf(path, sizeof(path), "%s/run/status", folder);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_size, (off_t)strlen("7 failed why not\n"));
    runtime_close(&first);
    ck_assert_msg(runtime_open(&first, &configuration, 0, &error) == 0, "%s", error.text);
    runtime_close(&first);
    remove_state();
}
END_TEST

START_TEST(long_paths_do)
{
    struct configuration configuration = {.state = folder, .operators = empty};
    struct runtime runtime;
    char below[151];

    memset(below, 'l', sizeof(below) - 1);
    below[sizeof(below) - 1] = '\0';
    make_state(below);
    ck_assert_msg(runtime_open(&runtime, &configuration, 0, &error) == 0, "%s", error.text);
    runtime_close(&runtime);
    remove_state();
}
END_TEST

START_TEST(no_state_is_explained)
{
    struct configuration configuration = {.state = folder, .operators = empty};
    struct runtime runtime;

    snprintf(folder, sizeof(folder), "/nonexistent/state");
    ck_assert_int_eq(runtime_open(&runtime, &configuration, 0, &error), -1);
    ck_assert_msg(strstr(error.text, "sundew init DIR") != NULL, "%s", error.text);
    runtime_close(&runtime);
}
END_TEST

/* ---- who gets what ---- */

static struct configuration *unpacked(const struct child *child)
{
    struct configuration *c = NULL;

    ck_assert_int_eq(configuration_unpack(buffer_slice(&child->setup), &c), 0);
    return c;
}

START_TEST(a_sensor_for_each_service_and_isolate)
{
    struct listener listeners[] = {{text_127, 1, TLS_NONE}, {text_127, 2, TLS_NONE}, {text_127, 3, TLS_NONE}};
    struct bound bound[] = {{text_127, 1, 101}, {text_127, 2, 102}, {text_127, 3, 103}};
    struct listening listening = {bound, 3};
    struct decoy decoys[] = {
        {.name = name_a, .service = http, .isolate = empty, .listeners = &listeners[0], .listener_count = 2},
        {.name = name_b, .service = ldap, .isolate = empty, .listeners = &listeners[2], .listener_count = 1},
        {.name = name_c, .service = http, .isolate = empty, .listeners = &listeners[0], .listener_count = 1},
    };
    struct configuration configuration = {.state = folder, .decoys = decoys, .decoy_count = 3, .workers = 2};
    struct event_base *base = event_base_new();
    struct tree *tree = tree_new(base, -1, NULL, NULL);
    struct configuration *part;
    size_t count = 0;

    make_state("");
    ck_assert_msg(plan_core(tree, &configuration, &error) == 0, "%s", error.text);
    ck_assert_msg(plan_sensors(tree, &configuration, &listening, 1, &error) == 0, "%s", error.text);
    for (const struct child *child = tree_first(tree); child != NULL; child = child->next, count++) {
        part = unpacked(child);
        if (strcmp(child->name, "sensor http") == 0) {
            ck_assert_uint_eq(child->listener_count, 2); /* the shared one once */
            ck_assert_uint_eq(part->decoy_count, 2);
            ck_assert_uint_eq(part->route_count, 0);
        } else if (strcmp(child->name, "sensor ldap") == 0) {
            ck_assert_int_eq(child->listeners[0].fd, 103);
            ck_assert_str_eq(part->decoys[0].name, "b");
        } else {
            ck_assert_uint_eq(child->listener_count, 0);
        }
        configuration_free(part);
    }
    ck_assert_uint_eq(count, 3 + 2 * 2);
    decoys[2].isolate = alone;
    ck_assert_int_eq(plan_sensors(tree, &configuration, &listening, 2, &error), -1);
    ck_assert_msg(strstr(error.text, "shares a port") != NULL, "%s", error.text);
    tree_free(tree);
    event_base_free(base);
    remove_state();
}
END_TEST

/* ---- starting again ---- */

#define TREES 16

struct starts {
    struct event_base *base;
    unsigned again;
};

static void on_ended(struct child *child, void *context)
{
    struct starts *starts = context;

    if (child->restarts == 2 && ++starts->again == TREES)
        event_base_loopbreak(starts->base);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

/* Other wakes of the loop, whose clock is a coarse one, let timers ring a moment early. */
START_TEST(what_cannot_start_is_tried_again)
{
    static const struct tree_events events = {.ended = on_ended};
    const struct timeval often = {0, 700}, limit = {3, 0};
    struct starts starts = {.base = event_base_new()};
    struct event *tick = event_new(starts.base, -1, EV_PERSIST, on_tick, NULL);
    struct tree *trees[TREES];

    ck_assert_int_eq(setenv("SUNDEW_LIBEXECDIR", "/nowhere", 1), 0);
    event_add(tick, &often);
    for (size_t i = 0; i < TREES; i++) {
        trees[i] = tree_new(starts.base, -1, &events, &starts);
        ck_assert_ptr_nonnull(tree_add(trees[i], "keeper", "keeper", 0));
        tree_start(trees[i]);
    }
    event_base_loopexit(starts.base, &limit);
    event_base_dispatch(starts.base);
    ck_assert_uint_eq(starts.again, TREES);
    for (size_t i = 0; i < TREES; i++)
        tree_free(trees[i]);
    event_free(tick);
    event_base_free(starts.base);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("parent");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, binds_keeps_and_closes);
    tcase_add_test(tc, a_port_in_use_is_named);
    tcase_add_test(tc, one_daemon_only);
    tcase_add_test(tc, long_paths_do);
    tcase_add_test(tc, no_state_is_explained);
    tcase_add_test(tc, a_sensor_for_each_service_and_isolate);
    tcase_add_test(tc, what_cannot_start_is_tried_again);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
