/* SPDX-License-Identifier: ISC
 *
 * A lure that is a submodule: its secret stands in .gitmodules, among what is there. */
#include <sodium.h>
#include <string.h>
#include "server/planter/graft.h"
#include "server/planter/modules.h"

/* The base's .gitmodules; empty where there is none. */
static int read_base(const struct graft *graft, struct buffer *text, struct error *error)
{
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    git_blob *blob = NULL;
    int rc = 0;

    if (graft->base == NULL)
        return 0;
    if (git_commit_tree(&tree, graft->base) != 0)
        return repository_error(error, "cannot read the branch's newest commit");
    if (git_tree_entry_bypath(&entry, tree, MODULES_FILE) == 0) {
        if (git_tree_entry_filemode(entry) != GIT_FILEMODE_BLOB)
            rc = error_set(error, MODULES_FILE " is no ordinary file in the repository, so no submodule can be added");
        else if (repository_blob(graft->repository.git, git_tree_entry_id(entry), MODULES_BYTES, &blob) != 0 ||
                 buffer_add(text, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)) != 0)
            rc = error_set(error, MODULES_FILE " has more than %d KiB, so no submodule is added to it; choose another "
                                  "--lure, or another repository", MODULES_BYTES / 1024);
    }
    git_blob_free(blob);
    git_tree_entry_free(entry);
    git_tree_free(tree);
    return rc;
}

static struct slice first_line(const struct buffer *text)
{
    const unsigned char *end = text->length > 0 ? memchr(text->data, '\n', text->length) : NULL;

    return (struct slice){text->data, end != NULL ? (size_t)(end - text->data) : text->length};
}

static json_int_t count_lines(const struct buffer *text)
{
    json_int_t lines = text->length > 0 && text->data[text->length - 1] != '\n';

    for (size_t i = 0; i < text->length; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static int write_module(struct graft *graft, size_t index, struct change_file *file, const struct buffer *base,
                        struct error *error)
{
    struct task_file *made = &graft->modules[index];
    struct slice url = first_line(&file->file->data), section;

    if (!modules_plain(url) || !modules_plain(slice_of(file->path)))
        return error_set(error, "git would have to quote the submodule's path or URL; choose another --path, of letters, "
                                "digits, / . _ and - alone");
    if (modules_find(buffer_slice(base), file->path, &section))
        return error_set(error, "%s has a submodule of that path or name already; choose another --path", MODULES_FILE);
    modules_add(&made->data, buffer_slice(base), file->path, url);
    if (made->data.failed)
        return error_set(error, "out of memory");
    *file = (struct change_file){.path = MODULES_FILE, .file = made, .grows = base->length > 0};
    return 0;
}

/* The first change brings the submodule's commit, which is nobody's. */
static int add_link(struct graft *graft, const char *path, struct error *error)
{
    struct change *change = &graft->changes.list[0];
    unsigned char id[GIT_OID_RAWSZ];

    if (change->file_count == CHANGE_FILES)
        return error_set(error, "the lure's change has more than %d files", CHANGE_FILES - 1);
    randombytes_buf(id, sizeof id);
    sodium_bin2hex(graft->link, sizeof graft->link, id, sizeof id);
    graft->submodule = path;
    change->files[change->file_count++] = (struct change_file){.path = path, .link = graft->link};
    return 0;
}

static int make_modules(struct graft *graft, const struct buffer *base, struct error *error)
{
    const char *path = NULL;

    for (size_t i = 0; i < graft->changes.count; i++) {
        struct change *change = &graft->changes.list[i];

        for (size_t f = 0; f < change->file_count; f++) {
            if (!change->files[f].module)
                continue;
            if ((i == 0) != (path == NULL) || (path != NULL && strcmp(path, change->files[f].path) != 0))
                return error_set(error, "a lure adds one submodule, with its first change");
            path = change->files[f].path;
            if (write_module(graft, i, &change->files[f], base, error) != 0)
                return -1;
        }
    }
    if (path == NULL)
        return 0;
    graft->changes.secret_path = MODULES_FILE;
    graft->changes.secret_file = &graft->modules[0];
    graft->changes.above = count_lines(base) + 2;
    return add_link(graft, path, error);
}

int graft_modules(struct graft *graft, struct error *error)
{
    bool any = false;
    struct buffer base;
    int rc = 0;

    for (size_t f = 0; f < graft->changes.list[0].file_count; f++)
        any = any || graft->changes.list[0].files[f].module;
    if (any && graft->shape == SHAPE_STASH)
        return error_set(error, "git stash leaves submodules alone, so one would stand out there; leave out --as stash");
    buffer_init(&base, MODULES_BYTES);
    if (any)
        rc = read_base(graft, &base, error);
    if (rc == 0)
        rc = make_modules(graft, &base, error);
    buffer_free(&base);
    return rc;
}
