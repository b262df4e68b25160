/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/keeper/token.h"
#include "tests/keeper/operator.h"
#include "tests/test.h"

static struct operator o;

static void with_ledger(void)
{
    operator_open(&o, true);
    operator_clear(&o);
}

static void teardown(void)
{
    operator_close(&o);
}

static const json_t *artifact(size_t row, size_t index)
{
    return json_array_get(json_object_get(o.rows[row].json, "artifacts"), index);
}

START_TEST(one_token_with_its_artifacts)
{
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "owner", "Ada", "memo", "test \"7\"", NULL), 0);
    ck_assert_uint_eq(o.row_count, 1);
    ck_assert_int_eq(strncmp(operator_text(&o, 0, "token"), "t-", 2), 0);
    ck_assert_str_eq(operator_text(&o, 0, "kind"), "password");
    ck_assert_str_eq(operator_text(&o, 0, "decoy"), "gitlab");
    ck_assert_str_eq(operator_text(&o, 0, "secret"), o.minter.secret);
    ck_assert_str_eq(json_string_value(json_object_get(artifact(0, 0), "name")), ".env");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(artifact(0, 0), "text")), o.minter.secret));
    ck_assert_str_eq(json_string_value(json_object_get(artifact(0, 1), "base64")), "AP8B");
    ck_assert_ptr_null(json_object_get(artifact(0, 1), "text"));
    ck_assert_ptr_nonnull(json_object_get(o.minter.parameters, "persona"));
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(o.minter.parameters, "decoy"), "url")),
                     "https://git.corp.example:21001");
}
END_TEST

START_TEST(what_was_minted_is_found)
{
    struct ledger *ledger = &o.keeper.ledger;
    struct error error;
    struct buffer secret;
    struct digest digest;
    char hex[2 * DIGEST_BYTES + 1], sql[256];
    char *token = operator_mint(&o, "password");
    struct id id;

    ck_assert_int_eq(id_parse(token, 't', &id), 0);
    buffer_init(&secret, 4096);
    ck_assert_int_eq(token_secret(ledger, &o.keeper.keyring, token_number(ledger, id, &error), &secret, &error), 0);
    ck_assert(slice_is(buffer_slice(&secret), o.minter.secret));
    buffer_free(&secret);
    digest = keyring_digest(&o.keeper.keyring, DIGEST_SECRET, slice_of(o.minter.secret));
    sodium_bin2hex(hex, sizeof hex, digest.bytes, sizeof digest.bytes);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM secret_index WHERE digest = x'%s'", hex);
    ck_assert_int_eq(operator_number(&o, sql), 1);
    free(token);
}
END_TEST

START_TEST(many_are_one_operation)
{
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "gitlab-token", "count", "10000", NULL), 0);
    ck_assert_uint_eq(o.row_count, 10000);
    ck_assert(!o.exceeded);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM token"), 10000);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'mint'"), 1);
    ck_assert_int_eq(operator_number(&o, "SELECT json_extract(details, '$.count') FROM operation WHERE what = 'mint'"),
                     10000);
    ck_assert_uint_eq(json_array_size(json_object_get(o.rows[0].json, "artifacts")), 0);
    ck_assert_ptr_nonnull(strstr(o.text, "sundew artifacts"));
}
END_TEST

START_TEST(a_client_that_leaves_is_recorded)
{
    o.window = 0;
    operator_connect(&o);
    operator_credit(&o, 10);
    operator_send(&o, "mint", "kind", "password", "count", "100000", NULL);
    operator_turn(&o, 10);
    ck_assert_uint_eq(o.row_count, 10);
    channel_free(o.end);
    o.end = NULL;
    operator_turn(&o, 11);
    ck_assert_int_lt(operator_number(&o, "SELECT count(*) FROM token"), 10000);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'mint'"), 2);
    ck_assert_int_eq(operator_number(&o, "SELECT json_extract(details, '$.minted') = (SELECT count(*) FROM token)"
                                         " FROM operation ORDER BY seq DESC LIMIT 1"), 1);
}
END_TEST

START_TEST(wrong_orders_are_usage_errors)
{
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "pasword", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "password"));
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "form", "odd", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "human season"));
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "count", "0", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "count", "7x", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "decoy", "portal", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "gitlab-token", "decoy", "ldap", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "gitlab"));
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "expires", "2001-01-01", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "identity", "", NULL), 2);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM token"), 0);
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "decoy", "ldap", "expires", "2999-01-01", NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "decoy"), "ldap");
}
END_TEST

START_TEST(what_the_minter_says_is_told)
{
    o.minter.refuse = "no such lure";
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", NULL), 2);
    ck_assert_str_eq(o.text, "no such lure");
    o.minter.refuse = NULL;
    o.minter.die_at = "mint";
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, "minter ended"));
    o.minter.die_at = NULL;
    operator_send(&o, "mint", "kind", "password", NULL);
    operator_turn(&o, 1);
    ck_assert(!o.done);
    operator_minter(&o);
    ck_assert_int_eq(operator_wait(&o), 0);
}
END_TEST

START_TEST(artifacts_again)
{
    char *token = operator_mint(&o, "password");

    ck_assert_int_eq(operator_ask(&o, "artifacts", "token", token, NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "token"), token);
    ck_assert_str_eq(operator_text(&o, 0, "secret"), o.minter.secret);
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(artifact(0, 0), "text")), o.minter.secret));
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'artifacts'"), 1);
    ck_assert_int_eq(operator_ask(&o, "artifacts", "token", "t-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
    free(token);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("command_mint");
    TCase *t = tcase_create("mint");

    tcase_add_checked_fixture(t, with_ledger, teardown);
    tcase_set_timeout(t, 180);
    tcase_add_test(t, one_token_with_its_artifacts);
    tcase_add_test(t, what_was_minted_is_found);
    tcase_add_test(t, many_are_one_operation);
    tcase_add_test(t, a_client_that_leaves_is_recorded);
    tcase_add_test(t, wrong_orders_are_usage_errors);
    tcase_add_test(t, what_the_minter_says_is_told);
    tcase_add_test(t, artifacts_again);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
