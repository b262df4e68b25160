/* SPDX-License-Identifier: ISC */
#include "tests/planter/lure.h"
#include "server/wire/message.h"

static char dir[64], path[128];
static struct place_result result;
static struct error error;

#define META "{\"type\":\"text\",\"name\":\".env\",\"line\":2,\"secret_file\":\"0\"}"
#define TEXT "HOST=git\nPASSWORD=" LURE_SECRET "\n"
/* Of TEXT, as versions made it whose ledgers did not seal it. */
#define SLOW_ONE "$argon2id$v=19$m=8192,t=2,p=1$hwi/0TWIW1npJpbEbiQqcQ$U2y8ZLxUcqvIDsj9qktOWVeRKqfHVdRUlrMM64t1VTA"

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/sundew-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/app.env", dir);
    place_result_init(&result);
}

static void teardown(void)
{
    place_result_free(&result);
    lure_remove_tree(dir);
}

static void plant(const char *target, const char *options, int expected)
{
    struct task task;

    place_result_free(&result);
    lure_task(&task, "plant", "file", target, options, META);
    lure_file(&task, "0", TEXT);
    lure_run(&task, &result, expected, &error);
}

static void write_file(const char *to, const char *text, mode_t mode)
{
    FILE *file = fopen(to, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    chmod(to, mode);
}

START_TEST(plants_inspects_and_uproots)
{
    struct place_result later;
    struct stat status;

    plant(path, "{\"at\":\"2026-06-02T10:00:00Z\"}", 0);
    ck_assert_str_eq(result.state, "there");
    ck_assert_str_eq(lure_where(&result, "path"), path);
    ck_assert_int_eq(json_integer_value(json_object_get(result.where, "line")), 2);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(status.st_mtime, 1780394400);
    ck_assert_int_eq(status.st_size, (off_t)strlen(TEXT));
    lure_state("file", path, result.where, "there");
    lure_later("uproot", "file", path, "{}", result.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "gone");
    ck_assert_int_ne(access(path, F_OK), 0);
    place_result_free(&later);
    lure_state("file", path, result.where, "gone");
}
END_TEST

/* In options, as the keeper gives it. */
static void state_by(const char *digest, const char *state)
{
    struct place_result later;
    struct task task;

    lure_task(&task, "inspect", "file", path, "{}", "{}");
    json_object_del(result.where, "digest");
    json_object_set(task.options, "where", result.where);
    json_object_set_new(task.options, "digest", json_string(digest));
    lure_run(&task, &later, 0, &error);
    ck_assert_msg(strcmp(later.state, state) == 0, "by %s: %s, not %s", digest, later.state, state);
    place_result_free(&later);
}

START_TEST(digests_old_and_new)
{
    static const char *const wrong[] = {"", "$", "$blake2b$", "$blake2b$00", "$argon2id$", "x"};
    char *digest;

    plant(path, "{}", 0);
    digest = strdup(lure_where(&result, "digest"));
    ck_assert_uint_eq(strlen(digest), strlen("$blake2b$") + 64);
    state_by(digest, "there");
    state_by(SLOW_ONE, "there");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        state_by(wrong[i], "changed");
    write_file(path, TEXT "#\n", 0600);
    state_by(digest, "changed");
    state_by(SLOW_ONE, "changed");
    digest[strlen(digest) - 1] = '\0';
    write_file(path, TEXT, 0600);
    state_by(digest, "changed");
    free(digest);
}
END_TEST

START_TEST(a_folder_takes_the_artifacts_name)
{
    char expected[256];

    plant(dir, "{}", 0);
    snprintf(expected, sizeof(expected), "%s/.env", dir);
    ck_assert_str_eq(lure_where(&result, "path"), expected);
    ck_assert_int_eq(access(expected, F_OK), 0);
}
END_TEST

START_TEST(looks_like_its_siblings)
{
    char sibling[256];
    struct stat status;

    snprintf(sibling, sizeof(sibling), "%s/other", dir);
    write_file(sibling, "x", 0644);
    plant(path, "{}", 0);
    stat(path, &status);
    ck_assert_int_eq(status.st_mode & 0777, 0644);
}
END_TEST

START_TEST(nothing_is_overwritten)
{
    char content[16] = "";
    FILE *file;

    write_file(path, "mine", 0600);
    plant(path, "{}", -1);
    ck_assert_ptr_nonnull(strstr(error.text, "already"));
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(fgets(content, sizeof(content), file));
    fclose(file);
    ck_assert_str_eq(content, "mine");
}
END_TEST

START_TEST(links_are_not_followed)
{
    char target[256];

    snprintf(target, sizeof(target), "%s/target", dir);
    ck_assert_int_eq(symlink(target, path), 0);
    plant(path, "{}", -1);
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

START_TEST(no_folder_is_made)
{
    snprintf(path, sizeof(path), "%s/no/app.env", dir);
    plant(path, "{}", -1);
    ck_assert_ptr_nonnull(strstr(error.text, "make it first"));
    plant("relative", "{}", -1);
}
END_TEST

START_TEST(changes_are_told_and_left)
{
    struct place_result later;

    plant(path, "{}", 0);
    write_file(path, "PASSWORD=other\n", 0600);
    lure_state("file", path, result.where, "changed");
    lure_later("uproot", "file", path, "{}", result.where, &later, -1, &error);
    ck_assert_int_eq(access(path, F_OK), 0);
    place_result_free(&later);
}
END_TEST

START_TEST(a_dry_run_does_nothing)
{
    plant(path, "{\"dry_run\":true}", 0);
    ck_assert_str_eq(result.state, "planned");
    ck_assert_ptr_nonnull(strstr(buffer_text(&result.text), path));
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(the_future_is_refused)
{
    plant(path, "{\"at\":\"2999-01-01\"}", -1);
    plant(path, "{\"at\":\"yesterday\"}", -1);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(stdout_gives_the_text_and_keeps_it_out_of_the_notes)
{
    struct task task;

    lure_task(&task, "plant", "stdout", "", "{}", META);
    lure_file(&task, "0", TEXT);
    lure_run(&task, &result, 0, &error);
    ck_assert_str_eq(buffer_text(&result.print), TEXT);
    ck_assert_ptr_null(strstr(buffer_text(&result.text), LURE_SECRET));
    ck_assert_str_eq(lure_where(&result, "name"), ".env");
    ck_assert_str_eq(result.state, "unknown");
}
END_TEST

/* ---- the messages ---- */

static int take(struct task *task, struct buffer *message)
{
    int rc = task_take(task, buffer_slice(message), &error);

    buffer_clear(message);
    return rc;
}

START_TEST(files_come_in_pieces)
{
    struct plant order = {slice_of("plant"), slice_of("file:/x"), slice_of("{}"), slice_of(META)};
    struct file first = {slice_of("0"), slice_of("HOST"), true}, last = {slice_of("0"), slice_of("=git"), false};
    struct buffer message;
    struct task task;

    task_init(&task);
    buffer_init(&message, 65536);
    plant_add(&message, &order);
    ck_assert_int_eq(take(&task, &message), 0);
    file_add(&message, &first);
    ck_assert_int_eq(take(&task, &message), 0);
    message_begin(&message, MESSAGE_PLANT_GO);
    ck_assert_int_eq(take(&task, &message), -1);
    file_add(&message, &last);
    ck_assert_int_eq(take(&task, &message), 0);
    ck_assert_str_eq(buffer_text(&task.files[0].data), "HOST=git");
    message_begin(&message, MESSAGE_PLANT_GO);
    ck_assert_int_eq(take(&task, &message), 1);
    file_add(&message, &last);
    ck_assert_int_eq(take(&task, &message), -1);
    buffer_free(&message);
    task_free(&task);
}
END_TEST

START_TEST(damaged_orders_are_refused)
{
    static const char *const bad[][4] = {{"burn", "file:/x", "{}", "{}"},
                                         {"plant", "ftp:/x", "{}", "{}"},
                                         {"plant", "file", "{}", "{}"},
                                         {"plant", "file:/x", "[]", "{}"},
                                         {"plant", "file:/x", "{}", "{\"a\""}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct plant order = {slice_of(bad[i][0]), slice_of(bad[i][1]), slice_of(bad[i][2]), slice_of(bad[i][3])};
        struct buffer message;
        struct task task;

        task_init(&task);
        buffer_init(&message, 65536);
        plant_add(&message, &order);
        ck_assert_int_eq(take(&task, &message), -1);
        buffer_free(&message);
        task_free(&task);
    }
}
END_TEST

START_TEST(hostile_paths_are_told)
{
    static const char *const bad[] = {"",
                                      "/etc/passwd",
                                      "..",
                                      "a/../b",
                                      "a//b",
                                      "./a",
                                      ".git/x",
                                      "a/.GIT/b",
                                      "git~1/x",
                                      ".git./x",
                                      ".git /x",
                                      ".git::$DATA/x",
                                      ".g\xe2\x80\x8cit/x",
                                      "a\nb",
                                      "a\\b",
                                      "a/",
                                      "a/.."};
    static const char *const good[] = {"a",   ".env", "deploy/.env.prod", ".github/workflows/x.yml", ".gitlab-ci.yml",
                                       "..a", "é/ü"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!task_path_safe(bad[i]), "%s", bad[i]);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(task_path_safe(good[i]), "%s", good[i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("planter/file");
    TCase *tests = tcase_create("file");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, plants_inspects_and_uproots);
    tcase_add_test(tests, digests_old_and_new);
    tcase_add_test(tests, a_folder_takes_the_artifacts_name);
    tcase_add_test(tests, looks_like_its_siblings);
    tcase_add_test(tests, nothing_is_overwritten);
    tcase_add_test(tests, links_are_not_followed);
    tcase_add_test(tests, no_folder_is_made);
    tcase_add_test(tests, changes_are_told_and_left);
    tcase_add_test(tests, a_dry_run_does_nothing);
    tcase_add_test(tests, the_future_is_refused);
    tcase_add_test(tests, stdout_gives_the_text_and_keeps_it_out_of_the_notes);
    tcase_add_test(tests, files_come_in_pieces);
    tcase_add_test(tests, damaged_orders_are_refused);
    tcase_add_test(tests, hostile_paths_are_told);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
