/* SPDX-License-Identifier: ISC */
#include "server/planter/graft.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/exchange.h"
#include "server/planter/modules.h"

#define DAY 86400
#define BACK 20 /* commits behind the tip on which what was left behind may stand */

/* ---- what it stands on ---- */

/* The branch's tip; of what was left behind, one of its latest ancestors, not younger than the date that was given. */
static int choose_base(struct graft *graft, int64_t at_s, struct error *error)
{
    unsigned back = graft_moves(graft) ? 0 : randombytes_uniform(BACK);

    if (graft->repository.tip == NULL)
        return graft->shape == SHAPE_COMMIT
                   ? 0
                   : error_set(error, "the repository has no commit yet; there is nothing to be beside");
    if (git_commit_dup(&graft->base, graft->repository.tip) != 0)
        return error_set(error, "out of memory");
    while (!graft_moves(graft) && git_commit_parentcount(graft->base) > 0 &&
           (back > 0 || (at_s != 0 && git_commit_time(graft->base) >= at_s))) {
        git_commit *parent = NULL;

        if (git_commit_parent(&parent, graft->base, 0) != 0)
            break; /* where a shallow clone ends */
        git_commit_free(graft->base);
        graft->base = parent;
        back -= back > 0;
    }
    return 0;
}

/* What was left behind is dated soon after what it stands on. */
static int choose_dates(const struct task *task, struct graft *graft, struct error *error)
{
    int64_t now = clock_wall() / 1000000, base = graft->base != NULL ? git_commit_time(graft->base) : 0;
    bool fixed = task_option(task, "at") != NULL;
    int64_t last = !graft_moves(graft) && !fixed && base + 10 * DAY < now ? base + 10 * DAY : now;

    return changes_date(&graft->changes, base, base > now ? now : last, fixed,
                        graft->manner.week_known ? graft->manner.week : NULL, error);
}

static void choose_signing(const struct task *task, struct manner *manner)
{
    const char *sign = task_option(task, "signed-off");

    if (sign != NULL)
        manner->signs = strcmp(sign, "yes") == 0;
}

static int choose_change(const struct task *task, struct graft *graft, struct error *error)
{
    int rc = json_object_get(task->options, "replaces") != NULL ? graft_replace(task, graft, error) : 0;

    if (rc != 0)
        return rc;
    manner_learn(graft->repository.git, graft->repository.tip, &graft->manner);
    choose_signing(task, &graft->manner);
    manner_apply(&graft->manner, &graft->changes, graft->messages);
    return 0;
}

int graft_open(const struct task *task, const char *target, struct graft *graft, struct error *error)
{
    const char *at = task_option(task, "at");
    int64_t at_us = 0;
    int rc;

    memset(graft, 0, sizeof(*graft));
    for (size_t i = 0; i < CHANGES; i++) {
        buffer_init(&graft->messages[i], TASK_BYTES);
        buffer_init(&graft->modules[i].data, MODULES_BYTES + TASK_BYTES);
    }
    buffer_init(&graft->written.data, EXCHANGE_BYTES);
    graft->instead = task_option(task, "instead");
    if (changes_read(task, &graft->changes, error) != 0 ||
        graft_shape(task_option(task, "as"), &graft->shape, error) != 0 ||
        repository_open(target, NULL, false, &graft->repository, error) != 0 ||
        repository_quiet(&graft->repository, error) != 0)
        return -1;
    if (graft->shape == SHAPE_STASH && graft->changes.count > 1)
        return error_set(error, "what lies in a stash has no history; leave out --buried or --as stash");
    if (at != NULL && clock_parse(at, &at_us) != 0)
        return error_set(error, "\"%.40s\" is no date; write 2026-06-02 or 2026-06-02T10:00:00Z", at);
    rc = choose_change(task, graft, error);
    if (rc != 0)
        return rc;
    return choose_base(graft, at_us / 1000000, error) != 0 || choose_dates(task, graft, error) != 0 ||
                   graft_name(graft, task_option(task, "name"), error) != 0 || graft_modules(graft, error) != 0
               ? -1
               : 0;
}

void graft_close(struct graft *graft)
{
    for (size_t i = 0; i < CHANGES; i++) {
        buffer_free(&graft->messages[i]);
        buffer_free(&graft->modules[i].data);
    }
    manner_free(&graft->manner);
    buffer_free(&graft->written.data);
    git_commit_free(graft->former);
    git_commit_free(graft->base);
    graft->former = graft->base = NULL;
    repository_close(&graft->repository);
}

/* ---- paths ---- */

