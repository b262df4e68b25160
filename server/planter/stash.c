/* SPDX-License-Identifier: ISC */
#include "server/planter/stash.h"
#include <string.h>
#include "server/planter/repository.h"

#define STASH "refs/stash"

/* An entry as git stash notes it: the commit's own first line, person and time. */
static int append(git_reflog *log, git_repository *git, const git_oid *entry)
{
    git_commit *commit = NULL;
    int rc = git_commit_lookup(&commit, git, entry);

    if (rc == 0)
        rc = git_reflog_append(log, entry, git_commit_committer(commit), git_commit_summary(commit));
    git_commit_free(commit);
    return rc;
}

/* `to` becomes the entry and, above it, what `from` holds. */
static int put_below(git_reflog *to, git_reflog *from, git_repository *git, const git_oid *entry)
{
    int rc = 0;

    while (rc == 0 && git_reflog_entrycount(to) > 0)
        rc = git_reflog_drop(to, 0, 0);
    if (rc == 0)
        rc = append(to, git, entry);
    for (size_t i = git_reflog_entrycount(from); i > 0 && rc == 0; i--) {
        const git_reflog_entry *old = git_reflog_entry_byindex(from, i - 1);

        rc = git_reflog_append(to, git_reflog_entry_id_new(old), git_reflog_entry_committer(old),
                               git_reflog_entry_message(old));
    }
    return rc;
}

/* With the reference locked, as git stash locks it. */
static int add_below(git_repository *git, const git_oid *entry)
{
    git_transaction *locked = NULL;
    git_reflog *from = NULL, *to = NULL;
    int rc = git_transaction_new(&locked, git);

    if (rc == 0)
        rc = git_transaction_lock_ref(locked, STASH);
    if (rc == 0)
        rc = git_reflog_read(&from, git, STASH);
    if (rc == 0)
        rc = git_reflog_read(&to, git, STASH);
    if (rc == 0)
        rc = put_below(to, from, git, entry);
    if (rc == 0)
        rc = git_transaction_set_reflog(locked, STASH, to);
    if (rc == 0)
        rc = git_transaction_commit(locked);
    git_reflog_free(from);
    git_reflog_free(to);
    git_transaction_free(locked);
    return rc;
}

/* A repository without a work tree has no such log; there the reference alone is what somebody pushed. */
static int add_first(git_repository *git, const git_oid *entry)
{
    git_reference *made = NULL;
    git_reflog *log = NULL;
    int rc = git_reference_create(&made, git, STASH, entry, 0, NULL);

    if (rc == 0 && !git_repository_is_bare(git)) {
        rc = git_reflog_read(&log, git, STASH);
        if (rc == 0 && append(log, git, entry) == 0)
            rc = git_reflog_write(log);
    }
    git_reflog_free(log);
    git_reference_free(made);
    return rc;
}

int stash_add(git_repository *git, const git_oid *entry, struct error *error)
{
    git_oid id;
    bool there = git_reference_name_to_id(&id, git, STASH) == 0;
    int rc;

    if (there && git_repository_is_bare(git))
        return error_set(error, "the repository has a %s already, which stays as it is; use --as branch or tag", STASH);
    rc = there ? add_below(git, entry) : add_first(git, entry);
    return rc == 0 ? 0 : repository_error(error, "cannot add to the stash");
}

/* The entry's place in the log; -1 when it is in none. */
static int find(git_repository *git, const git_oid *entry)
{
    git_reflog *log = NULL;
    int at = -1;

    if (git_reference_has_log(git, STASH) != 1 || git_reflog_read(&log, git, STASH) != 0)
        return -1;
    for (size_t i = 0; i < git_reflog_entrycount(log) && at < 0; i++) {
        if (git_oid_equal(git_reflog_entry_id_new(git_reflog_entry_byindex(log, i)), entry))
            at = (int)i;
    }
    git_reflog_free(log);
    return at;
}

static bool named(git_repository *git, const git_oid *entry)
{
    git_oid id;

    return git_reference_name_to_id(&id, git, STASH) == 0 && git_oid_equal(&id, entry);
}

bool stash_holds(git_repository *git, const git_oid *entry)
{
    return named(git, entry) || (!git_repository_is_bare(git) && find(git, entry) >= 0);
}

int stash_drop(git_repository *git, const git_oid *entry, struct error *error)
{
    int at = git_repository_is_bare(git) ? -1 : find(git, entry);
    int rc = GIT_ENOTFOUND;

    if (at >= 0)
        rc = git_stash_drop(git, (size_t)at);
    else if (named(git, entry))
        rc = git_reference_remove(git, STASH);
    return rc == 0 ? 0 : repository_error(error, "cannot take the entry out of the stash");
}
