/* SPDX-License-Identifier: ISC */
#include "tests/planter/lure.h"
#include <time.h>
#include "server/planter/changes.h"
#include "server/planter/repository.h"

static char dir[64];
static struct place_result result;
static struct error error;
static git_repository *git;

#define ENV "HOST=git\nPASSWORD=" LURE_SECRET "\n"
#define AUTHOR "\"author\":{\"name\":\"Ann Field\",\"mail\":\"ann@corp.example\"}"
#define ADDED                                                                                                          \
    "{\"message\":\"Add staging settings\\n\"," AUTHOR ",\"date\":\"2024-06-02T12:00:00+02:00\",\"files\":["           \
    "{\"path\":\"deploy/.env\",\"file\":\"0\"},{\"path\":\"deploy/README\",\"file\":\"1\"}]}"
#define REMOVED                                                                                                        \
    "{\"message\":\"Use the vault\\n\"," AUTHOR ",\"date\":\"2024-06-04T12:00:00+02:00\",\"files\":["                  \
    "{\"path\":\"deploy/.env\",\"remove\":true}]}"
#define META(changes) "{\"type\":\"repository\",\"secret_file\":\"0\",\"line\":2,\"changes\":[" changes "]}"

static void open_repository(bool bare)
{
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;

    options.flags = GIT_REPOSITORY_INIT_MKPATH | (bare ? GIT_REPOSITORY_INIT_BARE : 0u);
    options.initial_head = "main";
    ck_assert_int_eq(git_repository_init_ext(&git, dir, &options), 0);
}

/* A commit of one file onto a branch; the work tree follows where there is one and the branch is main. */
static git_oid commit(const char *branch, const char *path, const char *text, int64_t time)
{
    git_tree_update update = {GIT_TREE_UPDATE_UPSERT, {{0}}, GIT_FILEMODE_BLOB, path};
    git_checkout_options checkout = GIT_CHECKOUT_OPTIONS_INIT;
    git_reference *head = NULL, *moved = NULL;
    git_commit *parent = NULL;
    const git_commit *parents[1];
    git_treebuilder *builder;
    git_tree *base, *tree;
    git_signature *who;
    git_oid id;
    char name[128];

    snprintf(name, sizeof(name), "refs/heads/%s", branch);
    if (git_reference_lookup(&head, git, name) == 0) {
        ck_assert_int_eq(git_commit_lookup(&parent, git, git_reference_target(head)), 0);
        ck_assert_int_eq(git_commit_tree(&base, parent), 0);
    } else {
        ck_assert_int_eq(git_treebuilder_new(&builder, git, NULL), 0);
        ck_assert_int_eq(git_treebuilder_write(&id, builder), 0);
        git_treebuilder_free(builder);
        ck_assert_int_eq(git_tree_lookup(&base, git, &id), 0);
    }
    ck_assert_int_eq(git_blob_create_from_buffer(&update.id, git, text, strlen(text)), 0);
    ck_assert_int_eq(git_tree_create_updated(&id, git, base, 1, &update), 0);
    ck_assert_int_eq(git_tree_lookup(&tree, git, &id), 0);
    ck_assert_int_eq(git_signature_new(&who, "Bo Real", "bo@corp.example", time, -300), 0);
    parents[0] = parent;
    ck_assert_int_eq(git_commit_create(&id, git, NULL, who, who, NULL, "Work\n", tree, parent != NULL ? 1 : 0, parents),
                     0);
    ck_assert_int_eq(git_reference_create(&moved, git, name, &id, 1, "test"), 0);
    checkout.checkout_strategy = GIT_CHECKOUT_FORCE;
    if (!git_repository_is_bare(git) && strcmp(branch, "main") == 0)
        ck_assert_int_eq(git_checkout_head(git, &checkout), 0);
    git_signature_free(who);
    git_tree_free(tree);
    git_tree_free(base);
    git_commit_free(parent);
    git_reference_free(head);
    git_reference_free(moved);
    return id;
}

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/sundew-git-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(repository_library(&error), 0);
    git = NULL;
    place_result_init(&result);
}

