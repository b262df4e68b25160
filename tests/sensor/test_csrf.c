/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/sensor/http/csrf.h"
#include "tests/test.h"

static const unsigned char salt[32] = {7};

START_TEST(test_session)
{
    static const unsigned char foreign_salt[32] = {8};
    struct csrf own, foreign;
    struct csrf_session session, read;
    char text[CSRF_SESSION_TEXT], field[CSRF_FIELD_TEXT];
    const int64_t now = 1800000000;
    int64_t age;

    csrf_init(&own, salt);
    csrf_init(&foreign, foreign_salt);
    session = csrf_session_new(&own, now);
    csrf_session_text(&session, text);
    ck_assert_int_eq(csrf_session_read(&own, slice_of(text), now, &read, &age), 0);
    ck_assert_int_eq(age, 0);
    ck_assert_int_eq(csrf_session_read(&own, slice_of(text), now + 3 * 3600, &read, &age), 0);
    ck_assert_int_eq(age, 3 * 3600);
    ck_assert_int_eq(csrf_session_read(&own, slice_of(text), now - 3 * 3600, &read, &age), 0);
    ck_assert_int_eq(age, 0);
    ck_assert_int_eq(csrf_session_read(&own, slice_of(text), now - 3 * 86400, &read, &age), 0);
    ck_assert_int_gt(age, 86400);
    ck_assert_int_eq(csrf_session_read(&foreign, slice_of(text), now, &read, &age), -1);
    csrf_field(&own, &session, NULL, field);
    ck_assert(csrf_field_is(&own, &session, slice_of(field)));
    ck_assert(csrf_field_is(&own, NULL, slice_of(field)));
    ck_assert(!csrf_field_is(&foreign, &session, slice_of(field)));
    ck_assert(!csrf_field_is(&foreign, NULL, slice_of(field)));
}
END_TEST

/* The mark changes the session's text, not what its forms are good for. */
START_TEST(test_mark)
{
    struct csrf own;
    struct csrf_session session, marked, read;
    char text[CSRF_SESSION_TEXT], field[CSRF_FIELD_TEXT];
    const int64_t now = 1800000000;
    int64_t age;

    csrf_init(&own, salt);
    session = csrf_session_new(&own, now);
    ck_assert_uint_eq(csrf_session_mark(&own, &session), 0);
    marked = csrf_session_marked(&own, &session, 7);
    ck_assert_uint_eq(csrf_session_mark(&own, &marked), 7);
    ck_assert_mem_ne(marked.bytes, session.bytes, sizeof(session.bytes));
    ck_assert(csrf_field_is(&own, &marked, slice_of(csrf_field(&own, &session, NULL, field))));
    csrf_session_text(&marked, text);
    ck_assert_int_eq(csrf_session_read(&own, slice_of(text), now + 600, &read, &age), 0);
    ck_assert_int_eq(age, 600);
    ck_assert_uint_eq(csrf_session_mark(&own, &read), 7);
    text[15] = text[15] == '0' ? '1' : '0';
    ck_assert_int_eq(csrf_session_read(&own, slice_of(text), now, &read, &age), -1);
    marked = csrf_session_marked(&own, &marked, 0);
    ck_assert_mem_eq(marked.bytes, session.bytes, sizeof(session.bytes));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("csrf");
    TCase *c = tcase_create("csrf");

    tcase_add_test(c, test_session);
    tcase_add_test(c, test_mark);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
