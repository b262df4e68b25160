/* SPDX-License-Identifier: ISC
 *
 * What a rotation exchanges in a repository's file. */
#include "tests/minter/jobs.h"
#include "tests/test.h"

static struct jobs jobs;

static void setup(void)
{
    jobs_open(&jobs);
    jobs_personas(&jobs);
}

static void teardown(void)
{
    jobs_close(&jobs);
}

static json_t *parameters(const char *identity, const char *secret, int french)
{
    return json_pack("{ss ss ss ss ss sO so}", "kind", "password", "form", "human", "identity", identity, "secret", secret,
                     "place", "git", "persona", jobs.personas[french], "decoy", jobs_decoy("http", 21001, true));
}

static json_t *with(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
    return object;
}

/* Which former text and which new one the rotation exchanges first for the index-th text; NULL: no such. */
static const char *rotation_text(const json_t *meta, size_t index, size_t side)
{
    const json_t *texts = json_object_get(json_object_get(meta, "rotation"), "texts");
    const json_t *pair = json_array_get(json_array_get(texts, index), 0);

    return pair != NULL ? jobs_text(&jobs, "file", json_string_value(json_array_get(pair, side))) : NULL;
}

START_TEST(a_former_secret_is_spelled_as_its_file_spells_it)
{
    static const struct {
        const char *lure, *identity, *latter_identity, *former, *latter, *old, *new;
    } cases[] = {
        {"deploy-env", "ada", "ada", "o'ld secret", "New$ecret1", "'o'\\''ld secret'", "'New$ecret1'"},
        {"deploy-env", "ada", "ada", "plain-old", "N w", "plain-old", "'N w'"},
        {"group-vars", "ada", "ada", "o\"ld", "n'ew secret", "o\\\"ld", "n'ew secret"},
        {"ci-remote", "ada", "ada", "old/secret", "new@secret", "old%2Fsecret", "new%40secret"},
        {"deploy-env", "ada", "bob", "old-secret", "new-secret", NULL, NULL}, /* "ada" may stand for more */
        {"vault-file", "ada", "ada", "old-secret", "new-secret", NULL, NULL},
    };
    json_t *job, *meta;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int french = 0; french < 2; french++) {
            job = with(parameters(cases[i].latter_identity, cases[i].latter, french), "lure",
                       cases[i].lure);
            json_object_set_new(job, "former",
                                json_pack("{ss ss}", "identity", cases[i].identity, "secret", cases[i].former));
            ck_assert_msg(jobs_run(&jobs, "lure", job) == 0, "%s: %s", cases[i].lure, jobs.error.text);
            meta = jobs_json(&jobs, "meta");
            if (cases[i].old == NULL) {
                ck_assert_ptr_null(json_object_get(meta, "rotation"));
            } else {
                ck_assert_str_eq(rotation_text(meta, 0, 0), cases[i].old);
                ck_assert_str_eq(rotation_text(meta, 0, 1), cases[i].new);
                ck_assert_ptr_null(rotation_text(meta, 1, 0));
                ck_assert_uint_gt(strlen(json_string_value(json_object_get(json_object_get(meta, "rotation"), "message"))), 5);
            }
            json_decref(meta);
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("rotation");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_former_secret_is_spelled_as_its_file_spells_it);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
