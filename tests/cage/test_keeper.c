/* SPDX-License-Identifier: ISC
 *
 * The keeper's cage from inside: what it needs works, what it must never do does not. Each test is a child that is
 * caged for good and says what failed. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/keeper/keeper.h"
#include "tests/keeper/world.h"
#include "tests/test.h"

/* In a child: ends it, saying which line failed, unless the condition holds. */
#define WANT(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno);                                  \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static char folder[64], state[80], key[80];
static struct configuration configuration;
static struct keeper *keeper;
static struct error error;

static void set_up(void)
{
    static char organisation[] = "Example Rail", domain[] = "corp.example";

    snprintf(folder, sizeof folder, "/tmp/keeper-cage-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(key, sizeof key, "%s/key", folder);
    ck_assert_int_eq(mkdir(state, 0700), 0);
    configuration = (struct configuration){.organisation = organisation, .domain = domain, .state = state,
                                           .master_key = key, .budget_noise = 1 << 30, .budget_source_per_hour = 100};
    keeper = calloc(1, sizeof *keeper);
    ck_assert_ptr_nonnull(keeper);
    keeper->configuration = &configuration;
}

static void tear_down(void)
{
    static const char *const names[] = {"state/ledger.db", "state/ledger.db-wal", "state/ledger.db-shm", "state/lock",
                                        "state/reserve", "key", "state"};
    char path[128];
    size_t i;

    free(keeper);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (unlink(path) < 0)
            rmdir(path);
    }
    rmdir(folder);
}

static void inside(bool opened, void (*what)(void))
{
    int status = -1;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        WANT(!opened || keeper_open(keeper, true, &error) == 0);
        WANT(keeper_shut(keeper, folder, &error) == 0);
        what();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the caged child ended with status %x", status);
}

static void take_some(int count)
{
    static const struct login login = {"nobody", "nothing"};
    struct observation observation;
    struct buffer message;
    int i;

    buffer_init(&message, CHANNEL_MESSAGE);
    for (i = 0; i < count; i++) {
        observation = world_login(&login, "203.0.113.5", clock_wall());
        buffer_clear(&message);
        observation_add(&message, &observation);
        if (batch_add(&keeper->batch, buffer_slice(&message), NULL) < 0) {
            keeper_take(keeper);
            WANT(batch_add(&keeper->batch, buffer_slice(&message), NULL) == 0);
        }
    }
    keeper_take(keeper);
    buffer_free(&message);
    WANT(keeper->counts.failures == 0);
}

/* Enough for the log to be written back, and the reserve spent and made again. */
static void work_inside(void)
{
    take_some(30000);
    WANT(keeper_tick(keeper, clock_wall(), clock_monotonic(), &error) >= 0);
    WANT(ledger_reserve_free(&keeper->ledger));
    take_some(10);
    ledger_reserve_restore(&keeper->ledger);
    WANT(!keeper->ledger.full);
    WANT(sqlite3_exec(keeper->ledger.db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) == SQLITE_OK);
    keeper_close(keeper);
}

START_TEST(its_work_works_inside)
{
    inside(true, work_inside);
}
END_TEST

static void init_inside(void)
{
    WANT(keeper_open(keeper, true, &error) == 0);
    take_some(10);
    keeper_close(keeper);
    WANT(keeper_open(keeper, false, &error) == 0);
    keeper_close(keeper);
}

START_TEST(a_new_installation_is_made_inside)
{
    inside(false, init_inside);
}
END_TEST

#ifdef WITH_SANDBOX

/* Each must fail for want of permission, not for another reason. */
static bool denied(long result)
{
    return result == -1 && (errno == EPERM || errno == EACCES);
}

static void network_inside(void)
{
    struct sockaddr address = {.sa_family = AF_UNIX};

    WANT(denied(socket(AF_INET, SOCK_STREAM, 0)));
    WANT(denied(socket(AF_INET6, SOCK_DGRAM, 0)));
    WANT(denied(socket(AF_UNIX, SOCK_STREAM, 0)));
    WANT(denied(connect(0, &address, sizeof address)));
    WANT(denied(bind(0, &address, sizeof address)));
}

START_TEST(no_network)
{
    inside(true, network_inside);
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
    inside(true, processes_inside);
}
END_TEST

static void power_inside(void)
{
    WANT(denied(setuid(0)));
    WANT(denied(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)));
}

START_TEST(no_power_is_gained)
{
    inside(true, power_inside);
}
END_TEST

#ifdef __linux__
#include <linux/landlock.h>
#include <sys/syscall.h>

static bool have_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}
#endif

static void files_inside(void)
{
    WANT(denied(open("/etc/passwd", O_RDONLY)));
    WANT(denied(open("/tmp/keeper-cage-test", O_WRONLY | O_CREAT, 0600)));
    WANT(denied(open(key, O_RDONLY)));
    WANT(open(state, O_RDONLY | O_DIRECTORY) >= 0);
}

START_TEST(files_of_the_state_folder_only)
{
    if (!have_landlock()) {
        fprintf(stderr, "this kernel has no Landlock: files are not fenced\n");
        return;
    }
    inside(true, files_inside);
}
END_TEST

#endif

static Suite *suite(void)
{
    Suite *s = suite_create("keeper's cage");
    TCase *t = tcase_create("keeper's cage");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, its_work_works_inside);
    tcase_add_test(t, a_new_installation_is_made_inside);
#ifdef WITH_SANDBOX
    tcase_add_test(t, no_network);
    tcase_add_test(t, nothing_is_started_or_watched);
    tcase_add_test(t, no_power_is_gained);
    tcase_add_test(t, files_of_the_state_folder_only);
#endif
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
