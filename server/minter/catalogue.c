/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/minter/catalogue.h"
#include "server/minter/pack.h"

#define TEMPLATE_BYTES (256 * 1024)

static const struct {
    const char *name;
    enum render_escape escape;
} escapes[] = {{"plain", RENDER_PLAIN}, {"html", RENDER_HTML},   {"json", RENDER_JSON},
               {"yaml", RENDER_YAML},   {"shell", RENDER_SHELL}, {"url", RENDER_URL}};

/* The folder that is being read, for templates named in its YAML file. */
struct source {
    const char *folder;
    struct yaml *root;
    struct error *error;
};

bool texts_hold(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return texts->items == NULL;
}

bool texts_hold_decoy(const struct texts *services, const json_t *decoy)
{
    const char *service = json_string_value(json_object_get(decoy, "service"));
    const char *site = json_string_value(json_object_get(decoy, "site"));

    return texts_hold(services, service == NULL ? "" : service) || (site != NULL && texts_hold(services, site));
}

static void *memory(size_t count, size_t size, struct error *error)
{
    void *data = calloc(count > 0 ? count : 1, size);

    if (data == NULL)
        error_set(error, "out of memory");
    return data;
}

static int read_word(const struct yaml *map, const char *key, char **out, struct error *error)
{
    const char *text = NULL;

    if (yaml_text(map, key, &text, error) != 0)
        return -1;
    if (text == NULL || text[0] == 0)
        return yaml_fault(map, error, "'%s' is missing", key);
    *out = strdup(text);
    return *out != NULL ? 0 : error_set(error, "out of memory");
}

