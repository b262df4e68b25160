/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/keeper/examine.h"
#include "server/keeper/init.h"
#include "server/keeper/keeper.h"
#include "server/keeper/watch.h"
#include "server/wire/help.h"

#define OPERATOR_WAITS 5 /* of 5 s each, behind the first */

static bool has_peer(const struct role *role, const char *name)
{
    size_t i;

    for (i = 0; i < role->peer_count; i++) {
        if (strcmp(role->peers[i].name, name) == 0)
            return true;
    }
    return false;
}

static char *folder_of(const char *path)
{
    char *folder = strdup(path), *slash = folder != NULL ? strrchr(folder, '/') : NULL;

    if (slash != NULL && slash != folder)
        *slash = '\0';
    return folder;
}

/* An operator's keeper where nothing is yet: the command "init" will make it. The folders must be there before the
 * cage is shut. */
static int prepare(const struct configuration *configuration, const char *key_folder, struct error *error)
{
    if (mkdir(configuration->state, 0700) < 0 && errno != EEXIST)
        return error_errno(error, "state folder %s cannot be made", configuration->state);
    if (mkdir(key_folder, 0700) < 0 && errno != EEXIST)
        return error_errno(error, "folder %s cannot be made", key_folder);
    return 0;
}

static void attach(struct keeper *keeper, const char *name, int fd)
{
    if (keeper_peer(keeper, name, fd) == 0)
        return;
    if (strcmp(name, "minter") == 0)
        jobs_peer(keeper->jobs, fd);
    else if (control_peer(keeper->control, name, fd) < 0)
        close(fd);
}

static void on_peer(struct role *role, const char *name, int fd)
{
    attach(role->context, name, fd);
}

/* A role ended unasked: who made it end is worth knowing. */
static int on_news(struct role *role, const char *subject, struct slice details)
{
    struct keeper *keeper = role->context;
    struct error error;

    if (!keeper->open || ledger_begin(&keeper->ledger, &error) < 0)
        return -1;
    if (operation_add(&keeper->ledger, &keeper->keyring, slice_of("sundewd"), slice_of("restart"), slice_of(subject),
                      details, &error) == 0 &&
        ledger_commit(&keeper->ledger, &error) == 0)
        return 0;
    ledger_rollback(&keeper->ledger);
    keeper_complain(keeper, &error);
    return -1;
}

/* Has who started it gone away? */
static bool is_left(void)
{
    struct pollfd fd = {.fd = ROLE_FD};

    return poll(&fd, 1, 0) > 0 && (fd.revents & POLLHUP) != 0;
}

/* An operator's keeper waits for those of other commands; a daemon's start has an end to it. */
static int open_state(struct keeper *keeper, const struct role *role, struct error *error)
{
    int more = has_peer(role, "operator") ? OPERATOR_WAITS : 0, result = keeper_open(keeper, false, error);

    while (result == LEDGER_BUSY && more-- > 0 && !is_left())
        result = keeper_open(keeper, false, error);
    return result;
}

static int set_up(struct keeper *keeper, struct role *role, struct error *error)
{
    const struct configuration *configuration;
    char *key_folder = NULL;
    int result = -1;

    keeper->role = role;
    keeper->base = role->base;
    if (configuration_unpack(buffer_slice(&role->setup), &keeper->configuration) < 0)
        return error_set(error, "the keeper's part of the configuration is damaged");
    configuration = keeper->configuration;
    key_folder = folder_of(configuration->master_key);
    keeper->jobs = jobs_new(keeper->base);
    if (key_folder == NULL || keeper->jobs == NULL) {
        error_set(error, "out of memory");
        goto out;
    }
    if (has_peer(role, "operator") && !ledger_exists(configuration->state) &&
        access(configuration->master_key, F_OK) < 0) {
        if (prepare(configuration, key_folder, error) < 0)
            goto out;
    } else if (open_state(keeper, role, error) < 0) {
        goto out;
    }
    keeper->control = control_new(keeper, keeper->base, keeper->jobs, error);
    if (keeper->control != NULL && keeper_start(keeper, error) == 0)
        result = keeper_shut(keeper, key_folder, error);
out:
    free(key_folder);
    return result;
}

static int bring_up(struct keeper *keeper, struct role *role, struct error *error)
{
    size_t i;

    role->context = keeper;
    role->peer = on_peer;
    role->news = on_news;
    for (i = 0; i < role->peer_count; i++)
        attach(keeper, role->peers[i].name, role->peers[i].fd);
    /* The minter may start after the keeper that waits for it. */
    if (role_attach(role) < 0)
        return error_set(error, "out of memory");
    if (init_needed(keeper) && init_run(keeper, keeper->base, keeper->jobs, error) < 0)
        return -1;
    keeper->ready = true;
    keeper_send_keys(keeper);
    if (!has_peer(role, "operator")) {
        keeper->watch = watch_new(keeper, error);
        if (keeper->watch == NULL)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct keeper *keeper = NULL;
    struct error error = {{0}};
    struct role role;
    int code;

    if (help_asked("keeper", argc, argv))
        return 0;
    if (argc == 3 && strcmp(argv[1], "--examine") == 0) {
        log_open("sundew");
        return examine(argv[2]);
    }
    if (sodium_init() < 0)
        return 1;
    if (role_begin(&role, "keeper", &error) < 0)
        return role_fail(&role, &error);
    keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL) {
        error_set(&error, "out of memory");
        return role_fail(&role, &error);
    }
    if (set_up(keeper, &role, &error) < 0 || bring_up(keeper, &role, &error) < 0)
        return role_fail(&role, &error);
    code = role_run(&role);
    watch_free(keeper->watch);
    control_free(keeper->control);
    keeper->control = NULL;
    keeper_close(keeper);
    jobs_free(keeper->jobs);
    if (keeper->mismatched || keeper->broken)
        code = 1;
    configuration_free(keeper->configuration);
    free(keeper);
    role_end(&role);
    return code;
}
