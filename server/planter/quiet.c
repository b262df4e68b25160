/* SPDX-License-Identifier: ISC
 *
 * Is somebody at work in the repository? What is read lies in its own folder: other work trees need not be readable. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/planter/repository.h"

#define NAME_BYTES 1100

/* A file of one line, without its end; false when it is not there. */
static bool read_line(const char *folder, const char *name, char line[NAME_BYTES])
{
    char *path = paths_join(folder, name);
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = fd >= 0 ? read(fd, line, NAME_BYTES - 1) : -1;

    line[got > 0 ? got : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
    free(path);
    return got > 0;
}

/* Does the work tree whose git folder this is show the branch, or rebase it? */
static bool holds(const char *folder, const char *branch)
{
    char line[NAME_BYTES];

    return (read_line(folder, "HEAD", line) && strncmp(line, "ref: ", 5) == 0 && strcmp(line + 5, branch) == 0) ||
           (read_line(folder, "rebase-merge/head-name", line) && strcmp(line, branch) == 0) ||
           (read_line(folder, "rebase-apply/head-name", line) && strcmp(line, branch) == 0);
}

static bool same_folder(const char *a, const char *b)
{
    struct stat one, other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* A repository without a work tree of its own shows no branch, whatever its HEAD says. */
static bool has_main_tree(const struct repository *repository)
{
    git_config *config = NULL;
    int bare = 0;

    if (git_repository_config_snapshot(&config, repository->git) == 0)
        git_config_get_bool(&bare, config, "core.bare");
    git_config_free(config);
    return bare == 0;
}

static int check_trees(const struct repository *repository, struct error *error)
{
    const char *common = git_repository_commondir(repository->git), *own = git_repository_path(repository->git);
    git_strarray names = {NULL, 0};
    char *trees = paths_join(common, "worktrees");
    int rc = 0;

    if (!same_folder(common, own) && has_main_tree(repository) && holds(common, repository->branch))
        rc = error_set(error, "the branch %s is shown or being rebased in the main work tree; plant through that one",
                       repository_branch_name(repository));
    if (git_worktree_list(&names, repository->git) != 0)
        names.count = 0;
    for (size_t i = 0; i < names.count && rc == 0; i++) {
        char *folder = trees != NULL ? paths_join(trees, names.strings[i]) : NULL;

        if (folder != NULL && !same_folder(folder, own) && holds(folder, repository->branch))
            rc = error_set(error, "the branch %s is shown or being rebased in the linked work tree \"%s\"; plant "
                                  "through that one (see: git worktree list)",
                           repository_branch_name(repository), names.strings[i]);
        free(folder);
    }
    git_strarray_dispose(&names);
    free(trees);
    return rc;
}

static int check_index(const struct repository *repository, struct error *error)
{
    git_buf path = {NULL};
    int rc = 0;

    if (git_repository_item_path(&path, repository->git, GIT_REPOSITORY_ITEM_INDEX) == 0) {
        char lock[4200];

        snprintf(lock, sizeof(lock), "%s.lock", path.ptr);
        if (access(lock, F_OK) == 0)
            rc = error_set(error, "another git works in %s; try again, or remove a stale %s", repository->path, lock);
    }
    git_buf_dispose(&path);
    return rc;
}

int repository_quiet(const struct repository *repository, struct error *error)
{
    if (!git_repository_is_bare(repository->git) &&
        git_repository_state(repository->git) != GIT_REPOSITORY_STATE_NONE)
        return error_set(error, "%s is in the middle of a merge, rebase or the like; finish or abort that first",
                         repository->path);
    if (repository->branch != NULL && check_trees(repository, error) != 0)
        return -1;
    return repository->checked_out ? check_index(repository, error) : 0;
}
