/* SPDX-License-Identifier: ISC */
#include "server/planter/repository.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHALLOW_COMMITS 8192 /* that are looked at */
#define PACK_OBJECTS ((size_t)100000000) /* each has a place in memory before the first has come */

int repository_library(struct error *error)
{
    static const int levels[] = {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
                                 GIT_CONFIG_LEVEL_PROGRAMDATA};

    if (git_libgit2_init() < 0)
        return repository_error(error, "libgit2 does not start");
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
    /* The planter has become the owner, and neither hooks nor configured programs are run. */
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, PACK_OBJECTS);
    return 0;
}

int repository_blob(git_repository *git, const git_oid *id, size_t most, git_blob **blob)
{
    git_odb *odb = NULL;
    git_object_t type;
    size_t length = 0;
    int rc = 1;

    *blob = NULL;
    if (git_repository_odb(&odb, git) == 0 && git_odb_read_header(&length, &type, odb, id) == 0 &&
        type == GIT_OBJECT_BLOB && length <= most && git_blob_lookup(blob, git, id) == 0)
        rc = 0;
    git_odb_free(odb);
    return rc;
}

int repository_error(struct error *error, const char *format, ...)
{
    const git_error *last = git_error_last();
    char text[384];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return error_set(error, "%s%s%.200s", text, last != NULL ? ": " : "", last != NULL ? last->message : "");
}

/* PATH#BRANCH; where the whole is a path that is there, it is taken as one. */
static int split_target(const char *target, const char *branch, struct repository *repository, char **name,
                        struct error *error)
{
    const char *hash = access(target, F_OK) == 0 ? NULL : strrchr(target, '#');

    repository->path = hash != NULL ? strndup(target, (size_t)(hash - target)) : strdup(target);
    if (branch == NULL && hash != NULL)
        branch = hash + 1;
    *name = branch != NULL ? strdup(branch) : NULL;
    if (repository->path == NULL || (branch != NULL && *name == NULL))
        return error_set(error, "out of memory");
    if (repository->path[0] != '/')
        return error_set(error, "\"%.200s\" is no absolute path of a repository", repository->path);
    return 0;
}

static int open_git(struct repository *repository, struct error *error)
{
    int rc = git_repository_open_ext(&repository->git, repository->path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);

    if (rc == GIT_ENOTFOUND)
        return error_set(error, "%s is no git repository; give the folder that holds .git, or a bare one",
                         repository->path);
    return rc == 0 ? 0 : repository_error(error, "cannot open the repository %s", repository->path);
}

static char *full_name(const char *branch)
{
    size_t size = strlen(branch) + sizeof("refs/heads/");
    char *name = malloc(size);

    if (name != NULL)
        snprintf(name, size, "%s%s", strncmp(branch, "refs/", 5) == 0 ? "" : "refs/heads/", branch);
    return name;
}

/* The branch that HEAD names, whether it has a commit yet or not; NULL when HEAD is detached. */
static char *head_branch(const struct repository *repository)
{
    git_reference *head = NULL;
    const char *target = NULL;
    char *name = NULL;

    if (git_reference_lookup(&head, repository->git, "HEAD") == 0 && git_reference_type(head) == GIT_REFERENCE_SYMBOLIC)
        target = git_reference_symbolic_target(head);
    if (target != NULL)
        name = strdup(target);
    git_reference_free(head);
    return name;
}

static int find_tip(struct repository *repository, const char *named, bool missing, struct error *error)
{
    git_object *tip = NULL;
    int rc = git_reference_lookup(&repository->head, repository->git, repository->branch);

    if (rc == GIT_ENOTFOUND && (missing || repository->checked_out))
        return 0;
    if (rc == GIT_ENOTFOUND && git_repository_head_unborn(repository->git) == 1)
        return 0;
    if (rc == GIT_ENOTFOUND)
        return error_set(error, "the repository has no branch \"%.200s\"; make it first, or leave #%.100s out",
                         named != NULL ? named : repository_branch_name(repository), named != NULL ? named : "");
    if (rc != 0)
        return repository_error(error, "cannot read the branch %s", repository_branch_name(repository));
    if (git_reference_peel(&tip, repository->head, GIT_OBJECT_COMMIT) != 0)
        return repository_error(error, "the branch %s points to no commit", repository_branch_name(repository));
    repository->tip = (git_commit *)tip;
    return 0;
}

