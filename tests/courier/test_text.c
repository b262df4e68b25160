/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/courier/text.h"
#include "server/wire/places.h"
#include "tests/courier/sample.h"
#include "tests/test.h"

static struct buffer out;

static void setup(void)
{
    buffer_init(&out, 65536);
}

static void teardown(void)
{
    buffer_free(&out);
}

static const char *foreign(const char *words)
{
    buffer_clear(&out);
    ck_assert_int_eq(text_foreign(&out, words, 200), 0);
    return buffer_text(&out);
}

static const char *full(json_t *record)
{
    buffer_clear(&out);
    ck_assert_int_eq(text_full(&out, record), 0);
    return buffer_text(&out);
}

START_TEST(hostile_characters_become_escapes)
{
    ck_assert_str_eq(foreign("a\nb\r\tc\x7f"), "a\\x0ab\\x0d\\x09c\\x7f");
    ck_assert_str_eq(foreign("\xe2\x80\xae"
                             "gpj.exe"),
                     "\\u{202e}gpj[.]exe");
    ck_assert_str_eq(foreign("\xe2\x81\xa6x\xe2\x80\x8b"), "\\u{2066}x\\u{200b}");
    ck_assert_str_eq(foreign("\xff\xc0\x80\xed\xa0\x80"), "\\xff\\xc0\\x80\\xed\\xa0\\x80");
    ck_assert_str_eq(foreign("<script>\"\\`"), "\\x3cscript\\x3e\\x22\\x5c\\x60");
    ck_assert_str_eq(foreign("\x1b[31mred"), "\\x1b[31mred");
    ck_assert_str_eq(foreign("caf\xc3\xa9"), "caf\xc3\xa9");
    ck_assert_str_eq(foreign("\xf3\xa0\x81\x81"), "\\u{e0041}");
}
END_TEST

START_TEST(links_are_defanged)
{
    ck_assert_str_eq(foreign("https://evil.example/x"), "hxxps[:]//evil[.]example/x");
    ck_assert_str_eq(foreign("HTTP://a.b"), "hxxp[:]//a[.]b");
    ck_assert_str_eq(foreign("www.evil.example"), "www[.]evil[.]example");
    ck_assert_str_eq(foreign("http/1.1"), "http/1.1");
    ck_assert_str_eq(foreign("ftp://evil"), "ftp[:]//evil");
    ck_assert_str_eq(foreign("soc@evil"), "soc[@]evil");
    ck_assert_str_eq(foreign("curl/7.88.1"), "curl/7.88.1");
    ck_assert_str_eq(foreign("203.0.113.77"), "203.0.113.77");
}
END_TEST

START_TEST(long_words_are_cut)
{
    char words[1000];

    memset(words, 'w', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    ck_assert_uint_eq(strlen(foreign(words)), 200 + strlen("…"));
}
END_TEST

START_TEST(first_three_lines_stand_alone)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);
    char *text = strdup(full(record));
    char *second = strchr(text, '\n'), *third = strchr(second + 1, '\n'), *end = strchr(third + 1, '\n');

    *second = *third = *end = '\0';
    ck_assert_str_eq(text, "CRITICAL: planted password \"svc-legacy-sync\" was USED. Certain: exact match of a secret "
                           "that exists once and has no honest use (grade secret).");
    ck_assert_str_eq(second + 1, "It lay only in mailbox /var/mail/jdoe of Jane Doe since 2026-06-02: that place, or a "
                                 "copy of it, was read between then and 2026-11-22 09:14:03 UTC.");
    ck_assert_str_eq(third + 1, "By 203.0.113.77 port 51514 at 2026-11-22 09:14:03 UTC, at the decoy gitlab (http), "
                                "with \"git/2.39.5\".");
    free(text);
    json_decref(record);
}
END_TEST

START_TEST(order_is_what_an_analyst_needs)
{
    static const char *const order[] = {"CRITICAL",       "It lay only",           "By 203",        "What was seen",
                                        "Where it lay",   "Who, and with what",    "What else",     "What to do now",
                                        "References",     SAMPLE_INCIDENT,         SAMPLE_SIGHTING, SAMPLE_TOKEN,
                                        SAMPLE_PLACEMENT, "--anchor 1234:00112233"};
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);
    const char *at = full(record);

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        const char *next = strstr(at, order[i]);

        ck_assert_msg(next != NULL, "%s is not where it should be", order[i]);
        at = next;
    }
    json_decref(record);
}
END_TEST

