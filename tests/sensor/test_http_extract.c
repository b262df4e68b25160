/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "server/sensor/http/context.h"
#include "server/sensor/http/extract.h"
#include "server/sensor/http/head.h"
#include "tests/sensor/fake_site.h"

#define SECRET "glpat-xYz_4711-abcDEF"

static struct credentials found;
static struct buffer context;

static struct slice value_at(size_t i)
{
    return (struct slice){found.bytes.data + found.items[i].value, found.items[i].value_length};
}

/* Parses and extracts; the head need not be well-formed. */
static void take_bytes(const char *head_text, struct slice body)
{
    struct extract *extract = extract_new();
    struct head head;
    struct http_request request;
    struct slice raw = slice_of(head_text);

    credentials_free(&found);
    credentials_init(&found);
    buffer_free(&context);
    buffer_init(&context, CONTEXT_MAXIMUM);
    head_begin(&head);
    (void)head_parse(&head, raw);
    head_request(&head, raw, &request);
    request.body = body;
    request.body_length = body.length;
    extract_request(extract, &request, fake_site(), site_route(fake_site(), &request), &found);
    context_write(&context, &request, fake_site(), head.status, &found);
    extract_free(extract);
}

static void take(const char *head_text, const char *body)
{
    take_bytes(head_text, slice_of(body));
}

static int rank_of(const char *value, unsigned part)
{
    size_t i;

    for (i = 0; i < found.count; i++)
        if (slice_is(value_at(i), value) && (found.items[i].part & part) == part)
            return found.items[i].rank;
    return -1;
}

static bool has(const char *value)
{
    return rank_of(value, CANDIDATE_SECRET) >= 0;
}

static bool has_pair(const char *identity, const char *secret)
{
    size_t i, k;

    for (i = 0; i < found.count; i++)
        for (k = 0; k < found.count; k++)
            if (found.items[i].pair != 0 && found.items[i].pair == found.items[k].pair &&
                found.items[i].part == CANDIDATE_IDENTITY && found.items[k].part == CANDIDATE_SECRET &&
                slice_is(value_at(i), identity) && slice_is(value_at(k), secret))
                return true;
    return false;
}

static void get_with(const char *lines)
{
    char text[20000];

    (void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", lines);
    take(text, "");
}

static void post_as(const char *path, const char *type, const char *body)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n\r\n", path, type);
    take(text, body);
}

START_TEST(test_basic)
{
    static const char *const same[] = {
        "Authorization: Basic YW5uYTpIdW50ZXIyISE6eA==",   "authorization: bAsIc YW5uYTpIdW50ZXIyISE6eA==",
        "Authorization: Basic YW5uYTpIdW50ZXIyISE6eA",     "Authorization: BasicYW5uYTpIdW50ZXIyISE6eA==",
        "Authorization: Basic   YW5uYTpIdW50ZXIyISE6eA==", "Authorization: Basic Basic YW5uYTpIdW50ZXIyISE6eA==",
        "Authorization: Basic anna:Hunter2!!:x",           "Proxy-Authorization: Basic YW5uYTpIdW50ZXIyISE6eA==",
        "Authorization : Basic YW5uYTpIdW50ZXIyISE6eA==",
    };
    size_t i;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        get_with(same[i]);
        ck_assert_msg(has_pair("anna", "Hunter2!!:x"), "%s", same[i]);
    }
    get_with("Authorization: Basic YW5uYTrDqT8_w6k-w7zDtg"); /* URL-safe alphabet, UTF-8 */
    ck_assert(has_pair("anna", "\xc3\xa9??\xc3\xa9>\xc3\xbc\xc3\xb6"));
    get_with("Authorization: Basic YW5uYTpwYXNz6XdvcmQ="); /* Latin-1 */
    ck_assert(has_pair("anna", "pass\xc3\xa9word"));
    get_with("Authorization: Basic b2F1dGgyOmdscGF0LXhZel80NzExLWFiY0RFRg==");
    ck_assert(has_pair("oauth2", SECRET));
    get_with("Authorization: Basic Z2xwYXQteFl6XzQ3MTEtYWJjREVGOg=="); /* the token as user name */
    ck_assert(has(SECRET));
    get_with("Authorization: Basic Z2xwYXQteFl6XzQ3MTEtYWJjREVG"); /* no colon */
    ck_assert(has(SECRET));
}
END_TEST

