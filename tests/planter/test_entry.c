/* SPDX-License-Identifier: ISC
 *
 * Entries of directories: as lures write them, like those beside them whatever those are, and compared later. */
#include <stdio.h>
#include <stdlib.h>
#include "server/planter/entry.h"
#include "tests/test.h"

#define BASE "ou=services,dc=corp,dc=example"

static struct entries own;
static struct entry crowd[5];
static struct error error;

static void add(struct entry *entry, const char *name, const char *value)
{
    ck_assert_int_eq(entry_add(entry, name, slice_of(value), &error), 0);
}

/* Five accounts: svc-0 to svc-4. */
static void set_up(void)
{
    for (int i = 0; i < 5; i++) {
        char name[16], dn[80];

        snprintf(name, sizeof name, "svc-%d", i);
        snprintf(dn, sizeof dn, "uid=%s," BASE, name);
        crowd[i] = (struct entry){.dn = strdup(dn)};
        ck_assert_ptr_nonnull(crowd[i].dn);
        add(&crowd[i], "objectClass", "account");
        add(&crowd[i], "uid", name);
    }
}

static void tear_down(void)
{
    entries_free(&own);
    for (int i = 0; i < 5; i++)
        entry_free(&crowd[i]);
}

static int read_lure(const char *text, size_t line)
{
    return entries_read(slice_of(text), line, BASE, "corp.example", &own, &error);
}

static void be_like(const char *text, size_t line)
{
    ck_assert_msg(read_lure(text, line) == 0, "%s", error.text);
    ck_assert_msg(entry_be_like(&own.list[0], crowd, 5, &error) == 0, "%s", error.text);
}

static size_t secrets(const struct entry *entry)
{
    size_t count = 0;

    for (size_t i = 0; i < entry->count; i++)
        count += entry->values[i].secret;
    return count;
}

/* ---- reading ---- */

START_TEST(a_lure_is_read)
{
    ck_assert_int_eq(read_lure("dn: uid=svc-scan\nuid: svc-scan\nmail: svc-scan@${domain}\ndescription: pw Zk3v\n\n"
                               "dn: cn=scanners\nmember: ${dn}\n", 4), 0);
    ck_assert_uint_eq(own.count, 2);
    ck_assert_str_eq(own.list[0].dn, "uid=svc-scan," BASE);
    ck_assert_str_eq(entry_text(&own.list[0], "MAIL"), "svc-scan@corp.example");
    ck_assert_str_eq(entry_text(&own.list[1], "member"), own.list[0].dn);
    ck_assert_uint_eq(secrets(&own.list[0]), 1);
}
END_TEST

START_TEST(a_wrong_lure_is_refused)
{
    static const struct {
        const char *text, *why;
    } lures[] = {{"", "secret"},
                 {"uid: x\n", "dn: "},
                 {"dn: uid=x\nuid:x\n", "name: value"},
                 {"dn: uid=x\nno colon\n", "name: value"},
                 {"dn: uid=x\nmember: ${dn} and more\n\ndn: cn=y\nmember: ${dn}\n\ndn: uid=z\n\ndn: uid=z\n\n"
                  "dn: uid=z\n", "entries"},
                 {"dn: uid=x\nuid: x\n\nmail: x\n", "dn: "}};

    ck_assert_int_eq(read_lure(lures[_i].text, 9), -1);
    ck_assert_msg(strstr(error.text, lures[_i].why) != NULL, "%s", error.text);
}
END_TEST

/* ---- like others ---- */

START_TEST(it_takes_after_those_beside_it)
{
    static const char *const shells[] = {"/bin/false", "/bin/false", "/bin/false", "/bin/false", "/bin/sh"};

    for (int i = 0; i < 5; i++) {
        char home[32], number[8];

        snprintf(home, sizeof home, "/srv/svc-%d", i);
        snprintf(number, sizeof number, "%d", 900 + i);
        add(&crowd[i], "loginShell", shells[i]);
        add(&crowd[i], "homeDirectory", home);
        add(&crowd[i], "uidNumber", number);
    }
    be_like("dn: cn=svc-scan\nobjectClass: person\ncn: svc-scan\nuid: svc-scan\ndescription: pw Zk3v\n", 5);
    ck_assert_str_eq(own.list[0].dn, "uid=svc-scan," BASE);
    ck_assert_str_eq(entry_text(&own.list[0], "objectClass"), "account");
    ck_assert_str_eq(entry_text(&own.list[0], "loginShell"), "/bin/false");
    ck_assert_str_eq(entry_text(&own.list[0], "homeDirectory"), "/srv/svc-scan");
    ck_assert_str_eq(entry_text(&own.list[0], "uidNumber"), "905");
    ck_assert_uint_eq(secrets(&own.list[0]), 1);
}
END_TEST