static int find_branch(struct repository *repository, const char *named, bool missing, struct error *error)
{
    char *head = head_branch(repository);
    int rc = -1, valid = 1;

    repository->branch = named != NULL ? full_name(named) : head != NULL ? strdup(head) : NULL;
    if (repository->branch == NULL) {
        if (repository_quiet(repository, error) == 0)
            error_set(error, "HEAD of %s is detached; name the branch: git:%s#BRANCH", repository->path,
                      repository->path);
        goto out;
    }
    if (git_reference_name_is_valid(&valid, repository->branch) != 0 || !valid) {
        error_set(error, "\"%.200s\" is no name of a branch", repository->branch);
        goto out;
    }
    repository->checked_out = head != NULL && strcmp(head, repository->branch) == 0;
    rc = find_tip(repository, named, missing, error);
    if (git_repository_is_bare(repository->git))
        repository->checked_out = false;
out:
    free(head);
    return rc;
}

int repository_open(const char *target, const char *branch, bool missing, struct repository *repository,
                    struct error *error)
{
    char *named = NULL;
    int rc = -1;

    memset(repository, 0, sizeof(*repository));
    if (split_target(target, branch, repository, &named, error) == 0 && open_git(repository, error) == 0 &&
        find_branch(repository, named, missing, error) == 0)
        rc = 0;
    free(named);
    if (rc != 0)
        repository_close(repository);
    return rc;
}

void repository_close(struct repository *repository)
{
    git_commit_free(repository->tip);
    git_reference_free(repository->head);
    git_repository_free(repository->git);
    free(repository->path);
    free(repository->branch);
    memset(repository, 0, sizeof(*repository));
}

const char *repository_branch_name(const struct repository *repository)
{
    return strncmp(repository->branch, "refs/heads/", 11) == 0 ? repository->branch + 11 : repository->branch;
}

/* A shallow clone's history ends in commits whose parents are not there, at which libgit2 gives up. */
static bool reaches_in_shallow(git_repository *git, const git_oid *from, const git_oid *commit)
{
    git_oid *seen = malloc(SHALLOW_COMMITS * sizeof(*seen));
    size_t count = seen != NULL;
    bool found = false;

    if (seen != NULL)
        seen[0] = *from;
    for (size_t i = 0; i < count && !found; i++) {
        git_commit *one = NULL;

        found = git_oid_equal(&seen[i], commit);
        if (git_commit_lookup(&one, git, &seen[i]) != 0)
            continue;
        for (unsigned p = 0; p < git_commit_parentcount(one) && count < SHALLOW_COMMITS; p++) {
            const git_oid *parent = git_commit_parent_id(one, p);
            size_t at = 0;

            while (at < count && !git_oid_equal(&seen[at], parent))
                at++;
            if (at == count)
                seen[count++] = *parent;
        }
        git_commit_free(one);
    }
    free(seen);
    return found;
}

bool repository_reaches(const struct repository *repository, const git_reference *reference, const git_oid *commit)
{
    git_object *object = NULL;
    const git_oid *id;
    bool reaches = false;

    if (git_reference_peel(&object, reference, GIT_OBJECT_COMMIT) == 0) {
        id = git_object_id(object);
        reaches = git_repository_is_shallow(repository->git)
                      ? reaches_in_shallow(repository->git, id, commit)
                      : git_oid_equal(id, commit) || git_graph_descendant_of(repository->git, id, commit) == 1;
    }
    git_object_free(object);
    return reaches;
}

char *repository_other_holder(const struct repository *repository, const git_oid *commit)
{
    git_reference_iterator *iterator = NULL;
    git_reference *reference = NULL;
    char *holder = NULL;

    if (git_reference_iterator_new(&iterator, repository->git) != 0)
        return NULL;
    while (git_reference_next(&reference, iterator) == 0) {
        bool remote = git_reference_is_remote(reference) == 1;

        if (strcmp(git_reference_name(reference), repository->branch) != 0 && (holder == NULL || remote) &&
            repository_reaches(repository, reference, commit)) {
            free(holder);
            holder = strdup(git_reference_shorthand(reference));
        }
        git_reference_free(reference);
        if (holder != NULL && remote)
            break;
    }
    git_reference_iterator_free(iterator);
    return holder;
}
