/* SPDX-License-Identifier: ISC
 *
 * The GitLab site as installed, and faults in a site's file. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "server/sensor/http/csrf.h"
#include "server/sensor/http/site.h"
#include "server/sensor/http/text.h"
#include "tests/test.h"

static const char face[] = "{\"release\":{\"version\":\"17.9.1\",\"revision\":\"998f540a579\","
                           "\"date\":\"2025-02-26T15:41:12Z\"},\"style_digest\":\"aa11\",\"icon_digest\":\"bb22\","
                           "\"skin\":\"c3d4\",\"icon_hue\":12}";
static const unsigned char salt[32] = {7};
static char *names[] = {(char[]){"git.corp.example"}};
static const struct decoy decoy = {.names = names, .name_count = 1};
static struct site *site;
static struct http_request request;
static struct site_answer answer;
static char target[512];

static void load(const char *name, const char *drawn)
{
    struct error error = {""};
    char folder[4096];

    snprintf(folder, sizeof(folder), "%s/site/%s",
             getenv("SUNDEW_DATADIR") != NULL ? getenv("SUNDEW_DATADIR") : "templates", name);
    ck_assert_msg(site_load(folder, &decoy, drawn, salt, &site, &error) == 0, "%s", error.text);
}

static void set_up(void)
{
    load("gitlab", face);
    buffer_init(&answer.headers, 1 << 16);
    buffer_init(&answer.body, 1 << 20);
}

static void tear_down(void)
{
    site_free(site);
    buffer_free(&answer.headers);
    buffer_free(&answer.body);
}

static void header(const char *name, const char *value)
{
    request.headers[request.header_count].name = slice_of(name);
    request.headers[request.header_count++].value = slice_of(value);
}

static void ask(const char *method, const char *where, const char *type, const char *body)
{
    char *mark;

    memset(&request, 0, sizeof(request));
    snprintf(target, sizeof(target), "%s", where);
    request.method = slice_of(method);
    request.target = slice_of(target);
    mark = strchr(target, '?');
    request.path = mark == NULL ? slice_of(target) : (struct slice){(unsigned char *)target, (size_t)(mark - target)};
    request.query = mark == NULL ? slice_of("") : slice_of(mark + 1);
    request.host = slice_of("git.corp.example");
    request.tls = true;
    request.version = 11;
    header("Host", "git.corp.example");
    if (type != NULL) {
        header("Content-Type", type);
        request.body = slice_of(body);
        request.body_length = request.body.length;
    }
}

static void get_answer(enum site_outcome outcome)
{
    buffer_clear(&answer.headers);
    buffer_clear(&answer.body);
    ck_assert_int_eq(site_answer(site, site_route(site, &request), &request, outcome, &answer), 0);
}

static const char *head(void)
{
    return buffer_text(&answer.headers);
}

static const char *body(void)
{
    return buffer_text(&answer.body);
}

#define FORM "application/x-www-form-urlencoded"
#define GIT                                                                                                            \
    "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or "     \
    "you're required to use a token instead of a password. If a token was provided, it was either incorrect, "         \
    "expired, or improperly scoped. See https://git.corp.example/help/topics/git/troubleshooting_git.md"               \
    "#error-on-git-fetch-http-basic-access-denied"

static const struct {
    const char *method, *target, *type, *sent;
    unsigned plain, refused;
    const char *content_type, *contains;
} routes[] = {
#include "tests/sensor/gitlab_routes.def"
};

static void check_lines(const char *lines)
{
    const char *end;

    for (; *lines != '\0'; lines = end + 2) {
        end = strstr(lines, "\r\n");
        ck_assert_ptr_nonnull(end);
        ck_assert_ptr_nonnull(memchr(lines, ':', (size_t)(end - lines)));
        ck_assert_ptr_null(memchr(lines, '{', (size_t)(strchr(lines, ':') - lines)));
    }
}

START_TEST(test_route)
{
    for (int outcome = SITE_PLAIN; outcome <= SITE_REFUSED; outcome++) {
        ask(routes[_i].method, routes[_i].target, routes[_i].type, routes[_i].sent);
        get_answer((enum site_outcome)outcome);
        ck_assert_msg(answer.status == (outcome == SITE_PLAIN ? routes[_i].plain : routes[_i].refused), "%s %s: %u",
                      routes[_i].method, routes[_i].target, answer.status);
        ck_assert_pstr_eq(answer.content_type, routes[_i].content_type);
        ck_assert_msg(strstr(body(), routes[_i].contains) != NULL, "%s", body());
        ck_assert_ptr_null(strstr(body(), "{{"));
        ck_assert_ptr_null(strstr(head(), "{{"));
        check_lines(head());
    }
}
END_TEST

/* Two answers are alike but for the values that are random in the product. */
static void mask(char *text)
{
    static const char *const random[] = {"\"correlation_id\":\"", "X-Request-Id: ", "X-Runtime: 0.", NULL};
    char *at;

    for (size_t i = 0; random[i] != NULL; i++)
        for (at = strstr(text, random[i]); at != NULL; at = strstr(at, random[i]))
            for (at += strlen(random[i]); (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z'); at++)
                *at = '*';
}

START_TEST(test_api_head)
{
    static const char expected[] =
        "Cache-Control: no-cache\r\n"
        "Vary: Origin\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: SAMEORIGIN\r\n"
        "X-Gitlab-Meta: {\"correlation_id\":\"**************************\",\"version\":\"1\"}\r\n"
        "X-Request-Id: **************************\r\n"
        "X-Runtime: 0.******\r\n";
    char text[4096];

    ask("GET", "/api/v4/user", NULL, NULL);
    get_answer(SITE_REFUSED);
    snprintf(text, sizeof(text), "%s", head());
    mask(text);
    ck_assert_str_eq(text, expected);
    ck_assert_str_eq(body(), "{\"message\":\"401 Unauthorized\"}");
}
END_TEST

START_TEST(test_redirect_head)
{
    static const char expected[] =
        "Cache-Control: no-cache\r\n"
        "Content-Security-Policy: \r\n"
        "Location: https://git.corp.example/users/sign_in\r\n"
        "Permissions-Policy: interest-cohort=()\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Download-Options: noopen\r\n"
        "X-Frame-Options: SAMEORIGIN\r\n"
        "X-Gitlab-Meta: {\"correlation_id\":\"**************************\",\"version\":\"1\"}\r\n"
        "X-Permitted-Cross-Domain-Policies: none\r\n"
        "X-Request-Id: **************************\r\n"
        "X-Runtime: 0.******\r\n"
        "X-Ua-Compatible: IE=edge\r\n"
        "X-Xss-Protection: 1; mode=block\r\n"
        "Strict-Transport-Security: max-age=63072000\r\n"
        "Referrer-Policy: strict-origin-when-cross-origin\r\n";
    char text[4096];

    ask("GET", "/", NULL, NULL);
    get_answer(SITE_PLAIN);
    snprintf(text, sizeof(text), "%s", head());
    mask(text);
    ck_assert_str_eq(text, expected);
}
END_TEST

START_TEST(test_git_head)
{
    ask("GET", "/a/b.git/info/refs?service=git-upload-pack", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert_ptr_nonnull(strstr(head(), "\r\nWWW-Authenticate: Basic realm=\"GitLab\"\r\n"));
    ck_assert_str_eq(body(), GIT);
}
END_TEST

static void between(const char *text, const char *before, char *out, size_t length)
{
    const char *at = strstr(text, before);

    ck_assert_msg(at != NULL, "%s lacks %s", text, before);
    at += strlen(before);
    snprintf(out, length, "%.*s", (int)strcspn(at, "\";"), at);
}

static void sign_in_page(char cookie[64], char field[128])
{
    char value[64];

    ask("GET", "/users/sign_in", NULL, NULL);
    get_answer(SITE_PLAIN);
    between(head(), "_gitlab_session=", value, sizeof(value));
    snprintf(cookie, 64, "%s", value);
    between(body(), "name=\"authenticity_token\" value=\"", field, 128);
    ck_assert_ptr_nonnull(strstr(body(), "name=\"csrf-token\" content=\""));
    ck_assert_ptr_eq(strstr(strstr(body(), field) + 1, field), NULL); /* the head has another of its own */
    ck_assert_uint_eq(strlen(cookie), 32);
    ck_assert_uint_eq(strlen(field), 86);
}

static unsigned sign_in(const char *cookie, const char *field, const char *origin, const char *field_header)
{
    char sent[512], line[256];

    snprintf(sent, sizeof(sent), "authenticity_token=%s&user%%5Blogin%%5D=j%%26oe&user%%5Bpassword%%5D=x",
             field == NULL ? "" : field);
    snprintf(line, sizeof(line), "preferred_language=en; _gitlab_session=%s", cookie == NULL ? "" : cookie);
    ask("POST", "/users/sign_in", FORM, sent);
    if (cookie != NULL)
        header("Cookie", line);
    if (origin != NULL)
        header("Origin", origin);
    if (field_header != NULL)
        header("X-CSRF-Token", field_header);
    get_answer(SITE_REFUSED);
    return answer.status;
}

/* What a page says once, because of what was done before: the session carries it. */
START_TEST(test_flash)
{
    char cookie[64], field[128], value[64], line[128], sent[256];

    sign_in_page(cookie, field);
    ck_assert_ptr_null(strstr(body(), "role=\"status\""));
    snprintf(sent, sizeof(sent), "authenticity_token=%s&user[email]=nobody@corp.example", field);
    snprintf(line, sizeof(line), "_gitlab_session=%s", cookie);
    ask("POST", "/users/password", FORM, sent);
    header("Cookie", line);
    get_answer(SITE_PLAIN);
    ck_assert_uint_eq(answer.status, 302);
    between(head(), "_gitlab_session=", value, sizeof(value));
    snprintf(line, sizeof(line), "_gitlab_session=%s", value);
    for (int again = 0; again < 2; again++) {
        ask("GET", "/users/sign_in", NULL, NULL);
        header("Cookie", line);
        get_answer(SITE_PLAIN);
        ck_assert_msg((strstr(body(), "link for a new password") != NULL) == (again == 0), "%s", body());
        ck_assert_ptr_null(strstr(body(), "You need to sign in"));
        between(head(), "_gitlab_session=", value, sizeof(value));
        snprintf(line, sizeof(line), "_gitlab_session=%s", value);
    }
    ck_assert_uint_eq(sign_in(value, field, NULL, NULL), 200); /* the form of the first page is still good */
    ask("GET", "/group/app", NULL, NULL);
    get_answer(SITE_PLAIN);
    between(head(), "_gitlab_session=", value, sizeof(value));
    snprintf(line, sizeof(line), "_gitlab_session=%s", value);
    ask("GET", "/users/sign_in", NULL, NULL);
    header("Cookie", line);
    get_answer(SITE_PLAIN);
    ck_assert_ptr_nonnull(strstr(body(), "You need to sign in"));
}
END_TEST

static const struct {
    const char *host, *method, *target;
    unsigned status;
    const char *head, *body;
} hosts[] = {
    {"registry.corp.example", "GET", "/v2/", 401,
     "Www-Authenticate: Bearer realm=\"https://git.corp.example/jwt/auth\",service=\"container_registry\"\r\n",
     "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication required\",\"detail\":null}]}\n"},
    {"registry.corp.example:8443", "GET", "/v2/group/sub/app/manifests/latest", 401,
     "Www-Authenticate: Bearer realm=\"https://git.corp.example:8443/jwt/auth\",service=\"container_registry\","
     "scope=\"repository:group/sub/app:pull\"\r\n",
     "\"Name\":\"group/sub/app\""},
    {"registry.corp.example", "POST", "/v2/app/blobs/uploads/", 401, "scope=\"repository:app:pull,push\"", "push"},
    {"registry.corp.example", "GET", "/v2/app/tags/list", 401, "scope=\"repository:app:pull\"", "pull"},
    {"registry.corp.example", "GET", "/v2/_catalog", 401, "scope=\"registry:catalog:*\"", "catalog"},
    {"registry.corp.example", "GET", "/users/sign_in", 404, "nosniff", "404 page not found\n"},
    {"REGISTRY.corp.example", "GET", "/", 200, "no-cache", ""},
    {"pages.corp.example", "GET", "/", 404, "nosniff", "No site is published"},
    {"pages.corp.example", "GET", "/group/app/", 404, "nosniff", "No site is published"},
    {"registrykorp.example", "GET", "/v2/", 302, "Location: https://registrykorp.example/users/sign_in", ""},
    {"git.corp.example", "GET", "/v2/", 302, "Location: https://git.corp.example/users/sign_in", ""},
};

START_TEST(test_host)
{
    ask(hosts[_i].method, hosts[_i].target, NULL, NULL);
    request.headers[0].value = slice_of(hosts[_i].host);
    request.host = text_before(slice_of(hosts[_i].host), text_find_char(slice_of(hosts[_i].host), ':'));
    get_answer(SITE_PLAIN);
    ck_assert_uint_eq(answer.status, hosts[_i].status);
    ck_assert_msg(strstr(head(), hosts[_i].head) != NULL, "%s", head());
    ck_assert_msg(strstr(body(), hosts[_i].body) != NULL, "%s", body());
    check_lines(head());
}
END_TEST

START_TEST(test_form)
{
    char cookie[64], field[128], other_cookie[64], other_field[128], line[128], meta[128];

    sign_in_page(cookie, field);
    between(body(), "name=\"csrf-token\" content=\"", meta, sizeof(meta));
    ck_assert_str_ne(meta, field);
    ck_assert_uint_eq(sign_in(cookie, NULL, NULL, meta), 200);
    sign_in_page(other_cookie, other_field);
    ck_assert_str_ne(cookie, other_cookie);
    ck_assert_uint_eq(sign_in(cookie, field, NULL, NULL), 200);
    ck_assert_ptr_nonnull(strstr(body(), "Invalid login or password."));
    ck_assert_ptr_nonnull(strstr(body(), "value=\"j&amp;oe\""));
    snprintf(line, sizeof(line), "_gitlab_session=%s; path=/; expires=", cookie);
    ck_assert_ptr_nonnull(strstr(head(), line));
    ck_assert_ptr_nonnull(strstr(head(), " GMT; secure; HttpOnly; SameSite=None\r\n"));
    ck_assert_ptr_null(strstr(head(), "preferred_language"));
    ck_assert_uint_eq(sign_in(cookie, NULL, NULL, field), 200);
    ck_assert_uint_eq(sign_in(cookie, field, "https://git.corp.example", NULL), 200);
    ck_assert_uint_eq(sign_in(cookie, field, "https://evil.example", NULL), 422);
    ck_assert_ptr_null(strstr(head(), "Strict-Transport-Security"));
    ck_assert_uint_eq(sign_in(cookie, other_field, NULL, NULL), 422);
    ck_assert_uint_eq(sign_in(NULL, field, NULL, NULL), 422);
    ck_assert_uint_eq(sign_in(cookie, NULL, NULL, NULL), 422);
    ck_assert_uint_eq(sign_in("0123456789abcdef0123456789abcdef", field, NULL, NULL), 422);
    ck_assert(site_own(site, slice_of(cookie)));
    ck_assert(site_own(site, slice_of(field)));
    ck_assert(!site_own(site, slice_of("0123456789abcdef0123456789abcdef")));
    ck_assert(!site_own(site, slice_of("")));
    cookie[5] = cookie[5] == 'a' ? 'b' : 'a';
    field[70] = field[70] == 'a' ? 'b' : 'a';
    ck_assert(!site_own(site, slice_of(cookie)));
    ck_assert(!site_own(site, slice_of(field)));
}
END_TEST

/* A session that is too old: made by this site's salt, but long ago. */
START_TEST(test_old_session)
{
    struct csrf own;
    struct csrf_session session;
    char cookie[CSRF_SESSION_TEXT], field[CSRF_FIELD_TEXT];

    csrf_init(&own, salt);
    session = csrf_session_new(&own, (int64_t)time(NULL) - 3600);
    ck_assert_uint_eq(sign_in(csrf_session_text(&session, cookie), csrf_field(&own, &session, NULL, field), NULL, NULL), 200);
    session = csrf_session_new(&own, (int64_t)time(NULL) - 4 * 3600);
    ck_assert_uint_eq(sign_in(csrf_session_text(&session, cookie), csrf_field(&own, &session, NULL, field), NULL, NULL), 422);
}
END_TEST

START_TEST(test_plain_http)
{
    ask("GET", "/users/sign_in", NULL, NULL);
    request.tls = false;
    get_answer(SITE_PLAIN);
    ck_assert_ptr_nonnull(strstr(head(), " GMT; HttpOnly\r\n"));
    ck_assert_ptr_null(strstr(head(), "secure"));
    ck_assert_ptr_nonnull(strstr(body(), "content=\"http://git.corp.example/users/sign_in\""));
}
END_TEST

START_TEST(test_hostile)
{
    ask("GET", "/a%0d%0aSet-Cookie:%20x=y/b/info/refs?service=%0d%0a\"<", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert_uint_eq(answer.status, 301);
    check_lines(head());
    ck_assert_ptr_null(strstr(head(), "\r\nSet-Cookie"));
    ck_assert_ptr_null(strstr(body(), "\"<"));
    ask("GET", "/", NULL, NULL);
    request.headers[0].value = slice_of("evil\"host");
    get_answer(SITE_PLAIN);
    ck_assert_ptr_nonnull(strstr(head(), "Location: https://git.corp.example/users/sign_in\r\n"));
}
END_TEST

START_TEST(test_file)
{
    ask("GET", "/assets/application-aa11.css", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert(answer.file && answer.served == SITE_CACHED);
    ck_assert_int_eq(answer.modified, 1740584472);
    ck_assert_ptr_nonnull(strstr(head(), "Last-Modified: Wed, 26 Feb 2025 15:41:12 GMT\r\n"));
    ask("GET", "/robots.txt", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert_int_eq(answer.served, SITE_BEHIND);
    header("If-Modified-Since", "Wed, 26 Feb 2025 15:41:12 GMT");
    get_answer(SITE_PLAIN);
    ck_assert_uint_eq(answer.status, 304);
    ck_assert_ptr_null(answer.content_type);
    ck_assert_uint_eq(answer.body.length, 0);
}
END_TEST

START_TEST(test_plain_port)
{
    ask("GET", "/-/health", NULL, NULL);
    ck_assert_ptr_null(site_plain_route(site, &request));
    ask("POST", "/users/sign_in", "application/x-www-form-urlencoded", "x=1");
    request.uri = slice_of("/users/sign_in?a=%20b");
    ck_assert_int_eq(site_answer(site, site_plain_route(site, &request), &request, SITE_PLAIN, &answer), 0);
    ck_assert(answer.served == SITE_FRONT && !answer.file);
    ck_assert_uint_eq(answer.status, 301);
    ck_assert_str_eq(head(), "Location: https://git.corp.example:443/users/sign_in?a=%20b\r\n");
    ck_assert_uint_eq(site_route_limit(site, site_plain_route(site, &request)), 1024 * 1024);
}
END_TEST

START_TEST(test_head_only)
{
    ask("HEAD", "/users/sign_in", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert_uint_eq(answer.body.length, 0);
    ask("HEAD", "/robots.txt", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert_uint_gt(answer.body.length, 0);
}
END_TEST

/* A decoy whose face was drawn before the site asked for these facts still answers. */
START_TEST(test_bare_face)
{
    site_free(site);
    load("gitlab", "{}");
    ask("GET", "/robots.txt", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert_uint_eq(answer.status, 200);
    ck_assert_ptr_null(strstr(head(), "Last-Modified"));
}
END_TEST

/* A portal whose paths all lie below one, as may be drawn. */
START_TEST(test_paths_below_the_account)
{
    static const char drawn[] =
        "{\"paths\":{\"enter\":\"/account/in\",\"leave\":\"/account/out\",\"reset\":\"/account/reset\","
        "\"code\":\"/account/reset/code\",\"help\":\"/account/help\",\"first\":\"/account/help/first\","
        "\"second\":\"/account/help/second\",\"remote\":\"/account/help/vpn\",\"state\":\"/account/status\","
        "\"home\":\"/account/apps\",\"account\":\"/account\"},"
        "\"well\":{\"api\":\"/api\",\"css\":\"/c\",\"health\":\"/health\",\"icon\":\"/i\",\"oauth\":\"/oauth2\","
        "\"saml\":\"/saml\"},\"names\":{\"cookie\":\"s\",\"field\":\"f\",\"user\":\"u\",\"password\":\"p\",\"header\":\"X-T\"}}";
    static const char *const pages[] = {"in", "reset", "help", "help/first", "help/second", "help/vpn", "status"};
    char where[64];

    site_free(site);
    load("portal", drawn);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        snprintf(where, sizeof where, "/account/%s", pages[i]);
        ask("GET", where, NULL, NULL);
        get_answer(SITE_PLAIN);
        ck_assert_msg(answer.status == 200, "%s: %u", pages[i], answer.status);
    }
    ask("GET", "/account/password", NULL, NULL);
    get_answer(SITE_PLAIN);
    ck_assert_uint_eq(answer.status, 302);
}
END_TEST

START_TEST(test_facts)
{
    ask("POST", "/users/sign_in", NULL, NULL);
    ck_assert_str_eq(site_identity_field(site_route(site, &request)), "user[login]");
    ck_assert_str_eq(site_secret_field(site_route(site, &request)), "user[password]");
    ask("GET", "/api/v4/user", NULL, NULL);
    ck_assert_ptr_null(site_identity_field(site_route(site, &request)));
    ck_assert_uint_eq(site_body_limit(site, &request), 0);
    ck_assert_str_eq(site_server(site), "nginx");
    ck_assert(site_literal(site, slice_of("sign_in")));
    ck_assert(site_literal(site, slice_of("api")));
    ck_assert(!site_literal(site, slice_of("glpat-something")));
    ck_assert(!site_literal(site, slice_of("")));
}
END_TEST

START_TEST(test_names_of_the_face)
{
    static const char text[] = "product: p\nsummary: s\nmissing: {status: 404, body: no}\n"
                               "session: {cookie: \"{{names.cookie}}\", field: \"{{names.field}}\"}\n"
                               "routes:\n"
                               "  - match: \"POST {{paths.login}}\"\n"
                               "    form: {identity: \"{{names.user}}\", secret: \"p_{{names.user}}\",\n"
                               "           rejected: {status: 403}}\n"
                               "    answer: {status: 200, body: \"{{session}}\"}\n";
    struct csrf_session session;
    struct csrf own;
    struct error error = {""};
    char cookie[CSRF_SESSION_TEXT], field[CSRF_FIELD_TEXT], line[256], form[256];

    site_free(site);
    ck_assert_msg(site_load_text(slice_of(text), "/nonexistent", &decoy,
                                 "{\"names\":{\"cookie\":\"sid\",\"field\":\"_t\",\"user\":\"u\"},"
                                 "\"paths\":{\"login\":\"/enter\"}}",
                                 salt, &site, &error) == 0, "%s", error.text);
    csrf_init(&own, salt);
    session = csrf_session_new(&own, time(NULL));
    snprintf(line, sizeof(line), "sid=%s", csrf_session_text(&session, cookie));
    snprintf(form, sizeof(form), "_t=%s&u=a&p_u=b", csrf_field(&own, &session, NULL, field));
    ask("POST", "/enter", "application/x-www-form-urlencoded", form);
    ck_assert_str_eq(site_identity_field(site_route(site, &request)), "u");
    ck_assert_str_eq(site_secret_field(site_route(site, &request)), "p_u");
    get_answer(SITE_REFUSED);
    ck_assert_uint_eq(answer.status, 403);
    header("Cookie", line);
    get_answer(SITE_REFUSED);
    ck_assert_uint_eq(answer.status, 200);
    ck_assert_str_eq(body(), cookie);
}
END_TEST

#define GOOD "product: p\nsummary: s\nmissing: {status: 404, body: no}\n"

static const struct {
    const char *text, *expected;
} faults[] = {
#include "tests/sensor/site_faults.def"
};

START_TEST(test_fault)
{
    struct site *broken;
    struct error error = {""};

    ck_assert_int_eq(site_load_text(slice_of(faults[_i].text), "/nonexistent", &decoy, face, salt, &broken, &error),
                     -1);
    ck_assert_ptr_null(broken);
    ck_assert_msg(strstr(error.text, faults[_i].expected) != NULL, "%s: %s", faults[_i].text, error.text);
    ck_assert_msg(strncmp(error.text, "site.yaml:", 10) == 0, "%s", error.text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("site");
    TCase *c = tcase_create("gitlab"), *f = tcase_create("faults");

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, test_route, 0, sizeof(routes) / sizeof(*routes));
    tcase_add_test(c, test_api_head);
    tcase_add_test(c, test_redirect_head);
    tcase_add_test(c, test_git_head);
    tcase_add_test(c, test_flash);
    tcase_add_loop_test(c, test_host, 0, sizeof(hosts) / sizeof(*hosts));
    tcase_add_test(c, test_form);
    tcase_add_test(c, test_old_session);
    tcase_add_test(c, test_plain_http);
    tcase_add_test(c, test_hostile);
    tcase_add_test(c, test_file);
    tcase_add_test(c, test_plain_port);
    tcase_add_test(c, test_head_only);
    tcase_add_test(c, test_bare_face);
    tcase_add_test(c, test_paths_below_the_account);
    tcase_add_test(c, test_facts);
    tcase_add_test(c, test_names_of_the_face);
    tcase_add_loop_test(f, test_fault, 0, sizeof(faults) / sizeof(*faults));
    suite_add_tcase(s, c);
    suite_add_tcase(s, f);
    return s;
}

TEST_MAIN(suite)