/* An attribute that none beside it has is dropped, but never the one that holds the secret. */
START_TEST(the_secret_stays_beside_a_second_value)
{
    be_like("dn: uid=svc-scan\nuid: svc-scan\ndescription: nightly scan\ndescription: pw Zk3v\nemployeeType: x\n", 4);
    ck_assert_uint_eq(secrets(&own.list[0]), 1);
    ck_assert_ptr_null(entry_text(&own.list[0], "employeeType"));
}
END_TEST

static void name_by(const char *attribute)
{
    for (int i = 0; i < 5; i++) {
        free(crowd[i].dn);
        ck_assert_int_gt(asprintf(&crowd[i].dn, "%s=number %d," BASE, attribute, i), 0);
        add(&crowd[i], attribute, "number");
    }
}

/* A directory whose accounts are named by what holds the secret would have it in the name. */
START_TEST(no_name_holds_the_secret)
{
    name_by("description");
    be_like("dn: uid=svc-scan\nuid: svc-scan\ndescription: pw Zk3v\n", 3);
    ck_assert_msg(strstr(own.list[0].dn, "Zk3v") == NULL, "%s", own.list[0].dn);
    ck_assert_uint_eq(secrets(&own.list[0]), 1);
}
END_TEST

START_TEST(no_name_needs_escapes)
{
    name_by("cn");
    be_like("dn: uid=svc-scan\nuid: svc-scan\ncn: Scan, nightly\ndescription: pw Zk3v\n", 4);
    ck_assert_str_eq(own.list[0].dn, "uid=svc-scan," BASE);
}
END_TEST

START_TEST(what_lets_in_is_not_copied)
{
    static const char *const names[] = {"sambaNTPassword", "userCertificate;binary", "SSHPUBLICKEY", "krbPrincipalKey"};

    for (int i = 0; i < 5; i++)
        add(&crowd[i], names[_i], "the same for all");
    be_like("dn: uid=svc-scan\nuid: svc-scan\ndescription: pw Zk3v\n", 3);
    ck_assert_ptr_null(entry_text(&own.list[0], names[_i]));
}
END_TEST

START_TEST(bytes_are_no_text)
{
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(entry_add(&crowd[i], "x509Blob", (struct slice){(const unsigned char *)"0\0\1", 3}, &error), 0);
    be_like("dn: uid=svc-scan\nuid: svc-scan\ndescription: pw Zk3v\n", 3);
    ck_assert_ptr_null(entry_text(&own.list[0], "x509Blob"));
}
END_TEST

START_TEST(more_values_than_there_is_room_for)
{
    for (int i = 0; i < 5; i++)
        while (crowd[i].count < ENTRY_VALUES)
            add(&crowd[i], "objectClass", "account");
    ck_assert_int_eq(read_lure("dn: uid=svc-scan\nuid: svc-scan\ndescription: pw Zk3v\n", 3), 0);
    ck_assert_int_eq(entry_be_like(&own.list[0], crowd, 5, &error), -1);
    ck_assert_msg(strstr(error.text, "more than 64 values") != NULL, "%s", error.text);
}
END_TEST

/* ---- later ---- */

/* As versions made them whose ledgers did not seal them. */
#define SLOW_ONE                                                                                                       \
    "00112233445566778899aabbccddeeff;uid=0011223344556677;description:$argon2id$v=19$m=8192,t=2,p=1$"                 \
    "TfHTMY/wt4GhEyoqJ2I4Tw$j9aSczsTuDGK7jE9Zc1IWKBNxNWRlpG4bZB31A/0x4I"

