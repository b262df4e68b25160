/* SPDX-License-Identifier: ISC
 *
 * The sensor's cage from inside: a caged child serves TLS and LDAP to this process, and can do nothing else. */
#include "config.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/sensor/rig.h"

/* In a child: ends it, saying which line failed, unless the condition holds. */
#define WANT(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno);                                  \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static struct rig rig;

static pid_t inside(void (*what)(void))
{
    struct rig_options options = {.service = "ldap", .name = "ldap.corp.example", .tls = TLS_DIRECT};
    struct error error = {""};
    pid_t child;

    signal(SIGPIPE, SIG_IGN);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child != 0)
        return child;
    alarm(20);
    rig_begin(&rig, &options);
    WANT(sensor_cage(&error) == 0);
    what();
    _exit(0);
}

static void ended_well(pid_t child)
{
    int status = -1;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the caged child ended with status %x", status);
}

/* ---- what must work ---- */

static int ports[2];

static void serve_inside(void)
{
    uint16_t port = rig.sensor->doors[0].port;

    WANT(write(ports[1], &port, sizeof port) == sizeof port);
    while (rig.presentations == 0 || rig.sensor->crowd.count > 0)
        WANT(event_base_loop(rig.base, EVLOOP_ONCE) >= 0);
    rig_kill_keeper(&rig);
    rig_turn(&rig, 0);
}

static const char *ask(uint16_t port, const char *question, int length)
{
    static char answer[64];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(port)};
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    SSL_set_fd(ssl, fd);
    ck_assert_int_eq(SSL_connect(ssl), 1);
    ck_assert_int_eq(SSL_write(ssl, question, length), length);
    ck_assert_int_gt(SSL_read(ssl, answer, sizeof answer), 0);
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    return answer;
}

START_TEST(clients_are_served_inside)
{
    static const char login[] = "\x30\x11\x02\x01\x01\x60\x0c\x02\x01\x03\x04\x04"
                                "cn=a\x80\x01"
                                "b";
    static const char answer[] = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00";
    uint16_t port;
    pid_t child;

    ck_assert_int_eq(pipe(ports), 0);
    child = inside(serve_inside);
    ck_assert_int_eq(read(ports[0], &port, sizeof port), sizeof port);
    ck_assert_mem_eq(ask(port, login, sizeof login - 1), answer, sizeof answer - 1);
    ended_well(child);
}
END_TEST

#ifdef WITH_SANDBOX

/* ---- what must not ---- */

static bool denied(long result)
{
    return result == -1 && (errno == EPERM || errno == EACCES);
}

static void files_inside(void)
{
    WANT(denied(open("/etc/passwd", O_RDONLY)));
    WANT(denied(open("/dev/null", O_RDWR)));
    WANT(denied(open("/tmp", O_RDONLY | O_DIRECTORY)));
    WANT(denied(open("/tmp/sundew-cage-test", O_WRONLY | O_CREAT, 0600)));
    WANT(denied(unlink("/tmp/sundew-cage-test")));
    WANT(denied(mkdir("/tmp/sundew-cage-test", 0700)));
}

START_TEST(no_file_is_opened)
{
    ended_well(inside(files_inside));
}
END_TEST

static void network_inside(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = 1};
    int fd = rig.sensor->doors[0].fd;

    WANT(denied(socket(AF_INET, SOCK_STREAM, 0)));
    WANT(denied(socket(AF_INET6, SOCK_DGRAM, 0)));
    WANT(denied(socket(AF_UNIX, SOCK_STREAM, 0)));
    WANT(denied(connect(fd, (struct sockaddr *)&address, sizeof address)));
    WANT(denied(bind(fd, (struct sockaddr *)&address, sizeof address)));
    WANT(denied(listen(fd, 1)));
}

START_TEST(nothing_is_connected_to)
{
    ended_well(inside(network_inside));
}
END_TEST

static void processes_inside(void)
{
    char program[] = "true", *const arguments[] = {program, NULL};

    WANT(denied(execve("/bin/true", arguments, arguments)));
    WANT(denied(fork()));
    WANT(denied(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)));
    WANT(denied(kill(getppid(), 0)));
    WANT(denied(setuid(0)));
    WANT(denied(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)));
}

START_TEST(no_power_is_gained)
{
    ended_well(inside(processes_inside));
}
END_TEST

#endif

static Suite *suite(void)
{
    Suite *suite = suite_create("cage of the sensor");
    TCase *tcase = tcase_create("cage");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, clients_are_served_inside);
#ifdef WITH_SANDBOX
    tcase_add_test(tcase, no_file_is_opened);
    tcase_add_test(tcase, nothing_is_connected_to);
    tcase_add_test(tcase, no_power_is_gained);
#endif
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
