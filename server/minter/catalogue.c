/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/minter/catalogue_read.h"
#include "server/wire/kinds.h"
#include "tokens/kind.h"

#define TEMPLATE_BYTES (256 * 1024)

static const struct {
    const char *name;
    enum render_escape escape;
} escapes[] = {{"plain", RENDER_PLAIN}, {"html", RENDER_HTML},   {"json", RENDER_JSON},
               {"yaml", RENDER_YAML},   {"shell", RENDER_SHELL}, {"url", RENDER_URL}};

bool texts_hold(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return texts->items == NULL;
}

bool texts_hold_kind(const struct texts *kinds, const char *kind)
{
    const struct kind_row *row = kind_row(kind);
    bool vendor = row != NULL && strcmp(kind_row_seen(row), "vendor") == 0;

    if (vendor) /* it goes where another lies beside it, so only where it is named */
        return kinds->items != NULL && (texts_hold(kinds, kind) || texts_hold(kinds, "vendor"));
    return texts_hold(kinds, kind) || (row != NULL && texts_hold(kinds, row->bound ? "login" : "token"));
}

bool texts_hold_decoy(const struct texts *services, const json_t *decoy)
{
    const char *service = json_string_value(json_object_get(decoy, "service"));
    const char *site = json_string_value(json_object_get(decoy, "site"));

    return texts_hold(services, service == NULL ? "" : service) || (site != NULL && texts_hold(services, site));
}

void *read_memory(size_t count, size_t size, struct error *error)
{
    void *data = calloc(count > 0 ? count : 1, size);

    if (data == NULL)
        error_set(error, "out of memory");
    return data;
}

int read_word(const struct yaml *map, const char *key, char **out, struct error *error)
{
    const char *text = NULL;

    if (yaml_text(map, key, &text, error) != 0)
        return -1;
    if (text == NULL || text[0] == 0)
        return yaml_fault(map, error, "'%s' is missing", key);
    *out = strdup(text);
    return *out != NULL ? 0 : error_set(error, "out of memory");
}

int read_texts(const struct yaml *map, const char *key, struct texts *texts, struct error *error)
{
    const struct yaml *list = yaml_get(map, key);

    if (list == NULL)
        return 0;
    if (list->type != YAML_LIST)
        return yaml_fault(list, error, "'%s' must be a list, such as [a, b]", key);
    texts->items = read_memory(list->count, sizeof *texts->items, error);
    if (texts->items == NULL)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->type != YAML_TEXT)
            return yaml_fault(list->items[i], error, "'%s' holds something that is no text", key);
        texts->items[i] = strdup(list->items[i]->text);
        if (texts->items[i] == NULL)
            return error_set(error, "out of memory");
        texts->count++;
    }
    return 0;
}

int read_containers(const struct yaml *map, struct containers *containers, struct error *error)
{
    const struct yaml *list = yaml_get(map, "pack");
    size_t count = list == NULL ? 0 : list->type == YAML_LIST ? list->count : 1;

    if (count > CONTAINERS)
        return yaml_fault(list, error, "at most %d containers can be packed into each other", CONTAINERS);
    for (size_t i = 0; i < count; i++) {
        const struct yaml *node = list->type == YAML_LIST ? list->items[i] : list;

        if (node->type != YAML_TEXT || (containers->items[i] = container_find(node->text)) == NULL)
            return yaml_fault(node, error, "nothing packs '%s'; templates/README.md says what does",
                              node->type == YAML_TEXT ? node->text : "");
        containers->count++;
    }
    return 0;
}

int read_escape(const struct yaml *map, enum render_escape *escape, struct error *error)
{
    const char *name = "plain";

    if (yaml_text(map, "escape", &name, error) != 0)
        return -1;
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (strcmp(escapes[i].name, name) == 0) {
            *escape = escapes[i].escape;
            return 0;
        }
    return yaml_fault(yaml_get(map, "escape"), error,
                      "no escape is called '%s'; there are plain, html, json, yaml, shell and url", name);
}

/* A template that stands in the YAML file itself. */
int read_inline(const struct yaml *node, struct template **out, struct error *error)
{
    if (node->type != YAML_TEXT)
        return yaml_fault(node, error, "a text is wanted here");
    if (template_parse(slice_of(node->text), node->file, out, error) != 0)
        return error_prefix(error, "%s:%d:%d, in this text", node->file, node->line, node->column);
    return 0;
}

