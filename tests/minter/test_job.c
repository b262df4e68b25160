/* SPDX-License-Identifier: ISC
 *
 * Each job through the heart. */
#include "server/minter/view.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"
#include "tokens/kind.h"

static struct jobs jobs;
static json_t *persona;

static void setup(void)
{
    jobs_open(&jobs);
    persona = jobs_persona(&jobs, "en");
}

static void teardown(void)
{
    json_decref(persona);
    jobs_close(&jobs);
}

static json_t *mint(const char *kind, const char *service, int count, bool artifacts)
{
    return json_pack("{ss si sb sO so}", "kind", kind, "count", count, "artifacts", artifacts, "persona", persona,
                     "decoy", jobs_decoy(service, 21001, true));
}

static struct token_result token_at(size_t index)
{
    struct reader reader = reader_of(buffer_slice(&jobs.results[index].data));
    struct token_result token;

    ck_assert_str_eq(jobs.results[index].kind, "token");
    ck_assert_int_eq(token_result_get(&reader, &token), 0);
    return token;
}

START_TEST(mint_makes_each_token_once)
{
    ck_assert_msg(jobs_run(&jobs, "mint", mint("gitlab-token", "http", 100, false)) == 0, "%s", jobs.error.text);
    ck_assert_uint_eq(jobs.count, 100);
    for (size_t i = 0; i < 100; i++) {
        struct token_result token = token_at(i);

        ck_assert(slice_is(token.kind, "gitlab-token") && slice_is(token.form, "pat-routable") && !token.bound);
        ck_assert(token.distinctive && token.secret_bits >= 112);
        ck_assert(kind_gitlab_token.valid("pat-routable", token.secret));
        if (i > 0)
            ck_assert(!slice_equal(token.secret, token_at(i - 1).secret));
    }
}
END_TEST

START_TEST(artifacts_come_behind_their_token)
{
    size_t tokens = 0, artifacts = 0;
    struct slice secret = SLICE_NONE;

    ck_assert_int_eq(jobs_run(&jobs, "mint", mint("gitlab-token", "http", 20, true)), 0);
    for (size_t i = 0; i < jobs.count; i++) {
        if (strcmp(jobs.results[i].kind, "token") == 0) {
            secret = token_at(i).secret;
            tokens++;
            continue;
        }
        ck_assert_str_eq(jobs.results[i].kind, "artifact");
        ck_assert_msg(memmem(jobs.results[i].data.data, jobs.results[i].data.length, secret.data, secret.length) !=
                          NULL,
                      "%s lacks the secret", jobs.results[i].name);
        artifacts++;
    }
    ck_assert_uint_eq(tokens, 20);
    ck_assert_uint_eq(artifacts, 20 * 6);
}
END_TEST

START_TEST(artifacts_asked_for_again_read_the_same)
{
    struct buffer first[8];
    char *identity, *secret;
    size_t count;

    ck_assert_int_eq(jobs_run(&jobs, "mint", mint("password", "http", 1, true)), 0);
    identity = slice_copy(token_at(0).identity);
    secret = slice_copy(token_at(0).secret);
    count = jobs.count - 1;
    ck_assert_uint_le(count, 8);
    for (size_t i = 0; i < count; i++) {
        buffer_init(&first[i], 1 << 20);
        buffer_add_slice(&first[i], buffer_slice(&jobs.results[i + 1].data));
    }
    ck_assert_int_eq(
        jobs_run(&jobs, "artifacts",
                 json_pack("{ss ss ss ss sO so}", "kind", "password", "form", "human", "identity", identity, "secret",
                           secret, "persona", persona, "decoy", jobs_decoy("http", 21001, true))),
        0);
    ck_assert_uint_eq(jobs.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert(slice_equal(buffer_slice(&first[i]), buffer_slice(&jobs.results[i].data)));
        buffer_free(&first[i]);
    }
    free(identity);
    free(secret);
}
END_TEST

START_TEST(urls_name_the_port_only_where_it_is_unusual)
{
    static const struct {
        const char *service;
        int port;
        bool tls;
        const char *name, *part;
    } cases[] = {
        {"http", 443, true, ".git-credentials", "@git.corp.marais.internal\n"},
        {"http", 21001, true, ".git-credentials", "@git.corp.marais.internal:21001\n"},
        {"http", 80, false, ".env", "GITLAB_URL=http://git.corp.marais.internal\n"},
        {"ldap", 636, true, ".env", "LDAP_URL=ldaps://git.corp.marais.internal\n"},
        {"ldap", 21389, false, ".env", "LDAP_URL=ldap://git.corp.marais.internal:21389\n"},
        {"ldap", 636, true, ".env", "dc=corp,dc=marais,dc=internal"},
    };
    const char *text;

    ck_assert_int_eq(jobs_run(&jobs, "mint",
                              json_pack("{ss sb sO so}", "kind", "password", "artifacts", true, "persona", persona,
                                        "decoy", jobs_decoy(cases[_i].service, cases[_i].port, cases[_i].tls))),
                     0);
    text = jobs_text(&jobs, "artifact", cases[_i].name);
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(strstr(text, cases[_i].part) != NULL, "no '%s' in '%s'", cases[_i].part, text);
}
END_TEST