static void teardown(void)
{
    place_result_free(&result);
    git_repository_free(git);
    git_libgit2_shutdown();
    lure_remove_tree(dir);
}

static void plant(const char *target, const char *options, const char *meta, int expected)
{
    struct task task;

    place_result_free(&result);
    lure_task(&task, "plant", "git", target, options, meta);
    lure_file(&task, "0", ENV);
    lure_file(&task, "1", "see .env\n");
    lure_run(&task, &result, expected, &error);
}

static git_commit *commit_of(const char *where)
{
    git_commit *found = NULL;
    git_oid id;

    ck_assert_int_eq(git_oid_fromstr(&id, lure_where(&result, where)), 0);
    ck_assert_int_eq(git_commit_lookup(&found, git, &id), 0);
    return found;
}

/* What is committed at the tip; the caller frees. NULL when it is not there. */
static char *content_at(const char *reference, const char *path)
{
    char spec[256], *text = NULL;
    git_object *object = NULL;

    snprintf(spec, sizeof(spec), "%s:%s", reference, path);
    if (git_revparse_single(&object, git, spec) == 0)
        text = strndup(git_blob_rawcontent((git_blob *)object), (size_t)git_blob_rawsize((git_blob *)object));
    git_object_free(object);
    return text;
}

static size_t status_count(void)
{
    git_status_options options = GIT_STATUS_OPTIONS_INIT;
    git_status_list *list;
    size_t count;

    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED;
    ck_assert_int_eq(git_status_list_new(&list, git, &options), 0);
    count = git_status_list_entrycount(list);
    git_status_list_free(list);
    return count;
}

static void expect_absent(const char *reference, const char *path)
{
    char *text = content_at(reference, path);

    ck_assert_ptr_null(text);
}

START_TEST(a_commit_in_a_bare_repository)
{
    git_commit *planted;
    char *text;

    open_repository(true);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED), 0);
    ck_assert_str_eq(result.state, "there");
    ck_assert_str_eq(lure_where(&result, "branch"), "main");
    ck_assert_str_eq(lure_where(&result, "path"), "deploy/.env");
    ck_assert_int_eq(json_integer_value(json_object_get(result.where, "line")), 2);
    planted = commit_of("commit");
    ck_assert_str_eq(git_commit_author(planted)->name, "Ann Field");
    ck_assert_str_eq(git_commit_committer(planted)->email, "ann@corp.example");
    ck_assert_int_eq(git_commit_time(planted), 1717322400 + 7 * 3600); /* what was drawn for +120, at the same hour at -300 */
    ck_assert_int_eq(git_commit_time_offset(planted), -300);
    ck_assert_str_eq(git_commit_message(planted), "Add staging settings\n");
    git_commit_free(planted);
    text = content_at("main", "deploy/.env");
    ck_assert_str_eq(text, ENV);
    free(text);
    lure_state("git", dir, result.where, "there");
}
END_TEST

START_TEST(a_work_tree_follows)
{
    char path[256];

    open_repository(false);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED), 0);
    ck_assert_uint_eq(status_count(), 0);
    snprintf(path, sizeof(path), "%s/deploy/.env", dir);
    ck_assert_int_eq(access(path, R_OK), 0);
}
END_TEST

START_TEST(the_users_own_changes_stay)
{
    git_index *index;
    char path[256];
    FILE *file;

    open_repository(false);
    commit("main", "a", "1", 1700000000);
    snprintf(path, sizeof(path), "%s/staged", dir);
    file = fopen(path, "w");
    fputs("mine", file);
    fclose(file);
    ck_assert_int_eq(git_repository_index(&index, git), 0);
    ck_assert_int_eq(git_index_add_bypath(index, "staged"), 0);
    ck_assert_int_eq(git_index_write(index), 0);
    git_index_free(index);
    plant(dir, "{}", META(ADDED), 0);
    ck_assert_uint_eq(status_count(), 1);
    expect_absent("main", "staged");
}
END_TEST

