/* SPDX-License-Identifier: ISC */
#include "tests/planter/lure.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "server/planter/mbox_file.h"

static char dir[64], path[128];
static struct place_result result;
static struct error error;

#define ID "<20260602.a1b2@corp.example>"
#define META                                                                                                           \
    "{\"type\":\"mail\",\"subject\":\"Handover\",\"date\":\"2026-06-02T12:00:00+02:00\",\"message_id\":\"" ID "\"}"
#define MAIL                                                                                                           \
    "Return-Path: <a@corp.example>\nFrom: a@corp.example\nTo: b@corp.example\nMessage-ID: " ID                         \
    "\nSubject: Handover\n\nHi,\n\nFrom here on it is\n>From there too\n  password: " LURE_SECRET "\n"
#define ONE(date, id, more)                                                                                            \
    "From x@corp.example " date "\nFrom: x@corp.example\nMessage-ID: <" id "@x>\n" more "Subject: " id "\n\nText.\n\n"
#define MAY ONE("Sat May 30 10:00:00 2026", "may", "")
#define JUNE ONE("Mon Jun  8 10:00:00 2026", "june", "")
#define JULY ONE("Wed Jul  1 10:00:00 2026", "july", "")

static void write_file(const char *name, const char *text)
{
    char full[256];
    FILE *file;

    snprintf(full, sizeof(full), "%s/%s", dir, name);
    file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static const char *read_file(const char *name)
{
    static char text[65536];
    char full[256];
    FILE *file;

    snprintf(full, sizeof(full), "%s/%s", dir, name);
    file = fopen(full, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static size_t count_files(void)
{
    DIR *list = opendir(dir);
    struct dirent *entry;
    size_t n = 0;

    ck_assert_ptr_nonnull(list);
    while ((entry = readdir(list)) != NULL)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(list);
    return n;
}

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/sundew-mbox-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/inbox", dir);
    place_result_init(&result);
}

static void teardown(void)
{
    place_result_free(&result);
    lure_remove_tree(dir);
}

static void plant(const char *options, int expected)
{
    struct task task;

    place_result_free(&result);
    lure_task(&task, "plant", "mbox", path, options, META);
    lure_file(&task, "0", MAIL);
    lure_run(&task, &result, expected, &error);
}

static void uproot(void)
{
    struct place_result later;

    lure_later("uproot", "mbox", path, "{}", result.where, &later, 0, &error);
    ck_assert_str_eq(later.state, "gone");
    place_result_free(&later);
}

static void check_order(const char *text, const char *first, const char *second, const char *third)
{
    const char *one = strstr(text, first), *two = strstr(text, second), *three = strstr(text, third);

    ck_assert_msg(one != NULL && two != NULL && three != NULL && one < two && two < three, "%s", text);
}

START_TEST(goes_where_its_date_belongs)
{
    struct stat before, after;

    write_file("inbox", MAY JUNE JULY);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, path, (struct timespec[]){{1780000000, 5}, {1780000100, 7}}, 0), 0);
    ck_assert_int_eq(stat(path, &before), 0);
    plant("{}", 0);
    ck_assert_str_eq(result.state, "there");
    ck_assert_str_eq(lure_where(&result, "order"), "inserted");
    ck_assert_str_eq(lure_where(&result, "message_id"), ID);
    ck_assert_str_eq(lure_where(&result, "path"), path);
    ck_assert_str_eq(lure_where(&result, "folder"), "inbox");
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert(before.st_mode == after.st_mode && before.st_uid == after.st_uid && before.st_gid == after.st_gid);
    ck_assert(after.st_mtim.tv_sec == 1780000100 && after.st_mtim.tv_nsec == 7 && after.st_atim.tv_sec == 1780000000);
    check_order(read_file("inbox"), "Subject: may", "Subject: Handover", "Subject: june");
    check_order(read_file("inbox"),
                "\n\nFrom a@corp.example Tue Jun  2 12:00:00 2026\nReturn-Path:", "\nStatus: RO\n\nHi,",
                "\n\n>From here on it is\n>>From there too\n  password: " LURE_SECRET "\n\nFrom x@");
    ck_assert_uint_eq(count_files(), 1);
    lure_state("mbox", path, result.where, "there");
    uproot();
    ck_assert_str_eq(read_file("inbox"), MAY JUNE JULY);
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(newest_goes_behind_in_the_same_file)
{
    struct stat before, after;

    write_file("inbox", MAY);
    stat(path, &before);
    plant("{}", 0);
    stat(path, &after);
    ck_assert_str_eq(lure_where(&result, "order"), "appended");
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    ck_assert_int_eq(strncmp(read_file("inbox"), MAY "From a@corp.example Tue", strlen(MAY) + 20), 0);
    uproot();
    ck_assert_str_eq(read_file("inbox"), MAY);
}
END_TEST

START_TEST(an_empty_file_and_one_without_its_last_lines)
{
    static const char *const starts[] = {"", "From x@y Sat May 30 10:00:00 2026\nSubject: a\n\nText",
                                         "From x@y Sat May 30 10:00:00 2026\nSubject: a\n\nText\n"};
    struct mbox_entry entry;
    size_t at = 0, n = 0;

    write_file("inbox", starts[_i]);
    plant("{}", 0);
    while (mbox_next(slice_of(read_file("inbox")), &at, &entry))
        n++;
    ck_assert_uint_eq(n, _i == 0 ? 1 : 2);
    lure_state("mbox", path, result.where, "there");
    uproot();
}
END_TEST

/* As another process, a mail program, would. */
static pid_t hold(bool dot, bool open_only)
{
    int ready[2];
    pid_t pid;
    char c;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        char name[160];
        int fd = open(path, O_RDWR);

        snprintf(name, sizeof(name), "%s.lock", path);
        if (dot)
            close(open(name, O_CREAT | O_EXCL | O_WRONLY, 0644));
        else if (!open_only && fcntl(fd, F_SETLK, &lock) != 0)
            _exit(1);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq((int)read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

START_TEST(a_locked_one_is_refused)
{
    char lock[160];
    pid_t pid;

    snprintf(lock, sizeof(lock), "%s.lock", path);
    write_file("inbox", MAY JULY);
    pid = hold(_i == 1, false);
    plant("{}", -1);
    end(pid);
    ck_assert_ptr_nonnull(strstr(error.text, "locked"));
    ck_assert_str_eq(read_file("inbox"), MAY JULY);
    ck_assert_int_eq(access(lock, F_OK), _i == 1 ? 0 : -1);
    unlink(lock);
    plant("{}", 0);
    ck_assert_int_eq(access(lock, F_OK), -1);
}
END_TEST

/* Whoever has it open would go on with the old file were it replaced. */
START_TEST(one_that_is_open_elsewhere_is_added_to)
{
    struct stat before, after;
    pid_t pid;

    write_file("inbox", MAY JULY);
    stat(path, &before);
    pid = hold(false, true);
    plant("{}", 0);
    stat(path, &after);
    ck_assert_str_eq(lure_where(&result, "order"), "appended");
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    check_order(read_file("inbox"), "Subject: may", "Subject: july", "Subject: Handover");
    uproot();
    end(pid);
    stat(path, &after);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_str_eq(read_file("inbox"), MAY JULY);
}
END_TEST

START_TEST(a_mail_in_the_middle_is_cut_out_in_place)
{
    pid_t pid;

    write_file("inbox", MAY JULY);
    plant("{}", 0);
    ck_assert_str_eq(lure_where(&result, "order"), "inserted");
    pid = hold(false, true);
    uproot();
    end(pid);
    ck_assert_str_eq(read_file("inbox"), MAY JULY);
}
END_TEST

START_TEST(numbered_ones_are_added_to)
{
    write_file("inbox", ONE("Sat May 30 10:00:00 2026", "may", "X-UID: 7\nStatus: RO\n") JULY);
    plant("{}", 0);
    ck_assert_str_eq(lure_where(&result, "order"), "appended");
}
END_TEST

START_TEST(heads_follow_the_neighbours)
{
    const char *text;

    write_file("inbox",
               ONE("Sat May 30 10:00:00 2026", "may", "Status: RO\nX-Status: \nContent-Length: 6\nLines: 1\n"));
    plant("{}", 0);
    text = read_file("inbox");
    ck_assert_ptr_nonnull(strstr(text, "\nStatus: RO\nX-Status: \nContent-Length: 68\nLines: 5\n\nHi,"));
}
END_TEST

START_TEST(what_readers_write_is_no_change)
{
    char text[4096], changed[8192];
    const char *at;

    write_file("inbox", MAY JULY);
    plant("{}", 0);
    snprintf(text, sizeof(text), "%s", read_file("inbox"));
    at = strstr(text, "Status: RO\n\nHi,");
    snprintf(changed, sizeof(changed), "%.*sStatus: O\nX-Status: AF\nX-UID: 9\nContent-Length: 1\nX-Keywords: Junk\n%s",
             (int)(at - text), text, at + strlen("Status: RO\n"));
    write_file("inbox", changed);
    lure_state("mbox", path, result.where, "there");
    at = strstr(text, LURE_SECRET);
    snprintf(changed, sizeof(changed), "%.*sredacted%s", (int)(at - text), text, at + strlen(LURE_SECRET));
    write_file("inbox", changed);
    lure_state("mbox", path, result.where, "changed");
    write_file("inbox", MAY JULY);
    lure_state("mbox", path, result.where, "gone");
    write_file("archive", text);
    lure_state("mbox", path, result.where, "moved");
}
END_TEST

/* A limit of the file's size stands for a disk that is full; in a process of its own, for Check writes files too. */
static int plant_limited(rlim_t most)
{
    struct rlimit limit = {most, most};
    struct task task;
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        lure_task(&task, "plant", "mbox", path, "{}", META);
        lure_file(&task, "0", MAIL);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(planter_run(&task, &result, &error) == 0 ? 0 : 3);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(a_full_disk_loses_nothing)
{
    const char *before = _i == 2 ? MAY : MAY JULY;

    write_file("inbox", before);
    ck_assert_int_eq(plant_limited(strlen(before) + (_i == 0 ? 0 : 40)), 3);
    ck_assert_str_eq(read_file("inbox"), before);
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_int_eq(plant_limited(1 << 20), 0);
}
END_TEST

START_TEST(refusals)
{
    char link[160];

    plant("{}", -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no mailbox"));
    write_file("inbox", "Hello\n");
    plant("{}", -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no mbox"));
    write_file("inbox", "From x@y Sat May 30 10:00:00 2026\r\nSubject: a\r\n\r\n");
    plant("{}", -1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    plant("{}", -1);
    ck_assert_int_eq(rmdir(path), 0);
    write_file("inbox", MAY);
    plant("{\"dry_run\":true}", 0);
    ck_assert_str_eq(result.state, "planned");
    ck_assert_str_eq(read_file("inbox"), MAY);
    plant("{}", 0);
    plant("{}", -1);
    ck_assert_ptr_nonnull(strstr(error.text, "already"));
    /* A link leads to the file; it stays one. */
    write_file("other", JULY);
    snprintf(link, sizeof(link), "%s/link", dir);
    ck_assert_int_eq(symlink("other", link), 0);
    memcpy(path, link, sizeof(path));
    plant("{}", 0);
    ck_assert_int_eq(access(link, F_OK), 0);
    check_order(read_file("other"), "Subject: Handover", "Subject: july", "Text.");
}
END_TEST

#define THREAD                                                                                                         \
    "{\"type\":\"mail\",\"subject\":\"Handover\",\"secret_file\":\"1\",\"date\":\"2026-06-02T12:00:00+02:00\","        \
    "\"message_id\":\"" ID "\",\"messages\":["                                                                         \
    "{\"file\":\"0\",\"message_id\":\"<first@x>\",\"date\":\"2026-06-01T12:00:00+02:00\",\"own\":true},"               \
    "{\"file\":\"1\",\"message_id\":\"" ID "\",\"date\":\"2026-06-02T12:00:00+02:00\"},"                               \
    "{\"file\":\"2\",\"message_id\":\"<third@x>\",\"date\":\"2026-06-03T12:00:00+02:00\"}]}"

static void plant_thread(const char *third, int expected)
{
    struct task task;

    place_result_free(&result);
    lure_task(&task, "plant", "mbox", path, "{}", THREAD);
    lure_file(&task, "0", "From: b@corp.example\nMessage-ID: <first@x>\nSubject: first\n\nAsking.\n");
    lure_file(&task, "1", MAIL);
    lure_file(&task, "2", third);
    lure_run(&task, &result, expected, &error);
}

#define THIRD "From: a@corp.example\nMessage-ID: <third@x>\nSubject: third\n\nBy the way.\n"

START_TEST(a_thread_is_planted_whole)
{
    write_file("inbox", MAY JULY);
    plant_thread(THIRD, 0);
    ck_assert_ptr_null(strstr(read_file("inbox"), "Subject: first"));
    check_order(read_file("inbox"), "Subject: Handover", "Subject: third", "Subject: july");
    uproot();
    ck_assert_str_eq(read_file("inbox"), MAY JULY);
    write_file("Sent", JUNE);
    plant_thread(THIRD, 0);
    check_order(read_file("Sent"), "From b@corp.example Mon Jun  1 12:00:00 2026", "Subject: first", "Subject: june");
    ck_assert_uint_eq(json_array_size(json_object_get(result.where, "thread")), 2);
    uproot();
    ck_assert_str_eq(read_file("inbox"), MAY JULY);
    ck_assert_str_eq(read_file("Sent"), JUNE);
}
END_TEST

START_TEST(a_thread_is_planted_whole_or_not_at_all)
{
    write_file("inbox", MAY ONE("Wed Jun  3 12:00:00 2026", "third", "") JULY);
    write_file("Sent", JUNE);
    plant_thread(THIRD, -1);
    ck_assert_str_eq(read_file("Sent"), JUNE);
    ck_assert_str_eq(read_file("inbox"), MAY ONE("Wed Jun  3 12:00:00 2026", "third", "") JULY);
}
END_TEST

START_TEST(entries_of_odd_files)
{
    static const struct {
        const char *text;
        size_t entries;
    } cases[] = {
        {"", 0},
        {"From", 0},
        {"From ", 1},
        {"From a Mon Jun  8 10:00:00 2026", 1},
        {MAY JUNE, 2},
        {"From a Mon Jun  8 10:00:00 2026\n\nFrom here\n\nFrom b Mon Jun  8 10:00:00 2026\n\n", 2},
        {"From a Mon Jun  8 10:00:00 2026\nFrom b Mon Jun  8 10:00:00 2026\n\n", 1},
        {"From a Mon Jun  8 10:00:00 +0200 2026\n\n\nFrom \"b c\"@d Mon Jun  8 10:00:00 CEST 2026\n\n\n", 2},
    };
    struct mbox_entry entry;
    size_t at = 0, n = 0;

    for (struct slice text = slice_of(cases[_i].text); mbox_next(text, &at, &entry); n++)
        ck_assert(entry.end <= text.length && entry.message.data + entry.message.length <= text.data + text.length);
    ck_assert_uint_eq(n, cases[_i].entries);
    if (_i > 2)
        ck_assert_int_gt(entry.time, 1779000000);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("planter/mbox");
    TCase *tests = tcase_create("mbox");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, goes_where_its_date_belongs);
    tcase_add_test(tests, newest_goes_behind_in_the_same_file);
    tcase_add_loop_test(tests, an_empty_file_and_one_without_its_last_lines, 0, 3);
    tcase_add_loop_test(tests, a_locked_one_is_refused, 0, 2);
    tcase_add_test(tests, one_that_is_open_elsewhere_is_added_to);
    tcase_add_test(tests, a_mail_in_the_middle_is_cut_out_in_place);
    tcase_add_test(tests, numbered_ones_are_added_to);
    tcase_add_test(tests, heads_follow_the_neighbours);
    tcase_add_test(tests, what_readers_write_is_no_change);
    tcase_add_loop_test(tests, a_full_disk_loses_nothing, 0, 3);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, a_thread_is_planted_whole);
    tcase_add_test(tests, a_thread_is_planted_whole_or_not_at_all);
    tcase_add_loop_test(tests, entries_of_odd_files, 0, 8);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
