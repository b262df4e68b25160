/* SPDX-License-Identifier: ISC
 *
 * The linter on commits, as a planter shows them; with git itself: tests/scenarios/lure_commits.test. 10 November 2026 is
 * a Tuesday. */
#include "tests/minter/lint_told.h"

#define MADE 1794301953 /* 10 November 2026, 10:12:33 in Paris */
#define DAY 86400
#define NOW (MADE + 7 * DAY)

static json_t *person(const char *mail, int64_t time, int offset)
{
    return json_pack("{s:s, s:s, s:I, s:i}", "name", "Ann", "mail", mail, "time", (json_int_t)time, "offset", offset);
}

static void set_style(json_t *row, const char *prefix, bool capital)
{
    json_object_set_new(row, "prefix", json_string(prefix));
    json_object_set_new(row, "capital", json_boolean(capital));
    json_object_set_new(row, "stop", json_false());
    json_object_set_new(row, "signs", json_false());
    json_object_set_new(row, "change_id", json_false());
}

/* `count` commits of two people, day by day before, one in ten at night. */
static json_t *history_of(int count, bool nights)
{
    json_t *rows = json_array(), *row;

    for (int i = 0; i < count; i++) {
        row = person(i % 2 ? "ann@b.net" : "bob@b.net", MADE - 7 * DAY * (i + 1) - (nights && i % 5 == 0 ? 8 * 3600 : 0), 60);
        set_style(row, "bare", true);
        json_object_set_new(row, "length", json_integer(20));
        json_array_append_new(rows, row);
    }
    return rows;
}

struct sample {
    const char *rule; /* "": nothing is found */
    int history;
    bool nights;
    const char *mail, *message, *prefix, *added;
    int64_t written, made, parent; /* seconds from MADE on */
    int offset;
};

static void add(struct lint *lint, const char *name, const struct sample *sample)
{
    const struct lint_source source = {name, name, NULL, 0};
    json_t *row = json_pack("{s:s, s:s, s:o, s:o, s:I, s:s}", "id", "0123456789abcdef", "message", sample->message, "author",
                            person(sample->mail, MADE + sample->written, sample->offset), "committer",
                            person(sample->mail, MADE + sample->made, sample->offset), "parent",
                            (json_int_t)(MADE + sample->parent), "added", sample->added),
           *change;
    struct error error;
    char *text;

    set_style(row, sample->prefix, true);
    change = json_pack("{s:[o], s:o}", "commits", row, "history", history_of(sample->history, sample->nights));
    text = json_dumps(change, 0);
    ck_assert_msg(lint_add_change(lint, &source, slice_of(text), &error) == 0, "%s", error.text);
    free(text);
    json_decref(change);
}

static void judge(const struct sample *samples, size_t count)
{
    tell(json_pack("{ss s[s]}", "domain", "corp.marais.internal", "hosts", "git.corp.marais.internal"), NOW, 'c', samples,
         sizeof *samples, count, add);
}

static const struct sample samples[] = {
    {"", 20, false, "ann@b.net", "Tidy up\n", "bare", "A = 1\n", 0, 0, -DAY, 60},
    {"rest", 20, false, "ann@b.net", "Tidy up\n", "bare", "", -2 * DAY, -2 * DAY, -3 * DAY, 60},
    {"rest", 20, false, "ann@b.net", "Tidy up\n", "bare", "", -8 * 3600, -8 * 3600, -DAY, 60},
    {"", 20, true, "ann@b.net", "Tidy up\n", "bare", "", -8 * 3600, -8 * 3600, -DAY, 60},
    {"future", 20, false, "ann@b.net", "Tidy up\n", "bare", "", 8 * DAY, 8 * DAY, 0, 60},
    {"parent", 20, false, "ann@b.net", "Tidy up\n", "bare", "", 0, 0, DAY, 60},
    {"parent", 20, false, "ann@b.net", "Tidy up\n", "bare", "", 3600, 0, -DAY, 60},
    {"", 20, false, "ann@b.net", "Tidy up\n", "bare", "", -4 * DAY, 0, -DAY, 60}, /* rebased */
    {"zone", 20, false, "ann@b.net", "Tidy up\n", "bare", "", 0, 0, -DAY, 330},
    {"", 20, false, "ann@b.net", "Tidy up\n", "bare", "", 0, 0, -DAY, 120},
    {"stranger", 20, false, "eve@b.net", "Tidy up\n", "bare", "", 0, 0, -DAY, 60},
    {"", 2, false, "eve@b.net", "Tidy up\n", "bare", "", 0, 0, -DAY, 60},
    {"style", 20, false, "ann@b.net", "ci: Tidy up\n", "area", "", 0, 0, -DAY, 60},
    {"", 5, false, "ann@b.net", "ci: Tidy up\n", "area", "", 0, 0, -DAY, 60},
    {"marker", 20, false, "ann@b.net", "Tidy up\n", "bare", "A = 1 # nosec\n", 0, 0, -DAY, 60},
    {"word", 20, false, "ann@b.net", "Tidy up\n", "bare", "  password: Abc3Example9Xy\n", 0, 0, -DAY, 60},
    {"", 20, false, "ann@b.net", "Tidy up\n", "bare", "  test = makeTestCase1(Example2)\n", 0, 0, -DAY, 60},
    {"link", 20, false, "ann@b.net", "Tidy up\n", "bare", "u: https://a:b@git.elsewhere.net/x https://c.net\n", 0, 0, -DAY, 60},
    {"link", 20, false, "ann@b.net", "Tidy up\n", "bare", "u: https://wiki.corp.marais.internal/x\n", 0, 0, -DAY, 60},
    {"", 20, false, "ann@b.net", "Tidy up\n", "bare", "u: https://a:b@git.corp.marais.internal/x https://c.net\n", 0, 0,
     -DAY, 60},
};

START_TEST(a_commit_is_looked_at)
{
    const char *rule = samples[_i].rule;

    judge(&samples[_i], 1);
    ck_assert_msg(rule[0] == '\0' ? told[0] == '\0' : strncmp(told, rule, strlen(rule)) == 0, "%d, %s: %s", _i, rule, told);
    ck_assert_msg(rule[0] == '\0' || strchr(told, '\n')[1] == '\0', "more than one: %s", told);
}
END_TEST

START_TEST(a_sentence_in_two_changes_is_found)
{
    struct sample one = samples[0], other = samples[0];

    one.added = "x = 1\n    # Whoever runs this at night is to tell the desk before.\n";
    other.added = "// Whoever runs this at night is to tell the desk before.\n";
    judge((struct sample[]){one, other}, 2);
    ck_assert_msg(strncmp(told, "repeated c1: it says \"Whoever runs", 34) == 0, "%s", told);
    other.added = "// Whoever reads this at noon is to ask the doorman before that.\n";
    judge((struct sample[]){one, other}, 2);
    ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(what_is_no_change_is_told)
{
    const struct lint_source source = {"git:/r", "git:/r", NULL, 0};
    json_t *world = json_object();
    struct error error;
    struct lint lint;

    lint_init(&lint, world, NOW);
    ck_assert_int_eq(lint_add_change(&lint, &source, slice_of("tree 1"), &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "git:/r is no change"));
    lint_free(&lint);
    json_decref(world);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("lint_commit");
    TCase *tcase = tcase_create("all");

    tcase_add_loop_test(tcase, a_commit_is_looked_at, 0, sizeof samples / sizeof *samples);
    tcase_add_test(tcase, a_sentence_in_two_changes_is_found);
    tcase_add_test(tcase, what_is_no_change_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