START_TEST(test_tokens)
{
    static const char *const same[] = {
        "Authorization: Bearer " SECRET,
        "authorization: bearer   " SECRET "  ",
        "Authorization: Bearer Bearer " SECRET,
        "Authorization: Bearer" SECRET,
        "Authorization: Bearer: " SECRET,
        "Authorization: token " SECRET,
        "Authorization: Token token=\"" SECRET "\", nonce=\"abc\"",
        "Authorization: " SECRET,
        "Authorization: Odd-Scheme " SECRET,
        "Authorization: Odd a=b, c=" SECRET,
        "Authorization: Basic x\r\nAuthorization: Bearer " SECRET,
        "Authorization: Bearer \"" SECRET "\"",
        "PRIVATE-TOKEN: " SECRET,
        "PRIVATE-TOKEN: \"" SECRET "\"",
        "private-token: Bearer " SECRET,
        "PRIVATE_TOKEN: " SECRET,
        "JOB-TOKEN: " SECRET,
        "Deploy-Token: " SECRET,
        "X-Vault-Token: " SECRET,
        "X-Api-Key: " SECRET,
        "apikey: " SECRET,
        "X-Anything: " SECRET,
        "X-Odd: glpat%2DxYz_4711%2DabcDEF",
        "X-Odd: Z2xwYXQteFl6XzQ3MTEtYWJjREVG",
        "Cookie: a=b; remember=" SECRET "; c=d",
        "Cookie: " SECRET,
        "Cookie: a=\"" SECRET "\"",
        "Cookie: a=glpat%2DxYz_4711-abcDEF",
        "Referer: http://x/y?private_token=" SECRET,
        "Nothing but " SECRET,
    };
    size_t i;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        get_with(same[i]);
        ck_assert_msg(has(SECRET), "%s", same[i]);
    }
    get_with("Authorization: Bearer " SECRET);
    ck_assert_int_eq(rank_of(SECRET, CANDIDATE_SECRET), 0);
    ck_assert(has("Bearer " SECRET));
    get_with("PRIVATE-TOKEN: " SECRET);
    ck_assert_int_le(rank_of(SECRET, CANDIDATE_SECRET), EXTRACT_LOGIN);
    get_with("X-Anything: " SECRET);
    ck_assert_int_gt(rank_of(SECRET, CANDIDATE_SECRET), EXTRACT_LOGIN);
    get_with("Authorization: Digest username=\"anna.becker\", realm=\"x\", response=\"0123456789abcdef\"");
    ck_assert_int_ge(rank_of("anna.becker", CANDIDATE_IDENTITY), 0);
    get_with("X-Username: anna\r\nX-Password: hunter2");
    ck_assert(has_pair("anna", "hunter2"));
}
END_TEST

/* What is copied along from a mail, a file, a page; and what other text a token may stand in. */
START_TEST(test_what_stands_around)
{
    static const char *const same[] = {
        "Authorization: Bearer '" SECRET "'",
        "Authorization: Bearer <" SECRET ">",
        "Authorization: Bearer {" SECRET "}",
        "Authorization: Bearer " SECRET ";",
        "Authorization: Bearer " SECRET ".",
        "Authorization: Bearer\xc2\xa0" SECRET,
        "Authorization: Bearer " SECRET "\xe2\x80\x8b",
        "Authorization: Bearer \xe2\x80\x9c" SECRET "\xe2\x80\x9d",
        "PRIVATE-TOKEN: '" SECRET "',",
        "X-Odd: https://x/?private_token=" SECRET "&y=1",
        "HTTP_AUTHORIZATION: Basic b2F1dGgyOmdscGF0LXhZel80NzExLWFiY0RFRg==",
        "X-Odd: Basic b2F1dGgyOmdscGF0LXhZel80NzExLWFiY0RFRg==",
    };
    static const char *const targets[] = {
        "/?a=b;private_token=" SECRET,
        "/x;token=" SECRET,
        "/x#access_token=" SECRET,
        "/?next=https%3A%2F%2Fx%2F%3Fprivate_token%3D" SECRET,
        "/?q=%7B%22token%22%3A%22" SECRET "%22%7D",
        "/https://oauth2:" SECRET "@x/y.git",
    };
    char text[400];

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        get_with(same[i]);
        ck_assert_msg(has(SECRET), "%s", same[i]);
    }
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", targets[i]);
        take(text, "");
        ck_assert_msg(has(SECRET), "%s", targets[i]);
    }
    get_with("Authorization: Basic YW5uYTonaHVudGVyMiEn"); /* anna:'hunter2!' */
    ck_assert(has_pair("anna", "hunter2!") && has_pair("anna", "'hunter2!'"));
    get_with("Authorization: Basic YW5uYTpwJTQwc3N3MHJk"); /* anna:p%40ssw0rd */
    ck_assert(has_pair("anna", "p@ssw0rd") && has_pair("anna", "p%40ssw0rd"));
    take("GET /?q=a+long+line+of+ordinary-words-and-others HTTP/1.1\r\nHost: x\r\n\r\n", "");
    ck_assert_uint_eq(found.count, 1);
}
END_TEST