static int read_texts(const struct yaml *map, const char *key, struct texts *texts, struct error *error)
{
    const struct yaml *list = yaml_get(map, key);

    if (list == NULL)
        return 0;
    if (list->type != YAML_LIST)
        return yaml_fault(list, error, "'%s' must be a list, such as [a, b]", key);
    texts->items = memory(list->count, sizeof *texts->items, error);
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

static int read_escape(const struct yaml *map, enum render_escape *escape, struct error *error)
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
static int read_inline(const struct yaml *node, struct template **out, struct error *error)
{
    if (node->type != YAML_TEXT)
        return yaml_fault(node, error, "a text is wanted here");
    if (template_parse(slice_of(node->text), node->file, out, error) != 0)
        return error_prefix(error, "%s:%d:%d, in this text", node->file, node->line, node->column);
    return 0;
}

/* A template in a file of its own, beside the YAML file. */
static int read_template(const struct source *source, const struct yaml *map, const char *key, struct template **out)
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

/* ---- variables ---- */

static int read_choices(const struct yaml *list, const char *name, struct lure_variable *variable, struct error *error)
{
    variable->name = strdup(name);
    variable->choices = memory(list->count, sizeof(struct template *), error);
    if (variable->name == NULL || variable->choices == NULL)
        return error_set(error, "out of memory");
    if (list->type != YAML_LIST || list->count == 0)
        return yaml_fault(list, error, "variable '%s' must be a list of at least one text", name);
    for (size_t i = 0; i < list->count; i++) {
        if (read_inline(list->items[i], &variable->choices[i], error) != 0)
            return -1;
        variable->choice_count++;
    }
    return 0;
}

/* Adds those of the map to the list. */
static int read_variables(const struct source *source, const struct yaml *map, struct variables *variables)
{
    const struct yaml *list = yaml_get(map, "variables");
    struct lure_variable *more;

    if (list == NULL)
        return 0;
    if (list->type != YAML_MAP)
        return yaml_fault(list, source->error, "'variables' must be a map of names and lists");
    more = reallocarray(variables->items, variables->count + list->count + 1, sizeof *more);
    if (more == NULL)
        return error_set(source->error, "out of memory");
    variables->items = more;
    for (size_t i = 0; i < list->count; i++) {
        more[variables->count] = (struct lure_variable){0};
        if (read_choices(list->items[i], list->keys[i]->text, &more[variables->count++], source->error) != 0)
            return -1;
    }
    return 0;
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
    artifact->parts = memory(list->count, sizeof *artifact->parts, source->error);
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

static int read_packer(const struct yaml *map, const struct packer **packer, struct error *error)
{
    const char *name = NULL;

    if (yaml_text(map, "pack", &name, error) != 0)
        return -1;
    *packer = name == NULL ? NULL : packer_find(name);
    return name != NULL && *packer == NULL ? yaml_fault(yaml_get(map, "pack"), error, "nothing packs '%s'", name) : 0;
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
        read_variables(source, map, &artifact->variables) != 0 || read_parts(source, map, artifact) != 0 ||
        read_packer(map, &artifact->packer, source->error) != 0)
        return -1;
    return text != NULL ? read_inline(text, &artifact->body, source->error)
                        : read_template(source, map, "template", &artifact->body);
}

static int read_artifacts(struct source *source, struct catalogue *catalogue)
{
    static const char *const keys[] = {"variables", "artifacts", NULL};
    const struct yaml *list = yaml_get(source->root, "artifacts");
    struct artifact *more;

    if (yaml_only(source->root, keys, source->error) != 0 ||
        read_variables(source, source->root, &catalogue->variables) != 0)
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

/* ---- lures ---- */

static int read_role(const struct yaml *map, const char *key, bool needed, char **out, struct error *error)
{
    static const char *const roles[] = {"from", "to", "third", "outside"};
    const char *text = NULL;

    if (yaml_text(map, key, &text, error) != 0 || (text == NULL && !needed))
        return text == NULL && !needed ? 0 : -1;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (text != NULL && strcmp(roles[i], text) == 0) {
            *out = strdup(text);
            return *out != NULL ? 0 : error_set(error, "out of memory");
        }
    return yaml_fault(text == NULL ? map : yaml_get(map, key), error,
                      "'%s' must be a person of the thread: from, to, third or outside", key);
}

static int read_message(const struct source *source, const struct yaml *map, struct lure_message *message)
{
    static const char *const keys[] = {"by", "for", "copy", "body", "secret", "maybe", NULL};

    if (yaml_only(map, keys, source->error) != 0 || read_role(map, "by", true, &message->from, source->error) != 0 ||
        read_role(map, "for", true, &message->to, source->error) != 0 ||
        read_role(map, "copy", false, &message->copy, source->error) != 0 ||
        yaml_bool(map, "secret", &message->secret, source->error) != 0 ||
        yaml_bool(map, "maybe", &message->maybe, source->error) != 0)
        return -1;
    if (message->secret && message->maybe)
        return yaml_fault(map, source->error, "the mail with the secret is always there: leave 'maybe' out");
    return read_template(source, map, "body", &message->body);
}

static int read_mail(const struct source *source, struct lure *lure)
{
    const struct yaml *subject = yaml_get(source->root, "subject"), *list = yaml_get(source->root, "thread");
    size_t secrets = 0;

    if (subject == NULL)
        return yaml_fault(source->root, source->error, "a mail needs a 'subject'");
    if (list == NULL || list->type != YAML_LIST || list->count > LURE_MESSAGES)
        return yaml_fault(list == NULL ? source->root : list, source->error,
                          "'thread' must be a list of at most %d mails, in their order", LURE_MESSAGES);
    if (read_inline(subject, &lure->subject, source->error) != 0)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        lure->message_count = i + 1;
        if (read_message(source, list->items[i], &lure->messages[i]) != 0)
            return -1;
        secrets += lure->messages[i].secret;
    }
    return secrets == 1 ? 0 : yaml_fault(list, source->error, "one mail of the thread must say 'secret: yes'");
}

static int read_file(const struct source *source, const struct yaml *map, struct lure_file *file)
{
    static const char *const keys[] = {"path", "template", "escape", "secret", "remove", NULL};
    const struct yaml *path = yaml_get(map, "path");
    bool removed = false;

    if (yaml_only(map, keys, source->error) != 0 || read_escape(map, &file->escape, source->error) != 0 ||
        yaml_bool(map, "secret", &file->secret, source->error) != 0 ||
        yaml_bool(map, "remove", &removed, source->error) != 0)
        return -1;
    if (path == NULL)
        return yaml_fault(map, source->error, "'path' is missing");
    if (read_inline(path, &file->path, source->error) != 0)
        return -1;
    return removed ? 0 : read_template(source, map, "template", &file->body);
}

static int read_change(const struct source *source, const struct yaml *map, struct lure_change *change)
{
    static const char *const keys[] = {"message", "area", "files", NULL};
    const struct yaml *files = yaml_get(map, "files"), *message = yaml_get(map, "message");
    const struct yaml *area = yaml_get(map, "area");

    if (yaml_only(map, keys, source->error) != 0)
        return -1;
    if (message == NULL || files == NULL || files->type != YAML_LIST || files->count == 0)
        return yaml_fault(map, source->error, "a change needs a 'message' and a list of 'files'");
    change->files = memory(files->count, sizeof *change->files, source->error);
    if (change->files == NULL || read_inline(message, &change->message, source->error) != 0 ||
        (area != NULL && read_inline(area, &change->area, source->error) != 0))
        return -1;
    for (size_t i = 0; i < files->count; i++) {
        change->file_count = i + 1;
        if (read_file(source, files->items[i], &change->files[i]) != 0)
            return -1;
    }
    return 0;
}

static int read_changes(const struct source *source, struct lure *lure)
{
    const struct yaml *list = yaml_get(source->root, "changes");

    if (list == NULL || list->type != YAML_LIST || list->count != 2)
        return yaml_fault(list == NULL ? source->root : list, source->error,
                          "'changes' must be a list of two: the change, and the one that takes the secret out again");
    lure->changes = memory(list->count, sizeof *lure->changes, source->error);
    if (lure->changes == NULL)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        lure->change_count = i + 1;
        if (read_change(source, list->items[i], &lure->changes[i]) != 0)
            return -1;
    }
    return 0;
}

