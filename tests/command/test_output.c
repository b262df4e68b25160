/* SPDX-License-Identifier: ISC */
#include "server/command/output.h"
#include <stdio.h>
#include <string.h>
#include "tests/test.h"

static size_t width = 200;
static bool colour;

/* What `rows` look like as the command's output; to be freed. */
static char *shown(const char *command, bool json, bool terminal, const char *const *rows)
{
    struct output output;
    size_t size = 0;
    char *text = NULL;
    FILE *file = open_memstream(&text, &size);

    output_open(&output, stdout, json, command);
    output.file = output.table.file = file;
    output.table.terminal = terminal;
    output.table.colour = colour;
    output.table.width = width;
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

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbb"
#define TIME "2026-11-26T14:29:47.123456Z"
#define INCIDENT                                                                                                       \
    "{\"incident\":\"i-" ID_A "\",\"state\":\"open\",\"severity\":\"critical\",\"opened\":\"" TIME                       \
    "\",\"updated\":\"" TIME "\",\"tokens\":[\"t-" ID_A "\",\"t-" ID_B "\",\"t-" ID_A "\",\"t-" ID_B "\"]}"

START_TEST(of_many_ids_the_first_are_shown)
{
    char *text = SHOWN("incidents", false, false, INCIDENT);

    ck_assert_str_eq(text, "i-" ID_A "  open  -  critical  " TIME "  " TIME "  4: t-" ID_A ",t-" ID_B ",t-" ID_A ",...\n");
    free(text);
    text = SHOWN("show", false, false, INCIDENT);
    ck_assert_ptr_nonnull(strstr(text, "tokens: t-" ID_A ",t-" ID_B ",t-" ID_A ",t-" ID_B "\n"));
    free(text);
}
END_TEST

START_TEST(a_terminal_is_fitted)
{
    char *text;

    width = 80;
    text = SHOWN("incidents", false, true, INCIDENT);
    ck_assert_str_eq(text, "incident                      state  severity  opened                tokens\n"
                           "i-" ID_A "  open   critical  2026-11-26 14:29:47Z  4: t-aaaaa\u2026\n");
    free(text);
    width = 40;
    text = SHOWN("mint", false, true, "{\"token\":\"t-" ID_A "\",\"identity\":\"anna\",\"secret\":\"a-long-secret-of-theirs\"}");
    ck_assert_ptr_nonnull(strstr(text, "t-" ID_A "  anna      a-long-secret-of-theirs\n"));
    width = 200;
    free(text);
}
END_TEST

START_TEST(severity_is_coloured)
{
    char *text;

    colour = true;
    text = SHOWN("incidents", false, true, INCIDENT);
    ck_assert_ptr_nonnull(strstr(text, "  \033[1;31mcritical\033[0m  2026"));
    ck_assert(strncmp(text, "\033[1mincident\033[0m", 16) == 0);
    free(text);
    text = SHOWN("show", false, true, "{\"grade\":\"identity\",\"x\":\"identity\"}");
    ck_assert_str_eq(text, "\033[1mgrade:\033[0m \033[31midentity\033[0m\n\033[1mx:\033[0m identity\n");
    colour = false;
    free(text);
}
END_TEST

START_TEST(wide_and_combining_characters_align)
{
    char *text = SHOWN("routes", false, true, "{\"a\":\"\u9ce5\u5c45\",\"b\":1}", "{\"a\":\"e\u0301x\",\"b\":2}");

    ck_assert_str_eq(text, "a     b\n\u9ce5\u5c45  1\ne\u0301x    2\n");
    free(text);
    text = SHOWN("routes", false, false, "{\"a\":\"z\u0301\u0301\u0301\u0301\u200b\ufeff\u00ad\u061c\"}");
    ck_assert_str_eq(text, "z\u0301\u0301??????\n");
    free(text);
}
END_TEST

START_TEST(a_stream_is_shown_at_once)
{
    struct output output;
    size_t size = 0;
    char *text = NULL;
    FILE *file = open_memstream(&text, &size);

    output_open(&output, stdout, false, "watch");
    output.file = output.table.file = file;
    output.table.terminal = true;
    output.table.width = 200;
    output_row(&output, slice_of("{\"time\":\"x\",\"grade\":\"secret\"}"));
    fflush(file);
    ck_assert(strncmp(text, "time  grade", 11) == 0 && strstr(text, "\nx     secret") != NULL);
    output_row(&output, slice_of("{\"time\":\"y\",\"grade\":\"noise\"}"));
    fflush(file);
    ck_assert_ptr_nonnull(strstr(text, "\ny     noise"));
    ck_assert_ptr_null(strstr(text + 5, "time"));
    ck_assert_int_eq(output_close(&output), 0);
    fclose(file);
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

    ck_assert_str_eq(text, "a?[2Jb ?c?d?e?f?g\n");
    free(text);
}
END_TEST

START_TEST(a_text_of_several_lines_is_one)
{
    char *text = SHOWN("show", false, false, "{\"message\":\"Rotate keys\\n\\nSee the wiki.\\r\\n\",\"empty\":\"\\n\"}");

    ck_assert_str_eq(text, "message: Rotate keys See the wiki.\nempty: -\n");
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
    tcase_add_test(tc, of_many_ids_the_first_are_shown);
    tcase_add_test(tc, a_terminal_is_fitted);
    tcase_add_test(tc, severity_is_coloured);
    tcase_add_test(tc, wide_and_combining_characters_align);
    tcase_add_test(tc, a_stream_is_shown_at_once);
    tcase_add_test(tc, show_is_nested);
    tcase_add_test(tc, attackers_cannot_move_the_cursor);
    tcase_add_test(tc, a_text_of_several_lines_is_one);
    tcase_add_test(tc, repeated_members_lose_no_row);
    tcase_add_test(tc, an_empty_listing_is_empty);
    tcase_add_test(tc, listeners_are_readable);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
