/* SPDX-License-Identifier: ISC */
#include "tests/planter/lure.h"
#include <dirent.h>
#include "server/planter/mailbox.h"

static char dir[64];
static struct place_result result;
static struct error error;

#define ID "<20260602.a1b2@corp.example>"
#define META                                                                                                           \
    "{\"type\":\"mail\",\"subject\":\"Handover\",\"date\":\"2026-06-02T12:00:00+02:00\",\"message_id\":\"" ID "\"}"
#define MAIL                                                                                                           \
    "From: a@corp.example\nTo: b@corp.example\nMessage-ID: " ID "\nSubject: Handover\n\nThe password is " LURE_SECRET  \
    "\n"

static void make(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void make_folder(const char *prefix)
{
    static const char *const parts[] = {"cur", "new", "tmp"};
    char path[128];

    if (prefix[0] != '\0')
        make(prefix);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", prefix, parts[i]);
        make(path);
    }
}

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/sundew-mail-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    make_folder("");
    place_result_init(&result);
}

static void teardown(void)
{
    place_result_free(&result);
    lure_remove_tree(dir);
}

static void write_mail(const char *name, const char *text, mode_t mode)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void plant(const char *target, const char *options, const char *mail, int expected)
{
    struct task task;

    place_result_free(&result);
    lure_task(&task, "plant", "maildir", target, options, META);
    lure_file(&task, "0", mail);
    lure_run(&task, &result, expected, &error);
}

