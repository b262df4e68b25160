/* SPDX-License-Identifier: ISC
 *
 * What git stash keeps: refs/stash names the newest entry, its log all of them. */
#ifndef PLANTER_STASH_H
#define PLANTER_STASH_H

#include <git2.h>
#include <stdbool.h>
#include "server/base/error.h"

/* Puts the entry below all that are there, so that `git stash pop` takes what it took before. */
int stash_add(git_repository *git, const git_oid *entry, struct error *error);
bool stash_holds(git_repository *git, const git_oid *entry);
/* Takes that one entry out; the others keep their order. */
int stash_drop(git_repository *git, const git_oid *entry, struct error *error);

#endif
