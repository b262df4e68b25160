/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include "server/sensor/service.h"
#include "tests/sensor/fake_session.h"

#define SECRET "glpat-xYz_4711-abcDEF"
#define HOST "Host: x\r\n"

static struct fake_session fake;

static void setup(void)
{
    struct error error;

    fake_session_begin(&fake, &service_http);
    ck_assert_int_eq(service_http.load(&fake.face, &error), 0);
    ck_assert_int_eq(service_http.open(&fake.session), 0);
}

static void teardown(void)
{
    fake_session_end(&fake);
    service_http.unload(&fake.face);
}

/* The output so far with the Date taken out; then forgotten. */
static const char *said(void)
{
    static char text[65536];
    char *date;

    (void)snprintf(text, sizeof(text), "%s", buffer_text(&fake.session.output));
    while ((date = strstr(text, "Date: ")) != NULL)
        memmove(date, strchr(date, '\n') + 1, strlen(strchr(date, '\n') + 1) + 1);
    buffer_clear(&fake.session.output);
    return text;
}

static void arrives(const char *text, size_t step)
{
    fake_session_arrives(&fake, slice_of(text), step);
}

#define OK(length, connection, body)                                                                                   \
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: " length                          \
    "\r\nConnection: " connection "\r\nX-A: 1\r\n\r\n" body
#define REFUSED(length, connection, body)                                                                              \
    "HTTP/1.1 401 Unauthorized\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: " length                \
    "\r\nConnection: " connection "\r\nX-A: 1\r\n\r\n" body

START_TEST(test_plain_requests_are_observed_and_answered)
{
    arrives("GET /users HTTP/1.1\r\n" HOST "\r\n", _i == 0 ? 1 : SIZE_MAX);
    ck_assert_str_eq(said(), OK("11", "keep-alive", "GET /users "));
    ck_assert_int_eq(fake.presented, 1);
    ck_assert_uint_eq(fake.candidates, 0);
    ck_assert(!fake.closed);
    ck_assert_int_eq(fake.idle_s, 65);
}
END_TEST

START_TEST(test_no_answer_before_the_verdict)
{
    fake.secret = slice_of(SECRET);
    arrives("POST /users HTTP/1.1\r\n" HOST "Content-Length: 27\r\n\r\ntoken=" SECRET, _i == 0 ? 1 : SIZE_MAX);
    ck_assert_str_eq(said(), "");
    ck_assert(fake.session.waiting && fake.secret_seen);
    fake_session_verdict(&fake);
    ck_assert_str_eq(said(), REFUSED("39", "keep-alive", "POST /users token=" SECRET));
}
END_TEST

START_TEST(test_pipelined_requests_wait_their_turn)
{
    arrives("GET /users?token=abcdefgh HTTP/1.1\r\n" HOST "\r\nGET /api HTTP/1.1\r\n" HOST
            "\r\nGET /v4 HTTP/1.0\r\n\r\nGET /lost HTTP/1.0\r\n\r\n",
            _i == 0 ? 1 : SIZE_MAX);
    ck_assert_str_eq(said(), "");
    ck_assert_int_eq(fake.presented, 1);
    fake_session_verdict(&fake);
    ck_assert_str_eq(said(), REFUSED("11", "keep-alive", "GET /users ") OK("9", "keep-alive", "GET /api ")
                                 OK("8", "close", "GET /v4 "));
    ck_assert(fake.closed);
    ck_assert_uint_eq(fake.session.request, 3);
}
END_TEST

START_TEST(test_chunked_body_and_continue)
{
    arrives("POST /users HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", 1);
    ck_assert_str_eq(said(), "HTTP/1.1 100 Continue\r\n\r\n");
    arrives("2\r\na=\r\n1;x\r\nb\r\n0\r\nT: v\r\n\r\n", 1);
    ck_assert_str_eq(said(), OK("15", "keep-alive", "POST /users a=b"));
}
END_TEST

static bool is_page(const char *text, const char *status)
{
    char start[128];

    (void)snprintf(start, sizeof(start), "HTTP/1.1 %s\r\nServer: nginx\r\nContent-Type: text/html\r\n", status);
    return strncmp(text, start, strlen(start)) == 0 && strstr(text, "<hr><center>nginx</center>") != NULL;
}

