/* SPDX-License-Identifier: ISC
 *
 * Files and users that the configuration names, and the host that it stands on. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/paths.h"
#include "server/command/check.h"
#include "server/wire/users.h"

#define RESERVE (32LL * 1024 * 1024)
#define LOW (256LL * 1024 * 1024)
#define INODES 1000
#define DESCRIPTORS 16384
#define SECRET_LEAST 24 /* bytes of a signing key, as Standard Webhooks asks */
#define SECRET_FILE 65536
#define DAY_US ((int64_t)24 * 3600 * 1000000)

/* ---- files ---- */

/* What group and others may do with it, as far as `mask` says; tells where it cannot be looked at. */
static int look(struct checking *checking, const char *check, const char *subject, const struct yaml *at,
                const char *path, struct stat *status)
{
    if (stat(path, status) == 0)
        return 0;
    if (errno == EACCES)
        check_tell(checking, CHECK_WARNING, check, subject, at, "run check as root, or as who runs the daemon",
                   "%s cannot be looked at by you", path);
    else
        check_tell(checking, CHECK_WRONG, check, subject, at, "put it there, or write where it is",
                   "%s is not there (%s)", path, strerror(errno));
    return -1;
}

static void check_mode(struct checking *checking, const char *check, const char *subject, const struct yaml *at,
                       const char *path, const struct stat *status, unsigned forbidden)
{
    char remedy[PATH_MAX];

    if ((status->st_mode & forbidden) == 0)
        return;
    snprintf(remedy, sizeof remedy, "chmod %o %s", (unsigned)(status->st_mode & 0777 & ~forbidden), path);
    check_tell(checking, CHECK_WRONG, check, subject, at, remedy, "%s is open to others: its mode is %04o", path,
               (unsigned)(status->st_mode & 07777));
}

/* What nobody but its owner may do; sundewd itself lets the operators' group through to the control socket. */
static unsigned closed_bits(const struct configuration *configuration, const struct stat *status)
{
    const struct group *group = configuration->operators[0] != '\0' ? getgrnam(configuration->operators) : NULL;

    return group != NULL && group->gr_gid == status->st_gid ? 0077 & ~S_IXGRP : 0077;
}

static void check_state(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;
    const struct yaml *at = check_root(checking, "state");
    struct stat status;

    if (stat(configuration->file, &status) == 0)
        check_mode(checking, "file", "", NULL, configuration->file, &status, S_IWGRP | S_IWOTH);
    if (look(checking, "state", "", at, configuration->state, &status) != 0)
        return;
    if (!S_ISDIR(status.st_mode))
        check_tell(checking, CHECK_WRONG, "state", "", at, "write the state folder's path", "%s is no folder",
                   configuration->state);
    else
        check_mode(checking, "state", "", at, configuration->state, &status, closed_bits(configuration, &status));
}

static void check_key(struct checking *checking)
{
    const char *key = checking->configuration->master_key;
    const struct yaml *at = check_root(checking, "key");
    struct stat status;
    struct error ignored;

    if (at == NULL)
        at = check_root(checking, "state");
    if (configuration_key(checking->configuration, &ignored) < 0) {
        check_tell(checking, CHECK_WARNING, "key", "", at, "run check by systemd-run with the unit's LoadCredential=",
                   "the key is a credential of the service's, which check does not have");
        return;
    }
    if (look(checking, "key", "", at, key, &status) != 0)
        return;
    check_mode(checking, "key", "", at, key, &status, 0077);
    if ((status.st_mode & 0077) == 0)
        check_tell(checking, CHECK_OK, "key", "", at, "", "%s is there, for its owner only", key);
}

/* The bytes of a key in a line; -1 when it is none. */
static int key_bytes(const char *line, size_t length)
{
    unsigned char key[512];
    size_t bytes = 0;
    int result = -1;

    if (length > 6 && (strncmp(line, "whsec_", 6) == 0 || strncmp(line, "whsk_", 5) == 0)) {
        const char *coded = strchr(line, '_') + 1;

        if (sodium_base642bin(key, sizeof key, coded, length - (size_t)(coded - line), NULL, &bytes, NULL,
                              sodium_base64_VARIANT_ORIGINAL) == 0)
            result = (int)bytes;
    }
    sodium_memzero(key, sizeof key);
    return result;
}

