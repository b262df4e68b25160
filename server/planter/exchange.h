/* SPDX-License-Identifier: ISC
 *
 * The text of a file in which a new secret takes the place of a former one (server/minter/job.h: "rotation"). */
#ifndef PLANTER_EXCHANGE_H
#define PLANTER_EXCHANGE_H

#include "server/planter/changes.h"

#define EXCHANGE_BYTES (1024 * 1024) /* of a file that is written anew */

/* Exchanges all texts of the task's rotation in the text of the file at that path, which `written` holds, and makes that
 * the one change: *changes, whose texts are the task's and whose file `written` is. 0; 1 where it cannot be done, with the
 * reason. */
int exchange(const struct task *task, const char *path, struct task_file *written, struct changes *changes,
             struct error *error);
/* 1, with why the file at that path cannot be written over. */
int exchange_decline(struct error *error, const char *path, const char *why);

#endif
