/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include "tests/keeper/world.h"
#include "tests/test.h"

#define IDENTITY "svc-ostrava-7q"
#define SECRET "Kx7-vale.harbour-91"

static struct world *world;
static struct recognition seen;
static int64_t token, gitlab_token;

static void set_up(void)
{
    struct token_result password = world_password(IDENTITY, SECRET);
    struct token_result access = {slice_of("gitlab-token"), slice_of("pat"), slice_of("deploy"),
                                  slice_of("glpat-AAAABBBBCCCCDDDDEEEE"), 119, 0, false, false};

    world = world_new(1 << 30, 600);
    token = world_mint(world, &password, "gitlab");
    gitlab_token = world_mint(world, &access, "gitlab");
}

static void tear_down(void)
{
    world_free(world);
}

static void look(const struct observation *observation)
{
    uint64_t opened = world->observer.recogniser.opened;

    ck_assert_int_eq(recognise(&world->observer.recogniser, observation, &seen, &world->error), 0);
    ck_assert_uint_ge(world->observer.recogniser.opened, opened + 1);
}

static const struct match *only(enum grade grade, int64_t number)
{
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(seen.matches[0].grade, grade);
    ck_assert_int_eq(seen.matches[0].token, number);
    return &seen.matches[0];
}

static void look_login(const char *identity, const char *secret)
{
    struct login login = {identity, secret};
    struct observation observation = world_login(&login, "203.0.113.5", WORLD_NOW);

    look(&observation);
}

/* With more than a roster takes, so that the ledger itself is asked. */
static void set_up_many(void)
{
    char sql[256];

    set_up();
    (void)snprintf(sql, sizeof sql, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= %d)"
                   " INSERT INTO secret_index SELECT randomblob(16), 1, 2, 1 FROM n", ROSTER_DIGESTS);
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, sql, NULL, NULL, NULL), SQLITE_OK);
    look_login("nobody", "wrong");
    ck_assert(!world->observer.recogniser.roster.complete);
}

START_TEST(grades_the_secret)
{
    look_login(IDENTITY, SECRET);
    ck_assert_int_eq(only(GRADE_SECRET, token)->reasons, 0);
    ck_assert_int_eq(seen.matches[0].part, CANDIDATE_SECRET);
    ck_assert_int_eq(seen.matches[0].candidate, 1);
    look_login("CORP\\" IDENTITY, SECRET);
    only(GRADE_SECRET, token);
    look_login("SVC-Ostrava-7q@corp.example", SECRET "\n");
    only(GRADE_SECRET, token);
}
END_TEST

START_TEST(grades_a_bound_secret_elsewhere)
{
    struct observation alone = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    look_login("root", SECRET);
    ck_assert_int_eq(only(GRADE_SECRET_ELSEWHERE, token)->reasons, MATCH_OTHER_IDENTITY);
    world_present(&alone, CANDIDATE_EITHER, 0, SECRET);
    look(&alone);
    ck_assert_int_eq(only(GRADE_SECRET_ELSEWHERE, token)->reasons, MATCH_NO_IDENTITY);
}
END_TEST

START_TEST(grades_another_decoy)
{
    struct login login = {IDENTITY, SECRET};
    struct observation observation = world_login(&login, "203.0.113.5", WORLD_NOW);

    observation.decoy = slice_of("ldap");
    look(&observation);
    ck_assert_int_eq(only(GRADE_SECRET_ELSEWHERE, token)->reasons, MATCH_OTHER_DECOY);
}
END_TEST

START_TEST(grades_an_unbound_secret_with_any_identity)
{
    struct observation alone = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    look_login("oauth2", "glpat-AAAABBBBCCCCDDDDEEEE");
    only(GRADE_SECRET, gitlab_token);
    world_present(&alone, CANDIDATE_SECRET, 0, "glpat-AAAABBBBCCCCDDDDEEEE");
    look(&alone);
    only(GRADE_SECRET, gitlab_token);
}
END_TEST

START_TEST(grades_the_identity_with_how_near)
{
    look_login(IDENTITY, "Kx7-vale.harbour-92");
    ck_assert_int_eq(only(GRADE_IDENTITY, token)->reasons, MATCH_NEAR);
    ck_assert_int_eq(seen.matches[0].distance, 1);
    ck_assert_int_eq(seen.matches[0].length, strlen(SECRET));
    ck_assert_int_eq(seen.matches[0].part, CANDIDATE_IDENTITY);
    look_login(IDENTITY, "x");
    ck_assert_int_eq(only(GRADE_IDENTITY, token)->distance, strlen(SECRET) - 1);
    look_login(IDENTITY, NULL);
    ck_assert_int_eq(only(GRADE_IDENTITY, token)->reasons, 0);
}
END_TEST

