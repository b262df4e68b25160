/* SPDX-License-Identifier: ISC
 *
 * The minter's cage from inside: what it needs works, what it must never do does not. Each test is a child that is
 * caged for good and says what failed. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/minter/jobs.h"
#include "tests/test.h"

/* In a child: ends it, saying which line failed, unless the condition holds. */
#define WANT(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno);                                  \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static struct jobs jobs;

/* Runs the function in a caged child. */
static void inside(void (*what)(void))
{
    int status = -1;
    pid_t child;

    jobs_open(&jobs);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        WANT(minter_shut(&jobs.error) == 0);
        what();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the caged child ended with status %x", status);
    jobs_close(&jobs);
}

static void jobs_inside(void)
{
    json_t *persona, *authority;

    WANT(jobs_run(&jobs, "persona",
                  json_pack("{ss ss ss}", "organisation", "Marais", "domain", "corp.marais.internal", "language",
                            "fr")) == 0);
    persona = json_loads(jobs_text(&jobs, "json", NULL), 0, NULL);
    WANT(jobs_run(&jobs, "mint",
                  json_pack("{ss si sb sO so}", "kind", "password", "count", 50, "artifacts", true, "persona", persona,
                            "decoy", jobs_decoy("http", 21001, true))) == 0);
    WANT(jobs_run(&jobs, "lure",
                  json_pack("{ss ss ss ss ss sO so}", "kind", "password", "form", "human", "identity",
                            "svc-mirror-dwh417", "secret", "Bovirel.Tanusor4172!", "place", "maildir", "persona",
                            persona, "decoy", jobs_decoy("http", 21001, true))) == 0);
    WANT(jobs_run(&jobs, "authority",
                  json_pack("{ss ss}", "organisation", "Marais", "domain", "corp.marais.internal")) == 0);
    authority = json_pack("{ss ss}", "certificate", jobs_text(&jobs, "pem", "certificate"), "key",
                          jobs_text(&jobs, "pem", "key"));
    WANT(jobs_run(&jobs, "certificate",
                  json_pack("{s[s] s[s] so}", "names", "git.corp.marais.internal", "addresses", "127.0.0.1",
                            "authority", authority)) == 0);
    WANT(jobs_run(&jobs, "self-signed", json_pack("{s[s]}", "names", "git.corp.marais.internal")) == 0);
    WANT(jobs_run(&jobs, "face",
                  json_pack("{ss ss sO so}", "service", "http", "site", "gitlab", "persona", persona, "decoy",
                            jobs_decoy("http", 21001, true))) == 0);
    WANT(jobs_run(&jobs, "face",
                  json_pack("{ss ss sO so}", "service", "http", "site", "portal", "persona", persona, "decoy",
                            jobs_decoy("http", 21001, true))) == 0);
    WANT(jobs_run(&jobs, "face",
                  json_pack("{ss ss sO so}", "service", "ldap", "site", "", "persona", persona, "decoy",
                            jobs_decoy("ldap", 21004, true))) == 0);
}

START_TEST(every_job_works_inside)
{
    inside(jobs_inside);
}
END_TEST

#ifdef WITH_SANDBOX

/* Each must fail for want of permission, not for another reason. */
static bool denied(long result)
{
    return result == -1 && (errno == EPERM || errno == EACCES);
}

static void files_inside(void)
{
    WANT(denied(open("/etc/passwd", O_RDONLY)));
    WANT(denied(open("/tmp", O_RDONLY | O_DIRECTORY)));
    WANT(denied(open("/tmp/sundew-cage-test", O_WRONLY | O_CREAT, 0600)));
    WANT(denied(unlink("/tmp/sundew-cage-test")));
    WANT(denied(mkdir("/tmp/sundew-cage-test", 0700)));
    WANT(denied(rename("/tmp/sundew-cage-test", "/tmp/sundew-cage-test-2")));
}

START_TEST(no_file_is_opened)
{
    inside(files_inside);
}
END_TEST

static void network_inside(void)
{
    WANT(denied(socket(AF_INET, SOCK_STREAM, 0)));
    WANT(denied(socket(AF_INET6, SOCK_DGRAM, 0)));
    WANT(denied(socket(AF_UNIX, SOCK_STREAM, 0)));
}

START_TEST(no_network)
{
    inside(network_inside);
}
END_TEST

static void processes_inside(void)
{
    char program[] = "true", *const arguments[] = {program, NULL};

    WANT(denied(execve("/bin/true", arguments, arguments)));
    WANT(denied(fork()));
    WANT(denied(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)));
    WANT(denied(kill(getppid(), 0)));
}

START_TEST(nothing_is_started_or_watched)
{
    inside(processes_inside);
}
END_TEST

static void power_inside(void)
{
    WANT(denied(setuid(0)));
    WANT(denied(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)));
}

START_TEST(no_power_is_gained)
{
    inside(power_inside);
}
END_TEST

#endif

static Suite *suite(void)
{
    Suite *suite = suite_create("cage of the minter");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, every_job_works_inside);
#ifdef WITH_SANDBOX
    tcase_add_test(tcase, no_file_is_opened);
    tcase_add_test(tcase, no_network);
    tcase_add_test(tcase, nothing_is_started_or_watched);
    tcase_add_test(tcase, no_power_is_gained);
#endif
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