START_TEST(steps_fit_the_place)
{
    const struct place_row *row;
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);
    json_t *placement = json_object_get(record, "placement");

    for (size_t i = 0; (row = place_row_at(i)) != NULL; i++) {
        bool mail = strcmp(row->takes, "mail") == 0, repository = strcmp(row->takes, "repository") == 0;
        char place[64];

        snprintf(place, sizeof(place), "%s:x", row->scheme);
        json_object_set_new(placement, "place", json_string(place));
        ck_assert_msg((strstr(full(record), "mail rules") != NULL) == mail, "%s", place);
        ck_assert_msg((strstr(full(record), "clones, forks") != NULL) == repository, "%s", place);
    }
    json_decref(record);
}
END_TEST

START_TEST(a_proof_is_no_match_of_the_secret)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);

    json_object_set_new(json_object_get(record, "sighting"), "context", json_pack("[ss]", "expired", "proof"));
    ck_assert_ptr_nonnull(strstr(full(record), "Certain: a proof verifies"));
    ck_assert_ptr_null(strstr(full(record), "exact match of a secret"));
    json_decref(record);
}
END_TEST

/* What is no theft is not told as one. */
START_TEST(each_grade_has_its_words)
{
    static const struct {
        const char *grade, *near, *says, *shows, *technique, *not;
    } grades[] = {
        {"secret-elsewhere", NULL, "TRIED ELSEWHERE", "was read between then and", "T1078", "likely"},
        {"key-offered", NULL, "was OFFERED", "The key pair lay only in mailbox", "T1552.004", "was read between"},
        {"identity", "{\"distance\":1,\"length\":9}", "a wrong secret", "has likely been read", "T1110.001", "USED"},
        {"identity", NULL, "named without its secret", "has likely been read", "T1114.002", "wrong"},
        {"beacon", NULL, "was FETCHED", "was opened, by a person or by a program", "gateway, link preview", "ATT&CK"},
    };
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL), *sighting = json_object_get(record, "sighting");

    for (size_t i = 0; i < sizeof(grades) / sizeof(grades[0]); i++) {
        const char *text;

        json_object_set_new(record, "grade", json_string(grades[i].grade));
        json_object_set_new(sighting, "near", grades[i].near != NULL ? json_loads(grades[i].near, 0, NULL) : json_null());
        text = full(record);
        ck_assert_msg(strstr(text, grades[i].says) != NULL, "%s: %s", grades[i].grade, text);
        ck_assert_msg(strstr(text, grades[i].shows) != NULL, "%s: %s", grades[i].grade, text);
        ck_assert_msg(strstr(text, grades[i].technique) != NULL, "%s: %s", grades[i].grade, text);
        *strstr((char *)(uintptr_t)text, "What was seen") = '\0';
        ck_assert_msg(strstr(text, grades[i].not) == NULL, "%s: %s", grades[i].grade, text);
        ck_assert_msg(strcmp(grades[i].grade, "beacon") != 0 || strstr(full(record), "ATT&CK") == NULL, "%s", text);
        ck_assert_msg(strcmp(grades[i].grade, "identity") == 0 || strstr(full(record), "T1110") == NULL, "%s", text);
    }
    json_decref(record);
}
END_TEST

START_TEST(what_was_sent_lay_in_more_than_a_mailbox)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);

    json_object_set_new(json_object_get(record, "placement"), "place", json_string("lmtp://jdoe@mx.corp.example"));
    ck_assert_ptr_nonnull(strstr(full(record), "It was delivered through mail servers to mailbox /var/mail/jdoe of Jane Doe "
                                               "on 2026-06-02: that mailbox, a server on the way to it, or a copy was "
                                               "read between then and"));
    ck_assert_ptr_null(strstr(full(record), "lay only in"));
    ck_assert_ptr_nonnull(strstr(full(record), "mail servers, filters and archives"));
    json_decref(record);
}
END_TEST

START_TEST(a_heartbeat_is_no_alert)
{
    json_t *record = json_loads("{\"type\":\"heartbeat\",\"severity\":\"informational\",\"sequence\":7,\"sighting\":null,"
                                "\"heartbeat\":{\"interval\":3600,\"waiting\":2,\"backlog\":0},"
                                "\"chain\":{\"sequence\":12,\"head\":\"00ff\"},\"route\":{\"name\":\"soc\"}}", 0, NULL);

    ck_assert_ptr_nonnull(strstr(full(record), "Heartbeat, no alert"));
    ck_assert_ptr_nonnull(strstr(full(record), "comes in 60 minutes"));
    ck_assert_ptr_nonnull(strstr(full(record), "had the number 7."));
    ck_assert_ptr_nonnull(strstr(full(record), "--anchor 12:00ff"));
    ck_assert_ptr_null(strstr(full(record), "do not get through"));
    json_decref(record);
}
END_TEST

