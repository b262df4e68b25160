/* SPDX-License-Identifier: ISC
 *
 * Repositories whose people write in different ways, and what a lure's commits then look like. */
#include <stdlib.h>
#include <time.h>
#include "server/planter/manner.h"
#include "server/planter/repository.h"
#include "tests/planter/lure.h"

static char dir[64];
static git_repository *git;
static git_commit *tip;
static struct manner manner;

static void setup(void)
{
    struct error error;

    ck_assert_int_eq(repository_library(&error), 0);
    snprintf(dir, sizeof(dir), "/tmp/sundew-manner-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(git_repository_init(&git, dir, 1), 0);
}

static void teardown(void)
{
    manner_free(&manner);
    git_commit_free(tip);
    tip = NULL;
    git_repository_free(git);
    lure_remove_tree(dir);
}

static void commit(const char *name, const char *mail, const char *message, int i)
{
    const git_commit *parents[] = {tip};
    git_treebuilder *builder = NULL;
    git_signature *who = NULL;
    git_tree *tree = NULL;
    git_oid id;

    ck_assert_int_eq(git_treebuilder_new(&builder, git, NULL), 0);
    ck_assert_int_eq(git_treebuilder_write(&id, builder), 0);
    ck_assert_int_eq(git_tree_lookup(&tree, git, &id), 0);
    ck_assert_int_eq(git_signature_new(&who, name, mail, 1780000000 + i * 3600, 120), 0);
    ck_assert_int_eq(
        git_commit_create(&id, git, "refs/heads/main", who, who, NULL, message, tree, tip != NULL, parents), 0);
    git_signature_free(who);
    git_tree_free(tree);
    git_treebuilder_free(builder);
    git_commit_free(tip);
    ck_assert_int_eq(git_commit_lookup(&tip, git, &id), 0);
}

static const struct {
    const char *log[4];
    const char *wanted;
} styles[] = {
    {{"Fix the build\n", "Add a test for dates\n\nThey were wrong in winter.\n", "Update dependencies\n", NULL},
     "Push tags\n\nBecause.\n"},
    {{"fix the build\n", "more tests\n", "wip\n", NULL}, "push tags\n"},
    {{"feat: add search\n", "fix(api): handle null\n", "chore: bump deps\n", NULL}, "ci: push tags\n"},
    {{"parser: handle nesting\n", "net: Close on error\n", "ci: Cache packages\n", NULL}, "ci: Push tags\n"},
    {{"[web] Fix the menu\n", "[api] Add paging\n", "[api] Return 404\n", NULL}, "[ci] Push tags\n"},
    {{"Fix it.\n", "Add it.\n", "Move it.\n", NULL}, "Push tags.\n"},
    {{"core: fix\n\nSigned-off-by: A <a@x>\n", "core: add\n\nSigned-off-by: A <a@x>\n",
      "doc: say\n\nSigned-off-by: A <a@x>\n", NULL},
     "ci: push tags\n\nSigned-off-by: Zoe <z@x>\n"},
    {{"fix(", "fix(", "fix(", NULL}, "push tags\n"}, /* nothing closes it */
    {{"feat: ein\n", NULL}, "Push tags\n\nBecause.\n"},
};

START_TEST(messages_are_written_as_the_others)
{
    struct buffer out;

    for (int i = 0; styles[_i].log[i] != NULL; i++)
        commit("A", "a@x", styles[_i].log[i], i);
    manner_learn(git, tip, &manner);
    buffer_init(&out, 4096);
    manner_message(&manner, "push tags\n\nBecause.\n", "ci", "Zoe <z@x>", &out);
    ck_assert_str_eq(buffer_text(&out), styles[_i].wanted);
    buffer_free(&out);
}
END_TEST

static void apply(struct changes *changes, struct buffer store[CHANGES])
{
    *changes = (struct changes){.count = 2};
    for (size_t i = 0; i < 2; i++) {
        changes->list[i] = (struct change){.message = "push tags\n", .name = "Stranger", .mail = "s@x", .area = "ci"};
        buffer_init(&store[i], 4096);
    }
    manner_learn(git, tip, &manner);
    manner_apply(&manner, changes, store);
}

START_TEST(authors_are_of_the_house)
{
    struct buffer store[CHANGES];
    struct changes changes;

    for (int i = 0; i < 6; i++)
        commit(i % 2 ? "Ann" : "Bo", i % 2 ? "ann@x" : "bo@x", "Fix the build\n", i);
    for (int i = 6; i < 60; i++)
        commit("renovate[bot]", "bot@renovate.x", "chore(deps): bump\n", i);
    apply(&changes, store);
    ck_assert(strcmp(changes.list[0].mail, "ann@x") == 0 || strcmp(changes.list[0].mail, "bo@x") == 0);
    ck_assert_str_eq(changes.list[0].mail, changes.list[1].mail);
    ck_assert_int_eq(changes.list[0].offset, 120);
    ck_assert_str_eq(changes.list[0].message, "Push tags\n");
    for (size_t i = 0; i < 2; i++)
        buffer_free(&store[i]);
}
END_TEST

/* Who keeps an address to himself, or is called like a program, is a person all the same. */
START_TEST(machines_are_told_from_people)
{
    static const char *const people[][2] = {{"octo", "4711+octo@users.noreply.github.com"},
                                            {"Tom Jenkins", "tom.jenkins@x"},
                                            {"Ann Talbot", "talbot@x"},
                                            {"Jean-Bottin", "jean-bottin@x"},
                                            {"Abbot", "abbot@noreply.git.x"}};
    static const char *const machines[][2] = {{"dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"},
                                              {"GitHub", "noreply@github.com"},
                                              {"Jenkins", "ci@x"},
                                              {"Build", "jenkins@x"},
                                              {"release-bot", "release@x"},
                                              {"Renovate Bot", "renovate@x"},
                                              {"CI", "no-reply@x"}};
    char message[] = "x";

    manner_begin(&manner);
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        manner_add(&manner, &(struct manner_commit){.message = message, .name = (char *)(uintptr_t)people[i][0],
                                                    .mail = (char *)(uintptr_t)people[i][1]});
        ck_assert_msg(manner.count == i + 1, "%s is no machine", people[i][1]);
    }
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        manner_add(&manner, &(struct manner_commit){.message = message, .name = (char *)(uintptr_t)machines[i][0],
                                                    .mail = (char *)(uintptr_t)machines[i][1]});
        ck_assert_msg(manner.count == sizeof(people) / sizeof(people[0]), "%s is a machine", machines[i][1]);
    }
}
END_TEST

