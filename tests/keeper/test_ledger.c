/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "server/keeper/gather.h"
#include "tests/keeper/world.h"
#include "tests/test.h"

static char folder[64];
static struct keyring keyring;
static struct error error;
static struct ledger ledger;

static void set_up(void)
{
    const unsigned char master[KEYRING_BYTES] = {1};

    keyring_derive(&keyring, master);
    snprintf(folder, sizeof folder, "/tmp/ledger-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void tear_down(void)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "lock", "reserve"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(names[i]));
    rmdir(folder);
}

static void expect_refusal(bool create, const char *words)
{
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, create, &error), -1);
    ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
}

static void make(void)
{
    ck_assert_msg(ledger_open(&ledger, folder, &keyring, true, &error) == 0, "%s", error.text);
    ledger_close(&ledger);
}

static void change(const char *sql)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(in_folder("ledger.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(makes_and_opens)
{
    struct stat status;

    expect_refusal(false, "sundew init");
    make();
    ck_assert(ledger_exists(folder));
    ck_assert_int_eq(stat(in_folder("ledger.db"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 077, 0);
    ck_assert_int_eq(stat(in_folder("reserve"), &status), 0);
    ck_assert_int_ge((int64_t)status.st_blocks * 512, LEDGER_RESERVE);
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), 0);
    ck_assert(!ledger.full);
    ck_assert_int_eq(ledger_set(&ledger, "x", 41, &error), 0);
    ck_assert_int_eq(ledger_set(&ledger, "x", 42, &error), 0);
    ck_assert_int_eq(ledger_setting(&ledger, "x", 0), 42);
    ck_assert_int_eq(ledger_setting(&ledger, "y", 7), 7);
    ledger_close(&ledger);
}
END_TEST

START_TEST(refuses_foreign_files)
{
    FILE *file = fopen(in_folder("ledger.db"), "w");

    ck_assert_ptr_nonnull(file);
    fputs("This is a letter, and it is longer than a header of a hundred bytes, so that nobody takes it for one.....",
          file);
    fclose(file);
    expect_refusal(false, "not a ledger of ours");
    unlink(in_folder("ledger.db"));
    change("CREATE TABLE other (x)");
    expect_refusal(false, "another program's");
    expect_refusal(true, "another program's");
}
END_TEST

extern const char keeper_schema[];

/* A ledger as the first version wrote it. */
START_TEST(migrates_from_the_first_version)
{
    sqlite3_stmt *statement;

    change(keeper_schema);
    change("PRAGMA application_id = 1398099524; PRAGMA user_version = 1;"
           " INSERT INTO token (number, id, kind, form, identity, identity_digest, secret, secret_bits, identity_bits,"
           " bound, distinctive, decoy, state, minted) VALUES (1, x'00', 'password', 'human', 'svc', x'', x'', 61, 22, 1,"
           " 1, 'portal', 'armed', 0);"
           " INSERT INTO placement (id, token, place, location, lure, meta, state) VALUES (x'00', 1, 'file:/x', '{}', '',"
           " '{}', 'there');"
           " INSERT INTO actor (id, prefix, address, first_seen, last_seen, sightings) VALUES (x'00', x'', x'', 1, 2, 3);"
           " INSERT INTO incident (id, state, severity, opened, updated) VALUES (x'00', 'open', 'critical', 1, 2);"
           " INSERT INTO sighting (id, observation, observation_id, token, actor, incident, time, grade, part, found_in,"
           " reason, decoy, service, source, port, via, client, context, drill) SELECT randomblob(16), value, x'', 1, 1, 1,"
           " value, 'secret', 'secret', '', '', 'portal', 'http', x'', 1, '[]', '{}',"
           " iif(value > 2, '[\"later-step\"]', '[]'), value = 2 FROM json_each('[1,2,3,4]');"
           " INSERT INTO fold SELECT incident, token, actor, grade, 1, 4, 4, 0, 1, 0, NULL, 4 FROM sighting"
           " WHERE number = 1");
    ck_assert_msg(ledger_open(&ledger, folder, &keyring, false, &error) == 0, "%s", error.text);
    statement = ledger_statement(&ledger, "SELECT length(facts), trusts FROM token WHERE number = 1", &error);
    ck_assert_int_eq(ledger_step(&ledger, statement, &error), 1);
    ck_assert_int_eq(sqlite3_column_int(statement, 0), 0);
    ck_assert_int_eq(sqlite3_column_int(statement, 1), 0);
    sqlite3_reset(statement);
    statement = ledger_statement(&ledger, "SELECT campaign IS NULL AND arguments IS NULL AND rotates IS NULL"
                                  " FROM placement WHERE number = 1", &error);
    ck_assert_int_eq(ledger_step(&ledger, statement, &error), 1);
    ck_assert_int_eq(sqlite3_column_int(statement, 0), 1);
    sqlite3_reset(statement);
    statement = ledger_statement(&ledger, "SELECT t.uses, t.drilled, i.uses, (SELECT group_concat(coalesce(step, '-'), '')"
                                 " FROM sighting) = '--12' FROM token t, incident i", &error);
    ck_assert_int_eq(ledger_step(&ledger, statement, &error), 1);
    ck_assert_int_eq(sqlite3_column_int(statement, 0), 3);
    ck_assert_int_eq(sqlite3_column_int(statement, 1), 2);
    ck_assert_int_eq(sqlite3_column_int(statement, 2), 4);
    ck_assert_int_eq(sqlite3_column_int(statement, 3), 1);
    sqlite3_reset(statement);
    ledger_close(&ledger);
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), 0);
    ledger_close(&ledger);
}
END_TEST

