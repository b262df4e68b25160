/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>
#include "server/wire/transcript.h"
#include "tests/keeper/world.h"
#include "tests/test.h"
#include "tokens/proof/hash.h"

#define KEY_ID "AKIAQ7X2OSTRAVA4M3RT"
#define SECRET "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"
#define SCOPE "20261123/eu-west-3/s3/aws4_request"
#define ES256_KEY                                                                                                      \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMo" \
    "hYjlrQ=="
#define ES256_INPUT                                                                                                    \
    "eyJhbGciOiJFUzI1NiJ9."                                                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define ES256_SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static struct world *world;
static struct recognition seen;
static struct buffer packed[8];

static void set_up(void)
{
    world = world_new(1 << 30, 600);
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
        buffer_init(&packed[i], OBSERVATION_CANDIDATE_BYTES);
}

static void tear_down(void)
{
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
        buffer_free(&packed[i]);
    world_free(world);
}

static int64_t mint(const char *kind, const char *identity, const char *secret, const char *fact, const char *value)
{
    struct token_result token = {.kind = slice_of(kind), .form = slice_of("x"), .identity = slice_of(identity),
                                 .secret = slice_of(secret), .secret_bits = 120, .distinctive = true};
    struct buffer facts;
    int64_t number;

    buffer_init(&facts, FACTS_BYTES);
    if (fact != NULL)
        fact_add(&facts, FACT_PLAIN, fact, slice_of(value));
    token.facts = buffer_slice(&facts);
    number = world_mint(world, &token, "gitlab");
    buffer_free(&facts);
    return number;
}

/* A proof, and who is said to have made it. */
static void present(struct observation *observation, uint8_t pair, const struct transcript *transcript,
                    const char *identity)
{
    struct buffer *buffer = &packed[pair];

    buffer_clear(buffer);
    ck_assert_int_eq(transcript_add(buffer, transcript), 0);
    observation->candidates[observation->candidate_count++] =
        (struct candidate){CANDIDATE_PROOF, pair, slice_of("Authorization"), buffer_slice(buffer)};
    if (identity != NULL)
        world_present(observation, CANDIDATE_IDENTITY, pair, identity);
}

static struct hash sign(const char *secret, const char *string)
{
    char first[128];
    struct hash key;
    static const char *const parts[] = {"20261123", "eu-west-3", "s3", "aws4_request"};

    snprintf(first, sizeof first, "AWS4%s", secret);
    key = hash_hmac(EVP_sha256(), slice_of(first), slice_of(parts[0]));
    for (size_t i = 1; i < 4; i++)
        key = hash_hmac(EVP_sha256(), hash_slice(&key), slice_of(parts[i]));
    return hash_hmac(EVP_sha256(), hash_slice(&key), slice_of(string));
}

static void present_signed(struct observation *observation, uint8_t pair, const char *secret, const char *identity)
{
    struct hash hash = sign(secret, "AWS4-HMAC-SHA256\n…");
    struct transcript transcript = {PROOF_SIGV4, {slice_of(SCOPE), slice_of("AWS4-HMAC-SHA256\n…"), hash_slice(&hash)}, 3};

    present(observation, pair, &transcript, identity);
}

/* Recognises; how many verifications it took, and tokens that were opened. */
static uint64_t look(const struct observation *observation)
{
    struct recogniser *recogniser = &world->observer.recogniser;
    uint64_t before = recogniser->prover.verified * 1000 + recogniser->opened;

    ck_assert_msg(recognise(recogniser, observation, &seen, &world->error) == 0, "%s", world->error.text);
    return recogniser->prover.verified * 1000 + recogniser->opened - before;
}

static const struct match *only(enum grade grade, int64_t token)
{
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(seen.matches[0].grade, grade);
    ck_assert_int_eq(seen.matches[0].token, token);
    return &seen.matches[0];
}

START_TEST(a_signature_is_as_good_as_the_secret)
{
    int64_t token = mint("s3", KEY_ID, SECRET, NULL, NULL);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    present_signed(&observation, 1, SECRET, KEY_ID);
    look(&observation);
    ck_assert_int_eq(only(GRADE_SECRET, token)->part, CANDIDATE_PROOF);
    ck_assert_int_eq(seen.matches[0].distance, PROOF_SIGV4);
    ck_assert_int_eq(seen.matches[0].candidate, 0);
    ck_assert_int_eq(seen.matches[0].reasons, 0);
    observation.decoy = slice_of("portal");
    look(&observation);
    ck_assert_int_eq(only(GRADE_SECRET_ELSEWHERE, token)->reasons, MATCH_OTHER_DECOY);
}
END_TEST

