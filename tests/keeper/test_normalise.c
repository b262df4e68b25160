/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/keeper/normalise.h"
#include "tests/test.h"

static void expect(const char *identity, const char *const *expected)
{
    struct spellings spellings;
    size_t i;

    normalise_identity(slice_of(identity), &spellings);
    for (i = 0; expected[i] != NULL; i++) {
        ck_assert_msg(i < spellings.count, "%s: %s is missing", identity, expected[i]);
        ck_assert_msg(slice_is(spellings.items[i], expected[i]), "%s: spelling %zu is %.*s, not %s", identity, i,
                      (int)spellings.items[i].length, (const char *)spellings.items[i].data, expected[i]);
    }
    ck_assert_msg(spellings.count == i, "%s: %zu spellings", identity, spellings.count);
}

#define EXPECT(identity, ...) expect(identity, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(spells)
{
    EXPECT("svc-backup", "svc-backup");
    EXPECT("  Svc-Backup\t\n", "svc-backup");
    EXPECT("CORP\\Sofia", "corp\\sofia", "sofia");
    EXPECT("Sofia@corp.example", "sofia@corp.example", "sofia");
    EXPECT("CORP\\sofia@corp.example", "corp\\sofia@corp.example", "sofia@corp.example", "sofia");
    EXPECT("a@b@c", "a@b@c", "a@b");
    EXPECT("Zo\xc3\x8b", "zo\xc3\x8b");
}
END_TEST

START_TEST(takes_the_first_rdn)
{
    EXPECT("uid=Sofia,ou=people,dc=corp,dc=example", "uid=sofia,ou=people,dc=corp,dc=example", "sofia");
    EXPECT("cn=Moreau\\, Sofia,dc=x", "cn=moreau\\, sofia,dc=x", "moreau, sofia");
    EXPECT("cn=a\\2Bb+sn=c,dc=x", "cn=a\\2bb+sn=c,dc=x", "a+b");
    EXPECT("cn=\"a,b\",dc=x", "cn=\"a,b\",dc=x", "a,b");
    EXPECT("cn=end\\", "cn=end\\", "end\\");
    EXPECT("=value", "=value");
    EXPECT("cn=", "cn=");
}
END_TEST

START_TEST(is_bounded)
{
    struct spellings spellings;
    char text[4096];

    memset(text, 'a', sizeof text);
    normalise_identity((struct slice){(unsigned char *)text, sizeof text}, &spellings);
    ck_assert_uint_eq(spellings.count, 1);
    ck_assert_uint_eq(spellings.items[0].length, NORMALISE_BYTES);
    normalise_identity(slice_of("   "), &spellings);
    ck_assert_uint_eq(spellings.count, 0);
    normalise_identity(SLICE_NONE, &spellings);
    ck_assert_uint_eq(spellings.count, 0);
}
END_TEST

START_TEST(trims_secrets_only)
{
    ck_assert(slice_is(normalise_secret(slice_of(" \tA b\r\n")), "A b"));
    ck_assert(slice_is(normalise_secret(slice_of("aB")), "aB"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("normalise");
    TCase *t = tcase_create("normalise");

    tcase_add_test(t, spells);
    tcase_add_test(t, takes_the_first_rdn);
    tcase_add_test(t, is_bounded);
    tcase_add_test(t, trims_secrets_only);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