/* A template in a file of its own, beside the YAML file. */
int read_template(const struct source *source, const struct yaml *map, const char *key, struct template **out)
{
    const char *name = NULL;
    struct buffer text;
    char *path = NULL;
    int rc = -1;

    buffer_init(&text, TEMPLATE_BYTES);
    if (yaml_text(map, key, &name, source->error) != 0)
        goto out;
    if (name == NULL) {
        yaml_fault(map, source->error, "'%s' is missing: the name of a template file", key);
        goto out;
    }
    path = paths_join(source->folder, name);
    if (path == NULL || paths_read(path, &text, source->error) != 0) {
        yaml_fault(yaml_get(map, key), source->error, "'%s' cannot be read beside this file", name);
        goto out;
    }
    rc = template_parse(buffer_slice(&text), path, out, source->error);
out:
    buffer_free(&text);
    free(path);
    return rc;
}

/* ---- artifacts ---- */

/* base64: {NAME: template file} */
static int read_parts(const struct source *source, const struct yaml *map, struct artifact *artifact)
{
    const struct yaml *list = yaml_get(map, "base64");

    if (list == NULL)
        return 0;
    if (list->type != YAML_MAP)
        return yaml_fault(list, source->error, "'base64' must be a map of names and template files");
    artifact->parts = read_memory(list->count, sizeof *artifact->parts, source->error);
    if (artifact->parts == NULL)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        struct artifact_part *part = &artifact->parts[i];

        artifact->part_count = i + 1;
        part->name = strdup(list->keys[i]->text);
        if (part->name == NULL)
            return error_set(source->error, "out of memory");
        if (read_template(source, list, part->name, &part->body) != 0)
            return -1;
    }
    return 0;
}

static int read_artifact(const struct source *source, const struct yaml *map, struct artifact *artifact)
{
    static const char *const keys[] = {"name",  "template", "text",      "kinds",     "forms",  "services", "languages",
                                       "match", "escape",   "plantable", "variables", "base64", "pack",     NULL};
    const struct yaml *text = yaml_get(map, "text");

    artifact->plantable = true;
    if (yaml_only(map, keys, source->error) != 0 || read_word(map, "name", &artifact->name, source->error) != 0 ||
        read_texts(map, "kinds", &artifact->kinds, source->error) != 0 ||
        read_texts(map, "forms", &artifact->forms, source->error) != 0 ||
        read_texts(map, "services", &artifact->services, source->error) != 0 ||
        read_texts(map, "languages", &artifact->languages, source->error) != 0 ||
        read_texts(map, "match", &artifact->match, source->error) != 0 ||
        read_escape(map, &artifact->escape, source->error) != 0 ||
        yaml_bool(map, "plantable", &artifact->plantable, source->error) != 0 ||
        read_variables(map, "variables", &artifact->variables, source->error) != 0 ||
        read_parts(source, map, artifact) != 0 || read_containers(map, &artifact->containers, source->error) != 0)
        return -1;
    return text != NULL ? read_inline(text, &artifact->body, source->error)
                        : read_template(source, map, "template", &artifact->body);
}

static int read_artifacts(const struct source *source, struct catalogue *catalogue)
{
    static const char *const keys[] = {"variables", "artifacts", NULL};
    const struct yaml *list = yaml_get(source->root, "artifacts");
    struct artifact *more;

    if (yaml_only(source->root, keys, source->error) != 0 ||
        read_variables(source->root, "variables", &catalogue->variables, source->error) != 0)
        return -1;
    if (list == NULL || list->type != YAML_LIST)
        return yaml_fault(source->root, source->error, "'artifacts' must be a list");
    more = reallocarray(catalogue->artifacts, catalogue->artifact_count + list->count + 1, sizeof *more);
    if (more == NULL)
        return error_set(source->error, "out of memory");
    catalogue->artifacts = more;
    for (size_t i = 0; i < list->count; i++) {
        more[catalogue->artifact_count] = (struct artifact){0};
        if (read_artifact(source, list->items[i], &more[catalogue->artifact_count++]) != 0)
            return -1;
    }
    return 0;
}

/* ---- folders ---- */

