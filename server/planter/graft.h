/* SPDX-License-Identifier: ISC
 *
 * A lure's changes as objects of a repository, to which nothing refers yet, and the reference that then does. */
#ifndef PLANTER_GRAFT_H
#define PLANTER_GRAFT_H

#include "server/planter/changes.h"
#include "server/planter/manner.h"
#include "server/planter/place.h"
#include "server/planter/repository.h"

enum shape {
    SHAPE_COMMIT, /* on the branch */
    SHAPE_MERGE,  /* beside the branch, and merged into it */
    SHAPE_BRANCH, /* on a branch of their own that was left behind */
    SHAPE_TAG,    /* beside the branch, held by a tag alone */
    SHAPE_STASH   /* laid aside by git stash */
};

struct graft {
    struct repository repository;
    struct changes changes;
    struct manner manner;
    struct buffer messages[CHANGES]; /* in that manner */
    struct task_file modules[CHANGES]; /* .gitmodules after each change of a submodule, */
    const char *submodule;             /* at this path; NULL: there is none */
    const char *instead;               /* a path that is taken to be free; NULL */
    char link[GIT_OID_HEXSZ + 1];
    struct task_file written; /* the file in which the secret takes the place of a former one, */
    git_commit *former;       /* which this brought, */
    git_oid replaces;         /* whose id it is; zero: it takes nobody's place */
    enum shape shape;
    git_commit *base;                /* what the first change stands on; NULL: nothing */
    char reference[256];             /* full name of what is to hold the changes */
    char side[128];                  /* of a merge: the branch that it names */
    git_oid commits[CHANGES];
    git_oid end;                     /* what the reference is to name */
};

/* The task's changes for the repository at the target (repository_open()) and the shape that it names, in its people's
 * manner, with names and dates; nothing is written. 1: the task says what it `replaces`, and that cannot be written over,
 * with the reason. graft_close() is due either way. */
int graft_open(const struct task *task, const char *target, struct graft *graft, struct error *error);
void graft_close(struct graft *graft);
/* Refuses paths that are taken, and such as git would filter (LFS, git-crypt). Chooses which files may be run. */
int graft_check(struct graft *graft, struct error *error);
/* Writes the objects. */
int graft_make(struct graft *graft, struct error *error);
/* Has the reference name them, unless somebody else was quicker. */
int graft_refer(struct graft *graft, struct error *error);
/* Where the lure is, in the repository by that name; `done`: with its commits. */
int graft_where(const struct task *task, const struct graft *graft, const char *repository, bool done,
                struct place_result *result, struct error *error);
/* Notes for people. */
void graft_tell(const struct graft *graft, bool done, struct place_result *result);
/* Does it move the branch? Else the work tree has nothing to follow. */
static inline bool graft_moves(const struct graft *graft)
{
    return graft->shape == SHAPE_COMMIT || graft->shape == SHAPE_MERGE;
}

/* What the file is in a tree. */
static inline git_filemode_t graft_mode(const struct change_file *file)
{
    return file->link != NULL ? GIT_FILEMODE_COMMIT : file->program ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
}

/* Where that came: tells that nothing was done, with the reason. */
int graft_declined(struct place_result *result, struct error *error);
/* Parts of graft_open(). */
/* The one change that writes the secret over what the task `replaces`, by whoever put that there. 1: as graft_open(). */
int graft_replace(const struct task *task, struct graft *graft, struct error *error);
/* A submodule's URL becomes the file .gitmodules, and beside it stands the commit that the submodule is at. */
int graft_modules(struct graft *graft, struct error *error);
/* The shape by its name; -1 with those that there are. */
int graft_shape(const char *name, enum shape *shape, struct error *error);
/* The reference's name: as given, or one that fits those that are there. */
int graft_name(struct graft *graft, const char *given, struct error *error);
#define GRAFT_SLUG 40
/* "push-tags-from-the" of "ci: push tags from the pipeline" */
void graft_slug(const char *subject, char slug[GRAFT_SLUG]);

#endif