START_TEST(test_large_values_are_not_lost)
{
    static char text[16000], value[8193];
    size_t i;

    for (i = 0; i < 8100; i++)
        value[i] = (char)('a' + i % 23);
    (void)snprintf(text, sizeof(text), "Authorization: Bearer %s", value);
    get_with(text);
    ck_assert(has(value));
    (void)snprintf(text, sizeof(text), "Authorization: Basic !!%s", value);
    get_with(text);
    (void)snprintf(text, sizeof(text), "!!%s", value);
    ck_assert(has(text));
}
END_TEST

START_TEST(test_targets)
{
    static const char *const same[] = {
        "GET /api/v4/user?private_token=" SECRET " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /api/v4/user?a=b&x=glpat%2dxYz_4711-abcDEF HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /?" SECRET " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a/" SECRET "/b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a/glpat%2DxYz_4711-abcDEF HTTP/1.0\r\n\r\n",
        "GET http://" SECRET "@x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://x/" SECRET " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a b?token=" SECRET " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%zz?token=" SECRET "\r\n",
    };
    size_t i;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        take(same[i], "");
        ck_assert_msg(has(SECRET), "%s", same[i]);
    }
    take("GET http://anna:p%40ss@x/ HTTP/1.1\r\nHost: x\r\n\r\n", "");
    ck_assert(has_pair("anna", "p@ss"));
    take("GET /api?username=anna&password=hunter2 HTTP/1.1\r\nHost: x\r\n\r\n", "");
    ck_assert(has_pair("anna", "hunter2"));
    take("GET /users/sign_in HTTP/1.1\r\nHost: x\r\n\r\n", "");
    ck_assert_uint_eq(found.count, 0);
}
END_TEST

#define FORM "application/x-www-form-urlencoded"

START_TEST(test_forms)
{
    post_as("/users/sign_in", FORM,
            "authenticity_token=" FAKE_OWN "&user%5Blogin%5D=anna&user%5Bpassword%5D=h%26t+r&x=1");
    ck_assert(has_pair("anna", "h&t r"));
    ck_assert_int_eq(rank_of("h&t r", CANDIDATE_SECRET), 0);
    ck_assert_int_eq(rank_of(FAKE_OWN, 0), -1);
    ck_assert_uint_eq(found.count, 2);
    post_as("/x", FORM, "email=a%40b.example&pwd=hunter2");
    ck_assert(has_pair("a@b.example", "hunter2"));
    post_as("/x", FORM, "grant_type=password&username=anna&password=x");
    ck_assert(has_pair("anna", "x"));
    post_as("/x", FORM, "password=hunter2&username=anna");
    ck_assert(has_pair("anna", "hunter2"));
    post_as("/x", FORM, SECRET);
    ck_assert(has(SECRET));
    post_as("/x", FORM, "{\"username\":\"anna\",\"password\":\"hunter2\"}");
    ck_assert(has_pair("anna", "hunter2"));
    post_as("/x", "", "a=b&c=" SECRET);
    ck_assert(has(SECRET));
}
END_TEST

START_TEST(test_multipart)
{
    static const char body[] = "--b0\r\nContent-Disposition: form-data; name=\"user[login]\"\r\n\r\nanna\r\n"
                               "--b0\r\nContent-Disposition: form-data; name=user[password]\r\n\r\nhun\r\nter2\r\n"
                               "--b0\r\nContent-Disposition: form-data; name=\"f\"; filename=\".env\"\r\n"
                               "Content-Type: text/plain\r\n\r\nA=1\nTOKEN=" SECRET "\n\r\n--b0--\r\n";

    post_as("/users/sign_in", "multipart/form-data; boundary=b0", body);
    ck_assert(has_pair("anna", "hun\r\nter2"));
    ck_assert(has(SECRET));
    post_as("/users/sign_in", "multipart/form-data; boundary=\"b0\"", body);
    ck_assert(has_pair("anna", "hun\r\nter2"));
    post_as("/users/sign_in", "text/plain", body);
    ck_assert(has_pair("anna", "hun\r\nter2"));
    post_as("/x", "multipart/form-data; boundary=other", body);
    ck_assert(has(SECRET));
}
END_TEST