static int read_folder(const char *folder, const char *file, int (*take)(const struct source *, struct catalogue *),
                       const struct yaml *words, struct catalogue *catalogue, struct error *error)
{
    struct source source = {.folder = folder, .words = words, .error = error};
    char *path = paths_join(folder, file);
    int rc = -1;

    if (path == NULL)
        error_set(error, "out of memory");
    else if (yaml_load_file(path, &source.root, error) == 0)
        rc = take(&source, catalogue);
    yaml_discard(source.root);
    free(path);
    return rc;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_yaml(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');

    return visible(entry) && end != NULL && strcmp(end, ".yaml") == 0;
}

/* Each YAML file of the folder. */
static int read_files(const char *folder, struct catalogue *catalogue, struct error *error)
{
    struct dirent **entries = NULL;
    int rc = 0, count = scandir(folder, &entries, is_yaml, alphasort);

    for (int i = 0; i < count; i++) {
        if (rc == 0)
            rc = read_folder(folder, entries[i]->d_name, read_artifacts, NULL, catalogue, error);
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? error_errno(error, "cannot read the artifacts in %s", folder) : rc;
}

/* Each folder below that holds a lure.yaml. */
static int read_each(const char *folder, const struct yaml *words, struct catalogue *catalogue, struct error *error)
{
    struct dirent **entries = NULL;
    int rc = 0, count = scandir(folder, &entries, visible, alphasort);
    char *below, *file;

    for (int i = 0; i < count; i++) {
        below = rc == 0 ? paths_join(folder, entries[i]->d_name) : NULL;
        file = below == NULL ? NULL : paths_join(below, "lure.yaml");
        if (file != NULL && access(file, F_OK) == 0)
            rc = read_folder(below, "lure.yaml", read_lure, words, catalogue, error);
        free(file);
        free(below);
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? error_errno(error, "cannot read the lures in %s", folder) : rc;
}

/* `shared`: words.yaml is theirs. */
static int read_lures(const char *folder, bool shared, struct catalogue *catalogue, struct error *error)
{
    char *path = paths_join(folder, "words.yaml");
    struct yaml *words = NULL;
    int rc = path == NULL ? error_set(error, "out of memory") : 0;

    if (rc == 0 && shared && access(path, F_OK) == 0)
        rc = yaml_load_file(path, &words, error);
    if (rc == 0)
        rc = read_each(folder, words, catalogue, error);
    yaml_discard(words);
    free(path);
    return rc;
}

static int read_below(const char *data, const char *name, struct catalogue *catalogue, struct error *error)
{
    char *folder = paths_join(data, name);
    int rc;

    if (folder == NULL)
        return error_set(error, "out of memory");
    if (strcmp(name, "file") == 0)
        rc = read_files(folder, catalogue, error);
    else
        rc = read_lures(folder, strcmp(name, "directory") != 0, catalogue, error);
    free(folder);
    return rc;
}

int catalogue_load(const char *data, struct catalogue **catalogue, struct error *error)
{
    struct catalogue *made = read_memory(1, sizeof *made, error);

    if (made == NULL)
        return -1;
    if (read_below(data, "file", made, error) != 0 || read_below(data, "mail", made, error) != 0 ||
        read_below(data, "repository", made, error) != 0 || read_below(data, "directory", made, error) != 0) {
        catalogue_free(made);
        return -1;
    }
    *catalogue = made;
    return 0;
}

void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
}

static void artifact_free(struct artifact *artifact)
{
    free(artifact->name);
    texts_free(&artifact->kinds);
    texts_free(&artifact->forms);
    texts_free(&artifact->services);
    texts_free(&artifact->languages);
    texts_free(&artifact->match);
    template_free(artifact->body);
    variables_free(&artifact->variables);
    for (size_t i = 0; i < artifact->part_count; i++) {
        free(artifact->parts[i].name);
        template_free(artifact->parts[i].body);
    }
    free(artifact->parts);
}

void catalogue_free(struct catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    for (size_t i = 0; i < catalogue->artifact_count; i++)
        artifact_free(&catalogue->artifacts[i]);
    for (size_t i = 0; i < catalogue->lure_count; i++)
        lure_discard(&catalogue->lures[i]);
    variables_free(&catalogue->variables);
    free(catalogue->artifacts);
    free(catalogue->lures);
    free(catalogue);
}
