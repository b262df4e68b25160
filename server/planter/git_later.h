/* SPDX-License-Identifier: ISC
 *
 * What becomes of a lure in a repository: looking after it, and taking it out. */
#ifndef PLANTER_GIT_LATER_H
#define PLANTER_GIT_LATER_H

#include "server/planter/place.h"

/* Both work on the repository at the target (repository_open()), whatever the placement says. */
int git_later_inspect(const struct task *task, const char *target, struct place_result *result, struct error *error);
/* Drops the commits where they are the branch's last, nobody else holds them, and they were not written over a former
 * secret; else, and in a repository that is `shared`, a new commit takes the file out, and the text says that history
 * keeps it. */
int git_later_uproot(const struct task *task, const char *target, bool shared, struct place_result *result,
                     struct error *error);

#endif
