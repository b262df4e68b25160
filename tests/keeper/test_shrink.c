/* SPDX-License-Identifier: ISC */
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/keeper/shrink.h"
#include "tests/test.h"

static struct event_base *base;
static struct shrink shrink;
static char path[64];
static int file; /* by which its size is seen */

static void setup(void)
{
    struct error error;

    (void)snprintf(path, sizeof path, "%.40s/shrink-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(ftruncate(file, 3 * (off_t)SHRINK_BYTES + 1), 0);
    base = event_base_new();
    ck_assert_int_eq(shrink_open(&shrink, base, &error), 0);
}

static void teardown(void)
{
    shrink_close(&shrink);
    event_base_free(base);
    close(file);
    unlink(path);
}

static int64_t size(void)
{
    struct stat status;

    ck_assert_int_eq(fstat(file, &status), 0);
    return status.st_size;
}

START_TEST(the_name_goes_first_and_then_a_piece_a_turn)
{
    int64_t before = size();
    int turns = 0;

    shrink_file(&shrink, path);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(size(), before);
    while (shrink.fd >= 0) {
        event_base_loop(base, EVLOOP_ONCE);
        ck_assert_int_eq(size(), before - SHRINK_BYTES);
        before = size();
        turns++;
    }
    ck_assert_int_eq(turns, 3);
    ck_assert_int_eq(before, 1);
}
END_TEST

START_TEST(the_next_is_not_waited_for)
{
    shrink_file(&shrink, path);
    shrink_file(&shrink, path);
    ck_assert_int_eq(shrink.fd, -1);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_int_eq(size(), 3 * (int64_t)SHRINK_BYTES + 1);
}
END_TEST

START_TEST(without_a_loop_it_goes_at_once)
{
    struct shrink none = {.event = NULL};

    shrink_file(&none, path);
    ck_assert_int_ne(access(path, F_OK), 0);
    shrink_close(&none);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("shrink");
    TCase *t = tcase_create("shrink");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_name_goes_first_and_then_a_piece_a_turn);
    tcase_add_test(t, the_next_is_not_waited_for);
    tcase_add_test(t, without_a_loop_it_goes_at_once);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
