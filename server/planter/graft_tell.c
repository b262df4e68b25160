/* SPDX-License-Identifier: ISC
 *
 * What is told of a lure in a repository: to the ledger where it is, to people what was done. */
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/graft.h"

static void tell_commit(json_t *where, const char *name, const git_oid *id)
{
    char hex[GIT_OID_HEXSZ + 1];

    json_object_set_new(where, name, json_string(git_oid_tostr(hex, sizeof(hex), id)));
}

/* What the change does to the secret: brings it ("commit"), takes it away or writes it over ("removed_in"). */
static const char *secret_part(const struct changes *changes, const struct change *change)
{
    for (size_t f = 0; f < change->file_count; f++) {
        if (strcmp(change->files[f].path, changes->secret_path) == 0)
            return change->files[f].file == changes->secret_file ? "commit" : "removed_in";
    }
    return NULL;
}

/* A branch is named as one; else the reference whole, beside the branch that it left. */
static json_t *tell_reference(const struct graft *graft, const char *repository)
{
    const char *branch = graft->shape == SHAPE_BRANCH ? graft->side : repository_branch_name(&graft->repository);
    json_t *where = json_pack("{s:s,s:s,s:s}", "repository", repository, "branch", branch, "path",
                              graft->changes.secret_path);

    if (!graft_moves(graft))
        json_object_set_new(where, "reference", json_string(graft->reference));
    return where;
}

int graft_where(const struct task *task, const struct graft *graft, const char *repository, bool done,
                struct place_result *result, struct error *error)
{
    const struct buffer *secret = &graft->changes.secret_file->data;
    json_t *line = json_object_get(task->meta, "line");
    git_oid blob;

    result->where = tell_reference(graft, repository);
    if (result->where == NULL)
        return error_set(error, "out of memory");
    if (json_is_integer(line))
        json_object_set_new(result->where, "line", json_integer(json_integer_value(line) + graft->changes.above));
    if (!git_oid_is_zero(&graft->replaces))
        tell_commit(result->where, "replaces", &graft->replaces);
    if (graft->submodule != NULL)
        json_object_set_new(result->where, "submodule", json_string(graft->submodule));
    for (size_t i = 0; i < graft->changes.count && done; i++) {
        const char *part = secret_part(&graft->changes, &graft->changes.list[i]);

        if (part != NULL)
            tell_commit(result->where, part, &graft->commits[i]);
    }
    if (done && graft->shape == SHAPE_MERGE)
        tell_commit(result->where, "merge", &graft->end);
    if (done && git_odb_hash(&blob, secret->data, secret->length, GIT_OBJECT_BLOB) == 0)
        tell_commit(result->where, "blob", &blob);
    return 0;
}

/* ---- for people ---- */

static void tell_shape(const struct graft *graft, struct place_result *result)
{
    const char *branch = repository_branch_name(&graft->repository);

    switch (graft->shape) {
    case SHAPE_MERGE:
        place_note(result, "They were made on %s, which is gone, and merged into %s.", graft->side, branch);
        if (graft->manner.merge == NULL)
            place_note(result, "This history has no merges so far.");
        else if (strncmp(graft->manner.merge, "Merge branch '", 14) != 0)
            place_note(result, "Merges here read \"%.120s\"; this one reads as git itself writes it.",
                       graft->manner.merge);
        break;
    case SHAPE_BRANCH:
    case SHAPE_TAG:
        place_note(result, "Only %s holds them; who clones has it too.", graft->reference);
        break;
    case SHAPE_STASH:
        place_note(result, "It lies in the stash, below all that was there; clones do not get it, copies of the "
                           "folder do.");
        break;
    default:
        break;
    }
}

static void tell_habits(const struct graft *graft, struct place_result *result)
{
    const struct repository *repository = &graft->repository;
    int ignored = 0;

    if (graft->manner.signatures)
        place_note(result, "Commits here are signed by key, this cannot be; who looks at signatures sees it.");
    if (!git_repository_is_bare(repository->git) &&
        git_ignore_path_is_ignored(&ignored, repository->git, graft->changes.secret_path) == 0 && ignored)
        place_note(result, "%s is among what git ignores here; it lies there as with git add --force.",
                   graft->changes.secret_path);
    if (!git_repository_is_bare(repository->git) && !repository->checked_out && graft_moves(graft))
        place_note(result, "The branch is not checked out, so the work tree stays as it is.");
}

void graft_tell(const struct graft *graft, bool done, struct place_result *result)
{
    char date[CLOCK_TEXT];

    for (size_t i = 0; i < graft->changes.count; i++) {
        const struct change *change = &graft->changes.list[i];

        place_note(result, "%s on %s: \"%.*s\" by %s, %.10s", done ? "Committed" : "Would commit",
                   repository_branch_name(&graft->repository), (int)strcspn(change->message, "\n"), change->message,
                   change->name, clock_text(change->time_s * 1000000, date));
    }
    if (!git_oid_is_zero(&graft->replaces))
        place_note(result, "It writes the new secret over the former one. History and clones keep that: its token must go "
                           "on alerting.");
    if (graft->submodule != NULL)
        place_note(result, "%s is a submodule that its URL does not give: whoever clones with --recurse-submodules, CI "
                           "too, asks the decoy for it, is alerted, and fails there.", graft->submodule);
    tell_shape(graft, result);
    tell_habits(graft, result);
}

int graft_declined(struct place_result *result, struct error *error)
{
    result->where = json_object();
    result->state = "gone";
    place_note(result, "%s", error->text);
    return result->where != NULL ? 0 : error_set(error, "out of memory");
}
