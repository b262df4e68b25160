/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include "server/base/buffer.h"
#include "server/sensor/http/head.h"

#define HOST "Host: x\r\n"
#define ROW(text, status, path)                                                                                        \
    {                                                                                                                  \
        text, sizeof(text) - 1, status, path                                                                           \
    }

/* What nginx 1.22.1 does with the bytes; status 200: taken, 0: waits for more. */
static const struct row {
    const char *text;
    size_t length;
    int status;
    const char *path;
} rows[] = {
    ROW("GET / HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\n\r\n", 400, NULL),
    ROW("GET / HTTP/1.0\r\n\r\n", 200, "/"),
    ROW("GET /q\r\n", 200, "/q"),
    ROW("GET /q\n", 200, "/q"),
    ROW("GET /%zz\n", 400, NULL),
    ROW("HEAD /\n", 400, NULL),
    ROW("POST /\r\n", 400, NULL),
    ROW("HELP\r", 400, NULL),
    ROW("\x16\x03\x01\x02", 400, NULL),
    ROW("GET / HTTP/9", 505, NULL),
    ROW("GET / HTTP/2.0\r\n", 505, NULL),
    ROW("GET / HTTP/1.2\r\n" HOST "\r\n", 200, "/"),
    ROW("GET / HTTP/1.10\r\n" HOST "\r\n", 200, "/"),
    ROW("GET / HTTP/1.1000\r\n" HOST "\r\n", 400, NULL),
    ROW("GET / HTTP/0.9\r\n", 400, NULL),
    ROW("GET / HTTP/01.1\r\n", 400, NULL),
    ROW("GET / HTTP/1.1  \r\n" HOST "\r\n", 200, "/"),
    ROW("GET / HTTP/1.1 x", 400, NULL),
    ROW("GET / HTTP/1.\r\n", 400, NULL),
    ROW("GET / XTTP/1.1\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\rX", 400, NULL),
    ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, NULL),
    ROW("PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "Foo\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\nHost\r\n\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "Foo : bar\r\n\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "Foo: bar\r\n  baz\r\n\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\nHost: x\n\n", 200, "/"),
    ROW("\r\n\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
    ROW("GET /a b HTTP/1.1\r\n", 400, NULL),
    ROW("GET /a H", 0, NULL),
    ROW("GET /a HTTP/1.1", 0, NULL),
    ROW("G\xffT / HTTP/1.1\r\n", 400, NULL),
    ROW("get / HTTP/1.1\r\n", 400, NULL),
    ROW("A-_B / HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
    ROW("GET http://x/a?b HTTP/1.1\r\n" HOST "\r\n", 200, "/a"),
    ROW("GET http://x:80?b HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
    ROW("GET http://[::1]:80/c HTTP/1.1\r\n" HOST "\r\n", 200, "/c"),
    ROW("GET http://x HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
    ROW("GET http://u:p@x/ HTTP/1.1\r\n" HOST "\r\n", 400, NULL),
    ROW("GET http://x/ HTTP/1.1\r\n\r\n", 400, NULL),
    ROW("GET http:///a HTTP/1.1\r\n", 400, NULL),
    ROW("OPTIONS * HTTP/1.1\r\n", 400, NULL),
    ROW("OPTIONS / HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
    ROW("CONNECT a.b:443 HTTP/1.1\r\n", 400, NULL),
    ROW("CONNECT / HTTP/1.1\r\n" HOST "\r\n", 405, NULL),
    ROW("TRACE / HTTP/1.1\r\n" HOST "\r\n", 405, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n", 400, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n", 400, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", 200, "/"),
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501, NULL),
    ROW("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", 501, NULL),
    ROW("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400, NULL),
    ROW("GET /%00 HTTP/1.1\r\n", 400, NULL),
    ROW("GET /a% HTTP/1.1\r\n", 400, NULL),
    ROW("GET /a%4 HTTP/1.1\r\n", 400, NULL),
    ROW("GET /%41 HTTP/1.1\r\n" HOST "\r\n", 200, "/%41"),
    ROW("GET /../x HTTP/1.1\r\n", 400, NULL),
    ROW("GET /..?x HTTP/1.1\r\n", 400, NULL),
    ROW("GET /%2e%2e/x HTTP/1.1\r\n", 400, NULL),
    ROW("GET /a%2f..%2f..%2fx HTTP/1.1\r\n", 400, NULL),
    ROW("GET /a/../.. HTTP/1.1\r\n", 400, NULL),
    ROW("GET /a/../x HTTP/1.1\r\n" HOST "\r\n", 200, "/a/../x"),
    ROW("GET /.../x HTTP/1.1\r\n" HOST "\r\n", 200, "/.../x"),
    ROW("GET /?%zz HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
    ROW("GET /a\tb HTTP/1.1\r\n", 400, NULL),
    ROW("GET /a\x7f", 400, NULL),
    ROW("GET /a\x80 HTTP/1.1\r\n" HOST "\r\n", 200, "/a\x80"),
    ROW("GET / HTTP/1.1\r\n" HOST HOST, 400, NULL),
    ROW("GET / HTTP/1.1\r\nHost:\r\n", 400, NULL),
    ROW("GET / HTTP/1.0\r\nHost:\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\nHost: a/b\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\nHost: a..b\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\nHost: a b\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\nHost: .\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\nHost: :80\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\nHost: u@b:x\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: b\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "Content-Type: a\r\nContent-Type: b\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\n" HOST "If-Range: a\r\nIf-Range: b\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "a_b: 1\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\n" HOST "a\x01", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "a(\x80: 1\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\n" HOST "a: 1\0\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "a: 1\x01\x7f\x80\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\n" HOST ": 1\r\n", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "a: 1\rb", 400, NULL),
    ROW("GET / HTTP/1.1\r\n" HOST "a: 1\r\r\n\r\n", 200, "/"),
    ROW("GET / HTTP/1.1\r\n" HOST "\rx", 400, NULL),
};

/* The input handed over in steps of `step` bytes; empty lines dropped on the way as http.c does. */
static enum head_result feed(struct head *head, const char *text, size_t length, size_t step, struct slice *input)
{
    enum head_result result = HEAD_MORE;
    const unsigned char *data = (const unsigned char *)text;
    size_t from = 0, to = 0;

    head_begin(head);
    while (result == HEAD_MORE && to < length) {
        to = to + step < length ? to + step : length;
        *input = (struct slice){data + from, to - from};
        result = head_parse(head, *input);
        if (result == HEAD_MORE)
            from += head_skip(head);
    }
    return result;
}

static void check_row(const struct row *row, size_t step)
{
    struct head head;
    struct http_request request;
    struct slice input = SLICE_NONE;
    enum head_result result = feed(&head, row->text, row->length, step, &input);

    ck_assert_msg(result == (row->status == 0     ? HEAD_MORE
                             : row->status == 200 ? HEAD_DONE
                                                  : HEAD_REFUSED),
                  "%s: result %d", row->text, (int)result);
    if (result == HEAD_REFUSED)
        ck_assert_msg(head.status == row->status, "%s: status %u", row->text, head.status);
    if (result != HEAD_DONE)
        return;
    head_request(&head, (struct slice){input.data + head.start, head.at - head.start}, &request);
    ck_assert_msg(slice_is(request.path, row->path), "%s: path %.*s", row->text, (int)request.path.length,
                  (const char *)request.path.data);
}

START_TEST(test_rows)
{
    check_row(&rows[_i], SIZE_MAX / 2);
    check_row(&rows[_i], 1);
    check_row(&rows[_i], 7);
}
END_TEST

static void fill(struct buffer *buffer, const char *before, size_t count, const char *after)
{
    size_t i;

    (void)buffer_add_text(buffer, before);
    for (i = 0; i < count; i++)
        (void)buffer_add_char(buffer, 'a');
    (void)buffer_add_text(buffer, after);
}

static int status_of(const struct buffer *buffer, size_t step)
{
    struct head head;
    struct slice input;
    enum head_result result = feed(&head, (const char *)buffer->data, buffer->length, step, &input);

    return result == HEAD_DONE ? 200 : result == HEAD_MORE ? 0 : head.status;
}

/* The same target, header and count of headers that nginx just takes, and one byte or line more. */
START_TEST(test_limits)
{
    static const struct {
        const char *before, *after;
        size_t count, most;
        int status;
    } limits[] = {
        {"GET /", " HTTP/1.1\r\n" HOST "\r\n", 1, 8176, 414},
        {"X: ", "\r\n", 1, 8187, HEAD_TOO_LARGE},
        {"X: ", "\r\n", 4, 8185, HEAD_TOO_LARGE},
        {"X: ", "\r\n", 5, 4091, HEAD_TOO_LARGE},
    };
    struct buffer buffer;
    size_t more, i, step;

    for (i = 0; i < 4; i++)
        for (more = 0; more < 2; more++) {
            buffer_init(&buffer, 1 << 20);
            if (i > 0)
                (void)buffer_add_text(&buffer, "GET / HTTP/1.1\r\n" HOST);
            for (step = 0; step < limits[i].count; step++)
                fill(&buffer, limits[i].before, limits[i].most + more, limits[i].after);
            if (i > 0)
                (void)buffer_add_text(&buffer, "\r\n");
            ck_assert_int_eq(status_of(&buffer, SIZE_MAX / 2), more ? limits[i].status : 200);
            ck_assert_int_eq(status_of(&buffer, 1), more ? limits[i].status : 200);
            buffer_free(&buffer);
        }
}
END_TEST

START_TEST(test_many_empty_lines)
{
    struct buffer buffer;
    int i;

    buffer_init(&buffer, 1 << 20);
    for (i = 0; i < 20000; i++)
        (void)buffer_add_text(&buffer, "\r\n");
    fill(&buffer, "GET /", 8176, " HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_int_eq(status_of(&buffer, 4096), 200);
    ck_assert_int_eq(status_of(&buffer, 1), 200);
    buffer_free(&buffer);
}
END_TEST

START_TEST(test_fields)
{
    static const char text[] = "POST /a/b?c=d HTTP/1.1\r\nhost: Git.Example:8443\r\nX_Key:  v w \r\nX-Empty:\r\n"
                               "Content-Length: 12\r\nExpect: 100-continue\r\n\r\nrest";
    struct head head;
    struct http_request request;
    struct slice input;

    ck_assert_int_eq(feed(&head, text, sizeof(text) - 1, 1, &input), HEAD_DONE);
    head_request(&head, (struct slice){input.data + head.start, head.at - head.start}, &request);
    ck_assert(slice_is(request.method, "POST") && slice_is(request.target, "/a/b?c=d"));
    ck_assert(slice_is(request.path, "/a/b") && slice_is(request.query, "c=d"));
    ck_assert(slice_is(request.host, "Git.Example"));
    ck_assert_uint_eq(request.header_count, 5);
    ck_assert(slice_is(request.headers[1].name, "X_Key") && slice_is(request.headers[1].value, "v w"));
    ck_assert(request.headers[2].value.length == 0);
    ck_assert(head.sized && head.length == 12 && head.expects && head.keep_alive && !head.chunked);
    ck_assert_uint_eq(head.at, sizeof(text) - 1 - 4);
    ck_assert(slice_is(http_request_header(&request, "CONTENT-LENGTH"), "12"));
    ck_assert_ptr_null(http_request_header(&request, "Cookie").data);
}
END_TEST

static bool keeps(const char *line)
{
    char text[512];
    struct head head;
    struct slice input;

    (void)snprintf(text, sizeof(text), "%s\r\n" HOST "\r\n", line);
    ck_assert_int_eq(feed(&head, text, strlen(text), 1, &input), HEAD_DONE);
    return head.keep_alive;
}

START_TEST(test_connection)
{
    ck_assert(keeps("GET / HTTP/1.1"));
    ck_assert(!keeps("GET / HTTP/1.0"));
    ck_assert(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive"));
    ck_assert(!keeps("GET / HTTP/1.1\r\nConnection: upgrade, CLOSE"));
    ck_assert(keeps("GET / HTTP/1.1\r\nConnection: close\r\nConnection: keep-alive"));
    ck_assert(!keeps("POST / HTTP/1.1\r\nUser-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"));
    ck_assert(keeps("POST / HTTP/1.1\r\nUser-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"));
}
END_TEST

START_TEST(test_lines_of_a_broken_head)
{
    struct slice raw = slice_of("GET /\xff HTTP\nAuthorization : Basic x \r\n folded\r\nA:b");
    struct http_header line;
    size_t at = 0;

    ck_assert(head_line_next(raw, &at, &line));
    ck_assert(slice_is(line.name, "Authorization") && slice_is(line.value, "Basic x"));
    ck_assert(head_line_next(raw, &at, &line));
    ck_assert(line.name.length == 0 && slice_is(line.value, "folded"));
    ck_assert(head_line_next(raw, &at, &line));
    ck_assert(slice_is(line.name, "A") && slice_is(line.value, "b"));
    ck_assert(!head_line_next(raw, &at, &line));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http_head");
    TCase *c = tcase_create("head");

    tcase_add_loop_test(c, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(c, test_limits);
    tcase_add_test(c, test_many_empty_lines);
    tcase_add_test(c, test_fields);
    tcase_add_test(c, test_connection);
    tcase_add_test(c, test_lines_of_a_broken_head);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