START_TEST(test_refusals_close)
{
    static const struct {
        const char *text, *status;
    } rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
        {"TRACE / HTTP/1.1\r\n" HOST "\r\n", "405 Not Allowed"},
        {"GET / HTTP/3.0", "505 HTTP Version Not Supported"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: x\r\n\r\n", "501 Not Implemented"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx", "400 Bad Request"},
        {"POST /users/sign_in HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1025\r\n\r\n",
         "413 Request Entity Too Large"},
    };

    arrives(rows[_i].text, 1);
    ck_assert(is_page(said(), rows[_i].status));
    ck_assert(fake.closed == (_i < 5) && !fake.reset);
    if (_i == 5) { /* as nginx: what it was told would come is awaited, but not for long */
        ck_assert_int_eq(fake.total_s, 30);
        service_http.timeout(&fake.session);
        ck_assert(!fake.session.silent);
    }
    ck_assert_int_eq(fake.presented, 1);
    ck_assert_ptr_nonnull(strstr(fake.context, "\"refused\":"));
}
END_TEST

START_TEST(test_refused_with_credentials)
{
    fake.secret = slice_of(SECRET);
    arrives("GET / HTTP/1.1\r\nFoo : bar\r\nPRIVATE-TOKEN: " SECRET "\r\n\r\n", SIZE_MAX);
    ck_assert(fake.secret_seen && fake.session.waiting);
    ck_assert_str_eq(said(), "");
    fake_session_verdict(&fake);
    ck_assert(is_page(said(), "400 Bad Request"));
    ck_assert(fake.closed);
}
END_TEST

START_TEST(test_unavailable)
{
    arrives("GET /users HTTP/1.1\r\n" HOST "PRIVATE-TOKEN: " SECRET "\r\n\r\nGET /api HTTP/1.1\r\n" HOST "\r\n",
            SIZE_MAX);
    fake.session.waiting = false;
    service_http.unavailable(&fake.session);
    {
        const char *text = said();

        ck_assert(is_page(text, "502 Bad Gateway"));
        ck_assert_ptr_nonnull(strstr(text, "Connection: keep-alive"));
        ck_assert_ptr_nonnull(strstr(text, "GET /api "));
    }
    ck_assert(!fake.closed);
}
END_TEST

START_TEST(test_slow)
{
    arrives("GET /users HTTP/1.1\r\n" HOST "PRIVATE-TOKEN: " SECRET "\r\n\r\n", SIZE_MAX);
    fake.session.waiting = false;
    fake.session.slow = true;
    service_http.unavailable(&fake.session);
    ck_assert(is_page(said(), "504 Gateway Time-out"));
    ck_assert(!fake.closed);
}
END_TEST

START_TEST(test_cut_off_requests_are_observed)
{
    fake.secret = slice_of(SECRET);
    arrives(_i % 2 == 0 ? "GET /users HTTP/1.1\r\nPRIVATE-TOKEN: " SECRET "\r\n"
                        : "POST /users HTTP/1.1\r\n" HOST "PRIVATE-TOKEN: " SECRET "\r\nContent-Length: 9\r\n\r\nab",
            SIZE_MAX);
    ck_assert_int_eq(fake.presented, 0);
    if (_i < 2)
        service_http.timeout(&fake.session);
    else
        service_http.close(&fake.session);
    ck_assert(fake.session.silent == (_i < 2));
    ck_assert(fake.secret_seen);
    ck_assert_int_eq(fake.presented, 1);
    ck_assert_str_eq(said(), "");
}
END_TEST

START_TEST(test_idle_ends_silently)
{
    service_http.timeout(&fake.session);
    ck_assert(!fake.session.silent);
    ck_assert_int_eq(fake.presented, 0);
    ck_assert_str_eq(said(), "");
}
END_TEST

#define MOVED                                                                                                          \
    "HTTP/1.1 301 Moved Permanently\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 162\r\n"             \
    "Connection: keep-alive\r\nLocation: https://x/\r\n\r\n<html>\r\n<head><title>301 Moved Permanently</title>"        \
    "</head>\r\n<body>\r\n<center><h1>301 Moved Permanently</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n" \
    "</html>\r\n"

/* The fake decoy listens with TLS, too. */
static void redirects(void)
{
    fake.listeners[1].tls = TLS_DIRECT;
    fake.decoy.listener_count = 2;
}

START_TEST(test_plain_port_redirects)
{
    redirects();
    arrives("GET /users HTTP/1.1\r\n" HOST "\r\n", _i == 0 ? 1 : SIZE_MAX);
    ck_assert_str_eq(said(), MOVED);
    ck_assert_int_eq(fake.presented, 1);
    arrives("GET /api/v4 HTTP/1.1\r\n" HOST "\r\n", SIZE_MAX);
    ck_assert_str_eq(said(), OK("12", "keep-alive", "GET /api/v4 "));
    fake.secret = slice_of(SECRET);
    arrives("GET / HTTP/1.1\r\n" HOST "PRIVATE-TOKEN: " SECRET "\r\n\r\n", SIZE_MAX);
    ck_assert(fake.secret_seen);
    ck_assert_str_eq(said(), "");
    fake_session_verdict(&fake);
    ck_assert_str_eq(said(), MOVED);
    ck_assert(!fake.closed);
}
END_TEST