static int hour_of(const struct change *change)
{
    return (int)((change->time_s + change->offset * 60) % 86400 / 3600);
}

/* What was drawn for ten and eleven in the house's morning is committed then where its author lives. */
START_TEST(people_elsewhere_work_by_their_own_day)
{
    static const int offsets[] = {-480, -180, 0, 60, 330, 540, 780};
    const int64_t monday = 1780300800; /* 2026-06-01, 08:00 UTC: ten o'clock at +120 */
    const int64_t day = 86400;

    for (size_t i = 0; i < 49; i++) {
        struct changes changes = {.count = 2};
        struct error error;

        for (size_t c = 0; c < 2; c++)
            changes.list[c] = (struct change){.time_s = monday + (int64_t)c * 3600, .drawn = 120,
                                              .offset = offsets[c == 0 ? i % 7 : i / 7]};
        ck_assert_int_eq(changes_date(&changes, monday - 20 * day, monday + 10 * 3600, false, NULL, &error), 0);
        ck_assert_int_eq(hour_of(&changes.list[0]), 10);
        ck_assert_int_eq(hour_of(&changes.list[1]), 11);
        ck_assert_int_le(changes.list[0].time_s, changes.list[1].time_s);
        ck_assert_int_le(changes.list[1].time_s, monday + 10 * 3600);
        ck_assert_int_ge(changes.list[0].time_s, monday - 4 * day);
        for (size_t c = 0; c < 2; c++) {
            time_t local = (time_t)(changes.list[c].time_s + changes.list[c].offset * 60);
            struct tm when;

            ck_assert(gmtime_r(&local, &when)->tm_wday % 6 != 0);
        }
    }
}
END_TEST

/* The operator's own date stays. */
START_TEST(a_date_that_was_asked_for_stays)
{
    struct changes changes = {.count = 1, .list = {{.time_s = 1780300800, .drawn = 120, .offset = -480}}};
    struct error error;

    ck_assert_int_eq(changes_date(&changes, 1780000000, 1780500000, true, NULL, &error), 0);
    ck_assert_int_eq(changes.list[0].time_s, 1780300800);
}
END_TEST

START_TEST(nothing_is_learned_from_nothing)
{
    struct buffer store[CHANGES];
    struct changes changes;

    apply(&changes, store);
    ck_assert_str_eq(changes.list[0].mail, "s@x");
    ck_assert_str_eq(changes.list[0].message, "push tags\n");
    for (size_t i = 0; i < 2; i++)
        buffer_free(&store[i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("planter/manner");
    TCase *tests = tcase_create("manner");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, messages_are_written_as_the_others, 0, sizeof(styles) / sizeof(styles[0]));
    tcase_add_test(tests, authors_are_of_the_house);
    tcase_add_test(tests, machines_are_told_from_people);
    tcase_add_test(tests, people_elsewhere_work_by_their_own_day);
    tcase_add_test(tests, a_date_that_was_asked_for_stays);
    tcase_add_test(tests, nothing_is_learned_from_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
