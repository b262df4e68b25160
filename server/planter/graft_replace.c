/* SPDX-License-Identifier: ISC
 *
 * A new secret that takes the place of a former one: one change of the file in which that lies at the branch's tip. */
#include "server/planter/exchange.h"
#include "server/planter/graft.h"

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* ---- the file ---- */

/* As the tip has it. 1: there is none that can be written anew. */
static int read_file(const struct graft *graft, const char *path, struct buffer *text, bool *program, struct error *error)
{
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    git_blob *blob = NULL;
    git_filemode_t mode;
    int rc = 0;

    if (graft->repository.tip == NULL || git_commit_tree(&tree, graft->repository.tip) != 0)
        return repository_error(error, "cannot read the branch's newest commit");
    if (git_tree_entry_bypath(&entry, tree, path) != 0) {
        rc = exchange_decline(error, path, "is not at the branch's tip");
    } else {
        mode = git_tree_entry_filemode(entry);
        *program = mode == GIT_FILEMODE_BLOB_EXECUTABLE;
        if ((mode != GIT_FILEMODE_BLOB && !*program) ||
            repository_blob(graft->repository.git, git_tree_entry_id(entry), EXCHANGE_BYTES, &blob) != 0 ||
            buffer_add(text, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)) != 0)
            rc = exchange_decline(error, path, "is no ordinary file of a size that settings have");
    }
    git_blob_free(blob);
    git_tree_entry_free(entry);
    git_tree_free(tree);
    return rc;
}

/* ---- the change ---- */

/* Who made the commit that brought the former one; else whoever is drawn. */
static void choose_author(struct graft *graft, const char *commit, struct change *change)
{
    const git_signature *author;

    if (git_oid_fromstr(&graft->replaces, commit) != 0 ||
        git_commit_lookup(&graft->former, graft->repository.git, &graft->replaces) != 0)
        return;
    author = git_commit_author(graft->former);
    if (author->name[0] != '\0' && author->email[0] != '\0') {
        change->name = author->name;
        change->mail = author->email;
    }
}

int graft_replace(const struct task *task, struct graft *graft, struct error *error)
{
    const json_t *where = json_object_get(task->options, "replaces");
    const char *path = text_of(where, "path"), *commit = text_of(where, "commit");
    bool program = false;
    int rc;

    if (path == NULL || commit == NULL || !task_path_safe(path))
        return error_set(error, "where the former secret lies is not known");
    rc = read_file(graft, path, &graft->written.data, &program, error);
    if (rc == 0)
        rc = exchange(task, path, &graft->written, &graft->changes, error);
    if (rc != 0)
        return rc;
    graft->changes.list[0].files[0].program = program;
    graft->shape = SHAPE_COMMIT;
    choose_author(graft, commit, &graft->changes.list[0]);
    return 0;
}