/* Head and body in two pieces: the redirect waits for the body a moment, so that the login is durable before it. */
START_TEST(test_redirect_waits_for_a_login)
{
    redirects();
    fake.secret = slice_of("s3cret-word");
    arrives("POST /users/sign_in HTTP/1.1\r\n" HOST "Content-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: 52\r\n\r\n",
            SIZE_MAX);
    ck_assert_int_gt(fake.pause_ms, 0);
    ck_assert_str_eq(said(), "");
    arrives("user%5Blogin%5D=j.doe&user%5Bpassword%5D=s3cret-word", SIZE_MAX);
    ck_assert(fake.secret_seen);
    ck_assert_str_eq(said(), "");
    fake_session_resume(&fake);
    ck_assert_str_eq(said(), "");
    ck_assert_int_eq(fake.presented, 1);
    fake_session_verdict(&fake);
    ck_assert_str_eq(said(), MOVED);
}
END_TEST

/* As nginx, which throws such a body away: the answer does not wait for a body that does not come. */
START_TEST(test_redirect_does_not_wait_for_ever)
{
    redirects();
    arrives("POST /users/sign_in HTTP/1.1\r\n" HOST "Content-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: 52\r\n\r\nuser%5Blogin%5D=",
            SIZE_MAX);
    fake_session_resume(&fake);
    ck_assert_str_eq(said(), MOVED);
    ck_assert_int_eq(fake.presented, 0);
    ck_assert_int_eq(fake.total_s, 30);
    fake.secret = slice_of("s3cret-word");
    arrives("j.doe&user%5Bpassword%5D=s3cret-word", SIZE_MAX);
    ck_assert_int_eq(fake.presented, 1);
    ck_assert(fake.secret_seen && fake.session.waiting);
    fake_session_verdict(&fake);
    ck_assert_str_eq(said(), "");
    arrives("GET /api/v4 HTTP/1.1\r\n" HOST "\r\n", SIZE_MAX);
    ck_assert_str_eq(said(), OK("12", "keep-alive", "GET /api/v4 "));
}
END_TEST

/* A token in the head is presented before the redirect, what is in the late body behind it: each of them once. */
START_TEST(test_redirect_with_two_logins)
{
    redirects();
    fake.secret = slice_of(SECRET);
    arrives("POST / HTTP/1.1\r\n" HOST "PRIVATE-TOKEN: " SECRET "\r\nUser-Agent: " SECRET
            "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 19\r\n\r\n",
            SIZE_MAX);
    fake_session_resume(&fake);
    ck_assert(fake.secret_seen && fake.session.waiting);
    ck_assert_str_eq(said(), "");
    fake_session_verdict(&fake);
    ck_assert_str_eq(said(), MOVED);
    fake.secret_seen = false;
    if (_i == 0) {
        arrives("password=longer-one", SIZE_MAX);
        ck_assert_int_eq(fake.presented, 2);
        ck_assert(!fake.secret_seen && fake.session.waiting);
        ck_assert_ptr_null(strstr(fake.context, SECRET));
        ck_assert_ptr_nonnull(strstr(fake.context, "\"body\":{\"length\":19"));
        fake_session_verdict(&fake);
        ck_assert(!fake.closed);
    } else { /* cut off */
        arrives("password=longer-on", SIZE_MAX);
        service_http.timeout(&fake.session);
        ck_assert_int_eq(fake.presented, 2);
        ck_assert(!fake.secret_seen);
    }
    ck_assert_str_eq(said(), "");
}
END_TEST

/* A chunk that is none: 400 while nothing was answered, then the connection just ends. */
START_TEST(test_redirect_with_a_bad_body)
{
    redirects();
    arrives("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", SIZE_MAX);
    if (_i == 1) {
        fake_session_resume(&fake);
        ck_assert_str_eq(said(), MOVED);
    }
    arrives("zz\r\n", SIZE_MAX);
    ck_assert(fake.closed);
    ck_assert(_i == 1 ? *said() == '\0' : strncmp(said(), "HTTP/1.1 400 ", 13) == 0);
}
END_TEST

