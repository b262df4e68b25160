/* SPDX-License-Identifier: ISC */
#include "server/courier/courier.h"
#include <jansson.h>
#include "tests/courier/double.h"
#include "tests/courier/sample.h"

#define MOST 64

static struct event_base *base;
static struct configuration configuration;
static struct route routes[2];
static struct network allow;
static struct double_receiver good, bad;
static char urls[2][64], key_file[] = "/tmp/sundew-key-XXXXXX", *secrets[1];
static struct courier *courier;
static struct {
    struct id id;
    uint8_t result;
    uint16_t status;
    char text[256];
} outcomes[MOST];
static size_t outcome_count, expected;
static bool deaf;

static int on_outcome(const struct outcome *outcome, void *context)
{
    (void)context;
    if (deaf)
        return -1;
    ck_assert_uint_lt(outcome_count, MOST);
    outcomes[outcome_count].id = outcome->delivery;
    outcomes[outcome_count].result = outcome->result;
    outcomes[outcome_count].status = outcome->status;
    snprintf(outcomes[outcome_count].text, sizeof(outcomes[0].text), "%.*s", (int)outcome->text.length,
             (const char *)outcome->text.data);
    if (++outcome_count == expected)
        event_base_loopbreak(base);
    return 0;
}

static void on_late(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    event_base_loopbreak(base);
}

/* Runs the loop until that many outcomes have come, or for the time. */
static void run(size_t count, int most_ms)
{
    const struct timeval most = {most_ms / 1000, most_ms % 1000 * 1000};
    struct event *late = evtimer_new(base, on_late, NULL);

    expected = count;
    event_add(late, &most);
    if (outcome_count < count || count == 0)
        event_base_dispatch(base);
    event_free(late);
}

static void fill_route(struct route *route, char *name, unsigned port, char url[64])
{
    snprintf(url, 64, "http://127.0.0.1:%u/hook", port);
    *route = (struct route){.name = name,
                            .format = (char *)(uintptr_t) "cloudevents",
                            .url = url,
                            .secrets = secrets,
                            .secret_count = 1,
                            .allow = &allow,
                            .allow_count = 1};
}

static void start(const char *good_answer, const char *bad_answer, long total_ms)
{
    static const char key[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
    static const struct courier_events events = {.outcome = on_outcome};
    static char soc[] = "soc", other[] = "other";
    const struct carrier_limits limits = {1000, total_ms};
    struct error error;
    int fd;

    memcpy(key_file + strlen(key_file) - 6, "XXXXXX", 6);
    fd = mkstemp(key_file);
    ck_assert_int_eq(write(fd, key, strlen(key)), (ssize_t)strlen(key));
    close(fd);
    secrets[0] = key_file;
    ck_assert_int_eq(carrier_library(&error), 0);
    ck_assert_int_eq(network_parse("127.0.0.0/8", &allow, &error), 0);
    base = event_base_new();
    double_start(&good, good_answer);
    double_start(&bad, bad_answer);
    fill_route(&routes[0], soc, good.port, urls[0]);
    fill_route(&routes[1], other, bad.port, urls[1]);
    configuration.routes = routes;
    configuration.route_count = 2;
    outcome_count = 0;
    deaf = false;
    courier = courier_new(base, &configuration, &limits, &events, NULL);
    ck_assert_ptr_nonnull(courier);
}

static void stop(void)
{
    courier_free(courier);
    double_stop(&good);
    double_stop(&bad);
    event_base_free(base);
    unlink(key_file);
}

static struct id take(const char *route, const char *record)
{
    struct delivery delivery = {
        .id = id_random(), .alert = id_random(), .route = slice_of(route), .attempt = 1, .record = slice_of(record)};

    courier_take(courier, &delivery);
    return delivery.id;
}

START_TEST(signs_and_delivers)
{
    struct id id;
    json_t *event;

    start("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", "", 5000);
    id = take("soc", SAMPLE_RECORD);
    run(1, 5000);
    ck_assert_uint_eq(outcome_count, 1);
    ck_assert_int_eq(memcmp(&outcomes[0].id, &id, sizeof(id)), 0);
    ck_assert_uint_eq(outcomes[0].result, OUTCOME_DELIVERED);
    ck_assert_ptr_nonnull(strstr(good.last, "\r\nwebhook-id: a-"));
    ck_assert_ptr_nonnull(strstr(good.last, "\r\nwebhook-signature: v1,"));
    ck_assert_ptr_nonnull(strstr(good.last, "\r\nContent-Type: application/cloudevents+json; charset=utf-8\r\n"));
    event = json_loads(strstr(good.last, "\r\n\r\n") + 4, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(event, "specversion")), "1.0");
    json_decref(event);
    stop();
}
END_TEST