START_TEST(changes_are_told)
{
    struct buffer names;
    char *digest;

    ck_assert_int_eq(read_lure("dn: uid=svc-scan\nuid: svc-scan\nmail: a@corp.example\ndescription: pw Zk3v\n"
                               "uSNCreated: 4117\n", 4), 0);
    digest = entry_digest(&own.list[0]);
    ck_assert_ptr_nonnull(digest);
    buffer_init(&names, 1024);
    entry_changes(&own.list[0], digest, &names);
    ck_assert_uint_eq(names.length, 0);
    ck_assert(entry_is(&own.list[0], digest));
    ck_assert_int_eq(entry_set(&own.list[0], "uSNCreated", slice_of("9"), &error), 0); /* another server's */
    ck_assert_int_eq(entry_set(&own.list[0], "mail", slice_of("b@corp.example"), &error), 0);
    ck_assert_int_eq(entry_set(&own.list[0], "DESCRIPTION", slice_of("gone"), &error), 0);
    add(&own.list[0], "title", "new");
    entry_changes(&own.list[0], digest, &names);
    ck_assert_str_eq(buffer_text(&names), "mail, description, title");
    ck_assert(!entry_is(&own.list[0], digest));
    ck_assert(!entry_is(&own.list[0], SLOW_ONE));
    ck_assert_int_eq(entry_set(&own.list[0], "description", slice_of("pw Zk3v"), &error), 0);
    ck_assert(entry_is(&own.list[0], digest));
    ck_assert(entry_is(&own.list[0], SLOW_ONE));
    buffer_clear(&names);
    entry_changes(&own.list[0], "no digest", &names);
    ck_assert_uint_eq(names.length, 0);
    buffer_free(&names);
    free(digest);
}
END_TEST

/* Five accounts of Active Directory: what most have, what one has, what nobody has. */
START_TEST(it_is_described_as_those_beside_it)
{
    static const char *const names[] = {"displayName", "userPrincipalName", "company", "l", NULL};

    ck_assert_int_eq(read_lure("dn: cn=svc-scan\ncn: svc-scan\nobjectClass: user\ndisplayName: svc-scan\n"
                               "userPrincipalName: svc-scan@corp.example\ndescription: pw Zk3v\nsn: own\n", 6), 0);
    for (int i = 0; i < 5; i++) {
        char login[64];

        add(&crowd[i], "cn", entry_text(&crowd[i], "uid"));
        snprintf(login, sizeof login, "%s@corp.com", entry_text(&crowd[i], "uid"));
        add(&crowd[i], "userPrincipalName", login);
        add(&crowd[i], "memberOf", "cn=admins");
        if (i < 4)
            add(&crowd[i], "company", "Example Rail");
        if (i < 2)
            add(&crowd[i], "l", "Thurso");
    }
    ck_assert_msg(entry_describe_like(&own.list[0], crowd, 5, names, &error) == 0, "%s", error.text);
    ck_assert_ptr_null(entry_text(&own.list[0], "displayName"));
    ck_assert_str_eq(entry_text(&own.list[0], "userPrincipalName"), "svc-scan@corp.com");
    ck_assert_str_eq(entry_text(&own.list[0], "company"), "Example Rail");
    ck_assert_ptr_null(entry_text(&own.list[0], "l"));
    ck_assert_ptr_null(entry_text(&own.list[0], "memberOf"));
    ck_assert_str_eq(entry_text(&own.list[0], "sn"), "own");
    ck_assert_str_eq(entry_text(&own.list[0], "objectClass"), "user");
}
END_TEST

/* Where there is nobody to look like it stays as it is, and the secret stays where it is. */
START_TEST(nobody_describes_it)
{
    static const char *const names[] = {"displayName", "description", NULL};

    ck_assert_int_eq(read_lure("dn: cn=svc-scan\ncn: svc-scan\ndisplayName: svc-scan\ndescription: pw Zk3v\n", 4), 0);
    ck_assert_int_eq(entry_describe_like(&own.list[0], crowd, 0, names, &error), 0);
    ck_assert_str_eq(entry_text(&own.list[0], "displayName"), "svc-scan");
    ck_assert_int_eq(entry_describe_like(&own.list[0], crowd, 5, names, &error), 0);
    ck_assert_ptr_null(entry_text(&own.list[0], "displayName"));
    ck_assert_str_eq(entry_text(&own.list[0], "description"), "pw Zk3v");
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {a_lure_is_read, it_takes_after_those_beside_it, the_secret_stays_beside_a_second_value,
                                  no_name_holds_the_secret, no_name_needs_escapes, bytes_are_no_text,
                                  more_values_than_there_is_room_for, changes_are_told,
                                  it_is_described_as_those_beside_it, nobody_describes_it};
    Suite *s = suite_create("entry");
    TCase *t = tcase_create("entry");

    tcase_add_checked_fixture(t, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    tcase_add_loop_test(t, a_wrong_lure_is_refused, 0, 6);
    tcase_add_loop_test(t, what_lets_in_is_not_copied, 0, 4);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
