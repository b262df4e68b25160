/* SPDX-License-Identifier: ISC
 *
 * The planter: one task from `sundew` on descriptor 3, then it exits. As root it first becomes the owner of the mailbox
 * or repository. It writes below that place only, reads what its user may, and has no network. For places on other
 * hosts it has no file at all, or only a private folder for copies, makes no socket, and gets connected ones by asking
 * `sundew`; then it does as many tasks as come. An errand (a drill, a probe) has no place: it has one connection, and
 * no file.
 *
 *   sundew → planter  [ACCOUNT CREDENTIAL…] PLANT FILE… PLANT_GO, CONNECTED for each CONNECT
 *   planter → sundew  CONNECT… FILE… (what is to be printed) PLANTED
 *
 * Between them, where the lure is about to be put (place.h): PLANTED with the state "planned", answered by PLANT_GO. A
 * descriptor that comes with PLANT is a lock, kept while the task lasts, so that sundew's successor can wait for it. */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/cage.h"
#include "server/base/channel.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/role.h"
#include "server/planter/drill.h"
#include "server/planter/hide.h"
#include "server/planter/planter.h"
#include "server/planter/probe.h"
#include "server/planter/git_stream.h"
#include "server/planter/repository.h"
#include "server/planter/scratch.h"
#include "server/planter/visit.h"
#include "server/wire/help.h"
#include "server/wire/message.h"

#define PIECE (60 * 1024)

static int take(struct task *task, struct slice message, int fd, struct error *error)
{
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);

    if (type == MESSAGE_ACCOUNT || type == MESSAGE_CREDENTIAL)
        return credentials_take(&task->visit->credentials, message, fd, error);
    if (fd >= 0 && type == MESSAGE_PLANT && task->lease < 0)
        task->lease = fd;
    else if (fd >= 0)
        close(fd);
    return task_take(task, message, error);
}

/* 0; 1: there is none any more; -1. */
static int receive_task(struct task *task, struct error *error)
{
    struct buffer message;
    int rc = 0;

    buffer_init(&message, CHANNEL_MESSAGE);
    while (rc == 0) {
        int fd = -1;
        int got = channel_receive_now(ROLE_FD, &message, &fd, -1, error);

        if (got == 0)
            rc = take(task, buffer_slice(&message), fd, error) * 2;
        else
            rc = got == 1 && task->action[0] == '\0' ? 1 : error_set(error, "sundew is gone");
    }
    buffer_free(&message);
    return rc == 2 ? 0 : rc < 0 ? -1 : 1;
}

/* Root becomes who owns the place. */
static int become_owner(const struct task *task, struct error *error)
{
    char *path = task->place != NULL && task->place->owner != NULL ? task->place->owner(task) : NULL;
    struct stat status;
    int rc = 0;

    if (geteuid() == 0 && path != NULL && stat(path, &status) != 0)
        rc = error_errno(error, "cannot look at %s", path);
    else if (geteuid() == 0)
        rc = cage_drop(path != NULL ? status.st_uid : 0, path != NULL ? status.st_gid : 0, error);
    free(path);
    return rc;
}

static const char *const file_calls[] = {
    "open",   "openat",    "access",     "faccessat",       "faccessat2",  "stat",        "lstat",
    "statx",  "lseek",     "pwrite64",   "fsync",           "fdatasync",   "link",        "linkat",
    "unlink", "unlinkat",  "rename",     "renameat",        "renameat2",   "mkdir",       "mkdirat",
    "rmdir",  "fchmod",    "fchmodat",   "chmod",           "fchown",      "utimensat",   "utime",
    "utimes", "futimesat", "getdents64", "readlink",        "readlinkat",  "ftruncate",   "umask",
    "getcwd", "uname",     "flock",      "symlink",         "statfs",      "fstatfs",     "clone",
    "clone3", "prctl",     "fadvise64",  "copy_file_range", "chdir",       "fallocate",   "flistxattr",
    "getsockopt", "setsockopt", "getsockname", "getpeername", NULL};