START_TEST(attackers_words_never_begin_a_line)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);
    json_t *http = json_object_get(json_object_get(record, "client"), "http");
    const char *text;

    json_object_set_new(http, "user_agent", json_string("x\nCRITICAL: call https://evil.example/now \xe2\x80\xae"));
    json_object_set_new(http, "path", json_string("/\r\n1. rm -rf"));
    json_object_set_new(http, "headers", json_pack("[s]", "A\nWhat to do now\n1. Pay"));
    text = full(record);
    ck_assert_ptr_null(strstr(text, "\nCRITICAL: call"));
    ck_assert_ptr_null(strstr(text, "\n1. rm"));
    ck_assert_ptr_null(strstr(text, "\n1. Pay"));
    ck_assert_ptr_null(strstr(text, "https://"));
    ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
    json_decref(record);
}
END_TEST

START_TEST(guessable_secrets_and_near_misses_are_told)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);

    json_object_set_new(json_object_get(record, "token"), "secret_bits", json_integer(41));
    ck_assert_ptr_nonnull(strstr(full(record), "could have been guessed: 41 bits"));
    json_object_set_new(record, "grade", json_string("identity"));
    json_object_set_new(json_object_get(record, "sighting"), "near",
                        json_pack("{s:i,s:i}", "distance", 1, "length", 14));
    ck_assert_ptr_nonnull(strstr(full(record), "near miss: 1 of 14 characters"));
    json_decref(record);
}
END_TEST

START_TEST(an_unplanted_token_still_names_its_owner)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);

    json_object_del(record, "placement");
    json_object_set_new(json_object_get(record, "token"), "owner", json_string("Ines Halloway"));
    ck_assert_ptr_nonnull(strstr(full(record), "- owner: Ines Halloway\n"));
    json_decref(record);
}
END_TEST

START_TEST(an_actor_who_holds_more_than_is_listed_is_told)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL), *tokens = json_object_get(json_object_get(record, "actor"), "tokens");

    ck_assert_ptr_null(strstr(full(record), "more at least"));
    for (int i = 0; i < 12; i++)
        json_array_append_new(tokens, json_string("t-hhhhhhhhhhhhhhhhhhhhhhhhhh"));
    ck_assert_ptr_nonnull(strstr(full(record), "\n- and 11 more at least: sundew show c-gggggggggggggggggggggggggg\n"));
    json_decref(record);
}
END_TEST

START_TEST(once_is_no_number)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);

    ck_assert_ptr_nonnull(strstr(full(record), "- seen 4 times before at the decoys"));
    json_object_set_new(json_object_get(json_object_get(record, "source"), "earlier"), "observations", json_integer(1));
    ck_assert_ptr_nonnull(strstr(full(record), "- seen once before at the decoys"));
    json_decref(record);
}
END_TEST

START_TEST(empty_records_do_no_harm)
{
    json_t *record = json_loads("{\"sighting\":{},\"client\":7,\"others\":[null,3],\"source\":[]}", 0, NULL);

    ck_assert_uint_gt(strlen(full(record)), 100);
    json_decref(record);
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
    json_t *record = json_loads(SAMPLE_RECORD, 0, NULL);
    struct buffer small;

    buffer_init(&small, 100);
    ck_assert_int_eq(text_full(&small, record), -1);
    buffer_free(&small);
    json_decref(record);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("courier/text");
    TCase *tests = tcase_create("text");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, hostile_characters_become_escapes);
    tcase_add_test(tests, links_are_defanged);
    tcase_add_test(tests, long_words_are_cut);
    tcase_add_test(tests, first_three_lines_stand_alone);
    tcase_add_test(tests, order_is_what_an_analyst_needs);
    tcase_add_test(tests, steps_fit_the_place);
    tcase_add_test(tests, a_proof_is_no_match_of_the_secret);
    tcase_add_test(tests, each_grade_has_its_words);
    tcase_add_test(tests, what_was_sent_lay_in_more_than_a_mailbox);
    tcase_add_test(tests, a_heartbeat_is_no_alert);
    tcase_add_test(tests, attackers_words_never_begin_a_line);
    tcase_add_test(tests, guessable_secrets_and_near_misses_are_told);
    tcase_add_test(tests, an_unplanted_token_still_names_its_owner);
    tcase_add_test(tests, an_actor_who_holds_more_than_is_listed_is_told);
    tcase_add_test(tests, once_is_no_number);
    tcase_add_test(tests, empty_records_do_no_harm);
    tcase_add_test(tests, a_full_buffer_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
