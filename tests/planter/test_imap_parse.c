/* SPDX-License-Identifier: ISC
 *
 * What an IMAP server says, taken apart; examples of the RFCs, and what breaks them. */
#include <string.h>
#include "server/planter/imap_parse.h"
#include "tests/test.h"

static const struct {
    const char *input;
    int64_t length;
} wholes[] = {
    {"* OK ready\r\nmore", 12},
    {"* OK rea", 0},
    {"* 1 FETCH (BODY[] {5}\r\nab\r\nc)\r\n* 2", 31},
    {"* 1 FETCH (BODY[] {5}\r\nab", 0},
    {"a {3+}\r\nx\ny b {0}\r\n c\n", 22},
    {"* literal {5} in the middle\r\n", 29},
    {"* {}\r\n", 6},
    {"* {99999999999999999999}\r\n", 26},
    {"* {50000000}\r\n", -1},
    {"", 0},
};

START_TEST(responses_are_whole)
{
    struct imap_scan scan = {0, 0}, step = {0, 0};
    size_t size = strlen(wholes[_i].input);
    int64_t length = 0;

    ck_assert_int_eq(imap_whole(slice_of(wholes[_i].input), &scan), wholes[_i].length);
    for (size_t n = 0; n <= size && length == 0; n++)
        length = imap_whole((struct slice){(const unsigned char *)wholes[_i].input, n}, &step);
    ck_assert_int_eq(length, wholes[_i].length);
}
END_TEST

START_TEST(values_are_taken)
{
    struct imap_cursor cursor = imap_cursor(slice_of("7 FETCH (UID 17 FLAGS (\\Seen $x) X (a (b \"c)\") NIL) "
                                                     "BODY[] {4}\r\n)\"\r\n \"a\\\"b\" NIL)"));
    struct imap_cursor items, flags;
    struct buffer text;
    uint32_t number = 0;

    buffer_init(&text, 100);
    ck_assert(imap_number(&cursor, &number) && number == 7 && imap_word(&cursor, "fetch"));
    ck_assert_int_eq(imap_list(&cursor, &items), 0);
    ck_assert(cursor.at == cursor.end);
    ck_assert(!imap_word(&items, "FLAGS") && imap_word(&items, "UID") && imap_number(&items, &number) && number == 17);
    ck_assert(imap_word(&items, "FLAGS") && imap_list(&items, &flags) == 0);
    ck_assert(slice_is(imap_atom(&flags), "\\Seen") && slice_is(imap_atom(&flags), "$x") &&
              imap_atom(&flags).length == 0);
    ck_assert(imap_word(&items, "X") && imap_skip(&items) == 0 && imap_word(&items, "BODY[]"));
    ck_assert_int_eq(imap_string(&items, &text), 0);
    ck_assert_str_eq(buffer_text(&text), ")\"\r\n");
    buffer_clear(&text);
    ck_assert_int_eq(imap_string(&items, &text), 0);
    ck_assert_str_eq(buffer_text(&text), "a\"b");
    buffer_clear(&text);
    ck_assert(imap_string(&items, &text) == 0 && text.length == 0 && items.at == items.end);
    ck_assert_int_eq(imap_string(&items, &text), -1);
    buffer_free(&text);
}
END_TEST

static const char *const broken[] = {"(a", "\"a", "{5}\r\nab", "((((((((((((((((((((((a))))))))))))))))))))))", ")", "", "(\"a)"};

START_TEST(broken_values_end_it)
{
    struct imap_cursor cursor = imap_cursor(slice_of(broken[_i]));

    ck_assert_int_eq(imap_skip(&cursor), -1);
}
END_TEST

static const struct {
    const char *name, *shown;
} names[] = {
    {"INBOX", "INBOX"},
    {"Entw&APw-rfe", "Entw\xc3\xbcrfe"},
    {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
    {"R&-D", "R&D"},
    {"&2D3cqQ-", "\xf0\x9f\x92\xa9"},
    {"a&", NULL},
    {"&APw", NULL},
    {"&2D0-", NULL},
    {"&AAo-", NULL},
    {"&!-", NULL},
};

START_TEST(folder_names)
{
    struct buffer out;

    buffer_init(&out, 100);
    ck_assert_int_eq(imap_folder_name(slice_of(names[_i].name), &out), names[_i].shown != NULL ? 0 : -1);
    if (names[_i].shown != NULL)
        ck_assert_str_eq(buffer_text(&out), names[_i].shown);
    buffer_free(&out);
}
END_TEST

START_TEST(the_last_server_says_when_it_arrived)
{
    int64_t seconds = 0;
    int offset = 0;

    ck_assert_int_eq(imap_received(slice_of("Return-Path: <a@b>\nReceived: from x by y; z\n\tfor <c@d>;\n"
                                            " Tue, 2 Jun 2026 10:15:01 +0200\nReceived: from q; Mon, 1 Jun 2026 "
                                            "01:01:01 +0000\n\nReceived: x"), &seconds, &offset), 0);
    ck_assert_int_eq(seconds, 1780388101);
    ck_assert_int_eq(offset, 120);
    ck_assert_int_eq(imap_received(slice_of("Date: x\n\nReceived: from x; Tue, 2 Jun 2026 10:15:01 +0200\n"), &seconds,
                                   &offset), -1);
    ck_assert_int_eq(imap_received(slice_of("Received: from x; yesterday\n\n"), &seconds, &offset), -1);
    ck_assert_int_eq(imap_received(slice_of("Received: from x"), &seconds, &offset), -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("imap_parse");
    TCase *tests = tcase_create("imap_parse");

    tcase_add_loop_test(tests, responses_are_whole, 0, sizeof wholes / sizeof *wholes);
    tcase_add_test(tests, values_are_taken);
    tcase_add_loop_test(tests, broken_values_end_it, 0, sizeof broken / sizeof *broken);
    tcase_add_loop_test(tests, folder_names, 0, sizeof names / sizeof *names);
    tcase_add_test(tests, the_last_server_says_when_it_arrived);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
