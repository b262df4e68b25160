/* SPDX-License-Identifier: ISC
 *
 * A change of a repository and how people there commit, for those who look at it (server/minter/lint_commit.c). */
#ifndef PLANTER_GIT_SHOW_H
#define PLANTER_GIT_SHOW_H

#include "server/planter/place.h"

#define SHOWN_TEXT (64 * 1024) /* of the lines that a commit adds */

/* Prints, of the placement's commits or, where it names none, of the one that stands behind '#' of the target (HEAD):
 *
 *   {"stash": git wrote the message,
 *    "commits": [{"id", "message", "author": WHO, "committer": WHO, "parent"?: seconds, "added", STYLE}],
 *    "history": [{WHO, STYLE, "length": of the subject}]}    of those before, by people, the newest first
 *   WHO:   "name", "mail", "time" (seconds), "offset" (minutes east)
 *   STYLE: "prefix": bare | area | brackets, "capital", "stop", "signs", "change_id"
 *
 * State "gone" without a text where the repository has no such commit. */
int git_show(const struct task *task, const char *target, struct place_result *result, struct error *error);

#endif