static int read_lure(const struct source *source, struct lure *lure)
{
    static const char *const keys[] = {"name",   "type",    "language", "summary", "kinds",     "forms", "services",
                                       "places", "subject", "thread",   "changes", "variables", NULL};
    const struct yaml *map = source->root;

    if (yaml_only(map, keys, source->error) != 0 || read_word(map, "name", &lure->name, source->error) != 0 ||
        read_word(map, "type", &lure->type, source->error) != 0 ||
        read_word(map, "language", &lure->language, source->error) != 0 ||
        read_word(map, "summary", &lure->summary, source->error) != 0 ||
        read_texts(map, "kinds", &lure->kinds, source->error) != 0 ||
        read_texts(map, "forms", &lure->forms, source->error) != 0 ||
        read_texts(map, "services", &lure->services, source->error) != 0 ||
        read_texts(map, "places", &lure->places, source->error) != 0 ||
        read_variables(source, map, &lure->variables) != 0)
        return -1;
    if (strcmp(lure->type, "mail") == 0)
        return read_mail(source, lure);
    if (strcmp(lure->type, "repository") == 0)
        return read_changes(source, lure);
    return yaml_fault(yaml_get(map, "type"), source->error, "a lure is of type mail or repository, not '%s'",
                      lure->type);
}

/* ---- folders ---- */

static int add_lure(struct source *source, struct catalogue *catalogue)
{
    struct lure *lures = reallocarray(catalogue->lures, catalogue->lure_count + 1, sizeof *lures);

    if (lures == NULL)
        return error_set(source->error, "out of memory");
    catalogue->lures = lures;
    lures[catalogue->lure_count] = (struct lure){0};
    return read_lure(source, &lures[catalogue->lure_count++]);
}

static int read_folder(const char *folder, const char *file, int (*take)(struct source *, struct catalogue *),
                       struct catalogue *catalogue, struct error *error)
{
    struct source source = {.folder = folder, .error = error};
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
            rc = read_folder(folder, entries[i]->d_name, read_artifacts, catalogue, error);
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? error_errno(error, "cannot read the artifacts in %s", folder) : rc;
}

/* Each folder below that holds a lure.yaml. */
static int read_lures(const char *folder, struct catalogue *catalogue, struct error *error)
{
    struct dirent **entries = NULL;
    int rc = 0, count = scandir(folder, &entries, visible, alphasort);
    char *below, *file;

    for (int i = 0; i < count; i++) {
        below = rc == 0 ? paths_join(folder, entries[i]->d_name) : NULL;
        file = below == NULL ? NULL : paths_join(below, "lure.yaml");
        if (file != NULL && access(file, F_OK) == 0)
            rc = read_folder(below, "lure.yaml", add_lure, catalogue, error);
        free(file);
        free(below);
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? error_errno(error, "cannot read the lures in %s", folder) : rc;
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
        rc = read_lures(folder, catalogue, error);
    free(folder);
    return rc;
}

int catalogue_load(const char *data, struct catalogue **catalogue, struct error *error)
{
    struct catalogue *made = memory(1, sizeof *made, error);

    if (made == NULL)
        return -1;
    if (read_below(data, "file", made, error) != 0 || read_below(data, "mail", made, error) != 0 ||
        read_below(data, "repository", made, error) != 0) {
        catalogue_free(made);
        return -1;
    }
    *catalogue = made;
    return 0;
}

static void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
}

static void variables_free(struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        for (size_t k = 0; k < variables->items[i].choice_count; k++)
            template_free(variables->items[i].choices[k]);
        free(variables->items[i].choices);
        free(variables->items[i].name);
    }
    free(variables->items);
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

static void change_free(struct lure_change *change)
{
    for (size_t i = 0; i < change->file_count; i++) {
        template_free(change->files[i].path);
        template_free(change->files[i].body);
    }
    free(change->files);
    template_free(change->message);
    template_free(change->area);
}

static void lure_free(struct lure *lure)
{
    for (size_t i = 0; i < lure->change_count; i++)
        change_free(&lure->changes[i]);
    variables_free(&lure->variables);
    free(lure->changes);
    template_free(lure->subject);
    for (size_t i = 0; i < lure->message_count; i++) {
        template_free(lure->messages[i].body);
        free(lure->messages[i].from);
        free(lure->messages[i].to);
        free(lure->messages[i].copy);
    }
    texts_free(&lure->kinds);
    texts_free(&lure->forms);
    texts_free(&lure->services);
    texts_free(&lure->places);
    free(lure->name);
    free(lure->type);
    free(lure->language);
    free(lure->summary);
}

void catalogue_free(struct catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    for (size_t i = 0; i < catalogue->artifact_count; i++)
        artifact_free(&catalogue->artifacts[i]);
    for (size_t i = 0; i < catalogue->lure_count; i++)
        lure_free(&catalogue->lures[i]);
    variables_free(&catalogue->variables);
    free(catalogue->artifacts);
    free(catalogue->lures);
    free(catalogue);
}