START_TEST(a_wrong_signature_is_the_identity)
{
    int64_t token = mint("s3", KEY_ID, SECRET, NULL, NULL);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    present_signed(&observation, 1, "another", KEY_ID);
    look(&observation);
    only(GRADE_IDENTITY, token);
    observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    present_signed(&observation, 1, SECRET, "AKIANOBODYKNOWSTHIS2");
    look(&observation);
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* The identity of one pair does not serve the proof of another. */
START_TEST(pairs_are_kept_apart)
{
    int64_t token = mint("s3", KEY_ID, SECRET, NULL, NULL);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    present_signed(&observation, 1, SECRET, "AKIANOBODYKNOWSTHIS2");
    present_signed(&observation, 2, "another", KEY_ID);
    look(&observation);
    only(GRADE_IDENTITY, token);
}
END_TEST

START_TEST(all_that_bear_the_identity_are_tried)
{
    int64_t tokens[PROVE_TOKENS];
    char secret[64];

    for (int i = 0; i < PROVE_TOKENS; i++) {
        snprintf(secret, sizeof secret, SECRET "%d", i);
        tokens[i] = mint("s3", KEY_ID, secret, NULL, NULL);
    }
    for (int i = 0; i < PROVE_TOKENS; i++) {
        struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
        bool found = false;

        snprintf(secret, sizeof secret, SECRET "%d", i);
        present_signed(&observation, 1, secret, KEY_ID);
        look(&observation);
        for (size_t k = 0; k < seen.count; k++)
            found = found || (seen.matches[k].token == tokens[i] && seen.matches[k].grade == GRADE_SECRET);
        ck_assert(found);
    }
}
END_TEST

static void present_es256(struct observation *observation, const char *identity)
{
    unsigned char signature[64];
    struct transcript transcript = {PROOF_JWT, {slice_of("ES256"), slice_of(ES256_INPUT), {signature, 64}}, 3};

    sodium_base642bin(signature, sizeof signature, ES256_SIGNATURE, strlen(ES256_SIGNATURE), NULL, NULL, NULL,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    present(observation, 1, &transcript, identity);
}

START_TEST(a_key_that_stands_in_a_fact)
{
    int64_t token = mint("gcp-service-account", "joe", "the private half", "jwt", ES256_KEY);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    present_es256(&observation, "joe");
    look(&observation);
    ck_assert_int_eq(only(GRADE_SECRET, token)->distance, PROOF_JWT);
    world_restart(world);
    look(&observation);
    only(GRADE_SECRET, token);
}
END_TEST

static void present_hs256(struct observation *observation, const char *key)
{
    struct hash hash = hash_hmac(EVP_sha256(), slice_of(key), slice_of("e30.e30"));
    struct transcript transcript = {PROOF_HS256, {slice_of("HS256"), slice_of("e30.e30"), hash_slice(&hash)}, 3};

    present(observation, 1, &transcript, NULL);
}

static int64_t mint_shared(const char *key)
{
    char text[256];

    sodium_bin2base64(text, sizeof text, (const unsigned char *)key, strlen(key), sodium_base64_VARIANT_ORIGINAL);
    return mint("signing-key", "", key, "hs256", text);
}

START_TEST(a_forgery_names_nobody)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    int64_t first, second;

    present_hs256(&observation, "the first key of all");
    look(&observation);
    ck_assert_uint_eq(seen.count, 0);
    first = mint_shared("the first key of all");
    look(&observation);
    ck_assert_int_eq(only(GRADE_SECRET, first)->distance, PROOF_HS256);
    second = mint_shared("the second key of all");
    look(&observation);
    only(GRADE_SECRET, first);
    world_restart(world);
    observation = world_observation("portal", "203.0.113.5", WORLD_NOW);
    present_hs256(&observation, "the second key of all");
    look(&observation);
    ck_assert_int_eq(only(GRADE_SECRET_ELSEWHERE, second)->reasons, MATCH_OTHER_DECOY);
}
END_TEST

START_TEST(only_the_youngest_secrets_are_tried)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    char key[32];

    for (int i = 0; i < PROVE_TRIALS + 1; i++) {
        snprintf(key, sizeof key, "shared key number %d", i);
        mint_shared(key);
    }
    present_hs256(&observation, "shared key number 0");
    ck_assert_uint_eq(look(&observation) / 1000, PROVE_TRIALS);
    ck_assert_uint_eq(seen.count, 0);
    observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    present_hs256(&observation, "shared key number 1");
    look(&observation);
    ck_assert_uint_eq(seen.count, 1);
}
END_TEST

