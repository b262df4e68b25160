/* SPDX-License-Identifier: ISC */
#include "server/wire/users.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *configured(const struct configuration *configuration, const char *role)
{
    for (size_t i = 0; i < configuration->user_count; i++)
        if (strcmp(configuration->users[i].role, role) == 0)
            return configuration->users[i].name;
    return NULL;
}

static int named(const char *name, const char *role, uid_t *uid, gid_t *gid, struct error *error)
{
    const struct passwd *entry = getpwnam(name);

    if (entry == NULL)
        return error_set(error, "users: there is no user %s for the %s; make it (adduser --system %s) or leave it out",
                         name, role, name);
    *uid = entry->pw_uid;
    *gid = entry->pw_gid;
    return 0;
}

static const char *user_text(uid_t uid)
{
    const struct passwd *entry = getpwuid(uid);

    return entry != NULL ? entry->pw_name : "another user";
}

static int ours(const struct configuration *configuration, const struct stat *state, const char *name, uid_t *uid,
                gid_t *gid, struct error *error)
{
    *uid = geteuid();
    *gid = getegid();
    if (name != NULL && strcmp(name, user_text(*uid)) != 0)
        return error_set(error, "users: only root can start roles as %s; run as root or leave \"users\" out", name);
    if (state->st_uid != *uid)
        return error_set(error, "the state folder %s belongs to %s; run as that user or as root", configuration->state,
                         user_text(state->st_uid));
    return 0;
}

int users_of(const struct configuration *configuration, const char *role, uid_t *uid, gid_t *gid, struct error *error)
{
    const char *name = configured(configuration, role);
    const struct passwd *entry;
    struct stat state;

    if (stat(configuration->state, &state) < 0 && errno == ENOENT)
        return error_set(error, "there is no state folder %s; make an installation by `sundew init DIR`",
                         configuration->state);
    if (stat(configuration->state, &state) < 0)
        return error_errno(error, "cannot look at the state folder %s", configuration->state);
    if (!S_ISDIR(state.st_mode))
        return error_set(error, "%s is no folder; \"state\" must name the state folder", configuration->state);
    if (geteuid() != 0)
        return ours(configuration, &state, name, uid, gid, error);
    if (name != NULL)
        return named(name, role, uid, gid, error);
    entry = getpwuid(state.st_uid);
    *uid = state.st_uid;
    *gid = entry != NULL ? entry->pw_gid : state.st_gid;
    return 0;
}

/* The key only when it lies in the folder itself. */
static const char *key_within(const struct configuration *configuration)
{
    size_t length = strlen(configuration->state);
    const char *key = configuration->master_key;

    if (key == NULL || strncmp(key, configuration->state, length) != 0 || key[length] != '/' ||
        strchr(key + length + 1, '/') != NULL)
        return "key";
    return key + length + 1;
}

int users_give_state(const struct configuration *configuration, struct error *error)
{
    const char *parts[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "reserve",
                           "lock",      key_within(configuration)};
    const char *name = configured(configuration, "keeper");
    int folder = -1, result = 0;
    struct stat state;
    uid_t uid;
    gid_t gid;

    if (name == NULL || geteuid() != 0)
        goto out;
    result = users_of(configuration, "keeper", &uid, &gid, error);
    folder = open(configuration->state, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (result < 0 || folder < 0 || fstat(folder, &state) < 0 || state.st_uid != 0)
        goto out;
    for (size_t i = 0; result == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
        if (fchownat(folder, parts[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
            result = error_errno(error, "cannot give %s/%s to %s", configuration->state, parts[i], name);
    if (result == 0 && fchown(folder, uid, gid) < 0)
        result = error_errno(error, "cannot give %s to %s", configuration->state, name);
out:
    if (folder >= 0)
        close(folder);
    return result;
}

int users_operators(const struct configuration *configuration, gid_t *gid, struct error *error)
{
    const struct group *entry;

    *gid = (gid_t)-1;
    if (configuration->operators[0] == '\0')
        return 0;
    entry = getgrnam(configuration->operators);
    if (entry == NULL)
        return error_set(error, "operators: there is no group %s; make it (addgroup --system %s)",
                         configuration->operators, configuration->operators);
    *gid = entry->gr_gid;
    return 0;
}
