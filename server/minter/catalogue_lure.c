/* SPDX-License-Identifier: ISC
 *
 * lure.yaml, as templates/README.md describes it. */
#include <stdlib.h>
#include <string.h>
#include "server/minter/catalogue_read.h"

static const char *const roles[] = {"from", "to", "third", "outside", NULL};

/* Those that all lures share, the lure's, and those of its language. */
static int read_all(const struct source *source, struct lure *lure)
{
    const struct yaml *texts = yaml_get(source->root, "texts");

    if ((source->words != NULL &&
         read_variables(source->words, lure->language, &lure->variables, source->error) != 0) ||
        read_variables(source->root, "variables", &lure->variables, source->error) != 0)
        return -1;
    return texts == NULL ? 0 : read_variables(texts, lure->language, &lure->variables, source->error);
}

/* ---- mails ---- */

static int read_role(const struct yaml *map, const char *key, bool needed, char **out, struct error *error)
{
    const char *text = NULL;

    if (yaml_text(map, key, &text, error) != 0 || (text == NULL && !needed))
        return text == NULL && !needed ? 0 : -1;
    for (size_t i = 0; roles[i] != NULL; i++)
        if (text != NULL && strcmp(roles[i], text) == 0) {
            *out = strdup(text);
            return *out != NULL ? 0 : error_set(error, "out of memory");
        }
    return yaml_fault(text == NULL ? map : yaml_get(map, key), error,
                      "'%s' must be a person of the thread: from, to, third or outside", key);
}

static int read_cast(const struct source *source, struct lure *lure)
{
    const struct yaml *map = yaml_get(source->root, "cast");

    if (map == NULL)
        return 0;
    if (map->type != YAML_MAP || yaml_only(map, roles, source->error) != 0)
        return map->type == YAML_MAP ? -1 : yaml_fault(map, source->error, "'cast' must be a map of people");
    lure->cast = read_memory(map->count, sizeof *lure->cast, source->error);
    if (lure->cast == NULL)
        return -1;
    for (size_t i = 0; i < map->count; i++) {
        struct lure_cast *cast = &lure->cast[lure->cast_count++];

        cast->role = strdup(map->keys[i]->text);
        if (cast->role == NULL)
            return error_set(source->error, "out of memory");
        if (read_texts(map, cast->role, &cast->departments, source->error) != 0)
            return -1;
    }
    return 0;
}

static int read_body(const struct source *source, const struct yaml *map, struct lure_variable *body)
{
    const struct yaml *text = yaml_get(map, "text");

    if (text != NULL && yaml_get(map, "body") != NULL)
        return yaml_fault(map, source->error, "a mail has a 'text' here or a 'body' in a file, not both");
    if (text != NULL)
        return read_choices(text, "text", body, source->error);
    body->name = strdup("body");
    body->choices = read_memory(1, sizeof *body->choices, source->error);
    body->choice_count = body->total = 1;
    return body->name == NULL || body->choices == NULL ? -1 : read_template(source, map, "body", &body->choices[0].body);
}

static int read_attachment(const struct source *source, const struct yaml *map, struct lure_attachment *attachment)
{
    static const char *const keys[] = {"name", "text", "pack", "secret", "artifact", NULL};
    const struct yaml *text = yaml_get(map, "text"), *name = yaml_get(map, "name");
    bool artifact = false;

    if (yaml_only(map, keys, source->error) != 0 || yaml_bool(map, "artifact", &artifact, source->error) != 0 ||
        yaml_bool(map, "secret", &attachment->secret, source->error) != 0 ||
        read_containers(map, &attachment->containers, source->error) != 0)
        return -1;
    if ((text != NULL) == artifact || (name == NULL && !artifact))
        return yaml_fault(map, source->error, "an attachment has a 'name' and a 'text', or says 'artifact: yes'");
    attachment->secret = attachment->secret || artifact;
    if (name != NULL && read_inline(name, &attachment->name, source->error) != 0)
        return -1;
    return text == NULL ? 0 : read_choices(text, "attach", &attachment->body, source->error);
}

static int read_attachments(const struct source *source, const struct yaml *map, struct lure_message *message)
{
    const struct yaml *list = yaml_get(map, "attach");

    if (list == NULL)
        return 0;
    if (list->type != YAML_LIST || list->count > LURE_ATTACHMENTS)
        return yaml_fault(list, source->error, "'attach' must be a list of at most %d attachments", LURE_ATTACHMENTS);
    for (size_t i = 0; i < list->count; i++)
        if (read_attachment(source, list->items[i], &message->attachments[message->attachment_count++]) != 0)
            return -1;
    return 0;
}

