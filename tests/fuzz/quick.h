/* SPDX-License-Identifier: ISC
 *
 * For harnesses that run whole jobs of a planter: an earlier version's digests, which are slow, are those of half of all
 * texts, in no time, in place of libsodium's. */
#ifndef TESTS_FUZZ_QUICK_H
#define TESTS_FUZZ_QUICK_H

#include "server/planter/task.h"
#include "server/planter/visit.h"

#define QUICK_DIGEST "$argon2id$v=19$m=8192,t=2,p=1$test"

/* Adds a file that has come whole. */
void quick_file(struct task *task, const char *name, const char *text);
/* Does the job, and frees both. Aborts where it fails without saying why. */
void quick_run(struct task *task, struct visit *visit);

#endif
