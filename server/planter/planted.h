/* SPDX-License-Identifier: ISC
 *
 * A lure's commits in a repository, found again. */
#ifndef PLANTER_PLANTED_H
#define PLANTER_PLANTED_H

#include "server/planter/place.h"
#include "server/planter/repository.h"

struct planted_commit {
    struct repository repository; /* whose head, of a lure that lies beside a branch, is what holds it */
    git_oid first, end;           /* with the secret; what the reference named then: the same, what buried it, a merge */
    git_commit *commit;           /* NULL: git gc took it */
    git_oid blob;                 /* the secret's file; known unless the commit is gone and was planted long ago */
    const char *path;
    const json_t *changes;        /* what the lure brought, as the meta has it */
    const char *submodule;        /* whose URL holds the secret; NULL: none */
    const char *removal;          /* as GIT_AWAY_REMOVAL has it; NULL: "Remove PATH" */
    git_oid taken_out;            /* the commit that took it out of its file at the tip; zero: none did */
    bool over;                    /* it was written over a former one */
    bool buried, merged, stashed, beside; /* beside: held by a reference that was made for it */
};

/* In the repository at the target (repository_open()), whatever the placement says. planted_close() is due when it is
 * open. */
int planted_open(const struct task *task, const char *target, struct planted_commit *planted, struct error *error);
void planted_close(struct planted_commit *planted);
/* The blob at the path in a commit's tree. 0; 1 not there. */
int planted_blob(git_commit *commit, const char *path, git_oid *blob);
/* The submodule as a commit has it, in its .gitmodules and as an entry of its tree: 1 as it was planted, 2 otherwise,
 * 0 not at all. *text (empty) becomes that .gitmodules, in which *section is the submodule's. */
int planted_submodule(const struct planted_commit *planted, git_commit *commit, struct buffer *text,
                      struct slice *section);
/* Into result->where and result->state what became of it. */
int planted_judge(const struct task *task, const struct planted_commit *planted, struct place_result *result,
                  struct error *error);

#endif