static void check_secret(struct checking *checking, const struct route *route, const struct yaml *at, const char *path)
{
    struct buffer content;
    struct error error;
    struct stat status;
    int bytes;

    if (look(checking, "secret", route->name, at, path, &status) != 0)
        return;
    check_mode(checking, "secret", route->name, at, path, &status, 0077);
    buffer_init(&content, SECRET_FILE);
    if (paths_read(path, &content, &error) < 0) {
        check_tell(checking, CHECK_WARNING, "secret", route->name, at, "run check as root, or as who runs the daemon",
                   "%s", error.text);
    } else {
        const char *text = buffer_text(&content);

        bytes = key_bytes(text, strcspn(text, "\r\n \t"));
        if (bytes < 0)
            check_tell(checking, CHECK_WRONG, "secret", route->name, at,
                       "write whsec_ and 24 to 64 random bytes in base64, as: printf whsec_%s \"$(openssl rand -base64 "
                       "32)\"", "%s holds no key that signs", path);
        else if (bytes < SECRET_LEAST)
            check_tell(checking, CHECK_WRONG, "secret", route->name, at,
                       "make another of 24 to 64 bytes, and give it to the receiver, too",
                       "the key in %s has only %d bytes, and can be found by trying", path, bytes);
    }
    buffer_free(&content);
}

static void check_private(struct checking *checking, const char *check, const char *subject, const struct yaml *at,
                          const char *path)
{
    struct stat status;

    if (path[0] != '\0' && look(checking, check, subject, at, path, &status) == 0)
        check_mode(checking, check, subject, at, path, &status, 0077);
}

static void check_public(struct checking *checking, const char *check, const char *subject, const struct yaml *at,
                         const char *path)
{
    struct stat status;

    if (path[0] != '\0' && look(checking, check, subject, at, path, &status) == 0)
        check_mode(checking, check, subject, at, path, &status, S_IWGRP | S_IWOTH);
}

/* Root alone can tell for others; who runs check as anybody else runs the roles, too, or sees no more than look() does. */
static void check_readable(struct checking *checking, const char *role, const char *check, const char *subject,
                           const struct yaml *at, const char *path)
{
    struct error error;

    if (path[0] != '\0' && geteuid() == 0 && users_may_read(checking->configuration, role, path, &error) < 0)
        check_tell(checking, CHECK_WRONG, check, subject, at,
                   "give the file to that user by chown, and let it pass through folders by chmod o+x", "%s", error.text);
}

static void check_files(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;

    for (size_t i = 0; i < configuration->route_count; i++) {
        const struct route *route = &configuration->routes[i];
        const struct yaml *secret = check_entry(checking, "routes", i, "secret"),
                          *key = check_entry(checking, "routes", i, "key");

        for (size_t k = 0; k < route->secret_count; k++) {
            check_secret(checking, route, secret, route->secrets[k]);
            check_readable(checking, "courier", "secret", route->name, secret, route->secrets[k]);
        }
        check_public(checking, "route", route->name, check_entry(checking, "routes", i, "ca"), route->ca);
        check_public(checking, "route", route->name, check_entry(checking, "routes", i, "certificate"),
                     route->certificate);
        check_private(checking, "route", route->name, key, route->key);
        check_readable(checking, "courier", "route", route->name, key, route->key);
    }
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        const struct decoy *decoy = &configuration->decoys[i];
        const struct yaml *key = check_entry(checking, "decoys", i, "key");

        check_public(checking, "certificate", decoy->name, check_entry(checking, "decoys", i, "certificate"),
                     decoy->certificate);
        check_private(checking, "certificate", decoy->name, key, decoy->key);
        check_readable(checking, "sensor", "certificate", decoy->name, key, decoy->key);
    }
}

/* ---- users ---- */

