/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/graft.h"

#define MERGE_WAIT (20 * 3600) /* at most, between a branch's last commit and its merge */

static int make_tree(git_repository *git, git_tree *base, const struct change *change, git_tree **out,
                     struct error *error)
{
    git_tree_update updates[CHANGE_FILES] = {{0}};
    git_oid id;

    for (size_t i = 0; i < change->file_count; i++) {
        const struct change_file *file = &change->files[i];

        updates[i].path = file->path;
        updates[i].action =
            file->file != NULL || file->link != NULL ? GIT_TREE_UPDATE_UPSERT : GIT_TREE_UPDATE_REMOVE;
        updates[i].filemode = graft_mode(file);
        if (file->link != NULL)
            git_oid_fromstr(&updates[i].id, file->link);
        if (file->file != NULL &&
            git_blob_create_from_buffer(&updates[i].id, git, file->file->data.data, file->file->data.length) != 0)
            return repository_error(error, "cannot write %s into the repository", file->path);
    }
    if (git_tree_create_updated(&id, git, base, change->file_count, updates) != 0 ||
        git_tree_lookup(out, git, &id) != 0)
        return repository_error(error, "cannot make the changed tree");
    return 0;
}

/* The change's author and committer, at that time; to be freed. */
static int signatures(const struct change *change, int64_t time_s, git_signature *who[2], struct error *error)
{
    bool own = change->committer != NULL;

    who[0] = who[1] = NULL;
    if (git_signature_new(&who[0], change->name, change->mail, time_s, change->offset) == 0 &&
        git_signature_new(&who[1], own ? change->committer : change->name,
                          own ? change->committer_mail : change->mail, time_s, change->offset) == 0)
        return 0;
    git_signature_free(who[0]);
    who[0] = NULL;
    return repository_error(error, "the lure's author is none that git takes");
}

static int make_commit(git_repository *git, const struct change *change, git_tree *tree, git_commit *parent,
                       git_oid *id, struct error *error)
{
    const git_commit *parents[] = {parent};
    git_signature *who[2];
    int rc = signatures(change, change->time_s, who, error);

    if (rc == 0 && git_commit_create(id, git, NULL, who[0], who[1], NULL, change->message, tree, parent != NULL,
                                     parents) != 0)
        rc = repository_error(error, "cannot make the commit");
    git_signature_free(who[0]);
    git_signature_free(who[1]);
    return rc;
}

static git_tree *empty_tree(git_repository *git)
{
    git_treebuilder *builder = NULL;
    git_tree *tree = NULL;
    git_oid id;

    if (git_treebuilder_new(&builder, git, NULL) == 0 && git_treebuilder_write(&id, builder) == 0 &&
        git_tree_lookup(&tree, git, &id) != 0)
        tree = NULL;
    git_treebuilder_free(builder);
    return tree;
}

static git_tree *base_tree(const struct graft *graft)
{
    git_tree *tree = NULL;

    if (graft->base == NULL)
        return empty_tree(graft->repository.git);
    return git_commit_tree(&tree, graft->base) == 0 ? tree : NULL;
}

static int make_commits(struct graft *graft, struct error *error)
{
    git_repository *git = graft->repository.git;
    git_tree *tree = base_tree(graft), *next = NULL;
    git_commit *parent = NULL;
    int rc = 0;

    if (tree == NULL || (graft->base != NULL && git_commit_dup(&parent, graft->base) != 0))
        rc = repository_error(error, "cannot read the branch's newest commit");
    for (size_t i = 0; i < graft->changes.count && rc == 0; i++) {
        rc = make_tree(git, tree, &graft->changes.list[i], &next, error);
        if (rc == 0)
            rc = make_commit(git, &graft->changes.list[i], next, parent, &graft->commits[i], error);
        git_commit_free(parent);
        parent = NULL;
        git_tree_free(tree);
        tree = next;
        next = NULL;
        if (rc == 0 && git_commit_lookup(&parent, git, &graft->commits[i]) != 0)
            rc = repository_error(error, "cannot read the new commit");
    }
    git_commit_free(parent);
    git_tree_free(tree);
    graft->end = graft->commits[graft->changes.count - 1];
    return rc;
}