static const struct {
    const char *what, *parameters, *text;
    int status; /* 2: what was asked for is at fault */
} wrong[] = {
    {"mint", "{\"kind\":\"no-such\"}", "no-such", 2},
    {"mint", "{}", "kind", 2},
    {"mint", "[]", "object", 3},
    {"mint", "{\"kind\":\"password\"", "object", 3},
    {"mint", "{\"kind\":\"password\",\"form\":\"odd\"}", "odd", 2},
    {"mint", "{\"kind\":\"password\",\"count\":0}", "count", 2},
    {"mint", "{\"kind\":\"password\",\"count\":99999999999}", "count", 2},
    {"mint", "{\"kind\":\"password\",\"identity\":\"a:b\"}", "colon", 2},
    {"mint", "{\"kind\":\"password\",\"artifacts\":true}", "decoy", 2},
    {"artifacts", "{\"kind\":\"password\"}", "decoy", 2},
    {"lure", "{}", "kind", 2},
    {"lure", "{\"kind\":\"password\"}", "secret", 3},
    {"lure", "{\"kind\":\"password\",\"identity\":\"i\",\"secret\":\"s\",\"place\":\"moon\"}", "moon", 2},
    {"lure", "{\"kind\":\"password\",\"identity\":\"i\",\"secret\":\"s\",\"place\":\"git\"}", "decoy", 2},
    {"lure", "{\"kind\":\"password\",\"identity\":\"i\",\"secret\":\"s\",\"place\":\"git\",\"at\":\"soon\"}", "soon", 2},
    {"persona", "{}", "domain", 3},
    {"persona", "{\"organisation\":\"A\"}", "domain", 3},
    {"authority", "{\"organisation\":\"A\"}", "domain", 3},
    {"certificate", "{\"names\":[\"a.b\"]}", "authority", 3},
    {"self-signed", "{}", "name", 3},
    {"nothing", "{}", "nothing", 3},
};

START_TEST(wrong_parameters_are_told)
{
    const struct job_sink sink = {jobs_take, &jobs};
    struct job job = {.number = 3, .what = slice_of(wrong[_i].what), .parameters = slice_of(wrong[_i].parameters)};
    struct job_work *work = job_begin(&jobs.minter, &job, &jobs.error);

    if (work != NULL)
        ck_assert_int_eq(job_step(work, 16, &sink, &jobs.error), -1);
    ck_assert_msg(strstr(jobs.error.text, wrong[_i].text) != NULL, "'%s' does not name %s", jobs.error.text,
                  wrong[_i].text);
    ck_assert_int_eq(jobs.error.status, wrong[_i].status);
    job_free(work);
}
END_TEST

START_TEST(personas_are_whole_and_never_alike)
{
    json_t *other = jobs_persona(&jobs, "fr"), *person;
    size_t index;

    ck_assert(json_equal(other, persona) == 0);
    ck_assert_str_eq(json_string_value(json_object_get(other, "company_slug")), "societe-marais-fils");
    ck_assert_uint_eq(json_array_size(json_object_get(other, "people")), 24);
    json_array_foreach(json_object_get(other, "people"), index, person)
    {
        const char *login = json_string_value(json_object_get(person, "login"));

        ck_assert_uint_gt(strlen(login), 2);
        ck_assert_uint_eq(strspn(login, "abcdefghijklmnopqrstuvwxyz"), strlen(login));
        ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(person, "mail")), "@corp.marais.internal"));
        for (size_t i = 0; i < index; i++)
            ck_assert_str_ne(login, json_string_value(
                                        json_object_get(json_array_get(json_object_get(other, "people"), i), "login")));
    }
    json_decref(other);
}
END_TEST

START_TEST(authority_and_certificate_by_jobs)
{
    json_t *authority;

    ck_assert_msg(jobs_run(&jobs, "authority",
                           json_pack("{ss ss}", "organisation", "Marais", "domain", "corp.marais.internal")) == 0,
                  "%s", jobs.error.text);
    ck_assert_uint_eq(jobs.count, 2);
    authority = json_pack("{ss ss}", "certificate", jobs_text(&jobs, "pem", "certificate"), "key",
                          jobs_text(&jobs, "pem", "key"));
    ck_assert_msg(jobs_run(&jobs, "certificate",
                           json_pack("{s[s] s[s] so}", "names", "git.corp.marais.internal", "addresses", "127.0.0.1",
                                     "authority", authority)) == 0,
                  "%s", jobs.error.text);
    ck_assert_ptr_nonnull(strstr(jobs_text(&jobs, "pem", "certificate"), "BEGIN CERTIFICATE"));
    ck_assert_ptr_nonnull(strstr(jobs_text(&jobs, "pem", "key"), "PRIVATE KEY"));
}
END_TEST