static int read_message(const struct source *source, const struct yaml *map, struct lure_message *message)
{
    static const char *const keys[] = {"by", "for", "copy", "body", "text", "secret", "maybe", "alone", "attach", NULL};

    if (yaml_only(map, keys, source->error) != 0 || read_role(map, "by", true, &message->from, source->error) != 0 ||
        read_role(map, "for", true, &message->to, source->error) != 0 ||
        read_role(map, "copy", false, &message->copy, source->error) != 0 ||
        yaml_bool(map, "secret", &message->secret, source->error) != 0 ||
        yaml_bool(map, "maybe", &message->maybe, source->error) != 0 ||
        yaml_bool(map, "alone", &message->alone, source->error) != 0)
        return -1;
    if (message->secret && message->maybe)
        return yaml_fault(map, source->error, "the mail with the secret is always there: leave 'maybe' out");
    if (read_attachments(source, map, message) != 0)
        return -1;
    return read_body(source, map, &message->body);
}

/* Of the last one read. */
static int check_alone(const struct yaml *map, const struct lure *lure, struct error *error)
{
    const struct lure_message *last = &lure->messages[lure->message_count - 1];
    bool quotes = false;

    for (const struct lure_message *message = lure->messages; message < last; message++)
        quotes = quotes || (message->secret && message->attachment_count == 0);
    return !last->alone || (quotes && strcmp(last->from, "to") != 0)
               ? 0
               : yaml_fault(map, error, "a mail with 'alone' comes to the mailbox after one that has the secret in its text");
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
    if (read_inline(subject, &lure->subject, source->error) != 0 || read_cast(source, lure) != 0)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        lure->message_count = i + 1;
        if (read_message(source, list->items[i], &lure->messages[i]) != 0 ||
            check_alone(list->items[i], lure, source->error) != 0)
            return -1;
        secrets += lure->messages[i].secret;
    }
    return secrets == 1 ? 0 : yaml_fault(list, source->error, "one mail of the thread must say 'secret: yes'");
}

/* ---- changes ---- */

static int read_file(const struct source *source, const struct yaml *map, struct lure_file *file)
{
    static const char *const keys[] = {"path", "template", "escape",    "secret", "remove",
                                       "pack", "artifact", "submodule", NULL};
    const struct yaml *path = yaml_get(map, "path");
    bool removed = false;

    if (yaml_only(map, keys, source->error) != 0 || read_escape(map, &file->escape, source->error) != 0 ||
        yaml_bool(map, "secret", &file->secret, source->error) != 0 ||
        yaml_bool(map, "remove", &removed, source->error) != 0 ||
        yaml_bool(map, "submodule", &file->submodule, source->error) != 0 ||
        yaml_bool(map, "artifact", &file->artifact, source->error) != 0 ||
        read_containers(map, &file->containers, source->error) != 0)
        return -1;
    if (path == NULL)
        return yaml_fault(map, source->error, "'path' is missing");
    if (file->submodule && removed)
        return yaml_fault(map, source->error, "a submodule cannot be removed; give it another URL");
    if (file->artifact && (removed || file->submodule || file->containers.count > 0))
        return yaml_fault(map, source->error, "a file that is the token's artifact is nothing else");
    if (read_inline(path, &file->path, source->error) != 0)
        return -1;
    return removed || file->artifact ? 0 : read_template(source, map, "template", &file->body);
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
    change->files = read_memory(files->count, sizeof *change->files, source->error);
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
    lure->changes = read_memory(list->count, sizeof *lure->changes, source->error);
    if (lure->changes == NULL)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        lure->change_count = i + 1;
        if (read_change(source, list->items[i], &lure->changes[i]) != 0)
            return -1;
    }
    return 0;
}

/* ---- accounts ---- */

static int read_entries(const struct source *source, struct lure *lure)
{
    static const char *const keys[] = {"standard", "active-directory", NULL};
    const struct yaml *map = yaml_get(source->root, "entries");

    if (map == NULL || map->type != YAML_MAP)
        return yaml_fault(map == NULL ? source->root : map, source->error,
                          "'entries' must be a map of 'standard' and 'active-directory' to files beside it");
    if (yaml_only(map, keys, source->error) != 0)
        return -1;
    for (size_t i = 0; i < LURE_SCHEMAS; i++)
        if (read_template(source, map, keys[i], &lure->entries[i]) != 0)
            return -1;
    return 0;
}

/* ---- all ---- */

static int read_carries(const struct yaml *map, enum lure_carries *carries, struct error *error)
{
    static const char *const names[] = {[LURE_ARTIFACT_FILE] = "file", [LURE_ARTIFACT_LINES] = "lines"};
    const char *name = NULL;

    if (yaml_text(map, "artifact", &name, error) != 0 || name == NULL)
        return name == NULL && yaml_get(map, "artifact") == NULL ? 0 : -1;
    for (enum lure_carries i = LURE_ARTIFACT_FILE; i <= LURE_ARTIFACT_LINES; i++)
        if (strcmp(names[i], name) == 0) {
            *carries = i;
            return 0;
        }
    return yaml_fault(yaml_get(map, "artifact"), error, "'artifact' is 'file' or 'lines', not '%s'", name);
}