#define JSON "application/json"

START_TEST(test_json)
{
    post_as("/x", JSON, "{\"user\": {\"login\" : \"anna\", \"deep\":[[{\"password\":\"h\\u0075nter\\\"2\"}]]}}");
    ck_assert(has_pair("anna", "hunter\"2"));
    post_as("/x", JSON, "[\"" SECRET "\"]");
    ck_assert(has(SECRET));
    post_as("/x", JSON, "\"" SECRET "\"");
    ck_assert(has(SECRET));
    post_as("/x", JSON, "{\"username\":\"anna\",\"password\":\"hunter2");
    ck_assert(has_pair("anna", "hunter2"));
    post_as("/x", JSON, "{\"username\":\"anna\",}{{,,\"password\":123456}");
    ck_assert(has_pair("anna", "123456"));
    post_as("/x", JSON, "{username: anna, password: hunter2}");
    ck_assert(has_pair("anna", "hunter2"));
    post_as("/x", JSON, "{\"query\":\"mutation{login(token:\\\"" SECRET "\\\"){id}}\"}");
    ck_assert(has(SECRET));
    post_as("/x", JSON, "{\"a\":\"glpat\\u002dxYz_4711-abcDEF\"}");
    ck_assert(has(SECRET));
    post_as("/x", JSON, "{\"" SECRET "\":1}");
    ck_assert(has(SECRET));
    post_as("/x", JSON, "{'username': 'anna', 'password': 'hun\"ter2'}"); /* as Python prints it */
    ck_assert(has_pair("anna", "hun\"ter2"));
    post_as("/x", JSON, "{\"key\\");
    post_as("/x", JSON, "not json but " SECRET);
    ck_assert(has(SECRET));
}
END_TEST

/* Headers that say something of the message hold no credentials, but for whoever puts some there. */
START_TEST(test_unusual_values)
{
    static const char *const same[] = {
        "X-Forwarded-For: " SECRET,
        "X-Forwarded-For: 192.0.2.1, " SECRET,
        "X-Real-IP: " SECRET,
        "X-Forwarded-Host: " SECRET,
        "X-Forwarded-Proto: " SECRET,
        "X-Original-URL: /api/v4/user?private_token=" SECRET,
        "X-Rewrite-URL: /" SECRET,
        "Forwarded: for=192.0.2.1;by=" SECRET,
        "If-None-Match: W/\"" SECRET "\"",
        "If-None-Match: " SECRET,
        "If-Modified-Since: " SECRET,
        "If-Range: \"" SECRET "\"",
        "Range: bytes=" SECRET,
        "Range: " SECRET,
        "Expect: " SECRET,
        "Expect: 100-continue=" SECRET,
        "Origin: https://" SECRET "@x",
        "Via: 1.1 " SECRET,
        "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.Z2xwYXQteFl6XzQ3MTEtYWJjREVG, base64.channel.k8s.io",
        "Sec-WebSocket-Protocol: v4.channel.k8s.io, " SECRET,
    };

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        get_with(same[i]);
        ck_assert_msg(has(SECRET), "%s", same[i]);
        ck_assert(!strstr(buffer_text(&context), SECRET));
    }
    get_with("X-Forwarded-For: 192.0.2.1, anna:Hunter2!!:x, 198.51.100.7");
    ck_assert(has("anna:Hunter2!!:x"));
}
END_TEST

START_TEST(test_the_end_of_long_texts)
{
    struct buffer body;

    buffer_init(&body, 1 << 20);
    for (int i = 0; i < 20000; i++)
        (void)buffer_add_format(&body, "line %d\n", i);
    (void)buffer_add_text(&body, "PASSWORD=hunter two\n" SECRET);
    post_as("/x", "text/plain", buffer_text(&body));
    ck_assert(has("hunter two") && has(SECRET));
    buffer_free(&body);
}
END_TEST

