/* SPDX-License-Identifier: ISC */
#include "server/command/output.h"
#include <stdio.h>
#include <string.h>
#include "tests/test.h"

/* What `rows` look like as the command's output; to be freed. */
static char *shown(const char *command, bool json, bool terminal, const char *const *rows)
{
    struct output output;
    size_t size = 0;
    char *text = NULL;
    FILE *file = open_memstream(&text, &size);

    output_open(&output, stdout, json, command);
    output.file = file;
    output.terminal = terminal;
    output.colour = false;
    for (; *rows != NULL; rows++)
        output_row(&output, slice_of(*rows));
    ck_assert_int_eq(output_close(&output), 0);
    fclose(file);
    return text;
}

#define SHOWN(command, json, terminal, ...) shown(command, json, terminal, (const char *const[]){__VA_ARGS__, NULL})

#define TOKEN_A "{\"token\":\"t-a\",\"kind\":\"password\",\"identity\":\"anna\",\"secret\":\"s p\"}"
#define TOKEN_B "{\"token\":\"t-bbb\",\"kind\":\"password\",\"identity\":\"\",\"secret\":\"x\"}"

START_TEST(json_passes_as_it_came)
{
    char *text = SHOWN("mint", true, true, "{ \"a\" : 1 }", TOKEN_A);

    ck_assert_str_eq(text, "{ \"a\" : 1 }\n" TOKEN_A "\n");
    free(text);
}
END_TEST

START_TEST(plain_columns_elsewhere)
{
    char *text = SHOWN("mint", false, false, TOKEN_A, TOKEN_B);

    ck_assert_str_eq(text, "t-a  anna  s p\nt-bbb  -  x\n");
    free(text);
}
END_TEST

START_TEST(aligned_on_a_terminal)
{
    char *text = SHOWN("mint", false, true, TOKEN_A, TOKEN_B);

    ck_assert_str_eq(text, "token  identity  secret\nt-a    anna      s p\nt-bbb  -         x\n");
    free(text);
}
END_TEST

START_TEST(unknown_commands_show_the_first_rows_members)
{
    char *text =
        SHOWN("routes", false, true, "{\"route\":\"soc\",\"deep\":{\"a\":1},\"failures\":0,\"list\":[\"a\",\"b\"]}");

    ck_assert_str_eq(text, "route  failures  list\nsoc    0         a,b\n");
    free(text);
}
END_TEST

START_TEST(widths_count_characters)
{
    char *text = SHOWN("routes", false, true, "{\"a\":\"\u00e9\u00e9\u00e9\",\"b\":1}", "{\"a\":\"xyz\",\"b\":2}");

    ck_assert_str_eq(text, "a    b\n\u00e9\u00e9\u00e9  1\nxyz  2\n");
    free(text);
}
END_TEST

START_TEST(show_is_nested)
{
    char *text = SHOWN("show", false, false,
                       "{\"sighting\":\"s-1\",\"source\":{\"address\":\"192.0.2.1\",\"via\":[]},\"list\":[{\"a\":1}]}");

    ck_assert_str_eq(text, "sighting: s-1\nsource:\n  address: 192.0.2.1\n  via: -\nlist:\n  1:\n    a: 1\n");
    free(text);
}
END_TEST

START_TEST(attackers_cannot_move_the_cursor)
{
    char *text =
        SHOWN("routes", false, false, "{\"agent\":\"a\\u001b[2Jb\\r\\n\\u202Ec\\u009bd\\u2066e\\u007ff\\u2028g\"}");

    ck_assert_str_eq(text, "a?[2Jb???c?d?e?f?g\n");
    free(text);
}
END_TEST

START_TEST(repeated_members_lose_no_row)
{
    char *text = SHOWN("mint", false, false, "{\"token\":\"t-a\",\"x\":{\"b\":1,\"b\":2}}", TOKEN_B);

    ck_assert_str_eq(text, "t-a  -  -\nt-bbb  -  x\n");
    free(text);
}
END_TEST

START_TEST(an_empty_listing_is_empty)
{
    char *text = shown("tokens", false, true, (const char *const[]){NULL});

    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(listeners_are_readable)
{
    char *text = SHOWN("decoys", false, false,
                       "{\"decoy\":\"ldap\",\"service\":\"ldap\",\"site\":\"\",\"names\":[\"ldap.corp.example\"],"
                       "\"listeners\":[{\"address\":\"::\",\"port\":389,\"tls\":\"starttls\"},"
                       "{\"address\":\"127.0.0.1\",\"port\":636,\"tls\":\"tls\"}]}");

    ck_assert_str_eq(text, "ldap  ldap  -  ldap.corp.example  [::]:389/starttls,127.0.0.1:636/tls\n");
    free(text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("output");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, json_passes_as_it_came);
    tcase_add_test(tc, plain_columns_elsewhere);
    tcase_add_test(tc, aligned_on_a_terminal);
    tcase_add_test(tc, unknown_commands_show_the_first_rows_members);
    tcase_add_test(tc, widths_count_characters);
    tcase_add_test(tc, show_is_nested);
    tcase_add_test(tc, attackers_cannot_move_the_cursor);
    tcase_add_test(tc, repeated_members_lose_no_row);
    tcase_add_test(tc, an_empty_listing_is_empty);
    tcase_add_test(tc, listeners_are_readable);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