/* In a process of its own: leaves a log behind. */
static void write_and_die(int value)
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        status = ledger_open(&ledger, folder, &keyring, false, &error);
        _exit(status == 0 && ledger_set(&ledger, "x", value, &error) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

/* A flush that failed may have left it in the kernel's memory only. */
START_TEST(what_was_left_in_the_log_is_written_anew)
{
    struct stat status;

    make();
    write_and_die(42);
    ck_assert_int_eq(stat(in_folder("ledger.db-wal"), &status), 0);
    ck_assert_int_gt(status.st_size, 0);
    ck_assert_msg(ledger_open(&ledger, folder, &keyring, false, &error) == 0, "%s", error.text);
    ck_assert_int_eq(stat(in_folder("ledger.db-wal"), &status), 0);
    ck_assert_int_eq(status.st_size, 0);
    ck_assert_int_eq(ledger_setting(&ledger, "x", 0), 42);
    ledger_close(&ledger);
}
END_TEST

START_TEST(a_log_is_not_written_over_a_copy_that_was_put_back)
{
    char sql[160], copy[128];

    make();
    snprintf(copy, sizeof copy, "%s", in_folder("copy.db"));
    snprintf(sql, sizeof sql, "VACUUM INTO '%s'", copy);
    change(sql);
    write_and_die(42);
    ck_assert_int_eq(rename(copy, in_folder("ledger.db")), 0);
    expect_refusal(false, "take ledger.db-wal and ledger.db-shm away");
    ck_assert_int_eq(unlink(in_folder("ledger.db-wal")), 0);
    write_and_die(43);
    write_and_die(44); /* its own log is no other's */
}
END_TEST

/* Who waits for a commit waits for what it copies back, too. */
START_TEST(no_commit_copies_much_back)
{
    struct stat status;

    make();
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), 0);
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(ledger_execute(&ledger, "INSERT OR REPLACE INTO setting (name, value)"
                                        " VALUES ('long', randomblob(65536))", &error), 0);
    ck_assert_int_eq(stat(in_folder("ledger.db-wal"), &status), 0);
    ck_assert_int_gt(status.st_size, 0);
    ck_assert_int_lt(status.st_size, 12 * 1024 * 1024);
    ledger_close(&ledger);
}
END_TEST

START_TEST(refuses_newer_schemas)
{
    make();
    change("PRAGMA user_version = 99");
    expect_refusal(false, "newer release");
}
END_TEST

START_TEST(refuses_another_key)
{
    const unsigned char master[KEYRING_BYTES] = {2};

    make();
    keyring_derive(&keyring, master);
    expect_refusal(false, "not the one that the ledger");
}
END_TEST

START_TEST(refuses_damaged_files)
{
    int fd;

    make();
    fd = open(in_folder("ledger.db"), O_WRONLY);
    ck_assert_int_eq(ftruncate(fd, 5000), 0);
    close(fd);
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), -1);
}
END_TEST

/* Opens the ledger when it is told to; for a process of its own, forked before SQLite knows the file. */
static int open_when_told(int pipe)
{
    char told;

    return read(pipe, &told, 1) == 1 && ledger_open(&ledger, folder, &keyring, false, &error) == 0 ? 0 : 1;
}

START_TEST(one_keeper_at_a_time)
{
    const struct timespec moment = {0, 200000000};
    int status = -1, pipes[2];
    pid_t pid;

    make();
    ck_assert_int_eq(pipe(pipes), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(open_when_told(pipes[0]));
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), 0);
    ck_assert_int_eq(write(pipes[1], "", 1), 1);
    nanosleep(&moment, NULL);
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0); /* it waits for as long as the ledger is open here */
    ledger_close(&ledger);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    close(pipes[0]);
    close(pipes[1]);
}
END_TEST