START_TEST(buried_in_history)
{
    git_commit *planted, *removed;
    char *text;

    open_repository(false);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED "," REMOVED), 0);
    planted = commit_of("commit");
    removed = commit_of("removed_in");
    ck_assert(git_oid_equal(git_commit_parent_id(removed, 0), git_commit_id(planted)));
    ck_assert_int_lt(git_commit_time(planted), git_commit_time(removed));
    git_commit_free(planted);
    git_commit_free(removed);
    expect_absent("main", "deploy/.env");
    text = content_at("main~1", "deploy/.env");
    ck_assert_str_eq(text, ENV);
    free(text);
    ck_assert_uint_eq(status_count(), 0);
    lure_state("git", dir, result.where, "there");
}
END_TEST

START_TEST(buried_under_another_version)
{
    git_commit *planted, *removed;
    char *text, spec[128];

    open_repository(false);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}",
          META(ADDED ",{\"message\":\"Use the vault\\n\"," AUTHOR ",\"date\":\"2024-06-04T12:00:00Z\",\"files\":["
                     "{\"path\":\"deploy/.env\",\"file\":\"1\"}]}"),
          0);
    planted = commit_of("commit");
    removed = commit_of("removed_in");
    ck_assert(git_oid_equal(git_commit_parent_id(removed, 0), git_commit_id(planted)));
    git_commit_free(planted);
    git_commit_free(removed);
    snprintf(spec, sizeof(spec), "%s", lure_where(&result, "commit"));
    text = content_at(spec, "deploy/.env");
    ck_assert_str_eq(text, ENV);
    free(text);
    text = content_at("main", "deploy/.env");
    ck_assert_str_eq(text, "see .env\n");
    free(text);
    ck_assert_uint_eq(status_count(), 0);
    lure_state("git", dir, result.where, "there");
}
END_TEST

START_TEST(dates_follow_the_tip)
{
    int64_t now = (int64_t)time(NULL);
    git_commit *planted, *removed;

    open_repository(true);
    commit("main", "a", "1", now - 3600);
    plant(dir, "{}", META(ADDED "," REMOVED), 0);
    planted = commit_of("commit");
    removed = commit_of("removed_in");
    ck_assert_int_ge(git_commit_time(planted), now - 3600);
    ck_assert_int_ge(git_commit_time(removed), git_commit_time(planted));
    ck_assert_int_le(git_commit_time(removed), (int64_t)time(NULL));
    git_commit_free(planted);
    git_commit_free(removed);
    commit("main", "a", "2", (int64_t)time(NULL));
    plant(dir, "{\"at\":\"2024-06-02T10:00:00Z\"}", META(ADDED), -1);
    commit("main", "a", "3", now + 100000);
    plant(dir, "{}", META(ADDED), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "in the future"));
}
END_TEST

START_TEST(dates_fit_any_room)
{
    struct changes changes;

    for (int64_t room = 0; room < 2000000; room = room * 3 + 1) {
        memset(&changes, 0, sizeof(changes));
        changes.count = 3;
        changes.list[0].time_s = 5000;
        changes.list[1].time_s = 50000;
        changes.list[2].time_s = 90000;
        ck_assert_int_eq(changes_date(&changes, 1700000000, 1700000000 + room, false, NULL, &error), 0);
        ck_assert_int_ge(changes.list[0].time_s, 1700000000);
        ck_assert_int_ge(changes.list[1].time_s, changes.list[0].time_s);
        ck_assert_int_ge(changes.list[2].time_s, changes.list[1].time_s);
        ck_assert_int_le(changes.list[2].time_s, 1700000000 + room);
    }
}
END_TEST

START_TEST(an_empty_repository_gets_its_first_commit)
{
    open_repository(false);
    plant(dir, "{}", META(ADDED), 0);
    ck_assert_uint_eq(status_count(), 0);
    lure_state("git", dir, result.where, "there");
}
END_TEST

