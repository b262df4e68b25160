/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/courier/format.h"
#include "server/courier/record.h"
#include "tests/courier/sample.h"
#include "tests/test.h"

static const struct format_context context = {"0.1.0"};

START_TEST(envelope)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL), *event;
    struct buffer out;
    struct error error;

    buffer_init(&out, 65536);
    ck_assert_int_eq(format_cloudevents.write(record, &context, &out, &error), 0);
    event = json_loadb((const char *)out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(event);
    ck_assert_str_eq(record_text(event, "specversion"), "1.0");
    ck_assert_str_eq(record_text(event, "id"), SAMPLE_ALERT);
    ck_assert_str_eq(record_text(event, "source"), "sundew://corp.example");
    ck_assert_str_eq(record_text(event, "type"), "sundew.sighting.created");
    ck_assert_str_eq(record_text(event, "subject"), SAMPLE_TOKEN);
    ck_assert_str_eq(record_text(event, "time"), "2026-11-22T09:14:03.217000Z");
    ck_assert_str_eq(record_text(event, "severitytext"), "CRITICAL");
    ck_assert_int_eq(record_number(event, "severitynumber", 0), 21);
    ck_assert_str_eq(record_text(event, "sequence"), "000000000042");
    ck_assert_str_eq(record_text(event, "correlationid"), SAMPLE_INCIDENT);
    ck_assert_int_eq(record_number(event, "data.class_uid", 0), 2004);
    ck_assert_str_eq(format_cloudevents.content_type, "application/cloudevents+json; charset=utf-8");
    ck_assert_uint_lt(out.length, 20 * 1024);
    json_decref(event);
    json_decref(record);
    buffer_free(&out);
}
END_TEST

START_TEST(attribute_names_are_allowed_ones)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL), *event, *value;
    struct buffer out;
    struct error error;
    const char *name;

    buffer_init(&out, 65536);
    ck_assert_int_eq(format_cloudevents.write(record, &context, &out, &error), 0);
    event = json_loadb((const char *)out.data, out.length, 0, NULL);
    json_object_foreach(event, name, value)
    {
        ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789"), strlen(name));
        ck_assert_uint_le(strlen(name), 20);
    }
    json_decref(event);
    json_decref(record);
    buffer_free(&out);
}
END_TEST

START_TEST(same_record_same_bytes)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);
    struct buffer one, two;
    struct error error;

    buffer_init(&one, 65536);
    buffer_init(&two, 65536);
    ck_assert_int_eq(format_cloudevents.write(record, &context, &one, &error), 0);
    ck_assert_int_eq(format_cloudevents.write(record, &context, &two, &error), 0);
    ck_assert(slice_equal(buffer_slice(&one), buffer_slice(&two)));
    buffer_free(&one);
    buffer_free(&two);
    json_decref(record);
}
END_TEST

START_TEST(no_alert_is_refused)
{
    static const char *const bad[] = {"{}", "[]", "{\"alert\":\"a-x\"}", "{\"alert\":7,\"time\":\"2026-11-22\"}"};
    struct buffer out;
    struct error error;

    buffer_init(&out, 65536);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json_t *record = json_loads(bad[i], 0, NULL);

        ck_assert_int_eq(format_cloudevents.write(record, &context, &out, &error), -1);
        json_decref(record);
    }
    buffer_free(&out);
}
END_TEST

START_TEST(formats_are_found_by_name)
{
    ck_assert_ptr_eq(format_find("cloudevents"), &format_cloudevents);
    ck_assert_ptr_null(format_find("slack"));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("courier/cloudevents");
    TCase *tests = tcase_create("cloudevents");

    tcase_add_test(tests, envelope);
    tcase_add_test(tests, attribute_names_are_allowed_ones);
    tcase_add_test(tests, same_record_same_bytes);
    tcase_add_test(tests, no_alert_is_refused);
    tcase_add_test(tests, formats_are_found_by_name);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
