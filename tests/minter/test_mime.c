/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/minter/mime.h"
#include "tests/test.h"

static struct buffer out;
static struct error error;

static void setup(void)
{
    buffer_init(&out, 1 << 20);
}

static void teardown(void)
{
    buffer_free(&out);
}

static size_t longest_line(const char *text)
{
    size_t longest = 0, length;

    while (*text != 0) {
        length = strcspn(text, "\n");
        longest = length > longest ? length : longest;
        text += length + (text[length] == '\n');
    }
    return longest;
}

START_TEST(headers_fold_before_spaces)
{
    ck_assert_int_eq(mime_header(&out, "Subject", "one two"), 0);
    ck_assert_str_eq(buffer_text(&out), "Subject: one two\n");
    buffer_clear(&out);
    ck_assert_int_eq(mime_header(&out, "References",
                                 "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@mail.internal> "
                                 "<bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@mail.internal>"),
                     0);
    ck_assert_str_eq(buffer_text(&out), "References: <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@mail.internal>\n"
                                        " <bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@mail.internal>\n");
}
END_TEST

START_TEST(no_value_begins_a_header_of_its_own)
{
    ck_assert_int_eq(mime_header(&out, "Subject", "a\r\nBcc: everybody\n\nbody"), 0);
    ck_assert_str_eq(buffer_text(&out), "Subject: a Bcc: everybody body\n");
    buffer_clear(&out);
    ck_assert_int_eq(mime_header_text(&out, "Subject", "é\r\nBcc: x"), 0);
    ck_assert_ptr_null(strstr(buffer_text(&out), "\nBcc"));
    buffer_clear(&out);
    ck_assert_int_eq(mime_header_address(&out, "To", "A, B\n", "a@b\nBcc: c"), 0);
    ck_assert_str_eq(buffer_text(&out), "To: \"A, B\" <a@b_Bcc:_c>\n");
}
END_TEST

START_TEST(other_letters_become_encoded_words)
{
    ck_assert_int_eq(mime_header_text(&out, "Subject", "Accès rétabli"), 0);
    ck_assert_str_eq(buffer_text(&out), "Subject: =?UTF-8?Q?Acc=C3=A8s_r=C3=A9tabli?=\n");
    buffer_clear(&out);
    ck_assert_int_eq(mime_header_address(&out, "From", "Hélène Noël", "hnoel@corp.internal"), 0);
    ck_assert_str_eq(buffer_text(&out), "From: =?UTF-8?Q?H=C3=A9l=C3=A8ne_No=C3=ABl?= <hnoel@corp.internal>\n");
}
END_TEST

START_TEST(encoded_words_are_short_and_whole)
{
    char text[4 * 200 + 1] = "";
    const char *word;

    for (int i = 0; i < 200; i++)
        strncat(text, i % 2 == 0 ? "é" : "𝄞", 5);
    ck_assert_int_eq(mime_header_text(&out, "Subject", text), 0);
    ck_assert_uint_le(longest_line(buffer_text(&out)), MIME_FOLD);
    word = buffer_text(&out);
    while ((word = strstr(word, "=?UTF-8?Q?")) != NULL) {
        const char *end = strstr(word + 10, "?=");
        const char *first = word + 10;

        ck_assert_ptr_nonnull(end);
        ck_assert_uint_le((size_t)(end + 2 - word), 75);
        /* The first byte of a word begins a character: C3 or F0. */
        ck_assert(strncmp(first, "=C3", 3) == 0 || strncmp(first, "=F0", 3) == 0);
        word = end;
    }
}
END_TEST

START_TEST(malformed_utf8_is_survived)
{
    ck_assert_int_eq(mime_header_text(&out, "Subject", "\xf0\x9f"), 0);
    ck_assert_int_eq(mime_header_text(&out, "Subject", "\xc3"), 0);
    ck_assert_int_eq(mime_header_text(&out, "Subject", "\x80\x80 \xff"), 0);
}
END_TEST

START_TEST(lines_are_filled)
{
    struct slice text =
        slice_of("aaaa bbbb cccc dddd\n\n  indented lines stay as they are\n> quoted words go on\n-- \n");

    ck_assert_int_eq(mime_fill(&out, text, 10, NULL, 0, &error), 0);
    ck_assert_str_eq(buffer_text(&out), "aaaa bbbb\ncccc dddd\n\n  indented lines stay as they are\n"
                                        "> quoted\n> words go\n> on\n-- \n");
}
END_TEST

/* Secrets of every length up to a line's, with and without blanks in them, among other words. */
START_TEST(a_secret_is_never_broken)
{
    char secret[MIME_LINE + 1], text[4 * MIME_LINE];

    for (size_t length = 1; length <= MIME_LINE; length += length < 120 ? 1 : 37) {
        struct slice keep = {(unsigned char *)secret, length};

        for (size_t i = 0; i < length; i++)
            secret[i] = (char)(i % 9 == 8 && i + 1 < length ? ' ' : 'A' + (char)(i % 26));
        secret[length] = 0;
        snprintf(text, sizeof text, "The words before it %s and the words that come after it, which are many.\n",
                 secret);
        buffer_clear(&out);
        ck_assert_msg(mime_fill(&out, slice_of(text), 72, &keep, 1, &error) == 0, "%s", error.text);
        ck_assert_ptr_nonnull(strstr(buffer_text(&out), secret));
        ck_assert_uint_le(longest_line(buffer_text(&out)), MIME_LINE);
        if (length <= 72)
            ck_assert_uint_le(longest_line(buffer_text(&out)), MIME_FOLD);
    }
}
END_TEST

START_TEST(what_fits_no_line_is_refused)
{
    char secret[MIME_LINE + 2];
    struct slice keep = {(unsigned char *)secret, sizeof secret - 1};

    memset(secret, 'x', sizeof secret);
    secret[sizeof secret - 1] = 0;
    ck_assert_int_eq(mime_fill(&out, slice_of(secret), 72, &keep, 1, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "998"));
}
END_TEST

START_TEST(a_full_buffer_is_an_error)
{
    struct buffer small;

    buffer_init(&small, 8);
    ck_assert_int_eq(mime_header(&small, "Subject", "more than that"), -1);
    buffer_clear(&small);
    ck_assert_int_eq(mime_fill(&small, slice_of("more than eight bytes"), 72, NULL, 0, &error), -1);
    buffer_free(&small);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("mime");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, headers_fold_before_spaces);
    tcase_add_test(tcase, no_value_begins_a_header_of_its_own);
    tcase_add_test(tcase, other_letters_become_encoded_words);
    tcase_add_test(tcase, encoded_words_are_short_and_whole);
    tcase_add_test(tcase, malformed_utf8_is_survived);
    tcase_add_test(tcase, lines_are_filled);
    tcase_add_test(tcase, a_secret_is_never_broken);
    tcase_add_test(tcase, what_fits_no_line_is_refused);
    tcase_add_test(tcase, a_full_buffer_is_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