START_TEST(another_branch_leaves_the_work_tree)
{
    char target[128], path[256];

    open_repository(false);
    commit("main", "a", "1", 1700000000);
    commit("legacy", "b", "1", 1600000000);
    snprintf(target, sizeof(target), "%s#legacy", dir);
    plant(target, "{}", META(ADDED), 0);
    ck_assert_str_eq(lure_where(&result, "branch"), "legacy");
    ck_assert_ptr_nonnull(strstr(buffer_text(&result.text), "not checked out"));
    ck_assert_uint_eq(status_count(), 0);
    snprintf(path, sizeof(path), "%s/deploy", dir);
    ck_assert_int_ne(access(path, F_OK), 0);
    expect_absent("main", "deploy/.env");
    lure_state("git", target, result.where, "there");
}
END_TEST

START_TEST(refusals_say_what_to_do)
{
    char target[128], path[256];
    git_oid id;
    FILE *file;

    plant(dir, "{}", META(ADDED), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no git repository"));
    open_repository(false);
    id = commit("main", "deploy/.env", "REAL=1\n", 1700000000);
    plant(dir, "{}", META(ADDED), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "choose another --path"));
    commit("other", "x", "1", 1700000000);
    snprintf(target, sizeof(target), "%s#missing", dir);
    plant(target, "{}", META(ADDED), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no branch"));
    ck_assert_int_eq(git_repository_set_head_detached(git, &id), 0);
    plant(dir, "{}", META(ADDED), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "detached"));
    ck_assert_int_eq(git_repository_set_head(git, "refs/heads/other"), 0);
    snprintf(path, sizeof(path), "%s/.git/index.lock", dir);
    file = fopen(path, "w");
    fclose(file);
    plant(dir, "{}", META(ADDED), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "index.lock"));
    unlink(path);
    snprintf(path, sizeof(path), "%s/.git/MERGE_HEAD", dir);
    file = fopen(path, "w");
    fclose(file);
    plant(dir, "{}", META(ADDED), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "in the middle"));
}
END_TEST

START_TEST(untracked_files_stay)
{
    char path[256], content[16] = "";
    FILE *file;

    open_repository(false);
    commit("main", "a", "1", 1700000000);
    snprintf(path, sizeof(path), "%s/deploy", dir);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/deploy/.env", dir);
    file = fopen(path, "w");
    fputs("mine", file);
    fclose(file);
    plant(dir, "{}", META(ADDED), -1);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(fgets(content, sizeof(content), file));
    fclose(file);
    ck_assert_str_eq(content, "mine");
    expect_absent("main", "deploy/.env");
}
END_TEST

START_TEST(hostile_lures_are_refused)
{
    static const char *const bad[] = {
        META("{\"message\":\"m\"," AUTHOR ",\"date\":\"2024-06-02\",\"files\":[{\"path\":\"../x\",\"file\":\"0\"}]}"),
        META("{\"message\":\"m\"," AUTHOR
             ",\"date\":\"2024-06-02\",\"files\":[{\"path\":\".git/hooks/post-checkout\",\"file\":\"0\"}]}"),
        META("{\"message\":\"m\"," AUTHOR ",\"date\":\"2024-06-02\",\"files\":[{\"path\":\"x\",\"file\":\"9\"}]}"),
        META("{\"message\":\"m\"," AUTHOR ",\"date\":\"2024-06-02\",\"files\":[{\"path\":\"a\",\"remove\":true}]}"),
        META("{\"message\":\"m\",\"author\":{\"name\":\"x\\ny\",\"mail\":\"z\"},\"date\":\"2024-06-02\",\"files\":["
             "{\"path\":\"x\",\"file\":\"0\"}]}"),
        META("{\"message\":\"\"," AUTHOR ",\"date\":\"2024-06-02\",\"files\":[{\"path\":\"x\",\"file\":\"0\"}]}"),
        META("{\"message\":\"m\"," AUTHOR ",\"date\":\"soon\",\"files\":[{\"path\":\"x\",\"file\":\"0\"}]}"),
        META("{\"message\":\"m\"," AUTHOR ",\"date\":\"2024-06-02\",\"files\":[]}"),
        META(""),
        "{}"};
    git_oid before, after;

    open_repository(true);
    before = commit("main", "a", "1", 1700000000);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        plant(dir, "{}", bad[i], -1);
    ck_assert_int_eq(git_reference_name_to_id(&after, git, "refs/heads/main"), 0);
    ck_assert(git_oid_equal(&before, &after));
}
END_TEST

