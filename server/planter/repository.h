/* SPDX-License-Identifier: ISC
 *
 * A git repository and the branch that is planted on (libgit2). */
#ifndef PLANTER_REPOSITORY_H
#define PLANTER_REPOSITORY_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/planter/task.h"

struct repository {
    git_repository *git;
    char *path;          /* as given, without the branch */
    char *branch;        /* full name of the reference, which may also be another than a branch's */
    git_reference *head; /* of the branch; NULL while it has no commit */
    git_commit *tip;     /* NULL while there is none */
    bool checked_out;    /* the branch is what the work tree shows */
};

/* To be called once before any other; no system's or user's configuration is read. */
int repository_library(struct error *error);
/* PATH or PATH#BRANCH. `branch` (may be NULL) comes first. Refuses a detached HEAD without a branch's name and, unless
 * it may be `missing`, a branch that is not there, each with what to do. */
int repository_open(const char *target, const char *branch, bool missing, struct repository *repository,
                    struct error *error);
void repository_close(struct repository *repository);
/* Refuses to disturb: a merge, rebase or the like that is under way here or, on this branch, in a linked work tree; a
 * branch that another work tree shows; an index that another git has locked. */
int repository_quiet(const struct repository *repository, struct error *error);
/* The blob, which is to be freed, if it has at most so many bytes: a larger one is not even read. 0; 1: it is larger, or
 * not there. */
int repository_blob(git_repository *git, const git_oid *id, size_t most, git_blob **blob);
/* With libgit2's own reason behind it. Returns -1. */
int repository_error(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Is that commit in the history of the reference? */
bool repository_reaches(const struct repository *repository, const git_reference *reference, const git_oid *commit);
/* The short name of another reference than the branch (a remote's first) that holds the commit; to be freed, or
 * NULL. */
char *repository_other_holder(const struct repository *repository, const git_oid *commit);
/* "main" of refs/heads/main */
const char *repository_branch_name(const struct repository *repository);

/* The work tree and the index follow a branch that is checked out. Each path is safe (task_path_safe()). */
/* 0 when it is the blob in the index and on disk; -1 with what to do. */
int repository_settled(const struct repository *repository, const char *path, const git_oid *blob, struct error *error);
/* 0 when nothing is there: neither in the index nor on disk; -1 with what to do. */
int repository_free_path(const struct repository *repository, const char *path, struct error *error);
/* Writes a new file with its folders; a program may be run. */
int repository_write_file(const struct repository *repository, const char *path, struct slice content, bool program,
                          int64_t time_s, struct error *error);
/* Writes a file that is there anew, at once; its mode stays. */
int repository_replace_file(const struct repository *repository, const char *path, struct slice content,
                            struct error *error);
void repository_remove_file(const struct repository *repository, const char *path);
/* The folder of a submodule that nobody has fetched: empty. */
int repository_make_folder(const struct repository *repository, const char *path, struct error *error);
/* Takes the folder away if it is empty, and those above it that are then. false: it is not. */
bool repository_remove_folder(const struct repository *repository, const char *path);
/* Puts one path into the index as the tree has it, or takes it out (blob NULL); other changes stay. */
int repository_index(const struct repository *repository, const char *path, const git_oid *blob, git_filemode_t mode,
                     struct error *error);
/* Is the file on disk exactly the blob? */
bool repository_unchanged(const struct repository *repository, const char *path, const git_oid *blob);

#endif