/* Is the path free, and nothing on the way to it but folders? */
static int check_new(git_tree *base, const char *path, const char *instead, struct error *error)
{
    char part[1100];

    if (instead != NULL && strcmp(instead, path) == 0)
        return 0;
    for (size_t end = strcspn(path, "/");; end += 1 + strcspn(path + end + 1, "/")) {
        git_tree_entry *entry = NULL;
        int rc = base != NULL ? (snprintf(part, sizeof(part), "%.*s", (int)end, path),
                                 git_tree_entry_bypath(&entry, base, part))
                              : GIT_ENOTFOUND;
        git_object_t type = rc == 0 ? git_tree_entry_type(entry) : GIT_OBJECT_INVALID;

        git_tree_entry_free(entry);
        if (rc == GIT_ENOTFOUND)
            return 0;
        if (rc != 0)
            return repository_error(error, "cannot look for %s", path);
        if (path[end] == '\0')
            return error_set(error, "%s is in the repository already and stays as it is; choose another --path", path);
        if (type == GIT_OBJECT_COMMIT)
            return error_set(error, "%s is a submodule, so nothing can be put below it here; choose another --path, "
                                    "or plant in the submodule's own repository", part);
        if (type != GIT_OBJECT_TREE)
            return error_set(error, "%s is no folder in the repository; choose another --path", part);
    }
}

/* Files that git keeps in another form than they are read in would stand out, or break what reads them. */
static int check_filter(const struct graft *graft, const char *path, struct error *error)
{
    static const char *const names[] = {"filter", "working-tree-encoding"};
    git_attr_options options = GIT_ATTR_OPTIONS_INIT;
    const char *value = NULL;

    options.flags = GIT_ATTR_CHECK_NO_SYSTEM | GIT_ATTR_CHECK_INCLUDE_COMMIT |
                    (git_repository_is_bare(graft->repository.git) ? GIT_ATTR_CHECK_INDEX_ONLY
                                                                   : GIT_ATTR_CHECK_FILE_THEN_INDEX);
    if (graft->base == NULL)
        return 0;
    options.attr_commit_id = *git_commit_id(graft->base);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (git_attr_get_ext(&value, graft->repository.git, &options, path, names[i]) != 0)
            return repository_error(error, "cannot read .gitattributes");
        if (git_attr_value(value) == GIT_ATTR_VALUE_STRING)
            return error_set(error, "%s would go through \"%s=%s\" (.gitattributes), which only git itself can run; "
                                    "choose another --path, such as one of another ending", path, names[i], value);
    }
    return 0;
}

/* ---- files that may be run ---- */

struct neighbours {
    const char *ending;
    size_t seen, programs, plain;
};

#define NEIGHBOURS 20000

static int count_neighbour(const char *root, const git_tree_entry *entry, void *payload)
{
    struct neighbours *all = payload;
    const char *name = git_tree_entry_name(entry), *dot = strrchr(name, '.');

    (void)root;
    if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB && strcmp(dot != NULL ? dot : "", all->ending) == 0) {
        all->programs += git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE;
        all->plain += git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB;
    }
    return ++all->seen < NEIGHBOURS ? 0 : -1;
}

/* A script may be run, unless the others of its ending may not. */
static bool is_program(git_tree *base, const struct change_file *file)
{
    const char *name = strrchr(file->path, '/') != NULL ? strrchr(file->path, '/') + 1 : file->path;
    struct neighbours all = {.ending = strrchr(name, '.') != NULL ? strrchr(name, '.') : ""};

    if (file->file == NULL || file->file->data.length < 2 || memcmp(file->file->data.data, "#!", 2) != 0)
        return false;
    if (base != NULL)
        git_tree_walk(base, GIT_TREEWALK_PRE, count_neighbour, &all);
    return all.programs >= all.plain;
}

int graft_check(struct graft *graft, struct error *error)
{
    git_tree *tree = NULL;
    int rc = 0;

    if (graft->base != NULL && git_commit_tree(&tree, graft->base) != 0)
        rc = repository_error(error, "cannot read the branch's newest commit");
    for (size_t i = 0; i < graft->changes.count && rc == 0; i++) {
        struct change *change = &graft->changes.list[i];

        for (size_t f = 0; f < change->file_count && rc == 0; f++) {
            rc = change->files[f].grows ? 0 : check_new(tree, change->files[f].path, graft->instead, error);
            if (rc == 0)
                rc = check_filter(graft, change->files[f].path, error);
            if (!change->files[f].grows)
                change->files[f].program = is_program(tree, &change->files[f]);
        }
    }
    git_tree_free(tree);
    return rc;
}
