/* SPDX-License-Identifier: ISC */
#include "server/wire/places.h"
#include <string.h>
#include "tests/test.h"

START_TEST(found_by_scheme_or_whole_place)
{
    ck_assert_str_eq(place_row(slice_of("maildir"))->takes, "mail");
    ck_assert_str_eq(place_row(slice_of("git+https://git.corp.example/x.git"))->scheme, "git+https");
    ck_assert_str_eq(place_row(slice_of("git:/srv/x:y"))->scheme, "git");
    ck_assert_ptr_null(place_row(slice_of("gi:t")));
    ck_assert_ptr_null(place_row(slice_of("gitt:x")));
    ck_assert_ptr_null(place_row(slice_of(":")));
    ck_assert_ptr_null(place_row(SLICE_NONE));
}
END_TEST

START_TEST(the_table_is_whole)
{
    const struct place_row *row;

    for (size_t i = 0; (row = place_row_at(i)) != NULL; i++) {
        ck_assert_ptr_eq(place_row(slice_of(row->scheme)), row);
        ck_assert(strcmp(row->takes, "mail") == 0 || strcmp(row->takes, "repository") == 0 ||
                  strcmp(row->takes, "text") == 0 || strcmp(row->takes, "directory") == 0);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("places table");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, found_by_scheme_or_whole_place);
    tcase_add_test(tcase, the_table_is_whole);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