START_TEST(a_silent_route_holds_up_nobody)
{
    start("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", NULL, 60000);
    for (int i = 0; i < 10; i++)
        take("other", SAMPLE_RECORD);
    for (int i = 0; i < 10; i++)
        take("soc", SAMPLE_RECORD);
    run(10, 10000);
    ck_assert_uint_eq(outcome_count, 10);
    for (size_t i = 0; i < 10; i++)
        ck_assert_uint_eq(outcomes[i].result, OUTCOME_DELIVERED);
    ck_assert_uint_le(double_requests(&bad), COURIER_AT_ONCE);
    stop();
}
END_TEST

START_TEST(outcomes_wait_for_the_keeper)
{
    start("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", "", 5000);
    deaf = true;
    take("soc", SAMPLE_RECORD);
    take("soc", SAMPLE_RECORD);
    run(0, 500);
    ck_assert_uint_eq(outcome_count, 0);
    ck_assert_uint_eq(double_requests(&good), 2);
    deaf = false;
    courier_tell(courier);
    ck_assert_uint_eq(outcome_count, 2);
    courier_tell(courier);
    ck_assert_uint_eq(outcome_count, 2);
    stop();
}
END_TEST

START_TEST(what_is_under_way_is_not_sent_twice)
{
    struct delivery delivery = {.id = id_random(),
                                .alert = id_random(),
                                .route = slice_of("soc"),
                                .attempt = 1,
                                .record = slice_of(SAMPLE_RECORD)};

    start("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", "", 5000);
    courier_take(courier, &delivery);
    courier_take(courier, &delivery);
    run(2, 700);
    ck_assert_uint_eq(outcome_count, 1);
    ck_assert_uint_eq(double_requests(&good), 1);
    stop();
}
END_TEST

START_TEST(what_cannot_be_sent_is_told)
{
    start("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", "", 5000);
    take("gone", SAMPLE_RECORD);
    ck_assert_uint_eq(outcome_count, 1);
    ck_assert_uint_eq(outcomes[0].result, OUTCOME_REFUSED);
    take("soc", "{\"alert\":1}");
    take("soc", "no json");
    run(3, 1000);
    ck_assert_uint_eq(outcome_count, 3);
    ck_assert_uint_eq(outcomes[1].result, OUTCOME_AGAIN);
    ck_assert_uint_eq(outcomes[2].result, OUTCOME_AGAIN);
    ck_assert_uint_eq(double_requests(&good), 0);
    take("soc", SAMPLE_RECORD);
    run(4, 5000);
    ck_assert_uint_eq(outcomes[3].result, OUTCOME_DELIVERED);
    stop();
}
END_TEST

START_TEST(a_route_without_a_key_is_refused_and_the_others_work)
{
    static const struct courier_events events = {.outcome = on_outcome};
    const struct carrier_limits limits = {1000, 5000};
    static char missing[] = "/nonexistent/key", *none[1] = {missing};

    start("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", "", 5000);
    courier_free(courier);
    routes[1].secrets = none;
    courier = courier_new(base, &configuration, &limits, &events, NULL);
    take("other", SAMPLE_RECORD);
    ck_assert_uint_eq(outcomes[0].result, OUTCOME_REFUSED);
    ck_assert_ptr_nonnull(strstr(outcomes[0].text, missing));
    take("soc", SAMPLE_RECORD);
    run(2, 5000);
    ck_assert_uint_eq(outcomes[1].result, OUTCOME_DELIVERED);
    stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("courier/courier");
    TCase *tests = tcase_create("courier");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, signs_and_delivers);
    tcase_add_test(tests, a_silent_route_holds_up_nobody);
    tcase_add_test(tests, outcomes_wait_for_the_keeper);
    tcase_add_test(tests, what_is_under_way_is_not_sent_twice);
    tcase_add_test(tests, what_cannot_be_sent_is_told);
    tcase_add_test(tests, a_route_without_a_key_is_refused_and_the_others_work);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
