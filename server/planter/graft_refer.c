/* SPDX-License-Identifier: ISC
 *
 * The reference that holds a lure's changes. */
#include <stdio.h>
#include <string.h>
#include "server/planter/graft.h"
#include "server/planter/stash.h"

static int moved(const struct graft *graft, int rc, struct error *error)
{
    if (rc == GIT_ELOCKED)
        return error_set(error, "the branch is locked by another git; try again, or remove a stale %s.lock",
                         graft->reference);
    if (rc == GIT_EMODIFIED || rc == GIT_EEXISTS)
        return error_set(error, "somebody else has just changed %s; try again", graft->reference);
    return rc == 0 ? 0 : repository_error(error, "cannot have %s name the change", graft->reference);
}

/* The log of a work tree's branch tells who moved it: whoever did so before. */
static void be_its_user(git_repository *git, const char *reference)
{
    git_reflog *log = NULL;

    if (git_reference_has_log(git, reference) == 1 && git_reflog_read(&log, git, reference) == 0 &&
        git_reflog_entrycount(log) > 0) {
        const git_signature *who = git_reflog_entry_committer(git_reflog_entry_byindex(log, 0));

        git_repository_set_ident(git, who->name, who->email);
    }
    git_reflog_free(log);
}

static int move_branch(const struct graft *graft, struct error *error)
{
    const struct repository *repository = &graft->repository;
    git_reference *now = NULL;
    int rc;

    if (!git_repository_is_bare(repository->git))
        be_its_user(repository->git, repository->branch);
    /* As a fetched change looks; a bare repository keeps no such log. */
    if (repository->head != NULL)
        rc = git_reference_set_target(&now, repository->head, &graft->end, "pull: Fast-forward");
    else
        rc = git_reference_create(&now, repository->git, repository->branch, &graft->end, 0, "commit (initial)");
    git_reference_free(now);
    return moved(graft, rc, error);
}

static int add_branch(const struct graft *graft, struct error *error)
{
    git_repository *git = graft->repository.git;
    git_reference *made = NULL;
    char log[300];
    int rc;

    if (!git_repository_is_bare(git))
        be_its_user(git, graft->repository.branch);
    snprintf(log, sizeof(log), "branch: Created from %.200s", repository_branch_name(&graft->repository));
    rc = git_reference_create(&made, git, graft->reference, &graft->end, 0, log);
    git_reference_free(made);
    return moved(graft, rc, error);
}

/* Are the repository's tags objects of their own, with a message? */
static bool tags_are_annotated(git_repository *git)
{
    git_strarray tags = {NULL, 0};
    size_t annotated = 0, seen = 0;

    if (git_tag_list(&tags, git) != 0)
        return false;
    for (size_t i = tags.count; i > 0 && seen < 50; i--, seen++) {
        char name[300];
        git_oid id;
        git_tag *tag = NULL;

        snprintf(name, sizeof(name), "refs/tags/%.280s", tags.strings[i - 1]);
        annotated += git_reference_name_to_id(&id, git, name) == 0 && git_tag_lookup(&tag, git, &id) == 0;
        git_tag_free(tag);
    }
    git_strarray_dispose(&tags);
    return annotated * 2 > seen;
}

static int add_tag(struct graft *graft, struct error *error)
{
    const struct change *last = &graft->changes.list[graft->changes.count - 1];
    const char *name = graft->reference + strlen("refs/tags/");
    git_repository *git = graft->repository.git;
    git_object *target = NULL;
    git_signature *who = NULL;
    char message[160];
    git_oid id;
    int rc = git_object_lookup(&target, git, &graft->end, GIT_OBJECT_COMMIT);

    snprintf(message, sizeof(message), "%.150s\n", name);
    if (rc == 0)
        rc = git_signature_new(&who, last->name, last->mail, last->time_s, last->offset);
    if (rc == 0 && tags_are_annotated(git))
        rc = git_tag_create(&id, git, name, target, who, message, 0);
    else if (rc == 0)
        rc = git_tag_create_lightweight(&id, git, name, target, 0);
    git_signature_free(who);
    git_object_free(target);
    return moved(graft, rc, error);
}

int graft_refer(struct graft *graft, struct error *error)
{
    switch (graft->shape) {
    case SHAPE_BRANCH:
        return add_branch(graft, error);
    case SHAPE_TAG:
        return add_tag(graft, error);
    case SHAPE_STASH:
        return stash_add(graft->repository.git, &graft->end, error);
    default:
        return move_branch(graft, error);
    }
}
