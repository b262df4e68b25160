/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include "server/sensor/proxy.h"

START_TEST(parses_proxy_headers)
{
    static const unsigned char second[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc6\x33\x64\1\x12\x67\1\x85";
    static const char *const bad[] = {"PROXY TCP4 1.2.3.4\r\n",
                                      "PROXY TCP4 x y 1 2\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3.4 99999 1\r\n",
                                      "PROXYTCP4 1.2.3.4 1.2.3.4 1 1\r\n",
                                      "GET / HTTP/1.1\r\n",
                                      "PROXY TCP4 2001:db8::1 2001:db8::1 1 1\r\n",
                                      "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n",
                                      "PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n",
                                      "PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3 1 1\r\n",
                                      "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
                                      "PROXY X\r\nGET / HTTP/1.1\r\n",
                                      "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n"};
    struct proxy_source source;
    char text[ADDRESS_TEXT];
    size_t wanted;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(proxy_parse(slice_of(bad[i]), &wanted, &source), -1);
        ck_assert(!source.known);
    }
    ck_assert_int_eq(proxy_parse(slice_of("PROXY UNKNOWN\r\n"), &wanted, &source), 1);
    ck_assert(!source.known);
    for (size_t i = 0; i < sizeof second - 1; i++) {
        ck_assert_int_eq(proxy_parse((struct slice){second, i}, &wanted, &source), 0);
        ck_assert_int_le(i + wanted, sizeof second - 1);
    }
    ck_assert_int_eq(proxy_parse((struct slice){second, sizeof second - 1}, &wanted, &source), 1);
    ck_assert_str_eq(address_text(&source.address, text), "192.0.2.7");
    ck_assert_int_eq(source.port, 4711);
    ck_assert_str_eq(address_text(&source.local, text), "198.51.100.1");
    ck_assert_int_eq(source.local_port, 389);
    ck_assert_int_eq(proxy_parse(slice_of("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n"), &wanted, &source), 1);
    ck_assert(source.known);
    ck_assert_str_eq(address_text(&source.local, text), "2001:db8::2");
}
END_TEST

/* Version 2 with all its families, and what may follow the addresses. */
START_TEST(parses_binary_proxy_headers)
{
    static const struct {
        unsigned char command, family;
        size_t length;
        int result;
        bool known;
    } rows[] = {
        {0x21, 0x11, 12, 1, true},   {0x21, 0x11, 11, -1, false}, {0x21, 0x11, 4096, 1, true},
        {0x21, 0x21, 36, 1, true},   {0x21, 0x21, 35, -1, false}, {0x21, 0x21, 50, 1, true},
        {0x21, 0x31, 216, 1, false}, {0x21, 0x12, 12, 1, false},  {0x21, 0x00, 0, 1, false},
        {0x20, 0x11, 12, 1, false},  {0x20, 0x00, 0, 1, false},   {0x22, 0x11, 12, -1, false},
        {0x11, 0x11, 12, -1, false}, {0x31, 0x11, 12, -1, false}, {0x21, 0x11, 4097, -1, false},
    };
    static unsigned char header[PROXY_HEADER + 1] = "\r\n\r\n\0\r\nQUIT\n";
    struct proxy_source source;
    size_t wanted;

    header[12] = rows[_i].command;
    header[13] = rows[_i].family;
    header[14] = (unsigned char)(rows[_i].length >> 8);
    header[15] = (unsigned char)rows[_i].length;
    ck_assert_int_eq(proxy_parse((struct slice){header, 15}, &wanted, &source), 0);
    ck_assert_int_eq(proxy_parse((struct slice){header, 16 + rows[_i].length}, &wanted, &source), rows[_i].result);
    ck_assert(source.known == rows[_i].known);
}
END_TEST

START_TEST(parses_hops)
{
    static const struct {
        const char *hop, *address; /* NULL: it is none */
        uint16_t port;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", 0},        {" \t192.0.2.1 ", "192.0.2.1", 0},
        {"192.0.2.1:80", "192.0.2.1", 80},    {"2001:db8::1", "2001:db8::1", 0},
        {"[2001:db8::1]", "2001:db8::1", 0},  {"[2001:db8::1]:65535", "2001:db8::1", 65535},
        {"::ffff:192.0.2.1", "192.0.2.1", 0}, {"", NULL, 0},
        {"unknown", NULL, 0},                 {"_hidden", NULL, 0},
        {"192.0.2.1:x", NULL, 0},             {"192.0.2.1:", NULL, 0},
        {"192.0.2.1:70000", NULL, 0},         {"192.0.2.256", NULL, 0},
        {"[2001:db8::1", NULL, 0},            {"[2001:db8::1]x", NULL, 0},
        {"\"192.0.2.1\"", NULL, 0},           {"192.0.2.1 192.0.2.2", NULL, 0},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL, 0},
    };
    struct address address;
    char text[ADDRESS_TEXT];
    uint16_t port;

    ck_assert_int_eq(proxy_hop(slice_of(rows[_i].hop), &address, &port), rows[_i].address == NULL ? -1 : 0);
    if (rows[_i].address == NULL)
        return;
    ck_assert_str_eq(address_text(&address, text), rows[_i].address);
    ck_assert_uint_eq(port, rows[_i].port);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("proxy");
    TCase *c = tcase_create("headers");

    tcase_add_test(c, parses_proxy_headers);
    tcase_add_loop_test(c, parses_binary_proxy_headers, 0, 15);
    tcase_add_loop_test(c, parses_hops, 0, 19);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