START_TEST(a_dry_run_does_nothing)
{
    git_oid before, after;

    open_repository(false);
    before = commit("main", "a", "1", 1700000000);
    plant(dir, "{\"dry_run\":true}", META(ADDED), 0);
    ck_assert_str_eq(result.state, "planned");
    ck_assert_int_eq(git_reference_name_to_id(&after, git, "refs/heads/main"), 0);
    ck_assert(git_oid_equal(&before, &after));
    ck_assert_uint_eq(status_count(), 0);
}
END_TEST

START_TEST(inspection_tells_what_became_of_it)
{
    git_reference *reference = NULL;
    git_oid before, planted;

    open_repository(true);
    before = commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED), 0);
    commit("main", "b", "1", 1750000000);
    lure_state("git", dir, result.where, "there");
    commit("main", "deploy/.env", "PASSWORD=changed\n", 1750000001);
    lure_state("git", dir, result.where, "changed");
    git_oid_fromstr(&planted, lure_where(&result, "commit"));
    ck_assert_int_eq(git_reference_create(&reference, git, "refs/tags/old", &planted, 1, NULL), 0);
    git_reference_free(reference);
    ck_assert_int_eq(git_reference_create(&reference, git, "refs/heads/main", &before, 1, NULL), 0);
    git_reference_free(reference);
    lure_state("git", dir, result.where, "moved");
    ck_assert_int_eq(git_reference_remove(git, "refs/tags/old"), 0);
    lure_state("git", dir, result.where, "gone");
}
END_TEST

START_TEST(uproot_drops_what_nobody_has)
{
    struct place_result later;
    git_oid before, after;
    char path[256];

    open_repository(false);
    before = commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED "," REMOVED), 0);
    lure_later("uproot", "git", dir, META(ADDED "," REMOVED), result.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "gone");
    place_result_free(&later);
    ck_assert_int_eq(git_reference_name_to_id(&after, git, "refs/heads/main"), 0);
    ck_assert(git_oid_equal(&before, &after));
    ck_assert_uint_eq(status_count(), 0);
    snprintf(path, sizeof(path), "%s/deploy", dir);
    ck_assert_int_ne(access(path, F_OK), 0);
    lure_state("git", dir, result.where, "gone");
}
END_TEST

START_TEST(uproot_takes_out_what_others_have)
{
    git_reference *reference = NULL;
    struct place_result later;
    git_oid planted;

    open_repository(false);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED), 0);
    git_oid_fromstr(&planted, lure_where(&result, "commit"));
    ck_assert_int_eq(git_reference_create(&reference, git, "refs/remotes/origin/main", &planted, 1, NULL), 0);
    git_reference_free(reference);
    lure_later("uproot", "git", dir, META(ADDED), result.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "gone");
    ck_assert_ptr_nonnull(strstr(buffer_text(&later.text), "keep it"));
    place_result_free(&later);
    expect_absent("main", "deploy/.env");
    ck_assert_uint_eq(status_count(), 0);
    lure_state("git", dir, result.where, "changed");
}
END_TEST

