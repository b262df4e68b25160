/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>
#include "server/sensor/http/answer.h"
#include "server/sensor/http/profile_nginx.h"

#define DATE "Mon, 23 Nov 2026 01:11:05 GMT"
#define FIRST(status) "HTTP/1.1 " status "\r\nServer: nginx\r\nDate: " DATE "\r\n"
#define PAGE(title, heading, more)                                                                                     \
    "<html>\r\n<head><title>" title "</title></head>\r\n<body>\r\n<center><h1>" heading "</h1></center>\r\n" more      \
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
#define BAD PAGE("400 Bad Request", "400 Bad Request", "")

static struct buffer out;
static struct answer_frame frame;

static void setup(void)
{
    buffer_init(&out, 1 << 20);
    frame = (struct answer_frame){"nginx", DATE, 11, false, true, false};
}

static void teardown(void)
{
    buffer_free(&out);
}

/* Bytes as nginx 1.22.1 with server_tokens off sent them. */
START_TEST(test_pages)
{
    static const struct {
        unsigned status;
        bool stays;
        const char *text;
    } pages[] = {
        {400, false,
         FIRST("400 Bad Request") "Content-Type: text/html\r\nContent-Length: 150\r\nConnection: close\r\n\r\n" BAD},
        {NGINX_HEADER_TOO_LARGE, false,
         FIRST("400 Bad Request") "Content-Type: text/html\r\nContent-Length: 226\r\nConnection: close\r\n\r\n" PAGE(
             "400 Request Header Or Cookie Too Large", "400 Bad Request",
             "<center>Request Header Or Cookie Too Large</center>\r\n")},
        {NGINX_PLAIN_TO_TLS, false,
         FIRST("400 Bad Request") "Content-Type: text/html\r\nContent-Length: 248\r\nConnection: close\r\n\r\n" PAGE(
             "400 The plain HTTP request was sent to HTTPS port", "400 Bad Request",
             "<center>The plain HTTP request was sent to HTTPS port</center>\r\n")},
        {414, false,
         FIRST("414 Request-URI Too Large") "Content-Type: text/html\r\nContent-Length: 170\r\nConnection: "
                                            "close\r\n\r\n" PAGE("414 Request-URI Too Large",
                                                                 "414 Request-URI Too Large", "")},
        {502, true,
         FIRST("502 Bad Gateway") "Content-Type: text/html\r\nContent-Length: 150\r\nConnection: "
                                  "keep-alive\r\n\r\n" PAGE("502 Bad Gateway", "502 Bad Gateway", "")},
        {504, true,
         FIRST("504 Gateway Time-out") "Content-Type: text/html\r\nContent-Length: 160\r\nConnection: "
                                       "keep-alive\r\n\r\n" PAGE("504 Gateway Time-out", "504 Gateway Time-out", "")},
        {405, false,
         FIRST("405 Not Allowed") "Content-Type: text/html\r\nContent-Length: 150\r\nConnection: close\r\n\r\n" PAGE(
             "405 Not Allowed", "405 Not Allowed", "")},
    };

    frame.keep_alive = pages[_i].stays;
    ck_assert_int_eq(answer_page(&out, &frame, pages[_i].status), 0);
    ck_assert_str_eq(buffer_text(&out), pages[_i].text);
    if (pages[_i].status != 405) /* that closes because the head refuses before keep-alive is looked at */
        ck_assert(answer_closes(pages[_i].status) == !pages[_i].stays);
}
END_TEST

START_TEST(test_page_lengths)
{
    static const unsigned statuses[] = {400, 405, 413, 414, 494, 497, 500, 501, 502, 503, 504, 505};
    size_t i, padded;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        for (padded = 0; padded < 2; padded++) {
            buffer_clear(&out);
            ck_assert_int_eq(nginx_page(&out, statuses[i], "nginx/1.22.1", padded), 0);
            ck_assert_uint_eq(nginx_page_length(statuses[i], "nginx/1.22.1", padded), out.length);
        }
}
END_TEST