/* No file, no socket. */
static int shut_outside(struct visit *visit, struct error *error)
{
    static const char *const calls[] = {"setsockopt", "getsockname", "getpeername", "getsockopt", NULL};

    return visit_prepare(visit, error) != 0 ? -1 : cage_shut(&(struct cage){"planter", calls, NULL}, error);
}

/* No socket, and no file but in the folder of its copies. */
static int shut_copying(struct visit *visit, struct error *error)
{
    struct cage_path paths[] = {{NULL, true}, {"/dev/urandom", false}, {NULL, false}};

    if (visit_prepare(visit, error) != 0 || repository_library(error) != 0 || git_stream_use(visit, error) != 0)
        return -1;
    visit->scratch = scratch_make(error);
    paths[0].path = visit->scratch;
    return visit->scratch != NULL ? cage_shut(&(struct cage){"planter", file_calls, paths}, error) : -1;
}

static int shut_cage(const struct task *task, struct error *error)
{
    /* What libgit2 and the C library read beside the place. */
    static const char *const common[] = {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/gitconfig",
                                         "/etc/localtime", "/etc/ld.so.cache", "/usr", "/lib", "/lib64",
                                         "/dev/urandom", "/proc/self"};
    struct place_paths paths = {.count = 0};
    struct cage_path list[PLACE_PATHS + sizeof(common) / sizeof(common[0]) + 1];
    size_t count = 0;
    int rc = task->place->paths != NULL ? task->place->paths(task, &paths, error) : 0;

    for (size_t i = 0; i < paths.count; i++)
        list[count++] = (struct cage_path){paths.path[i], !paths.foreign[i]};
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        if (access(common[i], R_OK) == 0)
            list[count++] = (struct cage_path){common[i], false};
    list[count] = (struct cage_path){NULL, false};
    if (rc == 0)
        rc = cage_shut(&(struct cage){"planter", file_calls, list}, error);
    place_paths_free(&paths);
    return rc;
}

/* ---- what goes back ---- */

static int send_print(const struct task *task, const struct buffer *print, struct error *error)
{
    struct buffer message;
    size_t at = 0;
    int rc = 0;

    buffer_init(&message, CHANNEL_MESSAGE);
    while (at < print->length && rc == 0) {
        size_t length = print->length - at < PIECE ? print->length - at : PIECE;
        struct file piece = {.name = slice_of(task->file_count > 0 ? task->files[0].name : task->action),
                             .data = {print->data + at, length},
                             .more = at + length < print->length};

        buffer_clear(&message);
        file_add(&message, &piece);
        rc = channel_send_now(ROLE_FD, buffer_slice(&message), -1, error);
        at += length;
    }
    buffer_free(&message);
    return rc;
}

static int send_planted(const struct planted *planted, struct error *error)
{
    struct buffer message;
    int rc;

    buffer_init(&message, CHANNEL_MESSAGE);
    rc = planted_add(&message, planted);
    if (rc == 0)
        rc = channel_send_now(ROLE_FD, buffer_slice(&message), -1, error);
    buffer_free(&message);
    return rc;
}

static int announce(const json_t *where, struct error *error)
{
    char *text = json_dumps(where, JSON_COMPACT);
    const struct planted planted = {.ok = true, .where = slice_of(text != NULL ? text : "{}"),
                                    .state = slice_of("planned")};
    struct buffer message;
    struct reader reader;
    int rc = send_planted(&planted, error), fd = -1;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (rc == 0 && channel_receive_now(ROLE_FD, &message, &fd, -1, error) != 0)
        rc = error_set(error, "sundew is gone");
    reader = reader_of(buffer_slice(&message));
    if (rc == 0 && (message_type(&reader) != MESSAGE_PLANT_GO || reader_end(&reader) != 0))
        rc = error_set(error, "the planter was sent a message that it does not know");
    if (fd >= 0)
        close(fd);
    buffer_free(&message);
    free(text);
    return rc;
}

