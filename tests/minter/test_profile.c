/* SPDX-License-Identifier: ISC
 *
 * Mails that are written by a profile, whatever stands in it; and what is learned of words that differ. */
#include <time.h>
#include "server/minter/learn.h"
#include "server/minter/stamp.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"

static struct jobs jobs;
static json_t *persona;

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    jobs_open(&jobs);
    persona = jobs_persona(&jobs, "en");
}

static void teardown(void)
{
    json_decref(persona);
    jobs_close(&jobs);
}

/* The mail with the secret of a lure by that profile; NULL where it is refused. */
static const char *mail_by(const char *profile, const char *lure)
{
    const char *raw;
    json_t *meta;

    if (jobs_run(&jobs, "lure",
                 json_pack("{ss ss ss ss ss ss sO so ss ss}", "kind", "password", "form", "human", "identity", "svc-x417",
                           "secret", "Bovirel.Tanusor4172!", "place", "maildir", "lure", lure, "persona", persona, "decoy",
                           jobs_decoy("http", 443, true), "profile", profile, "profile_file", "mail/p.yaml")) != 0)
        return NULL;
    meta = jobs_json(&jobs, "meta");
    raw = jobs_text(&jobs, "file", json_string_value(json_object_get(meta, "secret_file")));
    json_decref(meta);
    return raw;
}

static char *field(const char *raw, const char *name)
{
    char start[64], *at, *value;

    snprintf(start, sizeof start, "\n%s: ", name);
    at = strstr(raw, start);
    ck_assert_msg(at != NULL, "no %s in\n%s", name, raw);
    at += strlen(start);
    value = strndup(at, strcspn(at, "\n"));
    return value;
}

static bool is_own(const char *raw)
{
    return strncmp(raw, "X-First: ", 9) != 0;
}

START_TEST(slots_are_filled)
{
    static const char profile[] =
        "house:\n"
        "  - {name: X-First, value: \"1\"}\n"
        "  - {name: X-A, value: \"{~HHHH-99\\\\A}/{=0}/{~}{nothing} {ip:10.3} {utc}\"}\n"
        "  - {name: X-B, value: \"{to-local}@{domain} {from}\"}\n"
        "  - {name: X-C, value: \"{postfix} {dovecot}\"}\n"
        "tail: [{name: X-Last, value: constant}]\n"
        "programs: {roundcube: 1}\nversions: {roundcube: Roundcube Webmail/1.6.99}\n"
        "ids: {roundcube: \"<{~hhhhhhhhhhhh}.x@{domain}>\"}\n";
    const char *raw = NULL;
    char *a, *b, *c;
    unsigned x, y;
    int used = 0;

    for (int i = 0; raw == NULL || is_own(raw); i++) {
        ck_assert_int_lt(i, 100);
        raw = mail_by(profile, "access");
        ck_assert_msg(raw != NULL, "%s", jobs.error.text);
    }
    a = field(raw, "X-A");
    b = field(raw, "X-B");
    c = field(raw, "X-C");
    ck_assert_int_eq(sscanf(a, "%4x-%2uA/%*4x-%*2uA/ 10.3.%*u.%*u %n", &x, &y, &used), 2);
    ck_assert_msg(used > 0 && strncmp(a, a + 9, 8) == 0 && strstr(a + used, " +0000") != NULL, "%s", a);
    ck_assert_ptr_nonnull(strstr(b, "@corp.marais.internal "));
    ck_assert_msg(strcspn(c, " ") > 11 && strlen(strchr(c, ' ') + 1) == 22, "%s", c);
    ck_assert_ptr_nonnull(strstr(raw, "\nX-Last: constant\n\n"));
    ck_assert_ptr_nonnull(strstr(raw, "\nUser-Agent: Roundcube Webmail/1.6.99\n"));
    ck_assert_ptr_nonnull(strstr(raw, ".x@corp.marais.internal>\n"));
    free(a);
    free(b);
    free(c);
}
END_TEST

/* No value begins a field or a body of its own. */
START_TEST(lines_stay_in_their_field)
{
    const char *raw = NULL, *at;

    for (int i = 0; raw == NULL || is_own(raw); i++) {
        ck_assert_int_lt(i, 100);
        raw = mail_by("house: [{name: X-First, value: \"1\\nX-Evil: 2\\n\\nbody\"}]\n", "access");
        ck_assert_msg(raw != NULL, "%s", jobs.error.text);
    }
    ck_assert_ptr_null(strstr(raw, "\nX-Evil"));
    at = strstr(raw, "\n\n");
    ck_assert_msg(at != NULL && strstr(raw, "\nFrom: ") < at, "%s", raw);
}
END_TEST

START_TEST(a_fault_is_told_with_its_line)
{
    static const char *const faults[] = {"house: 3\n", "house:\n  - {name: X}\n", "colour: red\n", "ids: [1]\n", "a: [\n",
                                         "house: [{name: \"X: y\", value: z}]\n", "programs: {a: {b: c}}\n"};

    ck_assert_ptr_null(mail_by(faults[_i], "access"));
    ck_assert_msg(strncmp(jobs.error.text, "mail/p.yaml:", 12) == 0, "%s", jobs.error.text);
}
END_TEST

START_TEST(words_that_differ_become_masks)
{
    static const struct {
        const char *words[4], *mask;
    } masks[] = {{{"pc-012", "pc-347", "pc-951", "pc-448"}, "{~\\p\\c\\-999}"},
                 {{"4F0A", "4FB2", "4F9C", "4F1D"}, "{~\\4\\FHH}"},
                 {{"a1f0-ffee", "b23c-0d1e", "07ac-19ab", "dd01-cd00"}, "{~hhhh\\-hhhh}"},
                 {{"ann", "luc", "zoe", "abcdef"}, "{~aaa}"},
                 {{"aB+/", "Zz0A", "q9Lk", "/0aA"}, "{~bbbb}"}};
    struct buffer out;

    buffer_init(&out, 4096);
    learn_mask(masks[_i].words, 4, &out);
    ck_assert_str_eq(buffer_text(&out), masks[_i].mask);
    buffer_free(&out);
}
END_TEST

START_TEST(stamps_are_known_again)
{
    char text[STAMP];

    stamp_postfix(&minter_draw, JOBS_NOW, text);
    ck_assert(stamp_is_postfix(text, JOBS_NOW) && !stamp_is_postfix(text, JOBS_NOW + 100000));
    ck_assert(!stamp_is_dovecot(text, JOBS_NOW));
    stamp_dovecot(&minter_draw, "store", JOBS_NOW, text);
    ck_assert(stamp_is_dovecot(text, JOBS_NOW) && !stamp_is_dovecot(text, JOBS_NOW - 100000));
    ck_assert(!stamp_is_postfix("", JOBS_NOW) && !stamp_is_postfix("4Fx0zKzzzz!z", JOBS_NOW) && !stamp_is_dovecot("", 0));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("profile");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, slots_are_filled);
    tcase_add_test(tcase, lines_stay_in_their_field);
    tcase_add_loop_test(tcase, a_fault_is_told_with_its_line, 0, 7);
    tcase_add_loop_test(tcase, words_that_differ_become_masks, 0, 5);
    tcase_add_test(tcase, stamps_are_known_again);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
