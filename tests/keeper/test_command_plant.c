/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tests/keeper/operator.h"
#include "tests/test.h"

static struct operator o;
static char *token;

static void with_token(void)
{
    operator_open(&o, true);
    token = operator_mint(&o, "password");
    operator_clear(&o);
}

static void teardown(void)
{
    free(token);
    operator_close(&o);
}

/* The placement of the job that plant answered with; to be freed. */
static char *plant(const char *what, const char *place)
{
    ck_assert_msg(operator_ask(&o, "plant", "token", what, "place", place, NULL) == 0, "%s", o.text);
    ck_assert_uint_ge(o.row_count, 2);
    ck_assert_str_eq(o.rows[0].kind, "job");
    return strdup(operator_text(&o, 0, "placement"));
}

static char *planted(const char *what, const char *place)
{
    char *placement = plant(what, place);

    ck_assert_msg(operator_ask(&o, "planted", "placement", placement, "ok", "true", "where",
                               "{\"mailbox\":\"/m\",\"uid\":17}", "state", "there", "text", "", "digest", "abc123",
                               NULL) == 0, "%s", o.text);
    return placement;
}

START_TEST(plant_gives_job_and_files)
{
    char *placement = NULL;
    const json_t *options;

    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "git:/srv/git/app", "at", "2026-01-02",
                                  "buried", "true", NULL), 0);
    ck_assert_uint_eq(o.row_count, 2);
    ck_assert_str_eq(o.rows[0].kind, "job");
    ck_assert_str_eq(operator_text(&o, 0, "action"), "plant");
    ck_assert_str_eq(operator_text(&o, 0, "place"), "git:/srv/git/app");
    options = json_object_get(o.rows[0].json, "options");
    ck_assert_str_eq(json_string_value(json_object_get(options, "at")), "2026-01-02T00:00:00.000000Z");
    ck_assert(json_is_true(json_object_get(options, "buried")));
    ck_assert(json_is_false(json_object_get(options, "dry_run")));
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(o.rows[0].json, "meta"), "lure")), "onboarding");
    ck_assert_str_eq(o.rows[1].kind, "file");
    ck_assert_str_eq(o.rows[1].name, "0");
    ck_assert_ptr_nonnull(strstr(buffer_text(&o.rows[1].data), o.minter.secret));
    ck_assert_str_eq(json_string_value(json_object_get(o.minter.parameters, "place")), "git");
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM placement WHERE state = 'planned'"), 1);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'plant'"), 1);
    free(placement);
}
END_TEST

START_TEST(planted_completes_the_placement)
{
    char *placement = planted(token, "maildir:/srv/mail/ada");

    ck_assert_str_eq(operator_text(&o, 0, "placement"), placement);
    ck_assert_str_eq(operator_text(&o, 0, "token"), token);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "there");
    ck_assert_str_eq(operator_text(&o, 0, "owner"), "Ada <ada@corp.example>");
    ck_assert_str_eq(operator_text(&o, 0, "lure"), "onboarding");
    ck_assert_int_eq((int)strlen(operator_text(&o, 0, "planted")), 27);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(o.rows[0].json, "where"), "uid")), 17);
    ck_assert_int_eq(operator_ask(&o, "tokens", NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "placement"), placement);
    ck_assert_int_eq(operator_ask(&o, "planted", "placement", placement, "ok", "true", NULL), 3);
    ck_assert_int_eq(operator_ask(&o, "placements", "token", token, NULL), 0);
    ck_assert_uint_eq(o.row_count, 1);
    ck_assert_int_eq(operator_ask(&o, "show", "id", placement, NULL), 0);
    ck_assert_ptr_nonnull(json_object_get(o.rows[0].json, "meta"));
    free(placement);
}
END_TEST

START_TEST(one_token_lies_in_one_place)
{
    char *placement = planted(token, "maildir:/srv/mail/ada");

    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "file:/tmp/x", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, placement));
    free(placement);
}
END_TEST

START_TEST(a_failure_frees_the_token)
{
    char *placement = plant(token, "maildir:/srv/mail/ada");

    ck_assert_int_eq(operator_ask(&o, "planted", "placement", placement, "ok", "false", "state", "unknown", "text",
                                  "the server went away", "where", "", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, "inspect"));
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM placement WHERE state = 'planned'"), 1);
    ck_assert_int_eq(operator_ask(&o, "planted", "placement", placement, "ok", "false", "state", "gone", "text",
                                  "no such folder", "where", "", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, "no such folder"));
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM placement"), 0);
    free(placement);
    placement = planted(token, "file:/srv/x");
    ck_assert_str_eq(operator_text(&o, 0, "token"), token);
    free(placement);
}
END_TEST

START_TEST(a_kind_is_minted_first)
{
    char *placement = planted("gitlab-token", "git:/srv/app.git#main");

    ck_assert_str_ne(operator_text(&o, 0, "token"), token);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM token WHERE kind = 'gitlab-token'"), 1);
    free(placement);
}
END_TEST

