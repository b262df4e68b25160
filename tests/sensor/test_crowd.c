/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include "server/sensor/connection.h"

#define PLACES 16
#define SHARE (PLACES / CROWD_SHARE)

static struct crowd crowd;
static struct connection connections[PLACES];

static void set_up(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    crowd_init(&crowd, PLACES);
}

static void tear_down(void)
{
    for (int i = 0; i < PLACES; i++)
        crowd_leave(&crowd, &connections[i]);
    ck_assert_uint_eq(crowd.count, 0);
    for (int i = 0; i < CROWD_SOURCES; i++)
        ck_assert_ptr_null(crowd.sources[i]);
}

static struct address address(const char *text)
{
    struct address address;

    ck_assert_int_eq(address_parse(text, &address), 0);
    return address;
}

static void join(int number, const char *text)
{
    struct address from = address(text);

    ck_assert_int_eq(crowd_join(&crowd, &connections[number], &from), 0);
}

static const struct connection *greedy(const char *text)
{
    struct address from = address(text);

    return crowd_greedy(&crowd, &from);
}

START_TEST(the_most_silent_stranger_goes_first)
{
    ck_assert_ptr_null(crowd_dispensable(&crowd));
    for (int i = 0; i < 4; i++)
        join(i, "192.0.2.1");
    crowd_know(&crowd, &connections[0]);
    ck_assert_ptr_eq(crowd_dispensable(&crowd), &connections[1]);
    crowd_touch(&crowd, &connections[1]);
    ck_assert_ptr_eq(crowd_dispensable(&crowd), &connections[2]);
    for (int i = 1; i < 4; i++)
        crowd_know(&crowd, &connections[i]);
    ck_assert_ptr_eq(crowd_dispensable(&crowd), &connections[0]);
}
END_TEST

START_TEST(who_waits_for_a_verdict_stays)
{
    join(0, "192.0.2.1");
    join(1, "192.0.2.1");
    connections[0].session.waiting = true;
    ck_assert_ptr_eq(crowd_dispensable(&crowd), &connections[1]);
    connections[1].session.waiting = true;
    ck_assert_ptr_null(crowd_dispensable(&crowd));
}
END_TEST

START_TEST(one_source_has_its_part)
{
    join(SHARE, "192.0.2.2");
    for (int i = 0; i < SHARE; i++) {
        ck_assert_ptr_null(greedy("192.0.2.1"));
        join(i, "192.0.2.1");
    }
    ck_assert_ptr_eq(greedy("192.0.2.1"), &connections[0]);
    ck_assert_ptr_null(greedy("192.0.2.2"));
    crowd_leave(&crowd, &connections[0]);
    ck_assert_ptr_null(greedy("192.0.2.1"));
}
END_TEST

START_TEST(a_network_of_ipv6_is_one_source)
{
    static const char *const same[] = {"2001:db8::1", "2001:db8::2", "2001:db8::ffff:1", "2001:db8:0:0:1::"};

    for (int i = 0; i < SHARE; i++)
        join(i, same[i]);
    ck_assert_ptr_eq(greedy("2001:db8::77"), &connections[0]);
    ck_assert_ptr_null(greedy("2001:db8:0:1::77"));
}
END_TEST

START_TEST(handshakes_take_turns_by_source)
{
    static const int turns[] = {0, 3, 5, 1, 4, 2};

    for (int i = 0; i < 6; i++) {
        join(i, i < 3 ? "192.0.2.1" : i < 5 ? "192.0.2.2" : "2001:db8::1");
        crowd_queue(&crowd, &connections[i]);
        crowd_queue(&crowd, &connections[i]);
        ck_assert(crowd_queued(&connections[i]));
    }
    for (int i = 0; i < 6; i++)
        ck_assert_ptr_eq(crowd_next(&crowd), &connections[turns[i]]);
    ck_assert_ptr_null(crowd_next(&crowd));
    ck_assert(!crowd_queued(&connections[0]));
}
END_TEST

START_TEST(who_leaves_waits_no_longer)
{
    for (int i = 0; i < 3; i++) {
        join(i, i < 2 ? "192.0.2.1" : "192.0.2.2");
        crowd_queue(&crowd, &connections[i]);
    }
    crowd_leave(&crowd, &connections[0]);
    crowd_leave(&crowd, &connections[1]);
    ck_assert_ptr_eq(crowd_next(&crowd), &connections[2]);
    ck_assert_ptr_null(crowd_next(&crowd));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("crowd");
    TCase *tests = tcase_create("crowd");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_most_silent_stranger_goes_first);
    tcase_add_test(tests, who_waits_for_a_verdict_stays);
    tcase_add_test(tests, one_source_has_its_part);
    tcase_add_test(tests, a_network_of_ipv6_is_one_source);
    tcase_add_test(tests, handshakes_take_turns_by_source);
    tcase_add_test(tests, who_leaves_waits_no_longer);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
