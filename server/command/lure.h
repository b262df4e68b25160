/* SPDX-License-Identifier: ISC
 *
 * What `lure check` and `lure learn` have in common: mails of files and folders, and a minter, caged, that looks at them. */
#ifndef COMMAND_LURE_H
#define COMMAND_LURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/command/command.h"

/* ---- a minter that looks at mails (server/minter/examine.h) ---- */

struct examiner {
    pid_t pid; /* 0: none */
    int in;
    FILE *out;
};

/* mode: "--lint" or "--learn". examiner_end() is due either way. */
int examiner_start(struct examiner *examiner, const char *mode, struct error *error);
/* A line, and bytes behind it. -1 when it does not listen any more. */
int examiner_tell(struct examiner *examiner, const json_t *line, struct slice bytes, struct error *error);
/* No more comes. What it has to say can be read from examiner->out then. */
void examiner_ask(struct examiner *examiner);
/* Its exit status. */
int examiner_end(struct examiner *examiner);

/* ---- mails of files ---- */

/* Gives each mail of "maildir:DIR", "mbox:FILE", a folder or a file: {"placement": its file, "mailbox", "mbox": bool,
 * "arrived"? (seconds), "bytes"}. A folder that holds "cur" is a Maildir; of another each file is a mail; a file that
 * begins with "From " is an mbox. Links in folders are not followed. *count grows by the files that were given. */
int lure_files(const char *path, struct examiner *examiner, size_t *count, struct error *error);

int lure_check(struct invocation *invocation, struct error *error);
int lure_learn(struct invocation *invocation, struct error *error);

#endif
