/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <netinet/in.h>
#include <string.h>
#include "server/base/address.h"

START_TEST(v4_is_shown_as_v4)
{
    struct address address;
    char text[ADDRESS_TEXT];

    ck_assert_int_eq(address_parse("::ffff:192.0.2.7", &address), 0);
    ck_assert(address_is_v4(&address));
    ck_assert_str_eq(address_text(&address, text), "192.0.2.7");
    ck_assert_int_eq(address_parse("2001:db8::1", &address), 0);
    ck_assert(!address_is_v4(&address));
    ck_assert_str_eq(address_text(&address, text), "2001:db8::1");
    ck_assert_int_eq(address_parse("192.0.2.256", &address), -1);
    ck_assert_int_eq(address_parse("", &address), -1);
}
END_TEST

START_TEST(sockaddr_goes_both_ways)
{
    static const char *const texts[] = {"192.0.2.7", "2001:db8::1", "127.0.0.1", "::1"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sockaddr_storage storage;
        struct address address, again;
        uint16_t port = 0;

        ck_assert_int_eq(address_parse(texts[i], &address), 0);
        ck_assert_uint_gt(address_sockaddr(&address, 4711, &storage), 0);
        ck_assert_int_eq(address_of((struct sockaddr *)&storage, &again, &port), 0);
        ck_assert_uint_eq(port, 4711);
        ck_assert_mem_eq(address.bytes, again.bytes, ADDRESS_BYTES);
        ck_assert_int_eq(address_is_loopback(&address), i >= 2);
    }
}
END_TEST

struct membership {
    const char *network, *address;
    bool inside;
};

static const struct membership memberships[] = {
    {"192.0.2.0/24", "192.0.2.255", true},    {"192.0.2.0/24", "192.0.3.0", false},
    {"10.0.0.0/9", "10.127.255.255", true},   {"10.0.0.0/9", "10.128.0.0", false},
    {"0.0.0.0/0", "203.0.113.1", true},       {"0.0.0.0/0", "2001:db8::1", false},
    {"2001:db8::/33", "2001:db8:7fff::", true}, {"2001:db8::/33", "2001:db8:8000::", false},
    {"192.0.2.7", "192.0.2.7", true},         {"192.0.2.7", "192.0.2.6", false},
    {"::/0", "192.0.2.7", true},
};

START_TEST(networks_hold)
{
    const struct membership *m = &memberships[_i];
    struct network network;
    struct address address;
    struct error error;

    ck_assert_int_eq(network_parse(m->network, &network, &error), 0);
    ck_assert_int_eq(address_parse(m->address, &address), 0);
    ck_assert_int_eq(network_holds(&network, &address), m->inside);
}
END_TEST

START_TEST(bad_networks_are_refused)
{
    static const char *const bad[] = {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "x/8", "192.0.2.0/8x", "::/129",
                                      "", "1111111111111111111111111111111111111111111111111111111111/8"};
    struct network network;
    struct error error;

    ck_assert_int_eq(network_parse(bad[_i], &network, &error), -1);
    ck_assert_uint_gt(strlen(error.text), 10);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("address");
    TCase *tests = tcase_create("address");

    tcase_add_test(tests, v4_is_shown_as_v4);
    tcase_add_test(tests, sockaddr_goes_both_ways);
    tcase_add_loop_test(tests, networks_hold, 0, sizeof memberships / sizeof *memberships);
    tcase_add_loop_test(tests, bad_networks_are_refused, 0, 8);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
