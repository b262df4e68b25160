/* SPDX-License-Identifier: ISC
 *
 * A bare copy, for one task, of a repository on another host: fetched into the scratch folder, changed there, and
 * pushed back only if nothing was moved there meanwhile. What is written after the fetch stays in memory. */
#ifndef PLANTER_CLONE_H
#define PLANTER_CLONE_H

#include <git2.h>
#include "server/planter/git_ssh.h"
#include "server/planter/task.h"
#include "server/planter/visit.h"
#include "server/wire/remote.h"

#define CLONE_SAID 600

struct clone {
    struct visit *visit;
    struct remote where;
    char *path;   /* of the repository there, without the branch */
    char *branch; /* the one that is named, else the default one; NULL: there is none yet */
    char *url;    /* as libgit2 takes it */
    char *shown;  /* as the place is written */
    char *folder; /* the copy */
    char *target; /* folder#branch, for repository_open() */
    git_repository *git;
    git_remote *remote;
    struct git_ssh ssh;
    unsigned asked;        /* for credentials */
    git_oid expected;      /* what the reference that is pushed names there; zero: nothing */
    bool filling;          /* it was listed, and comes in */
    bool sent;             /* the push has begun: what became of it only the server knows */
    char said[CLONE_SAID]; /* by the server, beside the protocol */
    char refused[256];     /* its reason to leave the reference as it is; "" none */
};

/* Fetches all branches and tags of the repository at that path of the place's host; NULL: of the one that the place
 * names. clone_close() is due either way. */
int clone_open(const struct task *task, const char *path, struct clone *clone, struct error *error);
void clone_close(struct clone *clone);
/* What the reference (its full name) names in the copy; zero: nothing. */
git_oid clone_tip(const struct clone *clone, const char *reference);
/* Has the server's reference name what the copy's does (or delete it), where it still names `expected`. */
int clone_push(struct clone *clone, const char *reference, const git_oid *expected, struct error *error);

#endif
