/* SPDX-License-Identifier: ISC
 *
 * site check DIR: the minter looks at how the site draws its face, and hands one to the sensor, whose own loader says
 * what else is wrong. Both write to our standard output. */
#include "server/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/paths.h"

/* Runs PROGRAM --check FOLDER with `fd` as its descriptor `as`. */
static pid_t start(const char *name, const char *folder, bool json, int fd, int as, int other)
{
    char *program = paths_join(paths_libexec(), name);
    const char *arguments[] = {name, "--check", folder, json ? "--json" : NULL, NULL};
    pid_t child = program == NULL ? -1 : fork();

    if (child == 0) {
        close(other);
        if (fd == as ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, as) == as)
            execv(program, (char *const *)(uintptr_t)arguments);
        _exit(3);
    }
    free(program);
    return child;
}

static int end_of(pid_t child)
{
    int status = 0;

    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static int check(const char *folder, bool json, struct error *error)
{
    int ends[2], face, site;
    pid_t minter, sensor;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_errno(error, "cannot check");
        return 3;
    }
    fflush(stdout);
    minter = start("minter", folder, json, ends[1], 3, ends[0]);
    close(ends[1]);
    sensor = start("sensor", folder, json, ends[0], STDIN_FILENO, ends[1]);
    close(ends[0]);
    face = end_of(minter);
    site = end_of(sensor);
    if (face == 3 || site == 3 || face > 3 || site > 3) {
        error_set(error, "the check of %s did not finish; is Sundew installed completely?", folder);
        return 3;
    }
    return face == 1 || site == 1 ? 1 : 0;
}

/* The folder as it is named, or that of a site that `sundew sites` lists. */
static char *folder_of(const char *name)
{
    char *sites = strchr(name, '/') != NULL || access(name, F_OK) == 0 ? NULL : paths_join(paths_data(), "site"),
         *listed = sites == NULL ? NULL : paths_join(sites, name);

    free(sites);
    if (listed != NULL && access(listed, F_OK) == 0)
        return listed;
    free(listed);
    return strdup(name);
}

int run_site(struct invocation *invocation, struct error *error)
{
    const char *action = options_value(invocation->options, "action");
    char *folder, *file;
    int code;

    if (action == NULL || strcmp(action, "check") != 0) {
        error_set(error, "a site can be checked: sundew site check DIR");
        return 2;
    }
    folder = folder_of(options_value(invocation->options, "dir"));
    file = folder == NULL ? NULL : paths_join(folder, "site.yaml");
    if (file == NULL || access(file, R_OK) < 0) {
        error_errno(error, "%s cannot be read; name the folder of a site", file == NULL ? "site.yaml" : file);
        code = 3;
    } else {
        code = check(folder, invocation->options->json, error);
        if (code == 0 && !invocation->options->json)
            printf("%s: nothing is wrong\n", folder);
    }
    free(file);
    free(folder);
    return code;
}