START_TEST(faces_are_drawn_and_differ)
{
    json_t *faces[2];

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(jobs_run(&jobs, "face",
                                  json_pack("{ss ss sO so}", "service", "http", "site", "gitlab", "persona", persona,
                                            "decoy", jobs_decoy("http", 443, true))),
                         0);
        faces[i] = jobs_json(&jobs, "json");
    }
    ck_assert_int_gt(json_object_size(faces[0]), 0);
    ck_assert_int_eq(json_equal(faces[0], faces[1]), 0);
    json_decref(faces[0]);
    json_decref(faces[1]);
    ck_assert_int_eq(jobs_run(&jobs, "face",
                              json_pack("{ss ss sO so}", "service", "ldap", "site", "", "persona", persona, "decoy",
                                        jobs_decoy("ldap", 389, false))),
                     0);
    ck_assert_ptr_nonnull(jobs_text(&jobs, "json", NULL));
}
END_TEST

static int refuse(const struct result *result, void *context)
{
    (void)result;
    (void)context;
    return -1;
}

START_TEST(a_keeper_that_takes_no_more_ends_the_job)
{
    const struct job_sink sink = {refuse, NULL};
    struct job job = {
        .number = 1, .what = slice_of("mint"), .parameters = slice_of("{\"kind\":\"password\",\"count\":5}")};
    struct job_work *work = job_begin(&jobs.minter, &job, &jobs.error);

    ck_assert_ptr_nonnull(work);
    ck_assert_int_eq(job_step(work, 16, &sink, &jobs.error), -1);
    job_free(work);
}
END_TEST

START_TEST(owners_become_people)
{
    static const struct {
        const char *owner, *mail, *given, *name;
    } cases[] = {
        {"Jane Doe <jane.doe@corp.marais.internal>", "jane.doe@corp.marais.internal", "Jane", "Jane Doe"},
        {"jane.doe@corp.marais.internal", "jane.doe@corp.marais.internal", "Jane", "Jane Doe"},
        {"j.doe", "j.doe@corp.marais.internal", "J", "J. Doe"},
        {"jane_van-doe", "jane_van-doe@corp.marais.internal", "Jane", "Jane Van Doe"},
        {"jdoe@corp.marais.internal", "jdoe@corp.marais.internal", "Jdoe", ""},
        {".@corp.marais.internal", ".@corp.marais.internal", "", ""},
        {"x.9@corp.marais.internal", "x.9@corp.marais.internal", "X", ""},
        {"Élodie Brûlé", "elodie.brule@corp.marais.internal", "Élodie", "Élodie Brûlé"},
        {"x\r\nBcc: y <a@b\r\nc>", "a@b", "X", NULL},
    };
    json_t *parameters, *owner;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parameters = json_pack("{ss sO}", "owner", cases[i].owner, "persona", persona);
        owner = view_owner(parameters);
        ck_assert_str_eq(json_string_value(json_object_get(owner, "mail")), cases[i].mail);
        ck_assert_str_eq(json_string_value(json_object_get(owner, "given")), cases[i].given);
        ck_assert_ptr_null(strchr(json_string_value(json_object_get(owner, "name")), '\n'));
        if (cases[i].name != NULL)
            ck_assert_str_eq(json_string_value(json_object_get(owner, "name")), cases[i].name);
        json_decref(owner);
        json_decref(parameters);
    }
    parameters = json_pack("{s[]}", "owner");
    ck_assert_ptr_null(view_owner(parameters));
    json_decref(parameters);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("job");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, mint_makes_each_token_once);
    tcase_add_test(tcase, artifacts_come_behind_their_token);
    tcase_add_test(tcase, artifacts_asked_for_again_read_the_same);
    tcase_add_loop_test(tcase, urls_name_the_port_only_where_it_is_unusual, 0, 6);
    tcase_add_loop_test(tcase, wrong_parameters_are_told, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, personas_are_whole_and_never_alike);
    tcase_add_test(tcase, authority_and_certificate_by_jobs);
    tcase_add_test(tcase, faces_are_drawn_and_differ);
    tcase_add_test(tcase, a_keeper_that_takes_no_more_ends_the_job);
    tcase_add_test(tcase, owners_become_people);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