START_TEST(test_other_bodies)
{
    static const unsigned char binary[] = "\0\1\2glpat-xYz_4711-abcDEF\0\3";

    post_as("/x", "text/plain", "please take " SECRET " it works\n");
    ck_assert(has(SECRET));
    post_as("/x", "text/plain", "USER=anna\nPASSWORD='hunter two'\n");
    ck_assert(has_pair("anna", "hunter two"));
    post_as("/x", "text/xml", "<r><user>anna</user><password>hunter2</password></r>");
    ck_assert(has_pair("anna", "hunter2"));
    post_as("/x", "", "<a token=\"" SECRET "\" b='c'/>");
    ck_assert(has(SECRET));
    post_as("/x", "text/xml", "<r user=\"anna\" password=\"a&lt;b&amp;&#x63;&#100;\"/>");
    ck_assert(has_pair("anna", "a<b&cd"));
    post_as("/x", "text/xml", "<r><user>anna</user><password>a&quot;b&apos;c</password></r>");
    ck_assert(has_pair("anna", "a\"b'c"));
    post_as("/x", "text/xml", "<r><user>anna</user><password><![CDATA[h<u>n&amp;ter2]]></password></r>");
    ck_assert(has_pair("anna", "h<u>n&amp;ter2"));
    take_bytes("POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc\r\n\r\n",
               (struct slice){binary, sizeof(binary) - 1});
    ck_assert(has(SECRET));
}
END_TEST

START_TEST(test_broken_requests)
{
    static const char *const same[] = {
        "GET / HTTP/1.1\r\nHost: x\r\nFoo : bar\r\nPRIVATE-TOKEN: " SECRET "\r\n\r\n",
        "GET /\xff HTTP/9.9\r\nAuthorization: Bearer " SECRET "\r\n\r\n",
        "HELP " SECRET "\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\na=b&password=" SECRET,
        "POST / HTTP/1.1\nHost: a b\n\n{\"password\":\"" SECRET "\"}",
        "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n " SECRET "\r\n\r\n",
    };
    size_t i;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        take(same[i], "");
        ck_assert_msg(has(SECRET), "%s", same[i]);
    }
}
END_TEST

START_TEST(test_a_flood_does_not_hide_a_login)
{
    struct buffer body;
    int i;

    buffer_init(&body, 1 << 20);
    for (i = 0; i < 20000; i++)
        (void)buffer_add_format(&body, "f%d=value%d&", i, i);
    (void)buffer_add_text(&body, "username=anna&password=hunter2");
    post_as("/x", FORM, buffer_text(&body));
    ck_assert(has_pair("anna", "hunter2"));
    ck_assert(found.overflowed);
    buffer_free(&body);
}
END_TEST

START_TEST(test_ordinary_requests_present_nothing)
{
    take("GET /users/sign_in HTTP/1.1\r\nHost: git.corp.example\r\nUser-Agent: Mozilla/5.0 (X11)\r\n"
         "Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nSec-Fetch-Mode: navigate\r\n"
         "Upgrade-Insecure-Requests: 1\r\nIf-None-Match: W/\"0123456789\"\r\nX-Forwarded-For: 192.0.2.77\r\n"
         "Content-Type: multipart/form-data; boundary=------------------------d74496d66958873e\r\n"
         "User-Agent: Mozilla/5.0 (Linux; Android 12; SM-G991B Build/SP1A.210812.016; wv) AppleWebKit/537.36\r\n"
         "Cookie: _session=" FAKE_OWN "\r\nReferer: https://git.corp.example/users/sign_in\r\n\r\n",
         "");
    ck_assert_uint_eq(found.count, 0);
}
END_TEST

static bool kept(const char *text)
{
    return strstr(buffer_text(&context), text) != NULL;
}

START_TEST(test_context_keeps_no_values)
{
    take("POST /users/anna.becker?private_token=" SECRET "&" SECRET "&" SECRET "=1 HTTP/1.1\r\nHost: x.example\r\n"
         "User-Agent: curl/7.88.1\r\nX-Key: " SECRET "\r\nAuthorization: Bearer " SECRET "\r\n"
         "Content-Type: text/plain\r\n\r\n",
         SECRET);
    ck_assert(!kept(SECRET) && !kept("anna.becker"));
    ck_assert(kept("\"method\":\"POST\"") && kept("\"host\":\"x.example\"") && kept("curl/7.88.1"));
    ck_assert(kept("\"headers\":[\"Host\",\"User-Agent\",\"X-Key\",\"Authorization\",\"Content-Type\"]"));
    ck_assert(kept("\"path\":\"/users/{11:"));
    ck_assert(kept("?private_token={21:"));
    ck_assert(kept("\"body\":{\"length\":21,\"kept\":21,\"type\":\"text/plain\"}"));
    ck_assert(kept("\"X-Key\":{\"length\":21,"));
    take("G\xff / HTTP/1.1\r\nA: " SECRET "\r\n\r\n", "");
    ck_assert(!kept(SECRET) && kept("\"refused\":400"));
}
END_TEST