static void check_users(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;
    const struct yaml *users = check_root(checking, "users");

    for (size_t i = 0; i < configuration->user_count; i++) {
        const struct user *user = &configuration->users[i];
        const struct yaml *at = yaml_get(users, user->role);
        const struct passwd *entry = getpwnam(user->name);

        if (entry == NULL)
            check_tell(checking, CHECK_WRONG, "users", user->role, at, "make it by adduser --system --group NAME",
                       "there is no user %s", user->name);
        else if (entry->pw_uid == 0)
            check_tell(checking, CHECK_WARNING, "users", user->role, at, "make a user of its own for it",
                       "it runs as %s, which is root", user->name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(configuration->users[k].name, user->name) == 0)
                check_tell(checking, CHECK_WARNING, "users", user->role, at, "give each role a user of its own",
                           "it shares %s with the %s, so one that is broken into can get at the other", user->name,
                           configuration->users[k].role);
    }
    if (configuration->operators[0] != '\0' && getgrnam(configuration->operators) == NULL)
        check_tell(checking, CHECK_WRONG, "operators", "", check_root(checking, "operators"),
                   "make it by addgroup --system NAME, or leave the line out", "there is no group %s",
                   configuration->operators);
}

/* ---- the host ---- */

static void check_disk(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;
    const struct yaml *at = check_root(checking, "state");
    char *reserve = paths_join(configuration->state, "reserve");
    struct statvfs disk;
    struct stat status;
    int64_t left;

    if (statvfs(configuration->state, &disk) == 0) {
        left = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
        if (left < RESERVE)
            check_tell(checking, CHECK_WRONG, "disk", "", at, "make room: soon nothing can be written down",
                       "%" PRId64 " MiB are left for %s", left >> 20, configuration->state);
        else if (left < LOW || left < configuration->budget_noise)
            check_tell(checking, CHECK_WARNING, "disk", "", left < LOW ? at : check_root(checking, "budget"),
                       "make room, or write a smaller budget for noise",
                       "%" PRId64 " MiB are left for %s, and noise alone may take %" PRId64 " MiB", left >> 20,
                       configuration->state, configuration->budget_noise >> 20);
        else
            check_tell(checking, CHECK_OK, "disk", "", at, "", "%" PRId64 " MiB are left", left >> 20);
        if (disk.f_files > 0 && disk.f_favail < INODES)
            check_tell(checking, CHECK_WARNING, "disk", "", at, "remove small files there",
                       "only %lu inodes are left on the disk of %s", (unsigned long)disk.f_favail, configuration->state);
    }
    if (reserve != NULL && stat(reserve, &status) != 0 && errno == ENOENT)
        check_tell(checking, CHECK_WARNING, "disk", "", at, "make room; the keeper makes it again by itself",
                   "the reserve is spent: the disk was full, and when it is again, sightings are lost");
    free(reserve);
}

static void check_clock(struct checking *checking)
{
    struct timex kernel = {.modes = 0};
    int synchronised = adjtimex(&kernel);
    struct stat status;

    if (stat(checking->configuration->file, &status) == 0 &&
        (int64_t)status.st_mtim.tv_sec * 1000000 > clock_wall() + DAY_US)
        check_tell(checking, CHECK_WRONG, "clock", "", NULL, "set the clock, and run chrony or systemd-timesyncd",
                   "the clock is behind: the configuration was written in its future");
    else if (synchronised == TIME_ERROR || (kernel.status & STA_UNSYNC) != 0)
        check_tell(checking, CHECK_WARNING, "clock", "", NULL,
                   "run chrony or systemd-timesyncd; times in alerts are compared with other machines' logs",
                   "the kernel says that the clock is not synchronised");
    else
        check_tell(checking, CHECK_OK, "clock", "", NULL, "", "it is synchronised, within %ld ms",
                   kernel.maxerror / 1000);
}

static void check_descriptors(struct checking *checking)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < DESCRIPTORS)
        check_tell(checking, CHECK_WARNING, "limits", "", NULL,
                   "raise it: LimitNOFILE=65536 in the unit, or /etc/security/limits.conf",
                   "only %llu files can be open at once: that many idle connections fill a decoy",
                   (unsigned long long)limit.rlim_max);
}

void check_host(struct checking *checking)
{
    check_state(checking);
    check_key(checking);
    check_files(checking);
    check_users(checking);
    check_disk(checking);
    check_clock(checking);
    check_descriptors(checking);
}
