/* SPDX-License-Identifier: ISC
 *
 * How those who work on a repository commit: who they are, and how they write subjects. Learned from a branch's latest
 * commits, so that a lure's look like them. */
#ifndef PLANTER_MANNER_H
#define PLANTER_MANNER_H

#include <git2.h>
#include <stdbool.h>
#include "server/base/buffer.h"
#include "server/planter/changes.h"

#define MANNER_COMMITS 60

enum manner_prefix {
    MANNER_BARE,         /* Push tags */
    MANNER_AREA,         /* ci: push tags */
    MANNER_CONVENTIONAL, /* chore: push tags (conventionalcommits.org) */
    MANNER_BRACKETS      /* [ci] push tags */
};

/* One of theirs; of the committer only where it is another than the author. */
struct manner_commit {
    char *message, *name, *mail, *committer, *committer_mail;
    int64_t time_s;
    int offset; /* minutes east */
    bool signature;
};

struct manner {
    struct manner_commit commits[MANNER_COMMITS]; /* by people, not merges; the newest first */
    size_t count;
    bool tip; /* there is a history, */
    int offset; /* and its newest commit's zone */
    enum manner_prefix prefix;
    bool capital, stop; /* of the words behind the prefix: Push; Push. */
    bool bodies, signs; /* a text below, Signed-off-by: */
    bool change_ids;    /* Gerrit's Change-Id: */
    bool signatures;    /* commits carry one, which a lure's cannot */
    bool week[CHANGES_WEEK]; /* hours in which somebody committed */
    bool week_known;
    char *merge; /* the newest merge's subject; NULL: they do not merge */
};

/* Of the branch that ends in `tip` (NULL: none, and nothing is known). */
void manner_learn(git_repository *git, const git_commit *tip, struct manner *manner);
/* The same from what is not at hand as a repository: takes a copy of one commit more (texts may be NULL: then it is left
 * out), the newest first and no merges; and judges once all are there. */
void manner_add(struct manner *manner, const struct manner_commit *commit);
void manner_judge(struct manner *manner);
void manner_begin(struct manner *manner);
/* How that one message is written: prefix, capital, stop, bodies, signs, change_ids. */
void manner_of(const char *message, struct manner *manner);
void manner_free(struct manner *manner);
/* Gives the changes authors who are at home here, and messages as they write them. Texts that are made for it go into
 * `store`, which must outlive the changes. Where less than three commits are known, only the
 * newest one's time zone. */
void manner_apply(const struct manner *manner, struct changes *changes, struct buffer store[CHANGES]);
/* The message in this manner; `who` signs. */
void manner_message(const struct manner *manner, const char *message, const char *area, const char *who,
                    struct buffer *out);

#endif
