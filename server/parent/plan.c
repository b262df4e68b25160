/* SPDX-License-Identifier: ISC */
#include "server/parent/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/wire/users.h"

#define NAME 160

static const struct {
    const char *program;
    unsigned parts;
} core[] = {
    {"keeper", CONFIGURATION_INSTALLATION | CONFIGURATION_DECOYS | CONFIGURATION_ROUTES | CONFIGURATION_PROXIES},
    {"minter", CONFIGURATION_INSTALLATION},
    {"courier", CONFIGURATION_INSTALLATION | CONFIGURATION_ROUTES},
};

#define CORE (sizeof(core) / sizeof(core[0]))

static int equip(struct child *child, const struct configuration *configuration, unsigned parts, struct error *error)
{
    if (users_of(configuration, child->program, &child->uid, &child->gid, error) < 0)
        return -1;
    buffer_clear(&child->setup);
    if (configuration_pack(&child->setup, configuration, parts) < 0)
        return error_set(error, "the configuration is too large for one message to the %s", child->program);
    return 0;
}

int plan_core(struct tree *tree, const struct configuration *configuration, struct error *error)
{
    for (size_t i = 0; i < CORE; i++) {
        struct child *child = tree_add(tree, core[i].program, core[i].program, 0);

        if (child == NULL)
            return error_set(error, "out of memory");
        if (equip(child, configuration, core[i].parts, error) < 0)
            return -1;
    }
    return 0;
}

int plan_check(const struct configuration *configuration, struct error *error)
{
    uid_t uid;
    gid_t gid;

    for (size_t i = 0; i < CORE; i++)
        if (users_of(configuration, core[i].program, &uid, &gid, error) < 0)
            return -1;
    return users_operators(configuration, &gid, error);
}

int plan_core_again(struct tree *tree, const struct configuration *configuration, struct error *error)
{
    for (struct child *child = tree_first(tree); child != NULL; child = child->next)
        for (size_t i = 0; i < CORE; i++)
            if (strcmp(child->program, core[i].program) == 0 && equip(child, configuration, core[i].parts, error) < 0)
                return -1;
    return 0;
}

/* ---- sensors ---- */

/* What decoys of one sensor have in common. */
static const char *group_of(const struct decoy *decoy)
{
    return decoy->isolate[0] != '\0' ? decoy->isolate : decoy->service;
}

static bool together(const struct decoy *a, const struct decoy *b)
{
    return (a->isolate[0] != '\0') == (b->isolate[0] != '\0') && strcmp(group_of(a), group_of(b)) == 0;
}

static bool has_socket(const struct child *child, int fd)
{
    for (size_t i = 0; i < child->listener_count; i++)
        if (child->listeners[i].fd == fd)
            return true;
    return false;
}

/* Each socket once, under the first decoy that has it. */
static int give_sockets(struct child *child, const struct decoy *decoy, const struct listening *listening,
                        struct error *error)
{
    for (size_t i = 0; i < decoy->listener_count; i++) {
        int fd = listening_find(listening, decoy->listeners[i].address, decoy->listeners[i].port);

        if (!has_socket(child, fd) && child_listen(child, decoy->name, (uint16_t)i, fd) < 0)
            return error_set(error, "out of memory");
    }
    return 0;
}

static int check_sockets(const struct tree *tree, const struct child *child, struct error *error)
{
    for (const struct child *other = tree_first(tree); other != NULL; other = other->next)
        for (size_t i = 0; i < child->listener_count; i++)
            if (other->wanted && other->generation == child->generation && strcmp(other->name, child->name) != 0 &&
                has_socket(other, child->listeners[i].fd))
                return error_set(error,
                                 "decoy %s shares a port with a decoy of another sensor; give both the same "
                                 "\"isolate\", or other ports",
                                 child->listeners[i].decoy);
    return 0;
}

static struct child *add_sensor(struct tree *tree, const struct configuration *part, const struct listening *listening,
                                unsigned generation, struct error *error)
{
    struct child *child;
    char name[NAME];

    snprintf(name, sizeof(name), "sensor %s%s", part->decoys[0].isolate[0] != '\0' ? "of " : "",
             group_of(&part->decoys[0]));
    child = tree_add(tree, "sensor", name, generation);
    if (child == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (equip(child, part, CONFIGURATION_INSTALLATION | CONFIGURATION_DECOYS | CONFIGURATION_PROXIES, error) < 0)
        return NULL;
    for (size_t i = 0; i < part->decoy_count; i++)
        if (give_sockets(child, &part->decoys[i], listening, error) < 0)
            return NULL;
    return check_sockets(tree, child, error) < 0 ? NULL : child;
}

/* The sensors for decoy `first` and those behind it that belong to it; none when it belongs to one before it. */
static int plan_group(struct tree *tree, const struct configuration *configuration, size_t first,
                      const struct listening *listening, unsigned generation, struct error *error)
{
    struct configuration part = *configuration;
    int result = 0;

    for (size_t i = 0; i < first; i++)
        if (together(&configuration->decoys[i], &configuration->decoys[first]))
            return 0;
    part.decoy_count = 0;
    part.decoys = calloc(configuration->decoy_count, sizeof(*part.decoys));
    if (part.decoys == NULL)
        return error_set(error, "out of memory");
    for (size_t i = first; i < configuration->decoy_count; i++)
        if (together(&configuration->decoys[i], &configuration->decoys[first]))
            part.decoys[part.decoy_count++] = configuration->decoys[i];
    for (int64_t worker = 0; worker < configuration->workers && result == 0; worker++)
        if (add_sensor(tree, &part, listening, generation, error) == NULL)
            result = -1;
    free(part.decoys);
    return result;
}

int plan_sensors(struct tree *tree, const struct configuration *configuration, const struct listening *listening,
                 unsigned generation, struct error *error)
{
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        if (plan_group(tree, configuration, i, listening, generation, error) == 0)
            continue;
        for (struct child *child = tree_first(tree); child != NULL; child = child->next)
            if (child->generation == generation && strcmp(child->program, "sensor") == 0)
                child->wanted = false;
        return -1;
    }
    return 0;
}
