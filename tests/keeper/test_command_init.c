/* SPDX-License-Identifier: ISC
 *
 * init and what is drawn for decoys; also the jobs' link and the end of a certificate. */
#include <string.h>
#include "server/base/clock.h"
#include "server/keeper/certificate.h"
#include "server/keeper/init.h"
#include "tests/keeper/operator.h"
#include "tests/test.h"

static struct operator o;

static void bare(void)
{
    operator_open(&o, false);
}

static void teardown(void)
{
    operator_close(&o);
}

START_TEST(nothing_works_before_init)
{
    ck_assert_int_eq(operator_ask(&o, "tokens", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, "sundew init"));
    ck_assert_int_eq(operator_ask(&o, "status", NULL), 0);
    ck_assert(json_is_false(json_object_get(o.rows[0].json, "ready")));
    ck_assert(!init_needed(&o.keeper));
}
END_TEST

START_TEST(init_draws_everything)
{
    char text[CLOCK_TEXT];

    ck_assert_msg(operator_ask(&o, "init", NULL) == 0, "%s", o.text);
    ck_assert_ptr_nonnull(strstr(operator_text(&o, 0, "authority"), "BEGIN CERTIFICATE"));
    ck_assert(o.keeper.open);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM decoy"), 2);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM decoy WHERE length(key) > 40 AND length(salt) > 32"), 2);
    ck_assert_int_eq(operator_number(&o, "SELECT count(DISTINCT salt) FROM decoy"), 2);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM decoy WHERE json_extract(face, '$.version') = '17.1.2'"),
                     2);
    ck_assert_int_eq(operator_number(&o, "SELECT instr(CAST(key AS TEXT), 'PRIVATE') FROM decoy LIMIT 1"), 0);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'init'"), 1);
    ck_assert_str_eq(clock_text(operator_number(&o, "SELECT expires FROM decoy LIMIT 1"), text),
                     "2051-07-15T01:33:19.000000Z");
    ck_assert(!init_needed(&o.keeper));
    ck_assert_int_eq(operator_ask(&o, "status", NULL), 0);
    ck_assert(json_is_true(json_object_get(o.rows[0].json, "ready")));
    ck_assert_int_eq(operator_ask(&o, "init", NULL), 3);
}
END_TEST

START_TEST(self_signed_has_no_authority)
{
    ck_assert_int_eq(operator_ask(&o, "init", "tls", "self-signed", NULL), 0);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM persona WHERE authority = ''"), 1);
    ck_assert_ptr_nonnull(strstr(operator_text(&o, 0, "authority"), "BEGIN CERTIFICATE"));
}
END_TEST

START_TEST(a_failed_init_leaves_nothing)
{
    o.minter.refuse = "names are not below the domain";
    ck_assert_int_eq(operator_ask(&o, "init", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, "below the domain"));
    ck_assert(!o.keeper.open);
    ck_assert(!ledger_exists(o.state));
    o.minter.refuse = NULL;
    ck_assert_msg(operator_ask(&o, "init", NULL) == 0, "%s", o.text);
}
END_TEST

START_TEST(other_names_get_another_certificate)
{
    struct error error;
    unsigned before;
    char *name;

    ck_assert_int_eq(operator_ask(&o, "init", NULL), 0);
    before = o.minter.pem;
    name = o.keeper.configuration->decoys[1].names[0];
    o.keeper.configuration->decoys[1].names[0] = strdup("code.corp.example");
    free(name);
    ck_assert(init_needed(&o.keeper));
    ck_assert_msg(init_run(&o.keeper, o.base, o.keeper.jobs, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(o.minter.pem, before + 1);
    ck_assert_str_eq(o.minter.last, "certificate");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(o.minter.parameters, "names"), 0)),
                     "code.corp.example");
    ck_assert_ptr_nonnull(json_object_get(json_object_get(o.minter.parameters, "authority"), "key"));
    ck_assert(!init_needed(&o.keeper));
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'certificate'"), 1);
}
END_TEST

START_TEST(a_new_decoy_gets_all)
{
    struct error error;

    ck_assert_int_eq(operator_ask(&o, "init", NULL), 0);
    operator_sql(&o, "DELETE FROM decoy WHERE name = 'ldap'");
    ck_assert(init_needed(&o.keeper));
    o.minter.refuse = "the minter has no idea";
    ck_assert_int_eq(init_run(&o.keeper, o.base, o.keeper.jobs, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "ldap"));
    o.minter.refuse = NULL;
    ck_assert_int_eq(init_run(&o.keeper, o.base, o.keeper.jobs, &error), 0);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM decoy"), 2);
    ck_assert(!init_needed(&o.keeper));
}
END_TEST

START_TEST(a_certificate_is_renewed_before_its_end)
{
    struct error error;
    const int64_t day = 86400LL * 1000000, now = clock_wall();
    char sql[160];

    ck_assert_int_eq(operator_ask(&o, "init", NULL), 0);
    for (int64_t made = now - 59 * day; made >= now - 61 * day; made -= 2 * day) { /* of 90 days, two thirds */
        (void)snprintf(sql, sizeof sql, "UPDATE decoy SET made = %lld, expires = %lld WHERE name = 'gitlab'",
                       (long long)made, (long long)(made + 90 * day));
        operator_sql(&o, sql);
        ck_assert_int_eq(init_needed(&o.keeper), made < now - 60 * day);
    }
    ck_assert_int_eq(init_run(&o.keeper, o.base, o.keeper.jobs, &error), 0);
    ck_assert(!init_needed(&o.keeper));
}
END_TEST

START_TEST(certificates_that_are_none)
{
    ck_assert_int_eq(certificate_expires(SLICE_NONE), 0);
    ck_assert_int_eq(certificate_expires(slice_of("-----BEGIN CERTIFICATE-----\n")), 0);
    ck_assert_int_eq(certificate_expires(slice_of("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----")), 0);
    ck_assert_int_eq(certificate_expires(slice_of("-----BEGIN CERTIFICATE-----\n////\n-----END CERTIFICATE-----")), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("command_init");
    TCase *t = tcase_create("init");

    tcase_add_checked_fixture(t, bare, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, nothing_works_before_init);
    tcase_add_test(t, init_draws_everything);
    tcase_add_test(t, self_signed_has_no_authority);
    tcase_add_test(t, a_failed_init_leaves_nothing);
    tcase_add_test(t, other_names_get_another_certificate);
    tcase_add_test(t, a_new_decoy_gets_all);
    tcase_add_test(t, a_certificate_is_renewed_before_its_end);
    tcase_add_test(t, certificates_that_are_none);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
