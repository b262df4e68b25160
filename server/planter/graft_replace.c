/* SPDX-License-Identifier: ISC
 *
 * A new secret that takes the place of a former one: one change of the file in which that lies at the branch's tip. */
#include <string.h>
#include "server/planter/graft.h"

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int decline(struct error *error, const char *path, const char *why)
{
    error_set(error, "%s %s, so that its commit cannot be one that writes the new secret over the former.", path, why);
    return 1;
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
        rc = decline(error, path, "is not at the branch's tip");
    } else {
        mode = git_tree_entry_filemode(entry);
        *program = mode == GIT_FILEMODE_BLOB_EXECUTABLE;
        if ((mode != GIT_FILEMODE_BLOB && !*program) ||
            repository_blob(graft->repository.git, git_tree_entry_id(entry), GRAFT_WRITTEN, &blob) != 0 ||
            buffer_add(text, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)) != 0)
            rc = decline(error, path, "is no ordinary file of a size that settings have");
    }
    git_blob_free(blob);
    git_tree_entry_free(entry);
    git_tree_free(tree);
    return rc;
}

/* All of them; *line becomes that of the first. How many there were. */
static size_t exchange(struct buffer *text, struct slice former, struct slice latter, json_int_t *line)
{
    struct buffer out;
    const unsigned char *at = text->data, *end = text->data + text->length, *found;
    json_int_t lines = 1;
    size_t count = 0;

    buffer_init(&out, GRAFT_WRITTEN);
    while (former.length > 0 && (found = memmem(at, (size_t)(end - at), former.data, former.length)) != NULL) {
        for (const unsigned char *c = at; c < found; c++)
            lines += *c == '\n';
        if (count++ == 0)
            *line = lines;
        buffer_add(&out, at, (size_t)(found - at));
        buffer_add_slice(&out, latter);
        at = found + former.length;
    }
    if (count > 0) {
        buffer_add(&out, at, (size_t)(end - at));
        count = out.failed ? 0 : count;
        buffer_clear(text);
        buffer_add_slice(text, buffer_slice(&out));
    }
    buffer_free(&out);
    return count;
}

/* One text in the ways in which it may stand there. */
static bool exchange_text(const struct task *task, const json_t *ways, struct buffer *text, json_int_t *line)
{
    const json_t *way;
    size_t index, count = 0;

    json_array_foreach(ways, index, way)
    {
        const char *former = json_string_value(json_array_get(way, 0)), *latter = json_string_value(json_array_get(way, 1));
        const struct task_file *from = former != NULL ? task_file(task, former) : NULL;
        const struct task_file *to = latter != NULL ? task_file(task, latter) : NULL;

        if (from != NULL && to != NULL)
            count += exchange(text, buffer_slice(&from->data), buffer_slice(&to->data), count == 0 ? line : &(json_int_t){0});
    }
    return count > 0 && !text->failed;
}

static int exchange_all(const struct task *task, const json_t *texts, const char *path, struct buffer *text,
                        json_int_t *line, struct error *error)
{
    const json_t *ways;
    size_t index;

    json_array_foreach(texts, index, ways)
    {
        if (!exchange_text(task, ways, text, index == 0 ? line : &(json_int_t){0}))
            return decline(error, path, "does not hold it any more as it was planted");
    }
    return 0;
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

static void make_change(struct graft *graft, const json_t *rotation, const char *path, bool program)
{
    struct changes *changes = &graft->changes;
    struct change *change = &changes->list[0];
    const char *area = text_of(rotation, "area");

    changes->count = 1;
    changes->secret_path = path;
    changes->secret_file = &graft->written;
    change->message = text_of(rotation, "message");
    change->area = area != NULL ? area : "";
    change->files[0] =
        (struct change_file){.path = path, .file = &graft->written, .program = program, .grows = true};
    change->file_count = 1;
}

int graft_replace(const struct task *task, struct graft *graft, struct error *error)
{
    const json_t *where = json_object_get(task->options, "replaces"), *rotation = json_object_get(task->meta, "rotation");
    const json_t *texts = json_object_get(rotation, "texts");
    const char *path = text_of(where, "path"), *commit = text_of(where, "commit");
    json_int_t line = 1;
    bool program = false;
    int rc;

    if (path == NULL || commit == NULL || !task_path_safe(path))
        return error_set(error, "where the former secret lies is not known");
    if (json_array_size(texts) == 0 || text_of(rotation, "message") == NULL)
        return decline(error, path, "holds more than a secret that can be exchanged");
    rc = read_file(graft, path, &graft->written.data, &program, error);
    if (rc == 0)
        rc = exchange_all(task, texts, path, &graft->written.data, &line, error);
    if (rc != 0)
        return rc;
    make_change(graft, rotation, path, program);
    graft->changes.above = line - json_integer_value(json_object_get(task->meta, "line"));
    graft->shape = SHAPE_COMMIT;
    choose_author(graft, commit, &graft->changes.list[0]);
    return 0;
}