static size_t count(const char *part)
{
    char path[128];
    DIR *list;
    struct dirent *entry;
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/%s", dir, part);
    list = opendir(path);
    while ((entry = readdir(list)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(list);
    return n;
}

START_TEST(delivers_as_seen_mail)
{
    struct stat status;
    const char *path;

    plant(dir, "{}", MAIL, 0);
    path = lure_where(&result, "path");
    ck_assert_str_eq(result.state, "there");
    ck_assert_str_eq(lure_where(&result, "mailbox"), dir);
    ck_assert_str_eq(lure_where(&result, "folder"), "INBOX");
    ck_assert_str_eq(lure_where(&result, "message_id"), ID);
    ck_assert_int_eq(strncmp(path, dir, strlen(dir)), 0);
    ck_assert_ptr_nonnull(strstr(path, "/cur/1780394400."));
    ck_assert_str_eq(path + strlen(path) - 4, ":2,S");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mtime, 1780394400);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq((int)status.st_nlink, 1);
    ck_assert_uint_eq(count("tmp"), 0);
    ck_assert_uint_eq(count("new"), 0);
    lure_state("maildir", dir, result.where, "there");
}
END_TEST

START_TEST(named_like_the_neighbours)
{
    char name[256];

    write_mail("cur/1780000000.M1P2.mx7.corp.example,S=120,W=124:2,RS", "Message-ID: <x@y>\n\n", 0640);
    plant(dir, "{}", MAIL, 0);
    snprintf(name, sizeof(name), ".mx7.corp.example,S=%zu,W=%zu:2,S", strlen(MAIL), strlen(MAIL) + 6);
    ck_assert_msg(strstr(lure_where(&result, "path"), name) != NULL, "%s", lure_where(&result, "path"));
}
END_TEST

START_TEST(postfix_names_too)
{
    write_mail("new/1780000000.Vfe01I2a8cM513245.mail", "Message-ID: <x@y>\n\n", 0600);
    plant(dir, "{}", MAIL, 0);
    ck_assert_ptr_nonnull(strstr(lure_where(&result, "path"), ".Vfe01I"));
    ck_assert_ptr_nonnull(strstr(lure_where(&result, "path"), ".mail:2,S"));
}
END_TEST

START_TEST(modes_follow_the_neighbours)
{
    struct stat status;

    write_mail("cur/1.M1P1.h:2,S", "Message-ID: <x@y>\n\n", 0640);
    plant(dir, "{}", MAIL, 0);
    stat(lure_where(&result, "path"), &status);
    ck_assert_int_eq(status.st_mode & 0777, 0640);
}
END_TEST

START_TEST(new_flags_are_no_change)
{
    char moved[512];
    const char *path;

    plant(dir, "{}", MAIL, 0);
    path = lure_where(&result, "path");
    snprintf(moved, sizeof(moved), "%.*s:2,FRS", (int)(strlen(path) - 4), path);
    ck_assert_int_eq(rename(path, moved), 0);
    lure_state("maildir", dir, result.where, "there");
}
END_TEST

START_TEST(moved_changed_and_gone_are_told)
{
    char moved[512];
    struct place_result later;

    make_folder(".Archive.2026");
    plant(dir, "{}", MAIL, 0);
    snprintf(moved, sizeof(moved), "%s/.Archive.2026/cur/other:2,S", dir);
    ck_assert_int_eq(rename(lure_where(&result, "path"), moved), 0);
    lure_later("inspect", "maildir", dir, "{}", result.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "moved");
    ck_assert_str_eq(lure_where(&later, "folder"), "Archive.2026");
    ck_assert_str_eq(lure_where(&later, "path"), moved);
    lure_state("maildir", dir, later.where, "there");
    write_mail(".Archive.2026/cur/other:2,S", "Message-ID: " ID "\n\nredacted\n", 0600);
    lure_state("maildir", dir, later.where, "changed");
    ck_assert_int_eq(unlink(moved), 0);
    lure_state("maildir", dir, later.where, "gone");
    place_result_free(&later);
}
END_TEST

START_TEST(subfolders_of_a_maildir)
{
    char sub[128];

    make_folder(".Projects");
    snprintf(sub, sizeof(sub), "%s/.Projects", dir);
    plant(sub, "{}", MAIL, 0);
    ck_assert_str_eq(lure_where(&result, "mailbox"), dir);
    ck_assert_str_eq(lure_where(&result, "folder"), "Projects");
    lure_state("maildir", sub, result.where, "there");
    plant(dir, "{\"path\":\"Projects\"}", MAIL, 0);
    ck_assert_str_eq(lure_where(&result, "folder"), "Projects");
    plant(dir, "{\"path\":\"../x\"}", MAIL, -1);
    plant(dir, "{\"path\":\"Missing\"}", MAIL, -1);
}
END_TEST

START_TEST(uproots_only_ours)
{
    struct place_result later;

    write_mail("cur/1.M1P1.h:2,S", "Message-ID: <other@corp.example>\n\nhello\n", 0600);
    plant(dir, "{}", MAIL, 0);
    lure_later("uproot", "maildir", dir, "{}", result.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "gone");
    place_result_free(&later);
    ck_assert_uint_eq(count("cur"), 1);
    lure_later("uproot", "maildir", dir, "{}", result.where, &later, 0, &error);
    ck_assert_ptr_nonnull(strstr(buffer_text(&later.text), "already"));
    place_result_free(&later);
    ck_assert_uint_eq(count("cur"), 1);
}
END_TEST

START_TEST(refusals)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/cur", dir);
    plant(path, "{}", MAIL, -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no Maildir"));
    plant("/nonexistent/mail", "{}", MAIL, -1);
    plant(dir, "{}", "From: x\n\nMessage-ID: " ID "\n", -1);
    plant(dir, "{}", "Message-ID: <another@x>\n\n", -1);
    plant(dir, "{\"at\":\"2999-01-01\"}", MAIL, -1);
    plant(dir, "{\"dry_run\":true}", MAIL, 0);
    ck_assert_str_eq(result.state, "planned");
    ck_assert_uint_eq(count("cur") + count("new") + count("tmp"), 0);
}
END_TEST

START_TEST(links_out_of_the_mailbox_are_refused)
{
    char out[128], cur[128];

    snprintf(out, sizeof(out), "%s/out", dir);
    snprintf(cur, sizeof(cur), "%s/cur", dir);
    ck_assert_int_eq(mkdir(out, 0700), 0);
    ck_assert_int_eq(rmdir(cur), 0);
    ck_assert_int_eq(symlink(out, cur), 0);
    plant(dir, "{}", MAIL, -1);
    ck_assert_uint_eq(count("out"), 0);
}
END_TEST

START_TEST(message_ids)
{
    char id[MAILBOX_ID];

    ck_assert_int_eq(mailbox_message_id(slice_of("Subject: x\r\nMESSAGE-id:\r\n <a@b>\r\n\r\n"), id), 0);
    ck_assert_str_eq(id, "<a@b>");
    ck_assert_int_eq(mailbox_message_id(slice_of("Message-ID: <a b>\n\n"), id), -1);
    ck_assert_int_eq(mailbox_message_id(slice_of("\nMessage-ID: <a@b>\n"), id), -1);
    ck_assert_int_eq(mailbox_message_id(slice_of("Message-ID:"), id), -1);
    ck_assert_int_eq(mailbox_message_id(SLICE_NONE, id), -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("planter/maildir");
    TCase *tests = tcase_create("maildir");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, delivers_as_seen_mail);
    tcase_add_test(tests, named_like_the_neighbours);
    tcase_add_test(tests, postfix_names_too);
    tcase_add_test(tests, modes_follow_the_neighbours);
    tcase_add_test(tests, new_flags_are_no_change);
    tcase_add_test(tests, moved_changed_and_gone_are_told);
    tcase_add_test(tests, subfolders_of_a_maildir);
    tcase_add_test(tests, uproots_only_ours);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, links_out_of_the_mailbox_are_refused);
    tcase_add_test(tests, message_ids);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