START_TEST(common_identities_are_noise)
{
    look_login("deploy", "wrong");
    ck_assert_uint_eq(seen.count, 0);
    look_login("nobody-we-know", "wrong");
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

START_TEST(pairs_are_kept_apart)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

    world_present(&observation, CANDIDATE_IDENTITY, 1, IDENTITY);
    world_present(&observation, CANDIDATE_SECRET, 1, "wrong");
    world_present(&observation, CANDIDATE_IDENTITY, 2, "root");
    world_present(&observation, CANDIDATE_SECRET, 2, SECRET);
    look(&observation);
    ck_assert_int_eq(only(GRADE_SECRET_ELSEWHERE, token)->reasons, MATCH_OTHER_IDENTITY);
    ck_assert_int_eq(seen.matches[0].candidate, 3);
}
END_TEST

START_TEST(sees_several_tokens)
{
    struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    unsigned char packed[MATCHED_BYTES];
    struct match matches[MATCHES];

    world_present(&observation, CANDIDATE_SECRET, 0, "glpat-AAAABBBBCCCCDDDDEEEE");
    world_present(&observation, CANDIDATE_IDENTITY, 2, IDENTITY);
    world_present(&observation, CANDIDATE_SECRET, 2, SECRET);
    look(&observation);
    ck_assert_uint_eq(seen.count, 2);
    recognition_pack(&seen, packed);
    ck_assert_uint_eq(recognition_unpack((struct slice){packed, sizeof packed}, matches), 2);
    ck_assert_int_eq(matches[0].token, gitlab_token);
    ck_assert_int_eq(matches[1].token, token);
    ck_assert_int_eq(matches[1].grade, GRADE_SECRET);
}
END_TEST

static int64_t mint_with_facts(struct buffer *facts)
{
    struct token_result key = {.kind = slice_of("ssh-key"), .form = slice_of("ed25519"),
                               .identity = slice_of("svc-brno-4d"), .secret = slice_of("-----BEGIN x-----"),
                               .secret_bits = 128, .distinctive = true};

    buffer_init(facts, FACTS_BYTES);
    fact_add(facts, FACT_PLAIN, "comment", slice_of("svc@brno-comment"));
    fact_add(facts, FACT_PUBLIC, "fingerprint", slice_of("9f86d081884c7d65"));
    fact_add(facts, FACT_IDENTITY, "realm", slice_of("r-Ostrava77"));
    fact_add(facts, FACT_SECRET, "encrypted", slice_of("-----BEGIN y-----"));
    fact_add(facts, FACT_ADDRESS, "slug", slice_of("Xk29vbn3"));
    key.facts = buffer_slice(facts);
    return world_mint(world, &key, "");
}

START_TEST(facts_are_recognised_by_their_role)
{
    static const struct {
        uint8_t part;
        const char *value;
        enum grade grade;
    } cases[] = {
        {CANDIDATE_PUBLIC, "9f86d081884c7d65", GRADE_KEY_OFFERED},
        {CANDIDATE_EITHER, "r-ostrava77", GRADE_IDENTITY},
        {CANDIDATE_SECRET, "-----BEGIN y-----", GRADE_SECRET},
        {CANDIDATE_SECRET, "-----BEGIN x-----", GRADE_SECRET},
        {CANDIDATE_EITHER, "Xk29vbn3", GRADE_BEACON},
        {CANDIDATE_EITHER, "9f86d081884c7d65", GRADE_NOISE},
        {CANDIDATE_EITHER, "svc@brno-comment", GRADE_NOISE},
        {CANDIDATE_PUBLIC, "-----BEGIN x-----", GRADE_NOISE},
    };
    struct buffer facts;
    int64_t number = mint_with_facts(&facts);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

        world_present(&observation, cases[i].part, 0, cases[i].value);
        look(&observation);
        if (cases[i].grade == GRADE_NOISE)
            ck_assert_uint_eq(seen.count, 0);
        else
            only(cases[i].grade, number);
    }
    buffer_free(&facts);
}
END_TEST

/* Several of one token: the surest counts. */
START_TEST(the_surest_of_a_tokens_facts_counts)
{
    static const char *const values[] = {"Xk29vbn3", "svc-brno-4d", "9f86d081884c7d65", "-----BEGIN y-----"};
    static const uint8_t parts[] = {CANDIDATE_EITHER, CANDIDATE_IDENTITY, CANDIDATE_PUBLIC, CANDIDATE_SECRET};
    static const enum grade grades[] = {GRADE_BEACON, GRADE_IDENTITY, GRADE_KEY_OFFERED, GRADE_SECRET};
    unsigned char packed[MATCHED_BYTES];
    struct match matches[MATCHES];
    struct buffer facts;
    int64_t number = mint_with_facts(&facts);

    for (size_t many = 1; many <= 4; many++) {
        struct observation observation = world_observation("gitlab", "203.0.113.5", WORLD_NOW);

        for (size_t i = 0; i < many; i++)
            world_present(&observation, parts[i], 0, values[i]);
        look(&observation);
        only(grades[many - 1], number);
        recognition_pack(&seen, packed);
        ck_assert_uint_eq(recognition_unpack((struct slice){packed, sizeof packed}, matches), 1);
        ck_assert_int_eq(matches[0].grade, grades[many - 1]);
    }
    buffer_free(&facts);
}
END_TEST

