/* SPDX-License-Identifier: ISC */
#include "server/wire/users.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
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

static int give_state(const struct configuration *configuration, struct error *error)
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

/* Root's own file becomes the user's; its folder, where it lies below the configuration's, lets others pass. */
static int give_secret(const char *path, const char *above, uid_t uid, gid_t gid, struct error *error)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    struct stat status;
    int result = 0;

    if (lstat(path, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != 0 || slash == NULL)
        return 0;
    if (lchown(path, uid, gid) < 0)
        return error_errno(error, "cannot give %s to the courier's user", path);
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (strlen(folder) > strlen(above) && strncmp(folder, above, strlen(above)) == 0 && lstat(folder, &status) == 0 &&
        S_ISDIR(status.st_mode) && status.st_uid == 0 && chmod(folder, (status.st_mode & 07777) | S_IXOTH) < 0)
        result = error_errno(error, "cannot let others pass through %s", folder);
    return result;
}

static int give_secrets(const struct configuration *configuration, struct error *error)
{
    char above[PATH_MAX];
    const char *slash;
    int result = 0;
    uid_t uid;
    gid_t gid;

    if (configured(configuration, "courier") == NULL || geteuid() != 0)
        return 0;
    slash = strrchr(configuration->file, '/');
    snprintf(above, sizeof above, "%.*s", (int)(slash + 1 - configuration->file), configuration->file);
    result = users_of(configuration, "courier", &uid, &gid, error);
    for (size_t i = 0; result == 0 && i < configuration->route_count; i++)
        for (size_t k = 0; result == 0 && k < configuration->routes[i].secret_count; k++)
            result = give_secret(configuration->routes[i].secrets[k], above, uid, gid, error);
    return result;
}

int users_give_files(const struct configuration *configuration, struct error *error)
{
    return give_state(configuration, error) < 0 ? -1 : give_secrets(configuration, error);
}

static bool allows(const struct stat *status, uid_t uid, gid_t gid, unsigned right)
{
    unsigned mode = status->st_mode;

    return uid == 0 || ((status->st_uid == uid ? mode >> 6 : status->st_gid == gid ? mode >> 3 : mode) & right) != 0;
}

int users_may_read(const struct configuration *configuration, const char *role, const char *path, struct error *error)
{
    char part[PATH_MAX];
    struct stat status;
    uid_t uid;
    gid_t gid;

    if (users_of(configuration, role, &uid, &gid, error) < 0)
        return -1;
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (stat(part, &status) == 0 && !allows(&status, uid, gid, S_IXOTH))
            return error_set(error, "the %s, who is %s, cannot get through %s to %s", role, user_text(uid), part,
                             path);
    }
    if (stat(path, &status) == 0 && !allows(&status, uid, gid, S_IROTH))
        return error_set(error, "the %s, who is %s, cannot read %s", role, user_text(uid), path);
    return 0;
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
