/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/wire/users.h"

#define KEEPER "daemon" /* any user but root that every Debian has */

static const char *const parts[] = {"ledger.db", "lock", "key", "other", ""};
static char folder[64], key[80];
static char role[] = "keeper", name[] = KEEPER;
static struct user keeper = {.role = role, .name = name};
static struct configuration configuration;

static void setup(void)
{
    struct error error;
    char path[96];

    snprintf(folder, sizeof(folder), "/tmp/sundew-users-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; parts[i][0] != '\0'; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
        ck_assert_int_eq(paths_create(path, "x", 1, 0600, &error), 0);
    }
    snprintf(key, sizeof(key), "%s/key", folder);
    configuration = (struct configuration){.state = folder, .master_key = key, .users = &keeper, .user_count = 1};
}

static void teardown(void)
{
    char path[96];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
        (void)remove(path);
    }
}

static uid_t owner_of(const char *part)
{
    struct stat found;
    char path[96];

    snprintf(path, sizeof(path), "%s/%s", folder, part);
    ck_assert_int_eq(lstat(path, &found), 0);
    return found.st_uid;
}

/* As root the state goes over; anybody else is told, or changes nothing. */
START_TEST(the_state_becomes_the_keepers)
{
    const struct passwd *entry = getpwnam(KEEPER);
    uid_t expected = geteuid() == 0 ? entry->pw_uid : geteuid();
    struct error error;

    ck_assert_int_eq(users_give_files(&configuration, &error), 0);
    ck_assert_uint_eq(owner_of(""), expected);
    ck_assert_uint_eq(owner_of("ledger.db"), expected);
    ck_assert_uint_eq(owner_of("lock"), expected);
    ck_assert_uint_eq(owner_of("key"), expected);
    ck_assert_uint_eq(owner_of("other"), geteuid());
    ck_assert_int_eq(users_give_files(&configuration, &error), 0);
}
END_TEST

START_TEST(without_a_name_it_stays)
{
    struct error error;

    configuration.user_count = 0;
    ck_assert_int_eq(users_give_files(&configuration, &error), 0);
    ck_assert_uint_eq(owner_of("ledger.db"), geteuid());
}
END_TEST

START_TEST(links_are_not_followed)
{
    struct error error;
    char path[96], target[96];

    snprintf(path, sizeof(path), "%s/reserve", folder);
    snprintf(target, sizeof(target), "%s/other", folder);
    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert_int_eq(users_give_files(&configuration, &error), 0);
    ck_assert_uint_eq(owner_of("other"), geteuid());
    (void)unlink(path);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("users");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_state_becomes_the_keepers);
    tcase_add_test(tcase, without_a_name_it_stays);
    tcase_add_test(tcase, links_are_not_followed);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
