/* SPDX-License-Identifier: ISC
 *
 * git+https: and git+ssh:, a repository on another host, as git: is one here. It is read whole into a copy, in which
 * the lure is made; one reference is then pushed, with a lease. History that others may have is never rewritten. */
#include <stdlib.h>
#include <string.h>
#include "server/planter/clone.h"
#include "server/planter/git_away.h"
#include "server/planter/git_later.h"
#include "server/planter/git_show.h"
#include "server/planter/graft.h"

static int tell_where(const struct task *task, const struct clone *clone, const struct graft *graft, bool done,
                      const json_t *more, struct place_result *result, struct error *error)
{
    if (graft_where(task, graft, clone->shown, done, result, error) != 0)
        return -1;
    return more == NULL || json_object_update(result->where, (json_t *)(uintptr_t)more) == 0
               ? 0
               : error_set(error, "out of memory");
}

static int push_graft(const struct task *task, struct clone *clone, struct graft *graft, const json_t *more,
                      struct place_result *result, struct error *error)
{
    git_oid before = clone_tip(clone, graft->reference);

    if (graft_make(graft, error) != 0 || graft_refer(graft, error) != 0 ||
        tell_where(task, clone, graft, true, more, result, error) != 0 ||
        task_announce(task, result->where, error) != 0)
        return -1;
    if (clone_push(clone, graft->reference, &before, error) == 0)
        return 0;
    result->unsure = clone->sent;
    return -1;
}

int git_away_plant(const struct task *task, const char *path, const json_t *more, struct place_result *result,
                   struct error *error)
{
    bool dry = task_flag(task, "dry_run"), opened = false, declined;
    struct clone clone;
    struct graft graft;
    int rc = clone_open(task, path, &clone, error);

    if (rc == 0) {
        opened = true;
        rc = graft_open(task, clone.target, &graft, error);
    }
    declined = rc == 1;
    if (rc == 0)
        rc = graft_check(&graft, error);
    if (rc == 0 && !dry)
        rc = push_graft(task, &clone, &graft, more, result, error);
    else if (rc == 0)
        rc = tell_where(task, &clone, &graft, false, more, result, error);
    if (declined)
        rc = graft_declined(result, error);
    else if (rc == 0) {
        graft_tell(&graft, !dry, result);
        result->state = dry ? "planned" : "there";
    }
    if (opened)
        graft_close(&graft);
    clone_close(&clone);
    return rc;
}

int git_away_inspect(const struct task *task, const char *path, struct place_result *result, struct error *error)
{
    struct clone clone;
    int rc = clone_open(task, path, &clone, error);

    if (rc == 0)
        rc = task_flag(task, "show") ? git_show(task, clone.target, result, error)
                                     : git_later_inspect(task, clone.target, result, error);
    clone_close(&clone);
    return rc;
}

/* The reference that holds the lure: full name, to be freed. */
static char *holder(const struct task *task)
{
    const char *reference = task_where(task, "reference"), *branch = task_where(task, "branch");
    char *name = NULL;

    if (reference != NULL)
        return strdup(reference);
    return branch != NULL && asprintf(&name, "refs/heads/%s", branch) >= 0 ? name : NULL;
}

int git_away_uproot(const struct task *task, const char *path, struct place_result *result, struct error *error)
{
    struct clone clone;
    char *name = holder(task);
    git_oid before = {{0}}, after;
    int rc = name != NULL ? clone_open(task, path, &clone, error) : error_set(error, "where it lies is not known");

    if (name == NULL)
        return -1;
    if (rc == 0) {
        before = clone_tip(&clone, name);
        rc = git_later_uproot(task, clone.target, true, result, error);
    }
    if (rc == 0) {
        after = clone_tip(&clone, name);
        if (!git_oid_equal(&before, &after))
            rc = clone_push(&clone, name, &before, error);
    }
    clone_close(&clone);
    free(name);
    return rc;
}

static int remote_plant(const struct task *task, struct place_result *result, struct error *error)
{
    return git_away_plant(task, NULL, NULL, result, error);
}

static int remote_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    return git_away_inspect(task, NULL, result, error);
}

static int remote_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    return git_away_uproot(task, NULL, result, error);
}

const struct place place_git_https = {
    .scheme = "git+https",
    .remote = true,
    .copies = true,
    .plant = remote_plant,
    .inspect = remote_inspect,
    .uproot = remote_uproot,
};

const struct place place_git_ssh = {
    .scheme = "git+ssh",
    .remote = true,
    .copies = true,
    .plant = remote_plant,
    .inspect = remote_inspect,
    .uproot = remote_uproot,
};