/* What says `artifact: yes` needs one. */
static int check_carries(const struct yaml *map, const struct lure *lure, struct error *error)
{
    bool wanted = false;

    for (size_t i = 0; i < lure->change_count; i++)
        for (size_t j = 0; j < lure->changes[i].file_count; j++)
            wanted = wanted || lure->changes[i].files[j].artifact;
    for (size_t i = 0; i < lure->message_count; i++)
        for (size_t j = 0; j < lure->messages[i].attachment_count; j++)
            wanted = wanted || lure->messages[i].attachments[j].body.choice_count == 0;
    return !wanted || lure->carries != LURE_NO_ARTIFACT
               ? 0
               : yaml_fault(map, error, "a file that is the token's artifact needs 'artifact: file' at the lure's top");
}

static int read_type(const struct source *source, struct lure *lure)
{
    if (strcmp(lure->type, "mail") == 0)
        return read_mail(source, lure);
    if (strcmp(lure->type, "repository") == 0)
        return read_changes(source, lure);
    if (strcmp(lure->type, "directory") == 0)
        return read_entries(source, lure);
    return yaml_fault(yaml_get(source->root, "type"), source->error,
                      "a lure is of type mail, repository or directory, not '%s'", lure->type);
}

static int read_whole(const struct source *source, struct lure *lure)
{
    const struct yaml *map = source->root;

    if (read_word(map, "name", &lure->name, source->error) != 0 ||
        read_word(map, "type", &lure->type, source->error) != 0 ||
        read_word(map, "summary", &lure->summary, source->error) != 0 ||
        yaml_bool(map, "asked", &lure->asked, source->error) != 0 ||
        read_texts(map, "kinds", &lure->kinds, source->error) != 0 ||
        read_texts(map, "forms", &lure->forms, source->error) != 0 ||
        read_texts(map, "services", &lure->services, source->error) != 0 ||
        read_texts(map, "places", &lure->places, source->error) != 0 ||
        read_carries(map, &lure->carries, source->error) != 0 || read_all(source, lure) != 0)
        return -1;
    return read_type(source, lure) != 0 ? -1 : check_carries(map, lure, source->error);
}

static int add_lure(const struct source *source, const char *language, struct catalogue *catalogue)
{
    struct lure *lures = reallocarray(catalogue->lures, catalogue->lure_count + 1, sizeof *lures), *lure;

    if (lures == NULL)
        return error_set(source->error, "out of memory");
    catalogue->lures = lures;
    lure = &lures[catalogue->lure_count++];
    *lure = (struct lure){.language = strdup(language)};
    return lure->language == NULL ? error_set(source->error, "out of memory") : read_whole(source, lure);
}

int read_lure(const struct source *source, struct catalogue *catalogue)
{
    static const char *const keys[] = {"name",  "type",    "language", "summary", "kinds",   "forms",     "services",
                                       "texts", "subject", "thread",   "changes", "places", "variables", "cast", "asked",
                                       "entries", "artifact", NULL};
    const struct yaml *texts = yaml_get(source->root, "texts");
    const char *language = NULL;
    int rc = 0;

    if (yaml_only(source->root, keys, source->error) != 0 ||
        yaml_text(source->root, "language", &language, source->error) != 0)
        return -1;
    if (language != NULL && texts == NULL)
        return add_lure(source, language, catalogue);
    if (language != NULL || texts == NULL || texts->type != YAML_MAP || texts->count == 0)
        return yaml_fault(texts == NULL ? source->root : texts, source->error,
                          "a lure names its 'language', or has 'texts' in one or more of them");
    for (size_t i = 0; rc == 0 && i < texts->count; i++)
        rc = add_lure(source, texts->keys[i]->text, catalogue);
    return rc;
}

/* ---- the end ---- */

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

static void message_free(struct lure_message *message)
{
    for (size_t i = 0; i < message->attachment_count; i++) {
        template_free(message->attachments[i].name);
        variable_free(&message->attachments[i].body);
    }
    variable_free(&message->body);
    free(message->from);
    free(message->to);
    free(message->copy);
}

void lure_discard(struct lure *lure)
{
    variables_free(&lure->variables);
    for (size_t i = 0; i < lure->change_count; i++)
        change_free(&lure->changes[i]);
    for (size_t i = 0; i < LURE_SCHEMAS; i++)
        template_free(lure->entries[i]);
    for (size_t i = 0; i < lure->message_count; i++)
        message_free(&lure->messages[i]);
    for (size_t i = 0; i < lure->cast_count; i++) {
        free(lure->cast[i].role);
        texts_free(&lure->cast[i].departments);
    }
    free(lure->cast);
    free(lure->changes);
    template_free(lure->subject);
    texts_free(&lure->kinds);
    texts_free(&lure->forms);
    texts_free(&lure->services);
    texts_free(&lure->places);
    free(lure->name);
    free(lure->type);
    free(lure->language);
    free(lure->summary);
}