START_TEST(test_redirect_without_a_keeper)
{
    redirects();
    arrives("GET / HTTP/1.1\r\n" HOST "PRIVATE-TOKEN: " SECRET "\r\n\r\n", SIZE_MAX);
    fake.session.waiting = false;
    service_http.unavailable(&fake.session);
    ck_assert_str_eq(said(), "");
    ck_assert(fake.closed && fake.reset);
}
END_TEST

START_TEST(test_plain_on_tls)
{
    fake.session.plain_on_tls = true;
    arrives("GET /users HTTP/1.1\r\n" HOST "\r\n", 1);
    {
        const char *text = said();

        ck_assert(is_page(text, "400 Bad Request"));
        ck_assert_ptr_nonnull(strstr(text, "The plain HTTP request was sent to HTTPS port"));
    }
    ck_assert(fake.closed);
}
END_TEST

START_TEST(test_old_http_and_head)
{
    arrives("GET /users\r\n", 1);
    ck_assert_str_eq(said(), "GET /users ");
    ck_assert(fake.closed);
}
END_TEST

START_TEST(test_head_has_no_body)
{
    arrives("HEAD /users HTTP/1.1\r\n" HOST "\r\n", 1);
    ck_assert_str_eq(said(), OK("12", "keep-alive", ""));
}
END_TEST

START_TEST(test_thousandth_request_closes)
{
    int i;

    for (i = 0; i < 999; i++) {
        arrives("GET /users HTTP/1.1\r\n" HOST "\r\n", SIZE_MAX);
        ck_assert_str_eq(said(), OK("11", "keep-alive", "GET /users "));
    }
    arrives("GET /users HTTP/1.1\r\n" HOST "\r\n", SIZE_MAX);
    ck_assert_str_eq(said(), OK("11", "close", "GET /users "));
    ck_assert(fake.closed);
}
END_TEST

START_TEST(test_what_is_kept_is_counted)
{
    static char body[300001];

    memset(body, 'a', sizeof(body) - 1);
    arrives("POST /users HTTP/1.1\r\n" HOST "Content-Length: 300001\r\n\r\n", SIZE_MAX);
    fake_session_arrives(&fake, slice_of(body), 65536);
    ck_assert_uint_ge(fake.session.held, 256 * 1024);
    ck_assert_uint_lt(fake.session.held, 258 * 1024);
    arrives("a", SIZE_MAX);
    fake_session_verdict(&fake);
    ck_assert_uint_lt(fake.session.held, 8192);
}
END_TEST

START_TEST(test_unread_answers_stop_pipelining)
{
    int i;

    for (i = 0; i < 2000 && fake.session.input.length == 0; i++)
        arrives("GET /users HTTP/1.1\r\n" HOST "Connection: keep-alive\r\n\r\n", SIZE_MAX);
    ck_assert_uint_lt(fake.session.output.length, SESSION_CONGESTED + 1024);
    ck_assert_uint_gt(fake.session.input.length, 0);
    buffer_clear(&fake.session.output);
    fake.session.service->input(&fake.session);
    ck_assert_uint_eq(fake.session.input.length, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http");
    TCase *c = tcase_create("service");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, test_plain_requests_are_observed_and_answered, 0, 2);
    tcase_add_loop_test(c, test_no_answer_before_the_verdict, 0, 2);
    tcase_add_loop_test(c, test_pipelined_requests_wait_their_turn, 0, 2);
    tcase_add_test(c, test_chunked_body_and_continue);
    tcase_add_loop_test(c, test_refusals_close, 0, 6);
    tcase_add_test(c, test_refused_with_credentials);
    tcase_add_test(c, test_unavailable);
    tcase_add_test(c, test_slow);
    tcase_add_loop_test(c, test_cut_off_requests_are_observed, 0, 4);
    tcase_add_test(c, test_idle_ends_silently);
    tcase_add_loop_test(c, test_plain_port_redirects, 0, 2);
    tcase_add_test(c, test_redirect_waits_for_a_login);
    tcase_add_test(c, test_redirect_does_not_wait_for_ever);
    tcase_add_loop_test(c, test_redirect_with_two_logins, 0, 2);
    tcase_add_loop_test(c, test_redirect_with_a_bad_body, 0, 2);
    tcase_add_test(c, test_redirect_without_a_keeper);
    tcase_add_test(c, test_plain_on_tls);
    tcase_add_test(c, test_old_http_and_head);
    tcase_add_test(c, test_head_has_no_body);
    tcase_add_test(c, test_thousandth_request_closes);
    tcase_add_test(c, test_what_is_kept_is_counted);
    tcase_add_test(c, test_unread_answers_stop_pipelining);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
