/* SPDX-License-Identifier: ISC */
#include "server/parent/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/paths.h"
#include "server/wire/users.h"

#define LET_THROUGH 0710

#define RETRY_NS (50 * 1000 * 1000)
#define BACKLOG 64
#define STATUS 1024

static int check_state(const struct configuration *configuration, uid_t *uid, gid_t *gid, struct error *error)
{
    char *ledger = NULL;
    int result = users_of(configuration, "keeper", uid, gid, error);

    if (result == 0) {
        ledger = paths_join(configuration->state, "ledger.db");
        if (ledger == NULL || (access(ledger, F_OK) < 0 && errno == ENOENT))
            result = error_set(error, "there is no ledger in %s; make an installation by `sundew init DIR`",
                               configuration->state);
    }
    free(ledger);
    return result;
}

static int open_folder(const struct configuration *configuration, uid_t uid, gid_t gid, struct error *error)
{
    int state = open(configuration->state, O_DIRECTORY | O_RDONLY | O_CLOEXEC), folder = -1;

    if (state < 0)
        return error_errno(error, "cannot open the state folder %s", configuration->state);
    if ((mkdirat(state, "run", 0700) < 0 && errno != EEXIST) ||
        (folder = openat(state, "run", O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) {
        error_errno(error, "cannot make %s/run", configuration->state);
    } else if (geteuid() == 0 && fchown(folder, uid, gid) < 0) {
        error_errno(error, "cannot give %s/run to the keeper's user", configuration->state);
        close(folder);
        folder = -1;
    }
    close(state);
    return folder;
}

/* The group may go through to the socket, and do nothing else. */
static int let_through(int folder, gid_t group)
{
    return fchown(folder, (uid_t)-1, group) == 0 && fchmod(folder, LET_THROUGH) == 0 ? 0 : -1;
}

/* Only where it is open: a service may lack what it takes to change the mode of what it has given away. The state folder
 * is opened by let_through() alone, or else by its owner, in another way. */
static int shut(const struct runtime *runtime, const char *state)
{
    struct stat above, folder, control;

    if (fstat(runtime->folder, &folder) < 0 || fstatat(runtime->folder, "control", &control, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (stat(state, &above) < 0 || ((above.st_mode & 07777) == LET_THROUGH && chmod(state, 0700) < 0))
        return -1;
    if ((folder.st_mode & 0077) != 0 && fchmod(runtime->folder, 0700) < 0)
        return -1;
    return (control.st_mode & 0077) == 0 ? 0 : fchmodat(runtime->folder, "control", 0600, 0);
}

int runtime_operators(const struct runtime *runtime, const struct configuration *configuration, struct error *error)
{
    int state, result = 0;
    gid_t group;

    if (users_operators(configuration, &group, error) < 0)
        return -1;
    if (group == (gid_t)-1)
        return shut(runtime, configuration->state) == 0 ? 0 : error_errno(error, "cannot shut %s/run", configuration->state);
    state = open(configuration->state, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (state < 0 || let_through(runtime->folder, group) < 0 || let_through(state, group) < 0 ||
        fchownat(runtime->folder, "control", (uid_t)-1, group, AT_SYMLINK_NOFOLLOW) < 0 ||
        fchmodat(runtime->folder, "control", 0660, 0) < 0)
        result = error_errno(error, "operators: cannot open %s/run/control to group %s; start as root, or join that group",
                             configuration->state, configuration->operators);
    if (state >= 0)
        close(state);
    return result;
}

static int lock_taken(const struct runtime *runtime, const struct configuration *configuration, struct error *error)
{
    char text[32] = "";
    ssize_t length = pread(runtime->lock, text, sizeof(text) - 1, 0);

    if (length > 0)
        text[strcspn(text, "\n")] = '\0';
    return error_set(error, "another sundewd%s%s%s runs on %s; stop it first", text[0] != '\0' ? " (process " : "",
                     text, text[0] != '\0' ? ")" : "", configuration->state);
}

static int take_lock(struct runtime *runtime, const struct configuration *configuration, uid_t uid, int wait_ms,
                     struct error *error)
{
    const struct timespec pause = {.tv_nsec = RETRY_NS};
    int64_t deadline = clock_monotonic() + (int64_t)wait_ms * 1000;
    char text[32];
    int length;

    runtime->lock = openat(runtime->folder, "sundewd.pid", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (runtime->lock < 0)
        return error_errno(error, "cannot open %s/run/sundewd.pid", configuration->state);
    if (geteuid() == 0 && fchown(runtime->lock, uid, (gid_t)-1) < 0)
        return error_errno(error, "cannot give %s/run/sundewd.pid to the keeper's user", configuration->state);
    while (flock(runtime->lock, LOCK_EX | LOCK_NB) < 0) {
        if (clock_monotonic() >= deadline)
            return lock_taken(runtime, configuration, error);
        nanosleep(&pause, NULL);
    }
    length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(runtime->lock, 0) < 0 || pwrite(runtime->lock, text, (size_t)length, 0) != length)
        return error_errno(error, "cannot write %s/run/sundewd.pid", configuration->state);
    return 0;
}

/* Through the folder's descriptor, for the path may be longer than a socket's name can be. */
static int bind_control(struct runtime *runtime, uid_t uid, struct error *error)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    mode_t before;
    int bound;

    runtime->control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (runtime->control < 0)
        return error_errno(error, "cannot make the control socket");
    snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d/control", runtime->folder);
    if (unlinkat(runtime->folder, "control", 0) < 0 && errno != ENOENT)
        return error_errno(error, "cannot remove the old control socket");
    before = umask(0177);
    bound = bind(runtime->control, (struct sockaddr *)&name, sizeof(name));
    umask(before);
    if (bound < 0 || listen(runtime->control, BACKLOG) < 0)
        return error_errno(error, "cannot bind the control socket in the state folder");
    if (geteuid() == 0 && fchownat(runtime->folder, "control", uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, "cannot give the control socket to the keeper's user");
    return 0;
}

int runtime_open(struct runtime *runtime, const struct configuration *configuration, int wait_ms, struct error *error)
{
    gid_t gid;
    uid_t uid;

    *runtime = (struct runtime){-1, -1, -1};
    if (users_give_files(configuration, error) < 0 || check_state(configuration, &uid, &gid, error) < 0)
        return -1;
    runtime->folder = open_folder(configuration, uid, gid, error);
    if (runtime->folder < 0 || take_lock(runtime, configuration, uid, wait_ms, error) < 0 ||
        bind_control(runtime, uid, error) < 0)
        return -1;
    return runtime_operators(runtime, configuration, error);
}

void runtime_status(const struct runtime *runtime, unsigned loads, bool ok, const char *text)
{
    char line[STATUS];
    int length = snprintf(line, sizeof(line), "%u %s %s\n", loads, ok ? "ok" : "failed", text);
    int fd = openat(runtime->folder, "status.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (length >= (int)sizeof(line))
        length = (int)sizeof(line) - 1;
    if (fd < 0)
        return;
    if (write(fd, line, (size_t)length) == length)
        renameat(runtime->folder, "status.new", runtime->folder, "status");
    close(fd);
}

void runtime_close(struct runtime *runtime)
{
    if (runtime->control >= 0) {
        unlinkat(runtime->folder, "control", 0);
        close(runtime->control);
    }
    if (runtime->lock >= 0)
        close(runtime->lock);
    if (runtime->folder >= 0)
        close(runtime->folder);
    *runtime = (struct runtime){-1, -1, -1};
}