START_TEST(former_secrets_are_known)
{
    struct digest digest = keyring_digest(&world->keyring, DIGEST_SECRET, slice_of("the-one-before"));

    ck_assert_int_eq(pending_add(&world->ledger, &digest, token, PART_FORMER, &world->error), 0);
    look_login(IDENTITY, "the-one-before");
    ck_assert_int_eq(only(GRADE_SECRET, token)->reasons, MATCH_FORMER);
}
END_TEST

#define LONG_IDENTITY "svc-longer-8m"
#define LONG_SECRET                                                                                                    \
    "a-secret-that-is-longer-than-what-is-opened-of-each-token-when-it-is-compared-with-what-somebody-presents"

START_TEST(the_work_is_the_same)
{
    uint64_t before;
    int i;

    static const struct login logins[] = {
        {IDENTITY, SECRET}, {IDENTITY, "wrong"}, {"nobody", "wrong"}, {"root", SECRET}, {"deploy", "x"},
        {LONG_IDENTITY, LONG_SECRET}, {"nobody", LONG_SECRET}};
    struct token_result longer = world_password(LONG_IDENTITY, LONG_SECRET);

    world_mint(world, &longer, "gitlab");
    for (i = 0; i < 7; i++) {
        before = world->observer.recogniser.opened;
        look_login(logins[i].identity, logins[i].secret);
        ck_assert_uint_eq(world->observer.recogniser.opened, before + 1);
    }
}
END_TEST

static void fill(int rows)
{
    int more;

    while ((more = recogniser_fill(&world->observer.recogniser, rows, &world->error)) == 1)
        ;
    ck_assert_int_eq(more, 0);
    ck_assert(world->ledger.fingerprints.complete && !fingerprints_wanting(&world->ledger.fingerprints));
}

/* With all of them in the table of fingerprints. */
static void set_up_filled(void)
{
    set_up_many();
    fill(1000);
}

START_TEST(filling_changes_nothing)
{
    fill(2);
    look_login(IDENTITY, SECRET);
    only(GRADE_SECRET, token);
    look_login(IDENTITY, "wrong");
    only(GRADE_IDENTITY, token);
    look_login("nobody", "wrong");
    ck_assert_uint_eq(seen.count, 0);
    {
        struct token_result later = world_password("later", "Later-secret-1");
        int64_t number = world_mint(world, &later, "gitlab");

        look_login("later", "Later-secret-1");
        only(GRADE_SECRET, number);
    }
}
END_TEST

/* Whether the table met them as they were minted or in its scan. */
START_TEST(the_newest_bears_what_several_bear)
{
    struct token_result one = world_password("svc-shared-3k", "First-secret-1"),
                        other = world_password("svc-shared-3k", "Second-secret-2");
    int64_t first = world_mint(world, &one, "gitlab"), second = world_mint(world, &other, "gitlab");

    for (int i = 0; i < 2; i++) {
        look_login("svc-shared-3k", "wrong");
        only(GRADE_IDENTITY, second);
        look_login("svc-shared-3k", "First-secret-1");
        only(GRADE_SECRET, first);
        look_login("svc-shared-3k", "Second-secret-2");
        only(GRADE_SECRET, second);
        fingerprints_close(&world->ledger.fingerprints);
        fill(1);
    }
}
END_TEST

START_TEST(long_secrets_are_known_whole)
{
    char secret[2 * RECOGNISE_DISTANCE + 1], wrong[sizeof secret];
    struct token_result result;
    int64_t number;

    memset(secret, 's', sizeof secret);
    secret[sizeof secret - 1] = '\0';
    memcpy(wrong, secret, sizeof wrong);
    wrong[sizeof wrong - 2] = 'x';
    result = world_password("svc-long-4k", secret);
    number = world_mint(world, &result, "gitlab");
    look_login("svc-long-4k", secret);
    only(GRADE_SECRET, number);
    look_login("svc-long-4k", wrong);
    only(GRADE_IDENTITY, number);
}
END_TEST

