/* SPDX-License-Identifier: ISC */
#include "server/keeper/leap.h"
#include "tests/keeper/world.h"
#include "tests/test.h"

#define SECOND 1000000LL
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define KEPT (730 * DAY)

static struct world *world;
static int64_t now, monotonic;

static void set_up(void)
{
    world = world_new(1 << 30, 600);
    now = WORLD_NOW;
    monotonic = WORLD_MINUTE;
}

static void tear_down(void)
{
    world_free(world);
}

/* How many are chained whose details say so. */
static int64_t leaps(const char *what, int number)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM operation WHERE what = 'clock' AND details ->> '$.%s' = %d", what,
             number);
    return world_number(world, sql);
}

START_TEST(leaps_without_end_do_not_fill_the_chain)
{
    struct leap leap;

    leap_init(&leap, KEPT);
    for (int i = 0; i < 3 * LEAP_TOLD; i++)
        ck_assert_int_eq(leap_take(&leap, &world->outbox, &world->keyring, HOUR, now, monotonic, &world->error), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM operation WHERE what = 'clock'"), LEAP_TOLD);
    monotonic += HOUR;
    ck_assert_int_eq(leap_take(&leap, &world->outbox, &world->keyring, HOUR, now, monotonic, &world->error), 0);
    ck_assert_int_eq(leaps("untold", 40), 1);
}
END_TEST

static int start(struct leap *leap, int64_t wall)
{
    return leap_open(leap, &world->outbox, &world->keyring, wall, &world->error);
}

START_TEST(a_start_sees_a_clock_that_was_set_back)
{
    struct leap leap;

    leap_init(&leap, KEPT);
    ck_assert_int_eq(start(&leap, now), 0); /* none was written yet */
    ck_assert_int_eq(leap_save(&leap, &world->ledger, now, &world->error), 0);
    ck_assert_int_eq(start(&leap, now + SECOND), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM operation WHERE what = 'clock'"), 0);
    ck_assert_int_eq(start(&leap, now - 60 * SECOND), 0);
    ck_assert_int_eq(start(&leap, now - 59 * SECOND), 0);
    ck_assert_int_eq(leaps("seconds", -60), 1);
}
END_TEST

/* One look later. */
static int64_t believed(struct leap *leap, int64_t *wall, int64_t passed)
{
    int64_t by;

    monotonic += passed;
    *wall += passed;
    by = leap_look(leap, *wall, monotonic);
    if (by != 0)
        ck_assert_int_eq(leap_take(leap, &world->outbox, &world->keyring, by, *wall, monotonic, &world->error), 0);
    return *wall - leap_believed(leap, *wall);
}

START_TEST(a_leap_forward_is_doubted_for_as_long_as_it_was)
{
    struct leap leap;
    int64_t wall = now;

    leap_init(&leap, KEPT);
    ck_assert_int_eq(believed(&leap, &wall, 0), 0);
    wall += DAY;
    ck_assert_int_eq(believed(&leap, &wall, 0), 0);
    wall += 3 * DAY;
    ck_assert_int_eq(believed(&leap, &wall, 0), 3 * DAY);
    ck_assert_int_eq(believed(&leap, &wall, 3 * DAY - SECOND), 3 * DAY);
    ck_assert_int_eq(believed(&leap, &wall, SECOND), 0);
}
END_TEST

/* Over restarts, too; and forgotten when it is set right. */
START_TEST(years_are_doubted_for_a_month)
{
    struct leap leap;
    int64_t wall = now;

    leap_init(&leap, KEPT);
    believed(&leap, &wall, 0);
    wall += 5 * KEPT;
    ck_assert_int_eq(believed(&leap, &wall, 0), 5 * KEPT);
    ck_assert_int_eq(believed(&leap, &wall, 20 * DAY), 5 * KEPT);
    ck_assert_int_eq(leap_save(&leap, &world->ledger, wall, &world->error), 0);
    leap_init(&leap, KEPT);
    ck_assert_int_eq(start(&leap, wall), 0);
    ck_assert_int_eq(believed(&leap, &wall, 0), 5 * KEPT);
    ck_assert_int_eq(believed(&leap, &wall, 9 * DAY), 5 * KEPT);
    wall -= 4 * KEPT;
    ck_assert_int_eq(believed(&leap, &wall, 0), KEPT);
    wall -= KEPT;
    ck_assert_int_eq(believed(&leap, &wall, 0), 0);
    ck_assert_int_eq(start(&leap, wall + 5 * KEPT), 0); /* set while the daemon was down */
    wall += 5 * KEPT;
    monotonic += SECOND;
    leap.watched = false;
    ck_assert_int_eq(believed(&leap, &wall, 0), 5 * KEPT);
    ck_assert_int_eq(believed(&leap, &wall, 30 * DAY), 0);
}
END_TEST

/* A host without a clock of its own, again and again. */
START_TEST(back_and_forth_is_nothing)
{
    struct leap leap;
    int64_t wall = now;

    leap_init(&leap, KEPT);
    believed(&leap, &wall, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(leap_save(&leap, &world->ledger, wall, &world->error), 0);
        leap_init(&leap, KEPT);
        ck_assert_int_eq(start(&leap, wall - 20 * KEPT), 0);
        wall -= 20 * KEPT;
        ck_assert_int_eq(believed(&leap, &wall, 0), 0);
        wall += 20 * KEPT + HOUR;
        ck_assert_int_eq(believed(&leap, &wall, SECOND), 0);
        ck_assert_int_eq(leap.ahead, 0);
    }
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        leaps_without_end_do_not_fill_the_chain, a_start_sees_a_clock_that_was_set_back,
        a_leap_forward_is_doubted_for_as_long_as_it_was, years_are_doubted_for_a_month,
        back_and_forth_is_nothing,
    };
    Suite *s = suite_create("leap");
    TCase *t = tcase_create("leap");
    size_t i;

    tcase_add_checked_fixture(t, set_up, tear_down);
    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