/* ---- merge ---- */

/* As git says it: the branch that it goes into is named, unless they leave that out, or it is master. */
static void merge_message(const struct graft *graft, char message[512])
{
    const char *habit = graft->manner.merge, *into = repository_branch_name(&graft->repository);
    bool known = habit != NULL && strncmp(habit, "Merge branch '", 14) == 0;

    if (known && strstr(habit, "' into '") != NULL)
        snprintf(message, 512, "Merge branch '%s' into '%.200s'\n", graft->side, into);
    else if (known ? strstr(habit, "' into ") != NULL : strcmp(into, "master") != 0)
        snprintf(message, 512, "Merge branch '%s' into %.200s\n", graft->side, into);
    else
        snprintf(message, 512, "Merge branch '%s'\n", graft->side);
}

static int make_merge(struct graft *graft, struct error *error)
{
    const struct change *last = &graft->changes.list[graft->changes.count - 1];
    int64_t now = clock_wall() / 1000000, time = last->time_s + 60 + randombytes_uniform(MERGE_WAIT);
    git_repository *git = graft->repository.git;
    git_commit *side = NULL;
    git_tree *tree = NULL;
    git_signature *who[2];
    char message[512];
    int rc = signatures(last, time < now ? time : now, who, error);

    merge_message(graft, message);
    if (rc == 0 && (git_commit_lookup(&side, git, &graft->end) != 0 || git_commit_tree(&tree, side) != 0 ||
                    git_commit_create(&graft->end, git, NULL, who[0], who[1], NULL, message, tree, 2,
                                      (const git_commit *[]){graft->base, side}) != 0))
        rc = repository_error(error, "cannot make the merge");
    git_signature_free(who[0]);
    git_signature_free(who[1]);
    git_tree_free(tree);
    git_commit_free(side);
    return rc;
}

/* ---- stash ---- */

/* Two commits of one tree, as git stash makes them: the index, and above it the work tree. */
static int make_stash(struct graft *graft, struct error *error)
{
    const struct change *change = &graft->changes.list[0];
    git_repository *git = graft->repository.git;
    const char *branch = repository_branch_name(&graft->repository);
    char on[512], message[600], hex[8];
    git_commit *index = NULL;
    git_tree *base = base_tree(graft), *tree = NULL;
    git_signature *who[2] = {NULL, NULL};
    git_oid id;
    int rc = base != NULL ? 0 : repository_error(error, "cannot read the commit that the stash stands on");

    snprintf(on, sizeof(on), "%.200s: %s %.200s\n", branch,
             git_oid_tostr(hex, sizeof(hex), git_commit_id(graft->base)), git_commit_summary(graft->base));
    if (rc == 0)
        rc = make_tree(git, base, change, &tree, error);
    if (rc == 0)
        rc = signatures(change, change->time_s, who, error);
    snprintf(message, sizeof(message), "index on %s", on);
    if (rc == 0 && (git_commit_create(&id, git, NULL, who[0], who[0], NULL, message, tree, 1,
                                      (const git_commit *[]){graft->base}) != 0 ||
                    git_commit_lookup(&index, git, &id) != 0))
        rc = repository_error(error, "cannot make the stash");
    snprintf(message, sizeof(message), "WIP on %s", on);
    if (rc == 0 && git_commit_create(&graft->commits[0], git, NULL, who[0], who[0], NULL, message, tree, 2,
                                     (const git_commit *[]){graft->base, index}) != 0)
        rc = repository_error(error, "cannot make the stash");
    graft->end = graft->commits[0];
    git_signature_free(who[0]);
    git_signature_free(who[1]);
    git_commit_free(index);
    git_tree_free(tree);
    git_tree_free(base);
    return rc;
}

int graft_make(struct graft *graft, struct error *error)
{
    if (graft->shape == SHAPE_STASH)
        return make_stash(graft, error);
    if (make_commits(graft, error) != 0)
        return -1;
    return graft->shape == SHAPE_MERGE ? make_merge(graft, error) : 0;
}