START_TEST(what_is_rolled_back_is_nobodys)
{
    struct token_result never = world_password("svc-never-5k", "Never-secret-1"),
                        then = world_password("svc-then-6k", "Then-secret-2");
    struct token_details details = {.id = id_random(), .decoy = slice_of("gitlab"), .minted = WORLD_NOW};
    int64_t number;

    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    ck_assert_int_eq(token_insert(&world->ledger, &world->keyring, &never, &details, &number, &world->error), 0);
    ledger_rollback(&world->ledger);
    ck_assert_int_eq(world_mint(world, &then, "gitlab"), number);
    look_login("svc-never-5k", "Never-secret-1");
    ck_assert_uint_eq(seen.count, 0);
    look_login("svc-then-6k", "Then-secret-2");
    only(GRADE_SECRET, number);
}
END_TEST

START_TEST(fingerprints_are_taken_anew_when_crowded)
{
    char identity[32], secret[32];
    int i;

    fill(100);
    for (i = 0; i < 6000 || !fingerprints_crowded(&world->ledger.fingerprints); i++) {
        snprintf(identity, sizeof identity, "person-%d", i);
        snprintf(secret, sizeof secret, "secret-%d", i);
        if (i < 6) {
            struct token_result more = world_password(identity, secret);

            world_mint(world, &more, "gitlab");
        } else {
            struct digest digest = keyring_digest(&world->keyring, DIGEST_SECRET, slice_of(secret));

            fingerprints_add(&world->ledger.fingerprints, &digest, i, PART_SECRET);
        }
    }
    fill(3);
    look_login("person-3", "secret-3");
    ck_assert_uint_eq(seen.count, 1);
    look_login("person-100", "secret-100");
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* The plain dynamic programme, to compare with. */
static unsigned slow_distance(struct slice a, struct slice b)
{
    unsigned row[256], i, k, diagonal, before;

    for (k = 0; k <= b.length; k++)
        row[k] = k;
    for (i = 1; i <= a.length; i++) {
        diagonal = row[0];
        row[0] = i;
        for (k = 1; k <= b.length; k++) {
            unsigned change = diagonal + (a.data[i - 1] != b.data[k - 1]);

            before = row[k];
            row[k] = change;
            if (before + 1 < row[k])
                row[k] = before + 1;
            if (row[k - 1] + 1 < row[k])
                row[k] = row[k - 1] + 1;
            diagonal = before;
        }
    }
    return row[b.length];
}

START_TEST(distances_are_right)
{
    unsigned char a[64], b[64];
    uint32_t state = 1;
    int i, k;

    ck_assert_uint_eq(edit_distance(slice_of("kitten"), slice_of("sitting")), 3);
    ck_assert_uint_eq(edit_distance(SLICE_NONE, slice_of("abc")), 3);
    ck_assert_uint_eq(edit_distance(slice_of("abc"), SLICE_NONE), 3);
    for (i = 0; i < 2000; i++) {
        for (k = 0; k < 64; k++) {
            state = state * 1664525 + 1013904223;
            a[k] = (unsigned char)('a' + (state >> 24) % 4);
            b[k] = (unsigned char)('a' + (state >> 16) % 4);
        }
        struct slice one = {a, (state >> 8) % 65}, other = {b, (state >> 3) % 65};

        ck_assert_uint_eq(edit_distance(one, other), slow_distance(one, other));
    }
}
END_TEST

static TCase *with(const char *name, void (*begin)(void))
{
    TCase *t = tcase_create(name);

    tcase_add_checked_fixture(t, begin, tear_down);
    tcase_add_test(t, grades_the_secret);
    tcase_add_test(t, grades_a_bound_secret_elsewhere);
    tcase_add_test(t, grades_another_decoy);
    tcase_add_test(t, grades_an_unbound_secret_with_any_identity);
    tcase_add_test(t, grades_the_identity_with_how_near);
    tcase_add_test(t, common_identities_are_noise);
    tcase_add_test(t, pairs_are_kept_apart);
    tcase_add_test(t, sees_several_tokens);
    tcase_add_test(t, facts_are_recognised_by_their_role);
    tcase_add_test(t, the_surest_of_a_tokens_facts_counts);
    tcase_add_test(t, former_secrets_are_known);
    tcase_add_test(t, the_work_is_the_same);
    tcase_add_test(t, filling_changes_nothing);
    tcase_add_test(t, the_newest_bears_what_several_bear);
    tcase_add_test(t, long_secrets_are_known_whole);
    tcase_add_test(t, what_is_rolled_back_is_nobodys);
    tcase_add_test(t, fingerprints_are_taken_anew_when_crowded);
    tcase_add_test(t, distances_are_right);
    return t;
}

static Suite *suite(void)
{
    Suite *s = suite_create("recognise");

    suite_add_tcase(s, with("few", set_up));
    suite_add_tcase(s, with("many", set_up_many));
    suite_add_tcase(s, with("filled", set_up_filled));
    return s;
}

TEST_MAIN(suite)
