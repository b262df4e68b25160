/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include "server/keeper/roster.h"
#include "tests/keeper/world.h"
#include "tests/test.h"

static struct world *world;
static struct roster roster;

static void set_up(void)
{
    memset(&roster, 0, sizeof roster);
    world = world_new(1 << 30, 600);
}

static void tear_down(void)
{
    roster_close(&roster);
    world_free(world);
}

static void load(bool complete)
{
    ck_assert_int_eq(roster_load(&roster, &world->ledger, &world->error), 0);
    ck_assert_int_eq(roster.complete, complete);
    ck_assert(!roster_behind(&roster, &world->ledger));
}

static int64_t mint(const char *identity, const char *secret, const char *decoy)
{
    struct token_result password = world_password(identity, secret);

    return world_mint(world, &password, decoy);
}

/* In the caller's transaction. */
static void insert(const char *identity, const char *secret)
{
    struct token_result password = world_password(identity, secret);
    struct token_details details = {.id = id_random(), .minted = WORLD_NOW};
    int64_t number;

    ck_assert_int_eq(token_insert(&world->ledger, &world->keyring, &password, &details, &number, &world->error), 0);
}

static const struct roster_digest *find(enum digest_tag tag, const char *text)
{
    struct digest digest = keyring_digest(&world->keyring, tag, slice_of(text));

    return roster_find(&roster, &digest);
}

START_TEST(an_empty_ledger_has_nobody)
{
    load(true);
    ck_assert_ptr_null(find(DIGEST_SECRET, "anything"));
    ck_assert_ptr_null(roster_token(&roster, 1));
}
END_TEST

/* Of a secret its beginning and its length; its decoy's name, once. */
START_TEST(it_has_what_the_ledger_has)
{
    unsigned char head[KEYRING_HEAD];
    char secret[200];
    int64_t first, second, third;

    memset(secret, 's', sizeof secret - 1);
    secret[sizeof secret - 1] = 0;
    first = mint("svc-a", secret, "gitlab");
    second = mint("svc-b", "short", "");
    load(true);
    third = mint("svc-c", "other", "gitlab");
    ck_assert(roster_behind(&roster, &world->ledger));
    ck_assert_ptr_null(find(DIGEST_SECRET, "other"));
    load(true);
    ck_assert_int_eq(find(DIGEST_SECRET, secret)->token, first);
    ck_assert_int_eq(find(DIGEST_SECRET, secret)->part, PART_SECRET);
    ck_assert_int_eq(find(DIGEST_IDENTITY, "svc-b")->token, second);
    ck_assert_int_eq(find(DIGEST_SECRET, "other")->token, third);
    ck_assert_ptr_null(find(DIGEST_IDENTITY, "other"));
    ck_assert_int_eq(roster_token(&roster, first)->length, sizeof secret - 1);
    ck_assert_mem_ne(roster_token(&roster, first)->head, secret, KEYRING_HEAD);
    roster_secret(&world->keyring, roster_token(&roster, first), head);
    ck_assert_mem_eq(head, secret, KEYRING_HEAD);
    ck_assert_int_eq(roster_token(&roster, second)->length, 5);
    ck_assert(slice_is(roster_decoy(&roster, roster_token(&roster, first)), "gitlab"));
    ck_assert_uint_eq(roster_decoy(&roster, roster_token(&roster, second)).length, 0);
    ck_assert(slice_is(roster_decoy(&roster, roster_token(&roster, third)), "gitlab"));
    ck_assert_uint_eq(roster.names.length, 6);
    ck_assert_int_eq(roster_token(&roster, 0)->number, first);
    ck_assert_ptr_null(roster_token(&roster, third + 1));
}
END_TEST

START_TEST(the_newest_of_one_identity_is_found)
{
    int64_t second;

    mint("svc-a", "one", "");
    second = mint("svc-a", "two", "");
    load(true);
    ck_assert_int_eq(find(DIGEST_IDENTITY, "svc-a")->token, second);
}
END_TEST

/* Its number is the next token's. */
START_TEST(what_was_rolled_back_is_not_in_it)
{
    int64_t number;

    mint("svc-a", "one", "");
    load(true);
    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    insert("svc-b", "two");
    ledger_rollback(&world->ledger);
    load(true);
    number = mint("svc-c", "three", "");
    load(true);
    ck_assert_ptr_null(find(DIGEST_SECRET, "two"));
    ck_assert_int_eq(find(DIGEST_SECRET, "three")->token, number);
    ck_assert_int_eq(roster_token(&roster, number)->length, 5);
    ck_assert_uint_eq(roster.count, 2);
}
END_TEST

START_TEST(more_than_it_takes_are_left_to_the_ledger)
{
    char secret[32];

    load(true);
    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    for (int i = 0; i <= ROSTER_TOKENS; i++) {
        (void)snprintf(secret, sizeof secret, "secret-%d", i);
        insert("svc-a", secret);
    }
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    load(false);
    ck_assert_ptr_null(roster.tokens);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("roster");
    TCase *t = tcase_create("roster");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, an_empty_ledger_has_nobody);
    tcase_add_test(t, it_has_what_the_ledger_has);
    tcase_add_test(t, the_newest_of_one_identity_is_found);
    tcase_add_test(t, what_was_rolled_back_is_not_in_it);
    tcase_add_test(t, more_than_it_takes_are_left_to_the_ledger);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
