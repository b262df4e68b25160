/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>
#include "server/base/buffer.h"

START_TEST(holds_to_its_maximum)
{
    struct buffer buffer;

    buffer_init(&buffer, 8);
    ck_assert_int_eq(buffer_add(&buffer, "12345678", 8), 0);
    ck_assert_str_eq(buffer_text(&buffer), "12345678");
    ck_assert_int_eq(buffer_add(&buffer, "9", 1), -1);
    ck_assert(buffer.failed);
    ck_assert_uint_eq(buffer.length, 8);
    ck_assert_ptr_null(buffer_reserve(&buffer, (size_t)-1));
    buffer_consume(&buffer, 3);
    ck_assert_str_eq(buffer_text(&buffer), "45678");
    buffer_consume(&buffer, 100);
    ck_assert_uint_eq(buffer.length, 0);
    buffer_clear(&buffer);
    ck_assert(!buffer.failed);
    buffer_free(&buffer);
    buffer_free(NULL);
}
END_TEST

START_TEST(grows_and_formats)
{
    struct buffer buffer;

    buffer_init(&buffer, 1 << 20);
    for (int i = 0; i < 5000; i++)
        ck_assert_int_eq(buffer_add_format(&buffer, "%05d,", i), 0);
    ck_assert_uint_eq(buffer.length, 30000);
    ck_assert_int_eq(memcmp(buffer.data + 29994, "04999,", 6), 0);
    buffer_free(&buffer);
}
END_TEST

START_TEST(packs_and_reads)
{
    struct buffer buffer;
    struct reader reader;
    char *text;

    buffer_init(&buffer, 1000);
    buffer_add_u8(&buffer, 200);
    buffer_add_u16(&buffer, 0xbeef);
    buffer_add_u32(&buffer, 0xdeadbeef);
    buffer_add_u64(&buffer, 0x0123456789abcdefu);
    buffer_add_string(&buffer, "hello");
    buffer_add_string(&buffer, NULL);
    reader = reader_of(buffer_slice(&buffer));
    ck_assert_uint_eq(reader_u8(&reader), 200);
    ck_assert_uint_eq(reader_u16(&reader), 0xbeef);
    ck_assert_uint_eq(reader_u32(&reader), 0xdeadbeef);
    ck_assert_uint_eq(reader_u64(&reader), 0x0123456789abcdefu);
    text = reader_string(&reader, 5);
    ck_assert_str_eq(text, "hello");
    free(text);
    ck_assert_int_eq(reader_end(&reader), -1);
    ck_assert_uint_eq(reader_bytes(&reader, 0).length, 0);
    ck_assert_int_eq(reader_end(&reader), 0);
    buffer_free(&buffer);
}
END_TEST

START_TEST(every_cut_is_noticed)
{
    struct buffer buffer;

    buffer_init(&buffer, 100);
    buffer_add_u16(&buffer, 7);
    buffer_add_string(&buffer, "abc");
    for (size_t cut = 0; cut < buffer.length; cut++) {
        struct reader reader = reader_of((struct slice){buffer.data, cut});

        reader_u16(&reader);
        reader_bytes(&reader, 100);
        ck_assert_int_eq(reader_end(&reader), -1);
        ck_assert_uint_eq(reader_u64(&reader), 0);
    }
    buffer_free(&buffer);
}
END_TEST

START_TEST(a_hostile_length_is_refused)
{
    static const unsigned char lies[] = {0xff, 0xff, 0xff, 0xff, 'x'}, holds_nul[] = {0, 0, 0, 2, 'a', 0};
    struct reader reader = reader_of((struct slice){lies, sizeof lies});

    ck_assert_ptr_null(reader_bytes(&reader, (size_t)-1).data);
    ck_assert(reader.failed);
    reader = reader_of((struct slice){holds_nul, sizeof holds_nul});
    ck_assert_ptr_null(reader_string(&reader, 10));
    reader = reader_of((struct slice){holds_nul, sizeof holds_nul});
    ck_assert_uint_eq(reader_bytes(&reader, 1).length, 0);
    ck_assert(reader.failed);
}
END_TEST

START_TEST(a_failed_add_leaves_nothing_half)
{
    struct buffer buffer;

    buffer_init(&buffer, 6);
    ck_assert_int_eq(buffer_add_string(&buffer, "abc"), -1);
    ck_assert_uint_eq(buffer.length, 0);
    buffer_free(&buffer);
}
END_TEST

START_TEST(slices_compare)
{
    ck_assert(slice_is_nocase(slice_of("BaSiC"), "basic"));
    ck_assert(!slice_is_nocase(slice_of("BaSiCx"), "basic"));
    ck_assert(slice_equal(SLICE_NONE, slice_of("")));
    ck_assert(!slice_is(slice_of("a"), "b"));
}
END_TEST

START_TEST(no_character_is_cut_in_two)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"; /* 1, 2, 3, 4 and 1 bytes */
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

    for (size_t most = 0; most < sizeof cuts / sizeof cuts[0]; most++)
        ck_assert_uint_eq(slice_cut(slice_of(text), most), cuts[most]);
    ck_assert_uint_eq(slice_cut(slice_of("\x80\x80\x80"), 2), 0);
    ck_assert_uint_eq(slice_cut(SLICE_NONE, 5), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("buffer");
    TCase *tests = tcase_create("buffer");

    tcase_add_test(tests, holds_to_its_maximum);
    tcase_add_test(tests, grows_and_formats);
    tcase_add_test(tests, packs_and_reads);
    tcase_add_test(tests, every_cut_is_noticed);
    tcase_add_test(tests, a_hostile_length_is_refused);
    tcase_add_test(tests, a_failed_add_leaves_nothing_half);
    tcase_add_test(tests, slices_compare);
    tcase_add_test(tests, no_character_is_cut_in_two);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