START_TEST(test_padding)
{
    frame.padded = true;
    ck_assert_int_eq(answer_page(&out, &frame, 502), 0);
    ck_assert_ptr_nonnull(strstr(buffer_text(&out), "Content-Length: 552\r\n"));
    ck_assert_ptr_nonnull(
        strstr(buffer_text(&out), "</html>\r\n<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"));
}
END_TEST

START_TEST(test_head_and_old_versions)
{
    frame.head_only = true;
    frame.keep_alive = false;
    ck_assert_int_eq(answer_page(&out, &frame, 400), 0);
    ck_assert_str_eq(buffer_text(&out), FIRST("400 Bad Request") "Content-Type: text/html\r\nContent-Length: "
                                                                 "150\r\nConnection: close\r\n\r\n");
    buffer_clear(&out);
    frame.version = 9;
    frame.padded = true;
    ck_assert_int_eq(answer_page(&out, &frame, 400), 0);
    ck_assert_str_eq(buffer_text(&out), BAD);
}
END_TEST

static void site_says(unsigned status, const char *type, const char *headers, const char *body)
{
    struct site_answer answer = {.status = status, .content_type = type};

    buffer_init(&answer.headers, 4096);
    buffer_init(&answer.body, 4096);
    (void)buffer_add_text(&answer.headers, headers);
    (void)buffer_add_text(&answer.body, body);
    buffer_clear(&out);
    ck_assert_int_eq(answer_site(&out, &frame, &answer), 0);
    buffer_free(&answer.headers);
    buffer_free(&answer.body);
}

START_TEST(test_site)
{
    site_says(302, "text/html", "Location: http://x/users/sign_in\r\nX-A: 1\r\n", "moved");
    ck_assert_str_eq(buffer_text(&out),
                     FIRST("302 Found") "Content-Type: text/html\r\nContent-Length: 5\r\nConnection: "
                                        "keep-alive\r\nLocation: http://x/users/sign_in\r\nX-A: "
                                        "1\r\n\r\nmoved");
    site_says(204, NULL, "X-A: 1\r\n", "");
    ck_assert_str_eq(buffer_text(&out), FIRST("204 No Content") "Connection: keep-alive\r\nX-A: 1\r\n\r\n");
    site_says(304, NULL, "Etag: W/\"x\"\r\n", "");
    ck_assert_str_eq(buffer_text(&out), FIRST("304 Not Modified") "Connection: keep-alive\r\nEtag: W/\"x\"\r\n\r\n");
    frame.head_only = true;
    site_says(401, "application/json", "Vary: Origin\r\n", "12345678");
    ck_assert_str_eq(buffer_text(&out),
                     FIRST("401 Unauthorized") "Content-Type: application/json\r\nContent-Length: "
                                               "8\r\nConnection: keep-alive\r\nVary: Origin\r\n\r\n");
    frame.head_only = false;
    frame.version = 9;
    site_says(401, "application/json", "Vary: Origin\r\n", "12345678");
    ck_assert_str_eq(buffer_text(&out), "12345678");
}
END_TEST

START_TEST(test_date)
{
    struct nginx_date date = {0};

    ck_assert_str_eq(nginx_date(&date, 1795396265999999), DATE);
    ck_assert_str_eq(nginx_date(&date, 1795396266000000), "Mon, 23 Nov 2026 01:11:06 GMT");
    ck_assert_str_eq(nginx_date(&date, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
}
END_TEST

START_TEST(test_full_buffer)
{
    buffer_init(&out, 100);
    ck_assert_int_eq(answer_page(&out, &frame, 400), -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http_answer");
    TCase *c = tcase_create("answer");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, test_pages, 0, 7);
    tcase_add_test(c, test_page_lengths);
    tcase_add_test(c, test_padding);
    tcase_add_test(c, test_head_and_old_versions);
    tcase_add_test(c, test_site);
    tcase_add_test(c, test_date);
    tcase_add_test(c, test_full_buffer);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
