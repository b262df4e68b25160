/* SPDX-License-Identifier: ISC
 *
 * A lure's changes (server/minter/job.h: "changes"), checked, and with dates that fit the branch. */
#ifndef PLANTER_CHANGES_H
#define PLANTER_CHANGES_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/planter/task.h"

#define CHANGES 8
#define CHANGE_FILES 16

struct change_file {
    const char *path;
    const struct task_file *file; /* NULL: removed, or `link` */
    const char *link;             /* id of the commit that a submodule is at; NULL: no submodule */
    bool program;                 /* may be run */
    bool module;                  /* the path is a submodule's, the file holds its URL: graft_module.c */
    bool grows;                   /* is there already, and gets longer */
};

/* Texts belong to the task. */
struct change {
    const char *message, *name, *mail;
    const char *committer, *committer_mail; /* NULL: the author */
    const char *area; /* what a subject begins with where they do: ci, deploy; "" none */
    int64_t time_s;
    int offset; /* minutes east, of its dates, */
    int drawn;  /* and of the place for which the time was drawn */
    struct change_file files[CHANGE_FILES];
    size_t file_count;
};

struct changes {
    struct change list[CHANGES];
    size_t count;
    const char *secret_path;             /* where the secret stands, */
    const struct task_file *secret_file; /* in this, */
    json_int_t above;                    /* so many lines below where the lure has it */
};

/* Refuses paths that lead out, files that are not there, removals of what the lure did not add. */
int changes_read(const struct task *task, struct changes *changes, struct error *error);
#define CHANGES_WEEK (7 * 24)
/* The hour of the week, from Thursday's first on, at that time and so many minutes east. */
static inline unsigned changes_hour(int64_t time_s, int offset)
{
    int64_t hour = (time_s + offset * 60) / 3600 % CHANGES_WEEK;

    return (unsigned)(hour < 0 ? hour + CHANGES_WEEK : hour);
}
/* Moves the dates to the same hour where their authors are at home, behind tip_s (0: none) and not past now_s, keeping
 * their order and, where there is room, their distances, and where it can be had into hours that are marked in `week`
 * (NULL: when people work). With `fixed` (the operator's own date) they are not moved but refused. */
int changes_date(struct changes *changes, int64_t tip_s, int64_t now_s, bool fixed, const bool week[CHANGES_WEEK],
                 struct error *error);
/* Is the path in the tree after the last change? Then its file, else NULL. */
const struct task_file *changes_final(const struct changes *changes, const char *path);

#endif