static const char *named_host(void)
{
    return json_string_value(json_object_get(json_object_get(o.minter.parameters, "decoy"), "host"));
}

/* The lure names a host of ours, or the one that was given; what mint says of such kinds is said here too. */
START_TEST(a_kind_without_a_decoy_is_planted)
{
    char *placement = planted("postgres", "git:/srv/app.git#main");
    char *minted = strdup(operator_text(&o, 0, "token"));

    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM token WHERE kind = 'postgres' AND coalesce(decoy, '') = ''"), 1);
    ck_assert_str_eq(o.minter.last, "lure");
    ck_assert_ptr_nonnull(named_host());
    free(placement);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", "ssh-key", "place", "file:/srv/x", "host", "build.corp.example",
                                  NULL), 0);
    ck_assert_ptr_nonnull(strstr(o.text, "no decoy speaks ssh"));
    ck_assert_str_eq(named_host(), "build.corp.example");
    free(minted);
    minted = operator_mint(&o, "mysql");
    ck_assert_int_eq(operator_ask(&o, "plant", "token", minted, "place", "file:/srv/y", NULL), 0);
    ck_assert_ptr_nonnull(strstr(o.text, "no decoy speaks mysql"));
    ck_assert_ptr_nonnull(named_host());
    free(minted);
}
END_TEST

START_TEST(a_token_whose_decoy_is_gone_is_not_planted)
{
    operator_sql(&o, "UPDATE token SET decoy = 'elsewhere'");
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "file:/srv/x", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, "no longer in the configuration"));
}
END_TEST

/* A mailbox's address says whose it is; the user of a repository's is the service's. */
START_TEST(only_a_mailbox_names_its_owner)
{
    static const char sql[] = "SELECT count(*) FROM placement WHERE owner LIKE '%@%' AND owner NOT LIKE 'Ada%'";

    ck_assert_int_eq(operator_ask(&o, "plant", "token", "password", "place", "imaps://j.doe@mail.corp.example", NULL), 0);
    ck_assert_int_eq(operator_number(&o, sql), 1);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", "password", "place", "git+ssh://git@code.corp.example/app.git",
                                  NULL), 0);
    ck_assert_int_eq(operator_number(&o, sql), 1);
}
END_TEST

START_TEST(a_dry_run_changes_nothing)
{
    ck_assert_int_eq(operator_ask(&o, "plant", "token", "password", "place", "maildir:/m", "dry-run", "true", NULL), 0);
    ck_assert(json_is_null(json_object_get(o.rows[0].json, "placement")));
    ck_assert(json_is_true(json_object_get(json_object_get(o.rows[0].json, "options"), "dry_run")));
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM placement"), 0);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM token"), 1);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'plant'"), 1);
}
END_TEST

START_TEST(wrong_plants_are_refused)
{
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "nowhere:/x", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "maildir:"));
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "maildir", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "maildir:/m", "memo", "x", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "maildir:/m", "buried", "true", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", "secret", "place", "maildir:/m", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "maildir:/m", "at", "soon", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "maildir:/m", "at", "2999-01-01", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "--at lies in the future"));
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "maildir:", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "git:#main", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "\"git:#main\" does not say where"));
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "git:/a", "path", "a/../../b", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "git:/a", "path", "/b", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "git:/a", "place", "git:/b", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "place stands twice"));
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "git:/a", "lure", "a", "lure", "b", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "--lure stands twice"));
    ck_assert_int_eq(operator_ask(&o, "retire", "token", token, NULL), 0);
    ck_assert_int_eq(operator_ask(&o, "plant", "token", token, "place", "maildir:/m", NULL), 3);
    o.minter.die_at = "lure";
    ck_assert_int_eq(operator_ask(&o, "plant", "token", "password", "place", "maildir:/m", NULL), 3);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM placement"), 0);
}
END_TEST

