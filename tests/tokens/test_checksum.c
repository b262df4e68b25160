/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tests/test.h"
#include "tokens/alphabet.h"
#include "tokens/checksum.h"

START_TEST(crc32_of_published_vectors)
{
    ck_assert_uint_eq(checksum_crc32(slice_of("123456789")), 0xcbf43926);
    ck_assert_uint_eq(checksum_crc32(slice_of("")), 0);
    ck_assert_uint_eq(checksum_crc32(slice_of("The quick brown fox jumps over the lazy dog")), 0x414fa339);
}
END_TEST

static void number_is(const char *alphabet, uint64_t number, unsigned width, const char *text)
{
    struct buffer out;

    buffer_init(&out, 128);
    ck_assert_int_eq(checksum_number(&out, alphabet, number, width), 0);
    ck_assert_str_eq(buffer_text(&out), text);
    buffer_free(&out);
}

START_TEST(numbers_are_padded)
{
    /* The checksum of a classic GitHub token, published with its body. */
    number_is(ALPHABET_BASE62, checksum_crc32(slice_of("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ")), 6, "0mLq17");
    number_is(ALPHABET_BASE36, 0, 0, "0");
    number_is(ALPHABET_BASE36, 35, 2, "0z");
    number_is(ALPHABET_BASE36, 36 * 36, 2, "100");
    number_is(ALPHABET_BASE62, UINT64_MAX, 0, "LygHa16AHYF");
    number_is("01", UINT64_MAX, 0, "1111111111111111111111111111111111111111111111111111111111111111");
}
END_TEST

static const struct {
    const char *plain, *encoded;
} vectors[] = {{"", ""},           {"f", "Zg"},         {"fo", "Zm8"},         {"foo", "Zm9v"},
               {"foob", "Zm9vYg"}, {"\xff\xef", "_-8"}, {"foobar", "Zm9vYmFy"}};

START_TEST(base64url_both_ways)
{
    struct buffer out;

    buffer_init(&out, 64);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        buffer_clear(&out);
        ck_assert_int_eq(checksum_base64url(&out, slice_of(vectors[i].plain)), 0);
        ck_assert_str_eq(buffer_text(&out), vectors[i].encoded);
        buffer_clear(&out);
        ck_assert_int_eq(checksum_base64url_decode(&out, slice_of(vectors[i].encoded)), 0);
        ck_assert(slice_is(buffer_slice(&out), vectors[i].plain));
    }
    buffer_free(&out);
}
END_TEST

START_TEST(base64url_refuses_what_is_none)
{
    static const char *const bad[] = {"Z", "Zg==", "Zm+v", "Zm/v", "Zh", "Zm9", "Zm9v Zg", "Zm9vZ"};
    struct buffer out;

    buffer_init(&out, 64);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buffer_clear(&out);
        ck_assert_msg(checksum_base64url_decode(&out, slice_of(bad[i])) == -1, "%s was taken", bad[i]);
    }
    buffer_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("checksum");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, crc32_of_published_vectors);
    tcase_add_test(tcase, numbers_are_padded);
    tcase_add_test(tcase, base64url_both_ways);
    tcase_add_test(tcase, base64url_refuses_what_is_none);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
