/* SPDX-License-Identifier: ISC
 *
 * The part of loading.h that reads users, limits and the key's place. */
#include <stdlib.h>
#include <string.h>
#include "server/base/paths.h"
#include "server/wire/loading.h"

#define CREDENTIAL "credential:"

int loading_users(struct loading *loading, const struct yaml *root)
{
    static const char *const roles[] = {
#define ROLE(symbol, name, summary) name,
#include "server/wire/tables/roles.def"
#undef ROLE
        NULL};
    struct configuration *configuration = loading->configuration;
    const struct yaml *map = yaml_get(root, "users");

    if (map == NULL)
        return 0;
    if (loading_note(loading, yaml_only(map, roles, loading->error)) < 0)
        return -1;
    configuration->users = calloc(map->count + 1, sizeof *configuration->users);
    if (configuration->users == NULL)
        return loading_memory(loading);
    for (size_t i = 0; i < map->count; i++) {
        struct user *user = &configuration->users[configuration->user_count++];

        user->role = strdup(map->keys[i]->text);
        if (user->role == NULL || loading_text(loading, map, user->role, NULL, &user->name) < 0)
            return -1;
        if (strcmp(user->name, "nobody") == 0 &&
            loading_note(loading, yaml_fault(map->items[i], loading->error, "\"nobody\" is shared by other programs; make a "
                                     "user of its own for the %s", user->role)) < 0)
            return -1;
    }
    return 0;
}

/* "600/h" or "10/m" → per hour. */
static int take_rate(struct loading *loading, const struct yaml *map, const char *key, int64_t *per_hour)
{
    const struct yaml *node = yaml_get(map, key);
    char *end = NULL;
    long long value;

    if (node == NULL)
        return 0;
    value = node->type == YAML_TEXT ? strtoll(node->text, &end, 10) : -1;
    if (value < 0 || value > 1000000000 || end == node->text || (strcmp(end, "/h") != 0 && strcmp(end, "/m") != 0))
        return yaml_fault(node, loading->error, "\"%s\" must be a rate such as 600/h or 10/m", key);
    *per_hour = end[1] == 'm' ? value * 60 : value;
    return 0;
}

static int take_class(struct loading *loading, const struct yaml *item)
{
    static const char *const classes[] = {PASSWORD_CLASSES, NULL};

    for (size_t i = 0; classes[i] != NULL; i++)
        if (item->type == YAML_TEXT && strcmp(item->text, classes[i]) == 0) {
            loading->configuration->password_classes |= (int64_t)1 << i;
            return 0;
        }
    return yaml_fault(item, loading->error, "\"classes\" holds upper, lower, digit and sign");
}

static int take_classes(struct loading *loading, const struct yaml *list)
{
    if (list != NULL && list->type != YAML_LIST)
        return yaml_fault(list, loading->error, "\"classes\" must be a list such as [upper, lower, digit]");
    for (size_t i = 0; list != NULL && i < list->count; i++)
        if (take_class(loading, list->items[i]) < 0)
            return -1;
    return 0;
}

/* What no password of ours could keep is refused here, not when one is minted. */
static int take_passwords(struct loading *loading, const struct yaml *map)
{
    struct configuration *configuration = loading->configuration;
    int64_t *least = &configuration->password_least, *most = &configuration->password_most;

    if (map == NULL)
        return 0;
    if (loading_keys(loading, map, "passwords") < 0 ||
        loading_note(loading, yaml_integer(map, "least", 0, 64, least, loading->error)) < 0 ||
        loading_note(loading, yaml_integer(map, "most", 12, 64, most, loading->error)) < 0 ||
        loading_note(loading, take_classes(loading, yaml_get(map, "classes"))) < 0)
        return -1;
    if (*most > 0 && *least > *most)
        return loading_note(loading, yaml_fault(yaml_get(map, "least"), loading->error,
                                                "no password has %lld characters at least and %lld at most; write a "
                                                "smaller \"least\" or a greater \"most\"", (long long)*least,
                                                (long long)*most));
    return 0;
}

int loading_limits(struct loading *loading, const struct yaml *root)
{
    struct configuration *configuration = loading->configuration;
    const struct yaml *retention = yaml_get(root, "retention"), *budget = yaml_get(root, "budget");

    configuration->retention_noise_s = 30 * 86400;
    configuration->retention_observations_s = 2 * 365 * 86400;
    configuration->budget_noise = (int64_t)1 << 30;
    configuration->budget_source_per_hour = 600;
    configuration->workers = 1;
    if (loading_note(loading, yaml_integer(root, "workers", 1, 64, &configuration->workers, loading->error)) < 0)
        return -1;
    if (retention != NULL &&
        (loading_keys(loading, retention, "retention") < 0 ||
         loading_note(loading, yaml_duration(retention, "noise", &configuration->retention_noise_s, loading->error)) < 0 ||
         loading_note(loading, yaml_duration(retention, "observations", &configuration->retention_observations_s,
                                     loading->error)) < 0))
        return -1;
    if (budget != NULL &&
        (loading_keys(loading, budget, "budget") < 0 ||
         loading_note(loading, yaml_size(budget, "noise", &configuration->budget_noise, loading->error)) < 0 ||
         loading_note(loading, take_rate(loading, budget, "per-source", &configuration->budget_source_per_hour)) < 0))
        return -1;
    return take_passwords(loading, yaml_get(root, "passwords"));
}

int configuration_key(const struct configuration *configuration, struct error *error)
{
    const char *name = configuration->master_key;

    if (strncmp(name, CREDENTIAL, strlen(CREDENTIAL)) != 0)
        return 0;
    name += strlen(CREDENTIAL);
    return error_set(error,
                     "%s: the master key is the credential %s, which was not passed to this process; start it by a systemd "
                     "unit with LoadCredential=%s:/path",
                     configuration->file, name, name);
}

/* key: a path, or credential:NAME of the service manager. */
int loading_key(struct loading *loading, const struct yaml *root)
{
    struct configuration *configuration = loading->configuration;
    const char *text = "state/key", *folder = getenv("CREDENTIALS_DIRECTORY"), *name;

    if (yaml_text(root, "key", &text, loading->error) < 0)
        return -1;
    if (strncmp(text, CREDENTIAL, strlen(CREDENTIAL)) != 0)
        return loading_path(loading, root, "key", "state/key", &configuration->master_key);
    name = text + strlen(CREDENTIAL);
    if (name[0] == '\0' || strchr(name, '/') != NULL)
        return yaml_fault(yaml_get(root, "key"), loading->error, "\"key\" must be a path, or credential: and a name");
    configuration->master_key = folder != NULL ? paths_join(folder, name) : strdup(text);
    return configuration->master_key == NULL ? loading_memory(loading) : 0;
}