START_TEST(inspect_and_uproot)
{
    char *placement = planted(token, "maildir:/srv/mail/ada");
    const json_t *options;

    ck_assert_int_eq(operator_ask(&o, "inspect", NULL), 0);
    ck_assert_uint_eq(o.row_count, 1);
    ck_assert_str_eq(o.rows[0].kind, "job");
    ck_assert_str_eq(operator_text(&o, 0, "action"), "inspect");
    options = json_object_get(o.rows[0].json, "options");
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(options, "where"), "uid")), 17);
    ck_assert_str_eq(json_string_value(json_object_get(options, "digest")), "abc123");
    ck_assert_int_eq(operator_ask(&o, "inspect", "placement", placement, "placement", placement, NULL), 0);
    ck_assert_uint_eq(o.row_count, 2);
    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "true", "state", "moved", "where",
                                  "{\"uid\":18}", NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "moved");
    ck_assert_int_eq((int)strlen(operator_text(&o, 0, "checked")), 27);
    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "true", "state", "eaten", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "true", "where", "[1]", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "uproot", "placement", placement, NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "action"), "uproot");
    ck_assert_int_eq(operator_ask(&o, "uprooted", "placement", placement, "ok", "false", "state", "there", "text",
                                  "not writable", NULL), 3);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "there");
    ck_assert_int_eq(operator_ask(&o, "uprooted", "placement", placement, "ok", "false", "state", "unknown", NULL), 3);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "there");
    ck_assert_int_eq(operator_ask(&o, "uprooted", "placement", placement, "ok", "true", "state", "gone", NULL), 0);
    ck_assert_int_eq((int)strlen(operator_text(&o, 0, "uprooted")), 27);
    ck_assert_int_eq(operator_ask(&o, "uproot", "placement", placement, NULL), 0);
    ck_assert_str_eq(o.rows[0].kind, "row");
    ck_assert_int_eq(operator_ask(&o, "inspect", NULL), 0);
    ck_assert_uint_eq(o.row_count, 0);
    free(placement);
}
END_TEST

static const char *digest_of_job(const char *placement)
{
    ck_assert_int_eq(operator_ask(&o, "inspect", "placement", placement, NULL), 0);
    return json_string_value(json_object_get(json_object_get(o.rows[0].json, "options"), "digest"));
}

START_TEST(a_digest_lies_sealed)
{
    char *placement = planted(token, "maildir:/srv/mail/ada");

    ck_assert_int_eq(operator_number(&o, "SELECT instr(digest, CAST('abc' AS BLOB)) FROM placement"), 0);
    ck_assert_int_eq(operator_number(&o, "SELECT length(digest) FROM placement"), SEAL_OVERHEAD + 6);
    ck_assert_str_eq(digest_of_job(placement), "abc123");
    operator_sql(&o, "UPDATE placement SET digest = CAST('$argon2id$x' AS BLOB)");
    ck_assert_str_eq(digest_of_job(placement), "$argon2id$x");
    operator_sql(&o, "UPDATE placement SET digest = x'01020304'");
    ck_assert_ptr_null(digest_of_job(placement));
    operator_sql(&o, "UPDATE placement SET digest = CAST(x'01' || zeroblob(60) AS BLOB)");
    ck_assert_ptr_null(digest_of_job(placement));
    operator_sql(&o, "UPDATE placement SET digest = x''");
    ck_assert_ptr_null(digest_of_job(placement));
    operator_sql(&o, "UPDATE placement SET digest = NULL");
    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "true", "state", "there", "digest",
                                  "abc456", NULL), 0);
    ck_assert_int_eq(operator_number(&o, "SELECT instr(digest, CAST('abc' AS BLOB)) FROM placement"), 0);
    ck_assert_str_eq(digest_of_job(placement), "abc456");
    free(placement);
}
END_TEST

START_TEST(a_look_that_fails_leaves_it_planned)
{
    char *placement = plant(token, "maildir:/srv/mail/ada");

    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "false", "state", "unknown", "text",
                                  "the server went away", NULL), 3);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "planned");
    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "true", NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "planned");
    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "true", "state", "there", NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "there");
    ck_assert_int_eq(operator_ask(&o, "inspected", "placement", placement, "ok", "false", "state", "unknown", NULL), 3);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "unknown");
    free(placement);
}
END_TEST

START_TEST(a_broken_off_planting_can_be_given_up)
{
    char *placement = plant(token, "maildir:/srv/mail/ada");

    ck_assert_int_eq(operator_ask(&o, "uproot", "placement", placement, NULL), 0);
    ck_assert_str_eq(o.rows[0].kind, "row");
    ck_assert_str_eq(operator_text(&o, 0, "state"), "gone");
    ck_assert(json_is_null(json_object_get(o.rows[0].json, "uprooted")));
    ck_assert_ptr_nonnull(strstr(o.text, "maildir:/srv/mail/ada"));
    free(placement);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("command_plant");
    TCase *t = tcase_create("plant");

    tcase_add_checked_fixture(t, with_token, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, plant_gives_job_and_files);
    tcase_add_test(t, planted_completes_the_placement);
    tcase_add_test(t, one_token_lies_in_one_place);
    tcase_add_test(t, a_failure_frees_the_token);
    tcase_add_test(t, a_kind_is_minted_first);
    tcase_add_test(t, a_kind_without_a_decoy_is_planted);
    tcase_add_test(t, a_token_whose_decoy_is_gone_is_not_planted);
    tcase_add_test(t, only_a_mailbox_names_its_owner);
    tcase_add_test(t, a_dry_run_changes_nothing);
    tcase_add_test(t, wrong_plants_are_refused);
    tcase_add_test(t, inspect_and_uproot);
    tcase_add_test(t, a_digest_lies_sealed);
    tcase_add_test(t, a_look_that_fails_leaves_it_planned);
    tcase_add_test(t, a_broken_off_planting_can_be_given_up);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
