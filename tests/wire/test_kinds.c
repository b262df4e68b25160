/* SPDX-License-Identifier: ISC */
#include "server/wire/kinds.h"
#include <string.h>
#include "tests/test.h"

static const struct kind_row made[] = {
    {"here", "", "a", "http:gitlab http", "", false}, {"any", "", "a", "http:portal *", "", false},
    {"later", "", "a", "postgres", "", false},        {"vendor", "", "a", "vendor", "", false},
    {"both", "", "a", "ssh http:gitea", "", false},
};

START_TEST(seen_follows_from_the_doors)
{
    static const char *const seen[] = {"here", "here", "later", "vendor", "here"};

    ck_assert_str_eq(kind_row_seen(&made[_i]), seen[_i]);
}
END_TEST

START_TEST(doors_in_their_order)
{
    struct kind_door door;

    ck_assert(kind_row_door(&made[0], 0, &door));
    ck_assert_str_eq(door.service, "http");
    ck_assert_str_eq(door.site, "gitlab");
    ck_assert(kind_row_door(&made[0], 1, &door));
    ck_assert_str_eq(door.service, "http");
    ck_assert_str_eq(door.site, "");
    ck_assert(!kind_row_door(&made[0], 2, &door));
    ck_assert(kind_row_door(&made[1], 1, &door));
    ck_assert_str_eq(door.service, "");
    ck_assert(!kind_row_door(&made[1], 2, &door));
}
END_TEST

START_TEST(decoys_that_open)
{
    ck_assert(kind_row_opens(&made[0], "http", "gitlab") && kind_row_opens(&made[0], "http", "portal"));
    ck_assert(!kind_row_opens(&made[0], "ldap", ""));
    ck_assert(kind_row_opens(&made[1], "ldap", ""));
    ck_assert(!kind_row_opens(&made[2], "http", "gitlab") && kind_row_opens(&made[2], "postgres", ""));
    ck_assert(!kind_row_opens(&made[4], "http", "gitlab") && kind_row_opens(&made[4], "http", "gitea"));
}
END_TEST

/* Every transport that a kind names is known, so that its artifacts have a port. */
START_TEST(the_table_names_known_transports)
{
    const struct kind_row *row;
    struct kind_door door;

    for (size_t i = 0; (row = kind_row_at(i)) != NULL; i++) {
        ck_assert_ptr_eq(kind_row(row->name), row);
        for (size_t k = 0; kind_row_door(row, k, &door); k++)
            ck_assert_msg(door.service[0] == '\0' || transport_port(door.service, false) != 0, "%s: %s", row->name,
                          door.service);
    }
    ck_assert_ptr_null(kind_row("no-such-kind"));
    ck_assert_uint_eq(transport_port("http", true), 443);
    ck_assert_uint_eq(transport_port("ssh", true), 22);
    ck_assert_uint_eq(transport_port("gopher", false), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("kinds table");
    TCase *tcase = tcase_create("all");

    tcase_add_loop_test(tcase, seen_follows_from_the_doors, 0, sizeof made / sizeof made[0]);
    tcase_add_test(tcase, doors_in_their_order);
    tcase_add_test(tcase, decoys_that_open);
    tcase_add_test(tcase, the_table_names_known_transports);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
