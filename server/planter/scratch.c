/* SPDX-License-Identifier: ISC */
#include "server/planter/scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEPTH 16 /* folders that are open at once */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    if (at->level > 0)
        remove(path);
    return 0;
}

void scratch_empty(const char *folder)
{
    nftw(folder, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS);
}

/* Holds nothing but the reading end of a pipe, which ends when nobody holds the other any more. */
static void __attribute__((noreturn)) wait_and_sweep(const char *folder, int pipe)
{
    char byte;

    dup2(pipe, STDIN_FILENO);
    close_range(STDIN_FILENO + 1, ~0U, 0);
    prctl(PR_SET_NAME, "planter-sweep");
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    scratch_empty(folder);
    rmdir(folder);
    _exit(0);
}

static int leave_sweeper(const char *folder, struct error *error)
{
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_errno(error, "cannot make a pipe");
    child = fork();
    if (child == 0) {
        close(ends[1]);
        /* Once more, so that it is nobody's child to wait for. */
        if (fork() == 0)
            wait_and_sweep(folder, ends[0]);
        _exit(0);
    }
    close(ends[0]);
    if (child < 0) {
        close(ends[1]);
        return error_errno(error, "cannot start a child");
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    return 0; /* the other end stays open as long as this process lives */
}

char *scratch_make(struct error *error)
{
    const char *parent = secure_getenv("TMPDIR");
    char *folder = NULL;

    if (asprintf(&folder, "%s/sundew-XXXXXX", parent != NULL && parent[0] == '/' ? parent : "/tmp") < 0) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (mkdtemp(folder) == NULL) {
        error_errno(error, "cannot make the folder %s for a copy; name another by TMPDIR", folder);
        free(folder);
        return NULL;
    }
    if (leave_sweeper(folder, error) != 0) {
        rmdir(folder);
        free(folder);
        return NULL;
    }
    return folder;
}