static int tell_done(const struct task *task, const struct place_result *result, struct error *error)
{
    char *where = result->where != NULL ? json_dumps(result->where, JSON_COMPACT) : NULL;
    struct planted planted = {.ok = true,
                              .where = slice_of(where != NULL ? where : "{}"),
                              .state = slice_of(result->state),
                              .text = buffer_slice(&result->text)};
    int rc = send_print(task, &result->print, error);

    if (rc == 0)
        rc = send_planted(&planted, error);
    free(where);
    return rc;
}

/* Of a plant that surely was none the state is "gone", so that the token is free again. */
static int tell_failed(const struct task *task, const struct place_result *result, const struct error *why)
{
    bool none = strcmp(task->action, "plant") == 0 && !result->unsure;
    struct planted planted = {
        .where = slice_of("{}"), .state = slice_of(none ? "gone" : "unknown"), .text = slice_of(why->text)};
    struct error error;

    log_debug("%s", why->text);
    if (send_planted(&planted, &error) == 0)
        return 1;
    if (strcmp(why->text, error.text) == 0)
        log_error("%s", why->text);
    else
        log_error("%s; and sundew could not be told: %s", why->text, error.text);
    return 1;
}

/* Once, for the first task. */
static int settle(const struct task *task, struct error *error)
{
    if (become_owner(task, error) != 0)
        return -1;
    if (task_is_errand(task)) /* which shuts its own once it is connected */
        return 0;
    if (task->place->copies)
        return shut_copying(task->visit, error);
    if (task->place->remote)
        return shut_outside(task->visit, error);
    return repository_library(error) != 0 ? -1 : shut_cage(task, error);
}

static int carry_out(const struct task *task, struct place_result *result, struct error *error)
{
    if (task_is_errand(task))
        return strcmp(task->action, "drill") == 0 ? drill_run(task, result, error) : probe_run(task, result, error);
    if (task->place->remote && credentials_read(&task->visit->credentials, error) != 0)
        return -1;
    return planter_run(task, result, error);
}

/* One task: 0: more may come; 1: it was the last one; -1: so it was, and it failed, as sundew knows. */
static int run_one(struct visit *visit, bool first, struct error *error)
{
    struct task task;
    struct place_result result;
    bool last = true;
    int rc;

    task_init(&task);
    task.visit = visit;
    task.announce = announce;
    place_result_init(&result);
    rc = receive_task(&task, error);
    if (rc == 1)
        goto out;
    if (rc == 0 && first)
        rc = settle(&task, error);
    if (rc == 0)
        last = task.place == NULL || !task.place->remote;
    if (rc == 0 && !first && (last || task.place->copies != (visit->scratch != NULL)))
        rc = error_set(error, "the planter was sent a job for another planter");
    if (rc == 0) {
        rc = carry_out(&task, &result, error);
        result.unsure = result.unsure || rc == 0; /* what is done is done, whether sundew hears of it or not */
    }
    hide_secrets(&visit->credentials, (char *)(uintptr_t)buffer_text(&result.text));
    if (rc == 0)
        rc = tell_done(&task, &result, error);
    if (rc != 0)
        hide_secrets(&visit->credentials, error->text);
    if (rc != 0)
        tell_failed(&task, &result, error);
    credentials_free(&visit->credentials);
out:
    place_result_free(&result);
    task_free(&task);
    return !last ? 0 : rc == 0 ? 1 : rc;
}

int main(int argc, char **argv)
{
    struct visit visit;
    struct error error;
    bool first = true;
    int rc = 0;

    if (help_asked("planter", argc, argv))
        return 0;
    json_wipe_always();
    log_open("planter");
    signal(SIGPIPE, SIG_IGN);
    if (fcntl(ROLE_FD, F_GETFD) < 0) {
        log_error("planter is started by sundew, not by hand");
        return 2;
    }
    if (sodium_init() < 0) {
        log_error("libsodium does not start");
        return 1;
    }
    visit_init(&visit);
    while (rc == 0) {
        rc = run_one(&visit, first, &error);
        first = false;
    }
    visit_free(&visit);
    return rc == 1 ? 0 : 1;
}