/* Of the token that was minted last. */
static void change(const char *what)
{
    char sql[128];

    snprintf(sql, sizeof sql, "UPDATE token SET %s WHERE number = (SELECT max(number) FROM token)", what);
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, sql, NULL, NULL, NULL), SQLITE_OK);
}

START_TEST(armed_secrets_are_tried_first)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    int64_t first = mint_shared("shared key of the first");
    char key[32];

    for (int i = 0; i < PROVE_TRIALS; i++) {
        snprintf(key, sizeof key, "shared key number %d", i);
        mint_shared(key);
    }
    change("state = 'retired'");
    present_hs256(&observation, "shared key of the first");
    ck_assert_uint_eq(look(&observation) / 1000, PROVE_TRIALS);
    only(GRADE_SECRET, first);
}
END_TEST

START_TEST(a_damaged_secret_hides_no_other)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    int64_t whole = mint_shared("the first key of all");

    mint_shared("the second key of all");
    change("facts = x'0102'");
    present_hs256(&observation, "the first key of all");
    look(&observation);
    only(GRADE_SECRET, whole);
}
END_TEST

/* Hit, near miss and unknown identity: as many verifications and tokens opened. */
START_TEST(the_work_is_the_same)
{
    const char *const identities[] = {KEY_ID, KEY_ID, "AKIANOBODYKNOWSTHIS2", NULL};
    const char *const secrets[] = {SECRET, "another", SECRET, SECRET};
    uint64_t work = 0;

    mint("s3", "AKIASOMEBODYELSESKEY", "of-somebody-else", NULL, NULL);
    for (int tokens = 0; tokens < 3; tokens++) {
        for (size_t i = 0; i < 4; i++) {
            struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
            uint64_t took;

            present_signed(&observation, 1, secrets[i], identities[i]);
            took = look(&observation);
            ck_assert_uint_eq(took / 1000, PROVE_TOKENS);
            ck_assert(work == 0 || took == work);
            work = took;
        }
        mint("s3", KEY_ID, SECRET, NULL, NULL);
    }
}
END_TEST

START_TEST(only_so_many_proofs_are_looked_at)
{
    int64_t token = mint("s3", KEY_ID, SECRET, NULL, NULL);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    for (uint8_t i = 0; i < PROVE_MOST; i++)
        present_signed(&observation, i + 1, "another", KEY_ID);
    present_signed(&observation, PROVE_MOST + 1, SECRET, KEY_ID);
    ck_assert_uint_eq(look(&observation) / 1000, PROVE_MOST * PROVE_TOKENS);
    only(GRADE_IDENTITY, token);
}
END_TEST

/* RFC 7677's exchange, in which the password is "pencil"; `rounds` as a transcript may lie about them. */
static void present_scram(struct observation *observation, uint8_t pair, const char *rounds, const char *identity)
{
    unsigned char proof[32], salt[16];
    struct transcript transcript = {
        PROOF_SCRAM_SHA_256,
        {slice_of("n=user,r=rOprNGfwEbeRWgbNEkqO,"
                  "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
                  "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"),
         {proof, sizeof proof}, {salt, sizeof salt}, slice_of(rounds)},
        4};

    ck_assert_int_eq(sodium_base642bin(proof, sizeof proof, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", 44, NULL,
                                       NULL, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
    ck_assert_int_eq(sodium_base642bin(salt, sizeof salt, "W22ZaJ0SNY7soEsUEjb6gQ==", 24, NULL, NULL, NULL,
                                       sodium_base64_VARIANT_ORIGINAL), 0);
    present(observation, pair, &transcript, identity);
}

START_TEST(a_derived_proof_is_as_good_as_the_secret)
{
    static const char *const rounds[] = {"4095", "4097", "", "x", "16385", "4294971392", "99999999999", "0"};
    int64_t token = mint("password", "user", "pencil", NULL, NULL);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    present_scram(&observation, 1, "4096", "user");
    ck_assert_uint_eq(look(&observation) / 1000, PROVE_DERIVED);
    ck_assert_int_eq(only(GRADE_SECRET, token)->distance, PROOF_SCRAM_SHA_256);
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
        present_scram(&observation, 1, rounds[i], "user");
        look(&observation);
        only(GRADE_IDENTITY, token);
    }
}
END_TEST

/* The one that bears the name is tried, and as many for a name that nobody bears; a third one of that name is not. */
START_TEST(derived_proofs_cost_the_same)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    uint64_t nobody, one;

    mint("password", "somebody-else", "crayon", NULL, NULL);
    present_scram(&observation, 1, "4096", "nobody");
    nobody = look(&observation);
    ck_assert_uint_eq(seen.count, 0);
    mint("password", "user", "pencil", NULL, NULL);
    observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    present_scram(&observation, 1, "4096", "user");
    one = look(&observation);
    ck_assert_uint_eq(one, nobody);
    mint("password", "user", "pen", NULL, NULL);
    mint("password", "user", "paper", NULL, NULL);
    ck_assert_uint_eq(look(&observation), nobody);
    ck_assert_int_eq(seen.matches[0].grade, GRADE_IDENTITY);
}
END_TEST

