/* SPDX-License-Identifier: ISC
 *
 * Which uses are drills: those that equal an announcement in everything, once, and in time. */
#include <stdlib.h>
#include "server/keeper/drills.h"
#include "tests/test.h"

#define NOW 1000000

struct use {
    int64_t token;
    const char *decoy;
    unsigned char source; /* last byte of the address */
    uint16_t port, local_port;
};

static const struct use announced = {7, "gitlab", 1, 40000, 443};

static void announce(struct drills *drills, const struct use *use)
{
    struct drill drill = {.token = use->token, .port = use->port, .local_port = use->local_port};
    struct error error;

    snprintf(drill.decoy, sizeof drill.decoy, "%s", use->decoy);
    drill.source.bytes[15] = use->source;
    ck_assert_int_eq(drills_announce(drills, &drill, NOW, &error), 0);
}

/* Is that use taken for a drill? */
static bool is_drill(struct drills *drills, const struct use *use, unsigned char id, int64_t now)
{
    struct observation *observation = calloc(1, sizeof *observation);
    struct recognition *recognition = calloc(1, sizeof *recognition);
    bool marked;

    observation->id.bytes[0] = id;
    observation->decoy = slice_of(use->decoy);
    observation->source.bytes[15] = use->source;
    observation->source_port = use->port;
    observation->local_port = use->local_port;
    recognition->count = 2;
    recognition->matches[0].token = 3; /* another one, in the same request */
    recognition->matches[1].token = use->token;
    drills_mark(drills, observation, now, recognition);
    ck_assert_int_eq(recognition->matches[0].reasons, 0);
    marked = recognition->matches[1].reasons == MATCH_DRILL;
    free(observation);
    free(recognition);
    return marked;
}

START_TEST(only_what_equals_its_announcement)
{
    static const struct use others[] = {{8, "gitlab", 1, 40000, 443}, {7, "ldap", 1, 40000, 443},
                                        {7, "gitlab", 2, 40000, 443}, {7, "gitlab", 1, 40001, 443},
                                        {7, "gitlab", 1, 40000, 80},  {7, "gitla", 1, 40000, 443}};
    struct drills drills = {.count = 0};

    ck_assert(!is_drill(&drills, &announced, 1, NOW));
    announce(&drills, &announced);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!is_drill(&drills, &others[i], 1, NOW), "use %zu", i);
    ck_assert(is_drill(&drills, &announced, 1, NOW));
}
END_TEST

START_TEST(once_but_for_the_same_observation)
{
    struct drills drills = {.count = 0};

    announce(&drills, &announced);
    ck_assert(is_drill(&drills, &announced, 1, NOW));
    ck_assert(is_drill(&drills, &announced, 1, NOW + 1)); /* its transaction is tried again */
    ck_assert(!is_drill(&drills, &announced, 2, NOW + 1));
    announce(&drills, &announced);
    ck_assert(is_drill(&drills, &announced, 3, NOW + 1));
}
END_TEST

START_TEST(in_time)
{
    struct drills drills = {.count = 0};

    announce(&drills, &announced);
    ck_assert(!is_drill(&drills, &announced, 1, NOW + DRILLS_US));
    ck_assert(is_drill(&drills, &announced, 1, NOW + DRILLS_US - 1));
}
END_TEST

START_TEST(so_many_at_once)
{
    struct drills drills = {.count = 0};
    struct drill drill = {.token = 1};
    struct error error = {""};

    for (int i = 0; i < DRILLS; i++)
        ck_assert_int_eq(drills_announce(&drills, &drill, NOW, &error), 0);
    ck_assert_int_eq(drills_announce(&drills, &drill, NOW, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "try again"));
    ck_assert_int_eq(drills_announce(&drills, &drill, NOW + DRILLS_US, &error), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("drills");
    TCase *tests = tcase_create("drills");

    tcase_add_test(tests, only_what_equals_its_announcement);
    tcase_add_test(tests, once_but_for_the_same_observation);
    tcase_add_test(tests, in_time);
    tcase_add_test(tests, so_many_at_once);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
