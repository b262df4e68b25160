/* SPDX-License-Identifier: ISC
 *
 * sundew.yaml → struct configuration, with faults that say where and what to do. */
#include "server/wire/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/wire/loading.h"

int loading_note(struct loading *loading, int result)
{
    if (result == 0 || loading->faults == NULL)
        return result;
    loading->faults->fault(loading->error->text, loading->faults->context);
    loading->faulty = true;
    return 0;
}

static const struct {
    const char *map, *name;
} keys[] = {
#define KEY(map, name, value, standard, explanation) {#map, name},
#include "server/wire/tables/keys.def"
#undef KEY
};

#define KEYS (sizeof keys / sizeof keys[0])

int loading_memory(struct loading *loading)
{
    return error_set(loading->error, "out of memory");
}

int loading_keys(struct loading *loading, const struct yaml *map, const char *type)
{
    const char *names[KEYS + 1];
    size_t count = 0;
    bool known = true;

    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].map, type) == 0)
            names[count++] = keys[i].name;
    names[count] = NULL;
    for (size_t i = 0; loading->faults != NULL && map->type == YAML_MAP && i < map->count; i++) {
        struct yaml one = *map;
        int result;

        one.count = 1;
        one.keys = &map->keys[i];
        result = yaml_only(&one, names, loading->error);
        known = known && result == 0;
        (void)loading_note(loading, result);
    }
    return known ? loading_note(loading, yaml_only(map, names, loading->error)) : 0;
}

int loading_text(struct loading *loading, const struct yaml *map, const char *key, const char *standard, char **out)
{
    const char *text = standard;

    int result = yaml_text(map, key, &text, loading->error);

    if (result == 0 && text == NULL)
        result = yaml_fault(map, loading->error, "\"%s\" is missing here", key);
    free(*out);
    *out = strdup(text != NULL ? text : "");
    if (*out == NULL)
        return loading_memory(loading);
    return loading_note(loading, result);
}

int loading_path(struct loading *loading, const struct yaml *map, const char *key, const char *standard, char **out)
{
    char *relative = NULL;
    int result = loading_text(loading, map, key, standard, &relative);

    if (result == 0) {
        free(*out);
        *out = relative[0] == '\0' ? strdup("") : paths_join(loading->folder, relative);
        if (*out == NULL)
            result = loading_memory(loading);
    }
    free(relative);
    return result;
}

int loading_texts(struct loading *loading, const struct yaml *node, const char *what, char ***texts, size_t *count)
{
    size_t n = node->type == YAML_LIST ? node->count : 1;

    if (node->type == YAML_MAP)
        return yaml_fault(node, loading->error, "%s must be a list of texts", what);
    *texts = calloc(n + 1, sizeof **texts);
    if (*texts == NULL)
        return loading_memory(loading);
    for (*count = 0; *count < n; (*count)++) {
        const struct yaml *item = node->type == YAML_LIST ? node->items[*count] : node;

        if (item->type != YAML_TEXT)
            return yaml_fault(item, loading->error, "%s must be a list of texts", what);
        (*texts)[*count] = strdup(item->text);
        if ((*texts)[*count] == NULL)
            return loading_memory(loading);
    }
    return 0;
}

int loading_networks(struct loading *loading, const struct yaml *map, const char *key, struct network **networks,
                     size_t *count)
{
    const struct yaml *node = yaml_get(map, key);
    struct error why;

    if (node == NULL)
        return 0;
    if (node->type != YAML_LIST)
        return loading_note(loading, yaml_fault(node, loading->error,
                                        "\"%s\" must be a list of networks, such as [192.0.2.0/24]", key));
    *networks = calloc(node->count + 1, sizeof **networks);
    if (*networks == NULL)
        return loading_memory(loading);
    for (*count = 0; *count < node->count; (*count)++) {
        const struct yaml *item = node->items[*count];

        int result = 0;

        if (item->type != YAML_TEXT)
            result = yaml_fault(item, loading->error, "expected a network, such as 192.0.2.0/24");
        else if (network_parse(item->text, &(*networks)[*count], &why) < 0)
            result = yaml_fault(item, loading->error, "%s", why.text);
        if (loading_note(loading, result) < 0)
            return -1;
    }
    return 0;
}

bool loading_listed(const char *const *list, const char *name)
{
    while (*list != NULL && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

static int take_all(struct loading *loading, const struct yaml *root)
{
    struct configuration *configuration = loading->configuration;

    if (loading_keys(loading, root, "root") < 0 ||
        loading_text(loading, root, "organisation", NULL, &configuration->organisation) < 0 ||
        loading_text(loading, root, "domain", NULL, &configuration->domain) < 0 ||
        loading_house(loading, root) < 0 ||
        loading_text(loading, root, "language", "en", &configuration->language) < 0 ||
        loading_path(loading, root, "state", "state", &configuration->state) < 0 ||
        loading_note(loading, loading_key(loading, root)) < 0 ||
        loading_text(loading, root, "operators", "", &configuration->operators) < 0 || loading_users(loading, root) < 0 ||
        loading_networks(loading, root, "proxies", &configuration->proxies, &configuration->proxy_count) < 0 ||
        loading_note(loading, loading_decoys(loading, root)) < 0 ||
        loading_referrals(loading, root) < 0 || loading_note(loading, loading_routes(loading, root)) < 0 ||
        loading_note(loading, loading_accounts(loading, root)) < 0 ||
        loading_limits(loading, root) < 0)
        return -1;
    if (strcmp(configuration->language, "en") != 0 && strcmp(configuration->language, "fr") != 0 &&
        loading_note(loading, yaml_fault(yaml_get(root, "language"), loading->error, "\"language\" must be en or fr")) < 0)
        return -1;
    return loading_collisions(loading, root);
}

static int load(const char *file, const struct configuration_faults *faults, struct configuration **configuration,
                struct error *error)
{
    struct loading loading = {.error = error, .faults = faults};
    struct yaml *root = NULL;
    char *slash;
    int result = -1;

    loading.configuration = calloc(1, sizeof *loading.configuration);
    if (loading.configuration == NULL)
        return error_set(error, "out of memory");
    loading.configuration->file = realpath(file, NULL);
    if (loading.configuration->file == NULL) {
        error_errno(error, "cannot open the configuration %s (give it by -c FILE, or make an installation by `sundew init DIR`)",
                    file);
        goto out;
    }
    loading.folder = strdup(loading.configuration->file);
    if (loading.folder == NULL || (slash = strrchr(loading.folder, '/')) == NULL) {
        loading_memory(&loading);
        goto out;
    }
    slash[slash == loading.folder ? 1 : 0] = '\0';
    if (yaml_load_file(file, &root, error) == 0)
        result = take_all(&loading, root);
out:
    yaml_discard(root);
    free(loading.folder);
    if (result == 0)
        *configuration = loading.configuration;
    else
        configuration_free(loading.configuration);
    return result;
}

int configuration_load(const char *file, struct configuration **configuration, struct error *error)
{
    return load(file, NULL, configuration, error);
}

int configuration_examine(const char *file, const struct configuration_faults *faults,
                          struct configuration **configuration, struct error *error)
{
    return load(file, faults, configuration, error);
}

const char *configuration_file(const char *given)
{
    const char *variable = getenv("SUNDEW_CONFIG");

    if (given != NULL)
        return given;
    if (variable != NULL && variable[0] != '\0')
        return variable;
    return access("./sundew.yaml", F_OK) == 0 ? "./sundew.yaml" : "/etc/sundew/sundew.yaml";
}