START_TEST(derived_proofs_have_a_budget)
{
    struct prover *prover = &world->observer.recogniser.prover;
    int64_t now = 1000000;

    prover->derived = 0;
    for (int i = 0; i < PROVE_BURST; i++)
        ck_assert(prover_spend(prover, now));
    ck_assert(!prover_spend(prover, now));
    ck_assert(!prover_spend(prover, now + PROVE_REFILL_US - 1));
    ck_assert(prover_spend(prover, now + PROVE_REFILL_US));
    ck_assert(!prover_spend(prover, now + 2 * PROVE_REFILL_US - 1));
    now += 1000 * (int64_t)PROVE_REFILL_US;
    for (int i = 0; i < PROVE_BURST; i++)
        ck_assert(prover_spend(prover, now));
    ck_assert(!prover_spend(prover, now));
}
END_TEST

/* Beyond the budget a proof is no more than its name, and nothing is derived, whoever it is of. */
START_TEST(beyond_the_budget_a_proof_is_its_name)
{
    struct prover *prover = &world->observer.recogniser.prover;
    int64_t token = mint("password", "user", "pencil", NULL, NULL);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    prover->derived = PROVE_BURST;
    prover->refilled = INT64_MAX / 2;
    present_scram(&observation, 1, "4096", "user");
    ck_assert_uint_eq(look(&observation) / 1000, 0);
    only(GRADE_IDENTITY, token);
    observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    present_scram(&observation, 1, "4096", "nobody");
    ck_assert_uint_eq(look(&observation) / 1000, 0);
}
END_TEST

START_TEST(damaged_proofs_are_nothing)
{
    const char *const values[] = {"", "\x09", "\x09\x01\x01\x01\x01", "\xff"};
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    mint("s3", KEY_ID, SECRET, NULL, NULL);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        world_present(&observation, CANDIDATE_PROOF, 1, values[i]);
    look(&observation);
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

START_TEST(a_sighting_says_that_it_was_a_proof)
{
    int64_t token = mint("s3", KEY_ID, SECRET, NULL, NULL);
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    char *text;

    (void)token;
    present_signed(&observation, 1, SECRET, KEY_ID);
    ck_assert_int_eq(world_see(world, &observation, WORLD_NOW), 1);
    text = world_text(world, "SELECT grade || ' ' || part || ' ' || context || ' ' || reason FROM sighting");
    ck_assert_str_eq(text, "secret secret [\"proof\",\"not-planted\"] a proof of the planted secret, which was not sent "
                           "itself (sigv4)");
    free(text);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("prove");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_signature_is_as_good_as_the_secret);
    tcase_add_test(tcase, a_wrong_signature_is_the_identity);
    tcase_add_test(tcase, pairs_are_kept_apart);
    tcase_add_test(tcase, all_that_bear_the_identity_are_tried);
    tcase_add_test(tcase, a_key_that_stands_in_a_fact);
    tcase_add_test(tcase, a_forgery_names_nobody);
    tcase_add_test(tcase, only_the_youngest_secrets_are_tried);
    tcase_add_test(tcase, armed_secrets_are_tried_first);
    tcase_add_test(tcase, a_damaged_secret_hides_no_other);
    tcase_add_test(tcase, the_work_is_the_same);
    tcase_add_test(tcase, only_so_many_proofs_are_looked_at);
    tcase_add_test(tcase, a_derived_proof_is_as_good_as_the_secret);
    tcase_add_test(tcase, derived_proofs_cost_the_same);
    tcase_add_test(tcase, derived_proofs_have_a_budget);
    tcase_add_test(tcase, beyond_the_budget_a_proof_is_its_name);
    tcase_add_test(tcase, damaged_proofs_are_nothing);
    tcase_add_test(tcase, a_sighting_says_that_it_was_a_proof);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
