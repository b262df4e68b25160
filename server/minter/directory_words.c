/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include "server/base/paths.h"
#include "server/minter/directory_parts.h"

struct directory_words {
    struct yaml *root;
};

static const char *const unit_kinds[] = {"people", "groups", "hosts", "accounts"};

static int check_texts(const struct yaml *map, const char *key, struct error *error)
{
    const struct yaml *list = yaml_get(map, key);

    if (list == NULL || list->type != YAML_LIST || list->count < DIRECTORY_HOSTS)
        return yaml_fault(map, error, "a list of %d or more texts is wanted for %s", DIRECTORY_HOSTS, key);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->type != YAML_TEXT)
            return yaml_fault(list->items[i], error, "a text is wanted here");
    return 0;
}

static int check_language(const struct yaml *language, struct error *error)
{
    const struct yaml *units = language->type == YAML_MAP ? yaml_get(language, "units") : NULL,
                      *groups = units == NULL ? NULL : yaml_get(language, "groups");

    if (groups == NULL || units->type != YAML_MAP || groups->type != YAML_LIST || groups->count < DIRECTORY_GROUPS)
        return yaml_fault(language, error, "units:, hosts:, places: and %d or more groups: are wanted here",
                          DIRECTORY_GROUPS);
    for (size_t i = 0; i < sizeof unit_kinds / sizeof *unit_kinds; i++)
        if (check_texts(units, unit_kinds[i], error) != 0)
            return -1;
    for (size_t i = 0; i < groups->count; i++) {
        const char *name = NULL, *text = NULL;

        if (groups->items[i]->type != YAML_MAP || yaml_text(groups->items[i], "name", &name, error) != 0 ||
            yaml_text(groups->items[i], "text", &text, error) != 0 || name == NULL || text == NULL)
            return yaml_fault(groups->items[i], error, "a group has a name and a text");
    }
    return check_texts(language, "hosts", error) != 0 ? -1 : check_texts(language, "places", error);
}

static int check(const struct yaml *root, struct error *error)
{
    if (root->type != YAML_MAP || yaml_get(root, "en") == NULL)
        return yaml_fault(root, error, "a map of languages is wanted, en: among them");
    for (size_t i = 0; i < root->count; i++)
        if (check_language(root->items[i], error) != 0)
            return -1;
    return 0;
}

int directory_load(const char *data, struct directory_words **words, struct error *error)
{
    struct directory_words *made = calloc(1, sizeof *made);
    char *file = paths_join(data, "directory/words.yaml");
    int result = -1;

    if (made == NULL || file == NULL)
        error_set(error, "out of memory");
    else if (yaml_load_file(file, &made->root, error) == 0)
        result = check(made->root, error);
    free(file);
    if (result == 0)
        *words = made;
    else
        directory_free(made);
    return result;
}

void directory_free(struct directory_words *words)
{
    if (words == NULL)
        return;
    if (words->root != NULL)
        yaml_discard(words->root);
    free(words);
}

const struct yaml *directory_words_of(const struct directory_words *words, const char *language)
{
    const struct yaml *own = yaml_get(words->root, language);

    return own != NULL ? own : yaml_get(words->root, "en");
}

const char *directory_pick(const struct yaml *list, const struct draw *draw)
{
    return list->items[draw_below(draw, (uint32_t)list->count)]->text;
}

json_t *directory_units(const struct directory_words *words, const char *language, const struct draw *draw)
{
    const struct yaml *units = yaml_get(directory_words_of(words, language), "units");
    json_t *made = json_object();

    for (size_t i = 0; made != NULL && i < sizeof unit_kinds / sizeof *unit_kinds; i++)
        json_object_set_new(made, unit_kinds[i], json_string(directory_pick(yaml_get(units, unit_kinds[i]), draw)));
    return made;
}
