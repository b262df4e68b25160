/* SPDX-License-Identifier: ISC */
#include <time.h>
#include "server/courier/carrier.h"
#include "server/courier/target.h"
#include "tests/courier/double.h"

static struct event_base *base;
static struct double_receiver receiver;
static struct route route;
static struct network allow[2];
static struct carrier_answer answer;
static unsigned done_count;
static char url[128];

#define BODY "{\"a\":1}"

static void setup(void)
{
    struct error error;

    ck_assert_int_eq(carrier_library(&error), 0);
    base = event_base_new();
    memset(&route, 0, sizeof(route));
    ck_assert_int_eq(network_parse("127.0.0.0/8", &allow[0], &error), 0);
    ck_assert_int_eq(network_parse("::1/128", &allow[1], &error), 0);
    route.name = strdup("soc");
    route.allow = allow;
    route.allow_count = 2;
    route.url = url;
}

static void teardown(void)
{
    free(route.name);
    event_base_free(base);
}

static void on_done(const struct carrier_answer *got, void *context)
{
    (void)context;
    answer = *got;
    done_count++;
    event_base_loopbreak(base);
}

static void on_late(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    event_base_loopbreak(base);
}

/* Sends one body to `url` and waits for what becomes of it. */
static void carry(long total_ms)
{
    const struct carrier_limits limits = {1000, total_ms};
    const struct carrier_header headers[] = {{"Content-Type", slice_of("application/json")},
                                             {"webhook-id", slice_of("a-1")}};
    const struct timeval most = {20, 0};
    struct event *late = evtimer_new(base, on_late, NULL);
    struct error error;
    struct carrier *carrier = carrier_new(base, &route, &limits, &error);

    ck_assert_msg(carrier != NULL, "%s", error.text);
    done_count = 0;
    event_add(late, &most);
    ck_assert_int_eq(carrier_send(carrier, headers, 2, slice_of(BODY), on_done, NULL), 0);
    event_base_dispatch(base);
    ck_assert_uint_eq(done_count, 1);
    ck_assert_uint_eq(carrier_under_way(carrier), 0);
    carrier_free(carrier);
    event_free(late);
}

static void carry_to(const char *response, long total_ms)
{
    double_start(&receiver, response);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/hook", receiver.port);
    carry(total_ms);
    double_stop(&receiver);
}