START_TEST(functions_make_texts)
{
    char *text;
    struct world *world = world_new(1 << 20, 600);

    text = world_text(world, "SELECT id_text('t', zeroblob(16)) || ' ' || time_text(0) || ' ' || "
                      "address_text(X'00000000000000000000FFFFCB007105')");
    ck_assert_str_eq(text, "t-aaaaaaaaaaaaaaaaaaaaaaaaaa 1970-01-01T00:00:00.000000Z 203.0.113.5");
    free(text);
    ck_assert_int_eq(world_number(world, "SELECT id_text('t', NULL) IS NULL AND time_text(NULL) IS NULL AND "
                                  "address_text(X'00') IS NULL"), 1);
    world_free(world);
}
END_TEST

/* A file system of its own for this process alone; false where that is not allowed. */
static bool mount_small(const char *options)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    return mount("sundew", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
}

START_TEST(refuses_a_read_only_folder)
{
    if (!mount_small("size=64m"))
        return;
    make();
    ck_assert_int_eq(mount("none", folder, "", MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL), 0);
    expect_refusal(false, "cannot be written");
    umount(folder);
}
END_TEST

START_TEST(refuses_a_folder_without_room)
{
    if (!mount_small("size=8m"))
        return;
    expect_refusal(true, "no room for the reserve");
    umount(folder);
}
END_TEST

/* ---- a file system that counts how often the write-ahead log was made durable ---- */

static int syncs;
static int (*sync_below)(sqlite3_file *file, int flags);
static int (*open_below)(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out);

static int counting_sync(sqlite3_file *file, int flags)
{
    syncs++;
    return sync_below(file, flags);
}

static int counting_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    static sqlite3_io_methods methods;
    int code = open_below(vfs, name, file, flags, out);

    if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
        methods = *file->pMethods;
        sync_below = methods.xSync;
        methods.xSync = counting_sync;
        file->pMethods = &methods;
    }
    return code;
}

static int syncs_of(int (*begin)(struct ledger *ledger, struct error *error), int64_t value)
{
    syncs = 0;
    ck_assert_int_eq(begin(&ledger, &error), 0);
    ck_assert_int_eq(ledger_set(&ledger, "x", value, &error), 0);
    ck_assert_msg(ledger_commit(&ledger, &error) == 0, "%s", error.text);
    ck_assert_int_eq(ledger_setting(&ledger, "x", 0), value);
    return syncs;
}

START_TEST(only_what_is_derived_does_not_wait_for_the_disk)
{
    static sqlite3_vfs counting;

    counting = *sqlite3_vfs_find(NULL);
    counting.pNext = NULL;
    counting.zName = "counting";
    open_below = counting.xOpen;
    counting.xOpen = counting_open;
    ck_assert_int_eq(sqlite3_vfs_register(&counting, 1), SQLITE_OK);
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, true, &error), 0);
    syncs_of(ledger_begin, 1); /* the log's first head is made durable always */
    ck_assert_int_ge(syncs_of(ledger_begin, 2), 1);
    ck_assert_int_eq(syncs_of(ledger_begin_hasty, 3), 0);
    ck_assert_int_eq(syncs_of(ledger_begin_hasty, 4), 0);
    ck_assert_int_ge(syncs_of(ledger_begin, 5), 1);
    ck_assert_int_eq(syncs_of(ledger_begin_hasty, 6), 0);
    syncs = 0;
    ck_assert_int_eq(ledger_set(&ledger, "x", 7, &error), 0); /* a statement on its own */
    ck_assert_int_ge(syncs, 1);
    ck_assert_int_eq(ledger_begin_hasty(&ledger, &error), 0);
    ledger_rollback(&ledger);
    syncs = 0;
    ck_assert_int_eq(ledger_set(&ledger, "x", 8, &error), 0);
    ck_assert_int_ge(syncs, 1);
    ledger_close(&ledger);
}
END_TEST

static int64_t log_size(void)
{
    struct stat status;

    ck_assert_int_eq(stat(in_folder("ledger.db-wal"), &status), 0);
    return status.st_size;
}

START_TEST(the_log_has_room_ahead)
{
    int64_t size;
    int status;
    pid_t child;

    make();
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), 0);
    ck_assert_int_eq(ledger_set(&ledger, "x", 1, &error), 0);
    size = log_size();
    ck_assert_int_gt(size, 0);
    ck_assert_int_eq(size % GATHER_AHEAD, 0);
    ck_assert_int_eq(ledger_set(&ledger, "x", 2, &error), 0);
    ck_assert_int_eq(log_size(), size);
    for (int i = 0; log_size() == size; i++)
        ck_assert_int_eq(ledger_set(&ledger, "x", i, &error), 0);
    ck_assert_int_eq(log_size(), size + GATHER_AHEAD);
    ledger_close(&ledger);
    /* What one that was killed left in the log is found before the zeros. */
    child = fork();
    if (child == 0)
        _exit(ledger_open(&ledger, folder, &keyring, false, &error) < 0 || ledger_set(&ledger, "x", -6, &error) < 0 ||
              ledger_begin_hasty(&ledger, &error) < 0 || ledger_set(&ledger, "x", -7, &error) < 0 ||
              ledger_commit(&ledger, &error) < 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(log_size() % GATHER_AHEAD, 0);
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), 0);
    ck_assert_int_eq(ledger_setting(&ledger, "x", 0), -7);
    ledger_close(&ledger);
}
END_TEST

