/* SPDX-License-Identifier: ISC
 *
 * Places on other hosts: their parts, whose account opens them, and what may be connected to for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/wire/remote.h"
#include "tests/test.h"

static const char begin[] = "organisation: O\ndomain: corp.example\naccounts:\n";

static struct configuration *load(const char *accounts, struct error *error)
{
    char folder[] = "/tmp/sundew-remote-XXXXXX", file[64];
    struct configuration *configuration = NULL;
    FILE *out;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/sundew.yaml", folder);
    out = fopen(file, "w");
    ck_assert_ptr_nonnull(out);
    fprintf(out, "%s%s", begin, accounts);
    fclose(out);
    if (configuration_load(file, &configuration, error) != 0)
        configuration = NULL;
    unlink(file);
    rmdir(folder);
    return configuration;
}

static const struct {
    const char *place, *user, *host, *path;
    unsigned port;
} good[] = {
    {"imaps://j.doe@mail.corp.example/Archive", "j.doe", "mail.corp.example", "Archive", 0},
    {"imaps://j.doe@corp.example@Mail.Corp.Example:1993", "j.doe@corp.example", "mail.corp.example", "", 1993},
    {"imap://j%40x@[2001:db8::1]:143/Sent%20Items/2026", "j@x", "2001:db8::1", "Sent Items/2026", 143},
    {"imap:u@h/\\Archive", "u", "h", "\\Archive", 0},
    {"imaps://h", NULL, "h", "", 0},
    {"imaps://u@h/a@b", "u", "h", "a@b", 0},
    {"imaps://u@h/Gr\xc3\xb6\xc3\x9f""e", "u", "h", "Gr\xc3\xb6\xc3\x9f""e", 0},
};

START_TEST(parts)
{
    struct remote remote;
    struct error error = {""};

    ck_assert_msg(remote_parse(good[_i].place, &remote, &error) == 0, "%s: %s", good[_i].place, error.text);
    ck_assert_pstr_eq(remote.user, good[_i].user);
    ck_assert_str_eq(remote.host, good[_i].host);
    ck_assert_str_eq(remote.path, good[_i].path);
    ck_assert_uint_eq(remote.port, good[_i].port);
    remote_free(&remote);
}
END_TEST

START_TEST(what_is_no_place_is_told_by_that_places_form)
{
    struct remote remote;
    struct error error = {""};

    ck_assert_int_eq(remote_parse("github://git.corp.example:0/a/b", &remote, &error), -1);
    ck_assert_msg(strstr(error.text, "write github://HOST[:PORT]/OWNER/REPOSITORY[#branch], ") != NULL, "%s", error.text);
    remote_free(&remote);
}
END_TEST

static const char *const bad[] = {
    "maildir:/srv/mail", "imaps://u:secret@h/", "imaps://", "imaps://@h", "imaps://u@h:0", "imaps://u@h:99999",
    "imaps://u@h:9x", "imaps://u@[::1", "imaps://u@h/%0d%0aA1", "imaps://u@h/%4", "imaps://u@h/%00", "imaps://u@h x/",
    "imaps://u@h\r\n/", "imaps", "imaps://u%zz@h", "imaps://u@[]/",
};

START_TEST(no_places)
{
    struct remote remote;
    struct error error = {""};

    ck_assert_msg(remote_parse(bad[_i], &remote, &error) == -1, "%s", bad[_i]);
    ck_assert_str_ne(error.text, "");
    remote_free(&remote);
}
END_TEST

START_TEST(the_first_account_that_fits)
{
    struct error error = {""};
    struct configuration *c = load("  boss:\n    places: [\"imaps://boss@mail.corp.example\"]\n    password: p\n"
                                   "  mail:\n    places: [\"imaps://mail.corp.example\", \"imap://Other.example:1143\"]\n"
                                   "    password: p\n    user: '%u*m'\n", &error);

    ck_assert_msg(c != NULL, "%s", error.text);
    ck_assert_str_eq(remote_account(c, "imaps://boss@mail.corp.example/X", &error)->name, "boss");
    ck_assert_str_eq(remote_account(c, "imaps://a@MAIL.corp.example", &error)->name, "mail");
    ck_assert_str_eq(remote_account(c, "imap://a@other.example:1143", &error)->name, "mail");
    ck_assert_ptr_null(remote_account(c, "imap://a@other.example", &error));
    ck_assert_ptr_null(remote_account(c, "imap://a@mail.corp.example", &error));
    ck_assert_ptr_null(remote_account(c, "imaps://a@mail.corp.example.evil.example", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "accounts:"));
    configuration_free(c);
}
END_TEST

START_TEST(only_hosts_of_the_place_and_the_account)
{
    struct error error = {""};
    struct configuration *c = load("  mail:\n    places: [\"imaps://h.example\"]\n    client: c\n    secret: s\n"
                                   "    token-url: https://login.example:8443/token\n"
                                   "    registry: https://npm.h.example/\n", &error);
    const char *place = "imaps://u@h.example", *own = "imaps://u@h.example:1993";

    ck_assert_msg(c != NULL, "%s", error.text);
    ck_assert(remote_allows(&c->accounts[0], place, "H.example", 993));
    ck_assert(!remote_allows(&c->accounts[0], place, "h.example", 1993));
    ck_assert(remote_allows(&c->accounts[0], own, "h.example", 1993));
    ck_assert(!remote_allows(&c->accounts[0], own, "h.example", 993));
    ck_assert(remote_allows(&c->accounts[0], place, "login.example", 8443));
    ck_assert(!remote_allows(&c->accounts[0], place, "login.example", 443));
    ck_assert(remote_allows(&c->accounts[0], place, "npm.h.example", 443));
    ck_assert(!remote_allows(&c->accounts[0], place, "169.254.169.254", 80));
    ck_assert(!remote_allows(&c->accounts[0], "file:/x", "h.example", 993));
    configuration_free(c);
}
END_TEST

static const char *const faults[][2] = {
    {"  a: {password: p}\n", "needs \"places\""},
    {"  a: {places: [\"imaps://h/INBOX\"], password: p}\n", "more than a host"},
    {"  a: {places: [\"maildir:/x\"], password: p}\n", "no place on another host"},
    {"  a: {places: [\"imaps://h\"]}\n", "proves nothing"},
    {"  a: {places: [\"imaps://h\"], password: p, token: t}\n", "must be enough"},
    {"  a: {places: [\"imaps://h\"], secret: s}\n", "needs \"client\""},
    {"  a: {places: [\"imaps://h\"], client: c}\n", "needs either"},
    {"  a: {places: [\"imaps://h\"], certificate: c}\n", "go together"},
    {"  a: {places: [\"imaps://h\"], password: p, url: http://h/}\n", "https://"},
    {"  a: {places: [\"imaps://h\"], passwort: p}\n", "password"},
};

START_TEST(faults_are_told)
{
    struct error error = {""};

    ck_assert_ptr_null(load(faults[_i][0], &error));
    ck_assert_msg(strstr(error.text, faults[_i][1]) != NULL, "said: %s", error.text);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("remote");
    TCase *tests = tcase_create("remote");

    tcase_add_loop_test(tests, parts, 0, sizeof good / sizeof *good);
    tcase_add_test(tests, what_is_no_place_is_told_by_that_places_form);
    tcase_add_loop_test(tests, no_places, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, the_first_account_that_fits);
    tcase_add_test(tests, only_hosts_of_the_place_and_the_account);
    tcase_add_loop_test(tests, faults_are_told, 0, sizeof faults / sizeof *faults);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