/* The tip's commit with one more file, as who amends it has it. */
static void amend(const char *path)
{
    git_tree_update update = {GIT_TREE_UPDATE_UPSERT, {{0}}, GIT_FILEMODE_BLOB, path};
    git_commit *tip = NULL;
    git_tree *tree = NULL;
    git_oid id;

    ck_assert_int_eq(git_reference_name_to_id(&id, git, "refs/heads/main"), 0);
    ck_assert_int_eq(git_commit_lookup(&tip, git, &id), 0);
    ck_assert_int_eq(git_commit_tree(&tree, tip), 0);
    ck_assert_int_eq(git_blob_create_from_buffer(&update.id, git, "mine", 4), 0);
    ck_assert_int_eq(git_tree_create_updated(&id, git, tree, 1, &update), 0);
    git_tree_free(tree);
    ck_assert_int_eq(git_tree_lookup(&tree, git, &id), 0);
    ck_assert_int_eq(git_commit_amend(&id, tip, "refs/heads/main", NULL, NULL, NULL, NULL, tree), 0);
    git_tree_free(tree);
    git_commit_free(tip);
}

START_TEST(uproot_leaves_others_files_in_the_lures_commit)
{
    struct place_result found, later;
    char *text;

    open_repository(true);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED), 0);
    amend("theirs");
    lure_later("inspect", "git", dir, META(ADDED), result.where, &found, 0, &error);
    ck_assert_str_eq(found.state, "moved");
    lure_later("uproot", "git", dir, META(ADDED), found.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "gone");
    expect_absent("main", "deploy/.env");
    expect_absent("main", "deploy/README");
    text = content_at("main", "theirs");
    ck_assert_ptr_nonnull(text);
    free(text);
    place_result_free(&found);
    place_result_free(&later);
}
END_TEST

START_TEST(uproot_leaves_history_alone)
{
    struct place_result later;

    open_repository(true);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}", META(ADDED "," REMOVED), 0);
    commit("main", "b", "1", 1750000000);
    lure_later("uproot", "git", dir, "{}", result.where, &later, -1, &error);
    ck_assert_ptr_nonnull(strstr(error.text, "history"));
    place_result_free(&later);
    lure_state("git", dir, result.where, "there");
}
END_TEST

START_TEST(a_buried_lure_is_not_called_changed)
{
    struct place_result later;

    open_repository(true);
    commit("main", "a", "1", 1700000000);
    plant(dir, "{}",
          META(ADDED ",{\"message\":\"Use the vault\\n\"," AUTHOR ",\"date\":\"2024-06-04T12:00:00Z\",\"files\":["
                     "{\"path\":\"deploy/.env\",\"file\":\"1\"}]}"),
          0);
    commit("main", "b", "1", 1750000000);
    lure_later("uproot", "git", dir, "{}", result.where, &later, -1, &error);
    ck_assert_ptr_nonnull(strstr(error.text, "history"));
    place_result_free(&later);
}
END_TEST

START_TEST(uproot_of_the_first_commit)
{
    struct place_result later;

    open_repository(false);
    plant(dir, "{}", META(ADDED), 0);
    lure_later("uproot", "git", dir, META(ADDED), result.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "gone");
    place_result_free(&later);
    ck_assert_int_eq(git_repository_head_unborn(git), 1);
    ck_assert_uint_eq(status_count(), 0);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        a_commit_in_a_bare_repository, a_work_tree_follows, the_users_own_changes_stay, buried_in_history,
        buried_under_another_version, dates_follow_the_tip, dates_fit_any_room,
        an_empty_repository_gets_its_first_commit, another_branch_leaves_the_work_tree, refusals_say_what_to_do,
        untracked_files_stay, hostile_lures_are_refused, a_dry_run_does_nothing, inspection_tells_what_became_of_it,
        uproot_drops_what_nobody_has, uproot_takes_out_what_others_have,
        uproot_leaves_others_files_in_the_lures_commit, uproot_leaves_history_alone,
        a_buried_lure_is_not_called_changed, uproot_of_the_first_commit};
    Suite *suite = suite_create("planter/git");
    TCase *git_case = tcase_create("git");

    tcase_add_checked_fixture(git_case, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(git_case, tests[i]);
    suite_add_tcase(suite, git_case);
    return suite;
}

TEST_MAIN(suite)