static const struct login right = {"svc-ostrava-7q", "Kx7-vale.harbour-91"};
static const struct login strange = {"nobody", "nothing"};

static int take(struct world *world, const struct login *login, int i)
{
    struct observation observation = world_login(login, "203.0.113.5", WORLD_NOW + i);

    world_add(world, &observation);
    return world_take(world, WORLD_NOW);
}

/* Fills the rest of the file system. */
static void fill(void)
{
    int fd = open(in_folder("filler"), O_WRONLY | O_CREAT, 0600);
    static char block[65536];
    ssize_t n;

    ck_assert_int_ge(fd, 0);
    memset(block, 'x', sizeof block);
    while ((n = write(fd, block, sizeof block)) > 0)
        ;
    ck_assert_int_eq(errno, ENOSPC);
    close(fd);
}

START_TEST(sightings_are_kept_when_the_disk_is_full)
{
    struct token_result token = world_password(right.identity, right.secret);
    struct world *world;
    int i, failed = 0, kept = 0;

    if (!mount_small("size=64m") || setenv("TMPDIR", folder, 1) < 0)
        return;
    world = world_new(1 << 30, 1000000);
    world_mint(world, &token, "gitlab");
    fill();
    for (i = 0; i < 20000 && !world->ledger.full; i++)
        ck_assert_int_eq(take(world, &strange, i), 0);
    ck_assert_msg(world->ledger.full, "the disk never became full");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM sighting"), 0);
    for (i = 0; i < 500; i++)
        ck_assert_msg(take(world, &right, i) == 0, "%s", world->error.text);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation WHERE matched <> zeroblob(128)"), 500);
    i = (int)world_number(world, "SELECT count(*) FROM observation");
    ck_assert_int_eq(take(world, &strange, 1), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), i);
    fill(); /* nothing at all is left: then nothing is acknowledged */
    for (i = 0; i < 100000 && failed == 0; i++)
        failed = take(world, &right, i) < 0;
    ck_assert_int_eq(failed, 1);
    kept = (int)world_number(world, "SELECT count(*) FROM observation WHERE matched <> zeroblob(128)");
    unlink(in_folder("filler"));
    ck_assert_int_eq(take(world, &right, i), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation WHERE matched <> zeroblob(128)"), kept + 1);
    world_free(world);
    umount(folder);
}
END_TEST

/* Else each start would take away again what was given back, and nothing but sightings could be written. */
START_TEST(what_was_given_back_stays_until_there_is_room)
{
    if (!mount_small("size=40m"))
        return;
    make();
    ck_assert_int_eq(ledger_open(&ledger, folder, &keyring, false, &error), 0);
    ck_assert(!ledger.full && access(in_folder("reserve"), F_OK) == 0);
    ck_assert(ledger_reserve_free(&ledger));
    ledger_close(&ledger);
    ck_assert_msg(ledger_open(&ledger, folder, &keyring, false, &error) == 0, "%s", error.text);
    ck_assert(ledger.full && access(in_folder("reserve"), F_OK) != 0);
    ck_assert_int_eq(ledger_set(&ledger, "x", 42, &error), 0);
    ck_assert_int_eq(mount("none", folder, "", MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=120m"), 0);
    ledger_reserve_restore(&ledger);
    ck_assert(!ledger.full && access(in_folder("reserve"), F_OK) == 0);
    ledger_close(&ledger);
    umount(folder);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        makes_and_opens, refuses_foreign_files, migrates_from_the_first_version, no_commit_copies_much_back,
        what_was_left_in_the_log_is_written_anew, refuses_newer_schemas,
        a_log_is_not_written_over_a_copy_that_was_put_back,
        refuses_another_key, refuses_damaged_files,
        one_keeper_at_a_time, functions_make_texts, refuses_a_read_only_folder, refuses_a_folder_without_room,
        only_what_is_derived_does_not_wait_for_the_disk, the_log_has_room_ahead,
        sightings_are_kept_when_the_disk_is_full, what_was_given_back_stays_until_there_is_room};
    Suite *s = suite_create("ledger");
    TCase *t = tcase_create("ledger");
    size_t i;

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 120);
    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