START_TEST(delivers)
{
    carry_to("HTTP/1.1 204 No Content\r\n\r\n", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_DELIVERED);
    ck_assert_uint_eq(answer.status, 204);
    ck_assert_int_eq(strncmp(receiver.last, "POST /hook HTTP/1.1\r\n", 21), 0);
    ck_assert_ptr_nonnull(strstr(receiver.last, "\r\nwebhook-id: a-1\r\n"));
    ck_assert_ptr_nonnull(strstr(receiver.last, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(receiver.last, "\r\n\r\n" BODY));
    ck_assert_ptr_null(strcasestr(receiver.last, "\r\nexpect:"));
}
END_TEST

START_TEST(statuses)
{
    static const struct {
        long status;
        enum outcome_result result;
    } rows[] = {{200, OUTCOME_DELIVERED}, {202, OUTCOME_DELIVERED}, {299, OUTCOME_DELIVERED}, {301, OUTCOME_REFUSED},
                {307, OUTCOME_REFUSED},   {400, OUTCOME_REFUSED},   {401, OUTCOME_REFUSED},   {404, OUTCOME_REFUSED},
                {408, OUTCOME_AGAIN},     {410, OUTCOME_REFUSED},   {413, OUTCOME_REFUSED},   {429, OUTCOME_AGAIN},
                {500, OUTCOME_AGAIN},     {503, OUTCOME_AGAIN},     {599, OUTCOME_AGAIN},     {0, OUTCOME_AGAIN}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_msg(carrier_classify(rows[i].status) == rows[i].result, "%ld", rows[i].status);
}
END_TEST

START_TEST(errors_are_told_in_the_receivers_words)
{
    carry_to("HTTP/1.1 500 Oh\r\nContent-Length: 14\r\n\r\ndisk\n\x1b[31mfull", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
    ck_assert_str_eq(answer.text, "HTTP 500: disk [31mfull");
    carry_to("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_REFUSED);
    ck_assert_uint_eq(answer.status, 410);
}
END_TEST

START_TEST(redirects_are_not_followed)
{
    carry_to("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_REFUSED);
    ck_assert_uint_eq(receiver.requests, 1);
    ck_assert_ptr_nonnull(strstr(answer.text, "never followed"));
}
END_TEST

START_TEST(retry_after)
{
    char response[256], date[64];
    time_t then = time(NULL) + 90;
    struct tm tm;

    carry_to("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
    ck_assert_uint_eq(answer.retry_after, 7);
    gmtime_r(&then, &tm);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    snprintf(response, sizeof(response), "HTTP/1.1 503 No\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
    carry_to(response, 5000);
    ck_assert_uint_ge(answer.retry_after, 80);
    ck_assert_uint_le(answer.retry_after, 90);
    carry_to("HTTP/1.1 503 No\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 5000);
    ck_assert_uint_eq(answer.retry_after, 0);
}
END_TEST

START_TEST(answers_that_break_off_are_no_delivery)
{
    carry_to("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
    ck_assert_ptr_nonnull(strstr(answer.text, "broke off"));
    carry_to("HTTP/1.1 200", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
    carry_to("", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
    carry_to("SMTP ready\r\n", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
}
END_TEST

START_TEST(silence_has_an_end)
{
    struct timespec begun, ended;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    carry_to(NULL, 300);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
    ck_assert_int_lt(ended.tv_sec - begun.tv_sec, 5);
}
END_TEST

START_TEST(long_answers_are_cut)
{
    static char response[100 * 1024];
    int head = snprintf(response, sizeof(response), "HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n");

    memset(response + head, 'x', 90000);
    carry_to(response, 5000);
    ck_assert_int_eq(answer.result, OUTCOME_DELIVERED);
}
END_TEST

START_TEST(nobody_listens)
{
    double_start(&receiver, "");
    double_stop(&receiver);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", receiver.port);
    carry(2000);
    ck_assert_int_eq(answer.result, OUTCOME_AGAIN);
    ck_assert_uint_eq(answer.status, 0);
}
END_TEST

START_TEST(addresses_that_are_not_allowed)
{
    static const char *const hosts[] = {
        "127.0.0.1",  "localhost",          "2130706433",      "0x7f.1",  "127.1",
        "0177.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "127.0.0.1.:80@127.0.0.1"};
    struct error error;

    double_start(&receiver, "HTTP/1.1 204 No\r\n\r\n");
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        snprintf(url, sizeof(url), "http://%s:%u/", hosts[i], receiver.port);
        route.allow_count = 0;
        carry(2000);
        ck_assert_msg(answer.result != OUTCOME_DELIVERED, "%s", url);
        ck_assert_int_eq(network_parse("192.0.2.0/24", &allow[0], &error), 0);
        route.allow_count = 1;
        carry(2000);
        ck_assert_msg(answer.result == OUTCOME_REFUSED, "%s: %s", url, answer.text);
        ck_assert_ptr_nonnull(strstr(answer.text, "allow"));
    }
    ck_assert_uint_eq(double_requests(&receiver), 0);
    double_stop(&receiver);
}
END_TEST

START_TEST(a_name_may_go_where_the_list_says)
{
    double_start(&receiver, "HTTP/1.1 204 No\r\n\r\n");
    snprintf(url, sizeof(url), "http://localhost:%u/", receiver.port);
    carry(5000);
    ck_assert_msg(answer.result == OUTCOME_DELIVERED, "%s", answer.text);
    double_stop(&receiver);
}
END_TEST

START_TEST(only_http)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
                                       "smtp://127.0.0.1",   "http://",          "nonsense://x"};

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        snprintf(url, sizeof(url), "%s", urls[i]);
        carry(1000);
        ck_assert_msg(answer.result == OUTCOME_REFUSED, "%s: %s", url, answer.text);
    }
}
END_TEST

START_TEST(no_proxy_from_the_environment)
{
    setenv("http_proxy", "http://127.0.0.1:9/", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:9/", 1);
    carry_to("HTTP/1.1 204 No\r\n\r\n", 5000);
    ck_assert_int_eq(answer.result, OUTCOME_DELIVERED);
}
END_TEST

START_TEST(ends_without_a_word)
{
    const struct carrier_limits limits = {1000, 60000};
    struct error error;
    struct carrier *carrier;

    double_start(&receiver, NULL);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", receiver.port);
    carrier = carrier_new(base, &route, &limits, &error);
    done_count = 0;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(carrier_send(carrier, NULL, 0, slice_of(BODY), on_done, NULL), 0);
    event_base_loop(base, EVLOOP_ONCE);
    ck_assert_uint_eq(carrier_under_way(carrier), 3);
    carrier_free(carrier);
    ck_assert_uint_eq(done_count, 0);
    double_stop(&receiver);
}
END_TEST

START_TEST(global_addresses)
{
    static const char *const global[] = {"1.1.1.1",         "8.8.8.8",          "172.32.0.1",      "100.128.0.1",
                                         "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "198.20.0.1"};
    static const char *const not [] = {"0.1.2.3",
                                       "10.1.1.1",
                                       "100.64.0.1",
                                       "127.0.0.1",
                                       "169.254.169.254",
                                       "172.16.0.1",
                                       "172.31.255.255",
                                       "192.0.0.8",
                                       "192.0.2.1",
                                       "192.168.1.1",
                                       "198.19.0.1",
                                       "198.51.100.1",
                                       "203.0.113.1",
                                       "224.0.0.1",
                                       "240.0.0.1",
                                       "255.255.255.255",
                                       "::",
                                       "::1",
                                       "::ffff:10.0.0.1",
                                       "64:ff9b::a00:1",
                                       "2002:7f00:1::",
                                       "fc00::1",
                                       "fd12::1",
                                       "fe80::1",
                                       "ff02::1",
                                       "2001:db8::1",
                                       "100::1",
                                       "::7f00:1"};
    struct address address;

    for (size_t i = 0; i < sizeof(global) / sizeof(global[0]); i++) {
        ck_assert_int_eq(address_parse(global[i], &address), 0);
        ck_assert_msg(target_is_global(&address), "%s", global[i]);
    }
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++) {
        ck_assert_int_eq(address_parse(not [i], &address), 0);
        ck_assert_msg(!target_is_global(&address), "%s", not [i]);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("courier/carrier");
    TCase *tests = tcase_create("carrier");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, delivers);
    tcase_add_test(tests, statuses);
    tcase_add_test(tests, errors_are_told_in_the_receivers_words);
    tcase_add_test(tests, redirects_are_not_followed);
    tcase_add_test(tests, retry_after);
    tcase_add_test(tests, answers_that_break_off_are_no_delivery);
    tcase_add_test(tests, silence_has_an_end);
    tcase_add_test(tests, long_answers_are_cut);
    tcase_add_test(tests, nobody_listens);
    tcase_add_test(tests, addresses_that_are_not_allowed);
    tcase_add_test(tests, a_name_may_go_where_the_list_says);
    tcase_add_test(tests, only_http);
    tcase_add_test(tests, no_proxy_from_the_environment);
    tcase_add_test(tests, ends_without_a_word);
    tcase_add_test(tests, global_addresses);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
