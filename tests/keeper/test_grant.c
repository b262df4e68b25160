/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>
#include "tests/keeper/world.h"
#include "tests/test.h"

#define IDENTITY "svc-ostrava-7q"
#define SECRET "Kx7-vale.harbour-91"

static struct world *world;
static struct decoy decoy;
static struct configuration configuration;
static struct granter granter;
static struct recognition seen;
static struct grant grant;
static int64_t token;
static char name[] = "gitlab";

static void set_up(void)
{
    struct token_result password = world_password(IDENTITY, SECRET);

    world = world_new(1 << 30, 600);
    token = world_mint(world, &password, "gitlab");
    decoy = (struct decoy){.name = name, .grant = true};
    configuration = (struct configuration){.decoys = &decoy, .decoy_count = 1};
    granter = (struct granter){&configuration, &world->ledger, &world->keyring, {.accounts = {{0}}}};
}

static void tear_down(void)
{
    world_free(world);
}

static void judge(const struct observation *observation)
{
    ck_assert_int_eq(recognise(&world->observer.recogniser, observation, &seen, &world->error), 0);
    ck_assert_int_eq(grant_judge(&granter, observation, &seen, &grant, &world->error), 0);
}

static void judge_login(const char *identity, const char *secret, uint8_t form)
{
    struct login login = {identity, secret};
    struct observation observation = world_login(&login, "203.0.113.5", WORLD_NOW);

    observation.login = form;
    judge(&observation);
}

START_TEST(lets_in_the_right_secret_alone)
{
    uint8_t pair = 1;

    judge_login(IDENTITY, SECRET, pair);
    ck_assert_str_eq(grant.kind, "password");
    ck_assert_uint_eq(seen.matches[0].reasons, MATCH_GRANTED);
    ck_assert_int_eq(grant_unseal(&world->keyring, slice_of(name), (struct slice){grant.seal, sizeof grant.seal}), token);
    judge_login(IDENTITY, "Kx7-vale.harbour-92", pair);
    ck_assert_str_eq(grant.kind, "");
    judge_login(IDENTITY, SECRET " ", pair);
    ck_assert_str_eq(grant.kind, "");
    judge_login("another", SECRET, pair);
    ck_assert_str_eq(grant.kind, "");
    judge_login(IDENTITY, SECRET, 0); /* not in the form */
    ck_assert_str_eq(grant.kind, "");
    decoy.grant = false;
    judge_login(IDENTITY, SECRET, pair);
    ck_assert_str_eq(grant.kind, "");
    ck_assert_uint_eq(seen.matches[0].reasons, 0);
}
END_TEST

START_TEST(knows_its_sessions)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    unsigned char seal[SESSION_SEAL], other[SESSION_SEAL];

    grant_seal(&world->keyring, slice_of(name), token, seal);
    grant_seal(&world->keyring, slice_of(name), token, other);
    ck_assert_int_ne(memcmp(seal, other, SESSION_SEAL), 0);
    observation.candidates[0] = (struct candidate){CANDIDATE_SESSION, 0, slice_of("session"), {seal, sizeof seal}};
    observation.candidate_count = 1;
    judge(&observation);
    ck_assert_str_eq(grant.kind, GRANT_SESSION);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(seen.matches[0].token, token);
    ck_assert_int_eq(seen.matches[0].grade, GRADE_SECRET);
    ck_assert_uint_eq(seen.matches[0].reasons, MATCH_SESSION);
    for (size_t i = 0; i < SESSION_SEAL; i++) {
        seal[i] ^= 1;
        judge(&observation);
        ck_assert_str_eq(grant.kind, "");
        ck_assert_uint_eq(seen.count, 0);
        seal[i] ^= 1;
    }
    ck_assert_int_eq(grant_unseal(&world->keyring, slice_of("portal"), (struct slice){seal, sizeof seal}), 0);
    ck_assert_int_eq(grant_unseal(&world->keyring, slice_of(name), (struct slice){seal, sizeof seal - 1}), 0);
}
END_TEST

static void judge_code(void)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    unsigned char seal[SESSION_SEAL];

    grant_seal(&world->keyring, slice_of(name), token, seal);
    observation.candidates[0] = (struct candidate){CANDIDATE_SESSION, 0, slice_of("session"), {seal, sizeof seal}};
    observation.candidate_count = 1;
    judge(&observation);
}

START_TEST(locks_after_ten_wrong_codes)
{
    for (int i = 1; i < LOCKOUT_CODES; i++) {
        judge_code();
        ck_assert_str_eq(grant.kind, GRANT_SESSION);
    }
    judge_login(IDENTITY, SECRET, 1);
    ck_assert_str_eq(grant.kind, "password");
    judge_code();
    ck_assert_str_eq(grant.kind, GRANT_LOCKED);
    ck_assert_uint_eq(seen.matches[0].reasons, MATCH_SESSION);
    judge_login(IDENTITY, SECRET, 1);
    ck_assert_str_eq(grant.kind, GRANT_LOCKED);
    ck_assert_uint_eq(seen.matches[0].reasons, 0);
    judge_login(IDENTITY, "wrong", 1);
    ck_assert_str_eq(grant.kind, GRANT_LOCKED);
    judge_login(IDENTITY, SECRET, 0); /* not in the form */
    ck_assert_str_eq(grant.kind, "");
    judge_login("another", "wrong", 1);
    ck_assert_str_eq(grant.kind, "");
    granter.lockout.accounts[0].last -= LOCKOUT_US;
    judge_login(IDENTITY, SECRET, 1);
    ck_assert_str_eq(grant.kind, "password");
    judge_code();
    ck_assert_str_eq(grant.kind, GRANT_SESSION);
}
END_TEST

START_TEST(remembers_the_latest_accounts)
{
    struct lockout *lockout = &granter.lockout;

    for (int64_t now = 1; now <= LOCKOUT_ACCOUNTS + 1; now++)
        for (int i = 0; i < LOCKOUT_CODES; i++)
            lockout_count(lockout, now, now);
    ck_assert(!lockout_holds(lockout, 1, LOCKOUT_ACCOUNTS + 1));
    for (int64_t account = 2; account <= LOCKOUT_ACCOUNTS + 1; account++)
        ck_assert(lockout_holds(lockout, account, LOCKOUT_ACCOUNTS + 1));
    ck_assert(!lockout_holds(lockout, 2, 2 + LOCKOUT_US));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("grant");
    TCase *c = tcase_create("grant");

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, lets_in_the_right_secret_alone);
    tcase_add_test(c, knows_its_sessions);
    tcase_add_test(c, locks_after_ten_wrong_codes);
    tcase_add_test(c, remembers_the_latest_accounts);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
