/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/courier/ocsf.h"
#include "server/courier/record.h"
#include "tests/courier/sample.h"
#include "tests/test.h"

static const struct format_context context = {"0.1.0"};

/* Formats, parses again; the caller frees. */
static json_t *finding(const json_t *record)
{
    struct buffer out;
    json_error_t error;
    json_t *event;

    buffer_init(&out, 65536);
    ck_assert_int_eq(ocsf_write(record, &context, &out), 0);
    event = json_loadb((const char *)out.data, out.length, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(event != NULL, "%s at %d: %.80s", error.text, error.position, buffer_text(&out) + error.position);
    buffer_free(&out);
    return event;
}

static json_t *sample(void)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);

    ck_assert_ptr_nonnull(record);
    return record;
}

START_TEST(required_members)
{
    json_t *record = sample(), *event = finding(record);

    ck_assert_int_eq(record_number(event, "class_uid", 0), 2004);
    ck_assert_int_eq(record_number(event, "category_uid", 0), 2);
    ck_assert_int_eq(record_number(event, "activity_id", 0), 1);
    ck_assert_int_eq(record_number(event, "type_uid", 0), 200401);
    ck_assert_int_eq(record_number(event, "severity_id", 0), 5);
    ck_assert_int_eq(record_number(event, "time", 0), 1795338843217);
    ck_assert_str_eq(record_text(event, "time_dt"), "2026-11-22T09:14:03.217000Z");
    ck_assert_str_eq(record_text(event, "metadata.version"), "1.8.0");
    ck_assert_str_eq(record_text(event, "metadata.product.name"), "Sundew");
    ck_assert_str_eq(record_text(event, "finding_info.uid"), SAMPLE_INCIDENT);
    ck_assert(record_is(event, "is_suspected_breach"));
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(ids_are_easily_found)
{
    json_t *record = sample(), *event = finding(record);
    const json_t *ours = record_get(event, "unmapped.sundew");

    ck_assert_str_eq(record_text(ours, "token"), SAMPLE_TOKEN);
    ck_assert_str_eq(record_text(ours, "placement"), SAMPLE_PLACEMENT);
    ck_assert_str_eq(record_text(ours, "sighting"), SAMPLE_SIGHTING);
    ck_assert_str_eq(record_text(ours, "incident"), SAMPLE_INCIDENT);
    ck_assert_str_eq(record_text(ours, "alert"), SAMPLE_ALERT);
    ck_assert_str_eq(record_text(ours, "grade"), "secret");
    ck_assert_int_eq(record_number(ours, "chain.sequence", 0), 1234);
    ck_assert_str_eq(record_text(ours, "actor.actor"), "c-gggggggggggggggggggggggggg");
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(evidence_tells_who_and_with_what)
{
    json_t *record = sample(), *event = finding(record);
    const json_t *evidence = json_array_get(record_get(event, "evidences"), 0);

    ck_assert_str_eq(record_text(evidence, "src_endpoint.ip"), "203.0.113.77");
    ck_assert_int_eq(record_number(evidence, "src_endpoint.port", 0), 51514);
    ck_assert_str_eq(record_text(evidence, "dst_endpoint.hostname"), "git.corp.example");
    ck_assert_str_eq(record_text(evidence, "user.credential_uid"), SAMPLE_TOKEN);
    ck_assert_str_eq(record_text(evidence, "tls.sni"), "git.corp.example");
    ck_assert_str_eq(record_text(evidence, "http_request.http_method"), "GET");
    ck_assert_str_eq(record_text(evidence, "data.client.http.user_agent"), "git/2.39.5");
    ck_assert_str_eq(record_text(evidence, "data.planted_where.message_id"), "<a.b@corp.example>");
    ck_assert_int_eq(record_number(evidence, "http_request.body_length", 0), 17);
    evidence = record_get(evidence, "http_request.http_headers");
    ck_assert_uint_eq(json_array_size(evidence), 3);
    ck_assert_str_eq(record_text(json_array_get(evidence, 0), "value"), "git.corp.example");
    ck_assert_str_eq(record_text(json_array_get(evidence, 2), "name"), "authorization");
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(each_header_has_its_own_value)
{
    json_t *record = json_pack("{s:{s:{s:[s,s,s],s:{s:s,s:s,s:s}}}}", "client", "http", "headers", "Accept", "Host",
                               "Accept", "values", "Accept", "a", "Host", "h", "Accept (2)", "b");
    static const char *const expected[] = {"a", "h", "b"};
    const char *name, *value;

    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(record_header(record, i, &name, &value), 0);
        ck_assert_str_eq(value, expected[i]);
    }
    ck_assert_int_eq(record_header(record, 3, &name, &value), -1);
    json_decref(record);
}
END_TEST

START_TEST(updates_keep_the_finding)
{
    json_t *record = sample(), *event;

    json_object_set_new(record, "activity", json_string("update"));
    json_object_set_new(record, "alert", json_string("a-iiiiiiiiiiiiiiiiiiiiiiiiii"));
    event = finding(record);
    ck_assert_int_eq(record_number(event, "activity_id", 0), 2);
    ck_assert_int_eq(record_number(event, "type_uid", 0), 200402);
    ck_assert_str_eq(record_text(event, "finding_info.uid"), SAMPLE_INCIDENT);
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(inferred_techniques_are_marked)
{
    json_t *record = sample(), *event = finding(record);
    const json_t *tags = record_get(event, "finding_info.tags");
    size_t inferred = 0;

    ck_assert_uint_eq(json_array_size(tags), json_array_size(record_get(event, "finding_info.attacks")));
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const json_t *tag = json_array_get(tags, i);

        if (strcmp(record_text(tag, "name"), "attack.T1114.002") == 0)
            ck_assert_str_eq(record_text(tag, "value"), "inferred");
        if (strcmp(record_text(tag, "name"), "attack.T1078") == 0)
            ck_assert_str_eq(record_text(tag, "value"), "observed");
        inferred += strcmp(record_text(tag, "value"), "inferred") == 0;
    }
    ck_assert_uint_ge(inferred, 1);
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(drills_are_no_breach)
{
    json_t *record = sample(), *event;

    json_object_set_new(record, "drill", json_true());
    event = finding(record);
    ck_assert(!record_is(event, "is_suspected_breach"));
    ck_assert_ptr_nonnull(strstr(record_text(event, "message"), "DRILL"));
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(odd_methods_and_addresses_stay_out_of_typed_members)
{
    json_t *record = sample(), *event;
    const json_t *evidence;

    json_object_set_new(json_object_get(json_object_get(record, "client"), "http"), "method", json_string("PROPFIND"));
    json_object_set_new(json_object_get(record, "source"), "address", json_string("unix"));
    event = finding(record);
    evidence = json_array_get(record_get(event, "evidences"), 0);
    ck_assert_ptr_null(record_get(evidence, "http_request.http_method"));
    ck_assert_ptr_null(record_get(evidence, "src_endpoint"));
    ck_assert_str_eq(record_text(evidence, "data.client.http.method"), "PROPFIND");
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(a_failing_route_is_a_finding)
{
    json_t *record = json_loads("{\"alert\":\"a-eeeeeeeeeeeeeeeeeeeeeeeeee\",\"time\":\"2026-11-22T09:14:03Z\","
                                "\"activity\":\"create\",\"type\":\"route\",\"severity\":\"high\",\"title\":\"Route\","
                                "\"route\":{\"name\":\"soc\",\"failures\":7,\"text\":\"HTTP 500\"}}",
                                0, NULL);
    json_t *event = finding(record);

    ck_assert_int_eq(record_number(event, "severity_id", 0), 4);
    ck_assert_str_eq(record_text(event, "unmapped.sundew.route.name"), "soc");
    ck_assert_ptr_null(record_get(event, "evidences"));
    ck_assert_ptr_nonnull(strstr(record_text(event, "finding_info.desc"), "7 tries"));
    json_decref(event);
    json_decref(record);
}
END_TEST

START_TEST(a_huge_context_is_left_out)
{
    json_t *record = sample(), *event;
    char *long_text = malloc(20001);

    memset(long_text, 'x', 20000);
    long_text[20000] = '\0';
    json_object_set_new(json_object_get(json_object_get(record, "client"), "http"), "extra", json_string(long_text));
    event = finding(record);
    ck_assert(record_is(json_array_get(record_get(event, "evidences"), 0), "data.client_left_out"));
    json_decref(event);
    json_decref(record);
    free(long_text);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("courier/ocsf");
    TCase *tests = tcase_create("ocsf");

    tcase_add_test(tests, required_members);
    tcase_add_test(tests, ids_are_easily_found);
    tcase_add_test(tests, evidence_tells_who_and_with_what);
    tcase_add_test(tests, each_header_has_its_own_value);
    tcase_add_test(tests, updates_keep_the_finding);
    tcase_add_test(tests, inferred_techniques_are_marked);
    tcase_add_test(tests, drills_are_no_breach);
    tcase_add_test(tests, odd_methods_and_addresses_stay_out_of_typed_members);
    tcase_add_test(tests, a_failing_route_is_a_finding);
    tcase_add_test(tests, a_huge_context_is_left_out);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