START_TEST(test_context_keeps_no_presented_secret)
{
    get_with("PRIVATE-TOKEN: " SECRET "\r\nUser-Agent: x/1 " SECRET "\r\nAccept: */*\r\nContent-Type: " SECRET);
    ck_assert(!kept(SECRET) && kept("\"user_agent\":\"x/1 {21:") && kept("\"Accept\":\"*/*\""));
    get_with("User-Agent: x/1 " SECRET "\r\nAccept: " SECRET "\r\nContent-Type: " SECRET);
    ck_assert(has(SECRET) && !kept(SECRET));
    take("GET / HTTP/1.1\r\nHost: " SECRET "\r\nPRIVATE-TOKEN: " SECRET "\r\n\r\n", "");
    ck_assert(!kept(SECRET) && kept("\"host\":\"{21:"));
}
END_TEST

START_TEST(test_context_keeps_what_stands_around_a_secret)
{
    get_with("User-Agent: git/2.39.5 (Linux;" SECRET "+more) x/2 " SECRET "," SECRET);
    ck_assert(!kept(SECRET) && !kept("more"));
    ck_assert(kept("\"user_agent\":\"git/2.39.5 (Linux;{26:lower,upper,digit,symbol}) x/2 {21:lower,upper,digit,symbol},{21:"));
    take(SECRET " / HTTP/1.1\r\nHost: x\r\n\r\n", "");
    ck_assert(has(SECRET) && !kept(SECRET));
}
END_TEST

START_TEST(test_context_can_be_read_by_all)
{
    static const char raw[] = "GET /?a=1&a=2&%=3&%=4 HTTP/1.1\r\nHost: x\r\nAccept: one\r\nAccept: two\r\nX-A: b\r\n"
                              "X-A: c\r\n\x81: d\r\n\x82: e\r\nAccept-\x81: f\r\nAccept-\x82: g\r\n\r\n";
    json_t *tree;

    take(raw, "");
    tree = json_loadb((const char *)context.data, context.length, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(tree);
    json_decref(tree);
    ck_assert(kept("\"Accept\":\"one\"") && kept("\"Accept (2)\":\"two\"") && kept("\"X-A (2)\":{"));
}
END_TEST

START_TEST(test_context_is_bounded)
{
    static char text[34000];
    size_t i, length;

    for (i = 0; i < 2; i++) {
        length = (size_t)snprintf(text, sizeof(text), "GET /?a=b HTTP/1.1\r\nHost: x\r\n");
        while (length < 32000)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "Accept-%zu\x81\x82: \x80%s\r\n", length,
                                       i == 0 ? "" : "\x01\x02\x03\x01\x02\x03\x01\x02\x03\x01\x02\x03\x01\x02\x03");
        (void)snprintf(text + length, sizeof(text) - length, "\r\n");
        take(text, "");
        ck_assert(!context.failed);
        ck_assert(kept("\"truncated\":true}}"));
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http_extract");
    TCase *c = tcase_create("extract");

    tcase_add_test(c, test_basic);
    tcase_add_test(c, test_tokens);
    tcase_add_test(c, test_what_stands_around);
    tcase_add_test(c, test_large_values_are_not_lost);
    tcase_add_test(c, test_targets);
    tcase_add_test(c, test_forms);
    tcase_add_test(c, test_multipart);
    tcase_add_test(c, test_json);
    tcase_add_test(c, test_unusual_values);
    tcase_add_test(c, test_the_end_of_long_texts);
    tcase_add_test(c, test_other_bodies);
    tcase_add_test(c, test_broken_requests);
    tcase_add_test(c, test_a_flood_does_not_hide_a_login);
    tcase_add_test(c, test_ordinary_requests_present_nothing);
    tcase_add_test(c, test_context_keeps_no_values);
    tcase_add_test(c, test_context_keeps_no_presented_secret);
    tcase_add_test(c, test_context_keeps_what_stands_around_a_secret);
    tcase_add_test(c, test_context_can_be_read_by_all);
    tcase_add_test(c, test_context_is_bounded);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
