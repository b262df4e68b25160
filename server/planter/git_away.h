/* SPDX-License-Identifier: ISC
 *
 * A place's acts in a repository on another host that its planter copies (place.h: copies). path: of the repository
 * there; NULL: the one that the place names. */
#ifndef PLANTER_GIT_AWAY_H
#define PLANTER_GIT_AWAY_H

#include "server/planter/place.h"

/* `more` (NULL: nothing) is added to where the lure is. */
int git_away_plant(const struct task *task, const char *path, const json_t *more, struct place_result *result,
                   struct error *error);
/* An option of the task: what the commit that takes it out says, with '*' for the file's name without its ending and with
 * spaces for its dashes. */
#define GIT_AWAY_REMOVAL "removal"

int git_away_inspect(const struct task *task, const char *path, struct place_result *result, struct error *error);
int git_away_uproot(const struct task *task, const char *path, struct place_result *result, struct error *error);

#endif
