/* SPDX-License-Identifier: ISC
 *
 * reload: SIGHUP to the daemon, by its keeper where we may not send it, then what it says in state/run/status. */
#include "server/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/command/connect.h"

#define WAIT_S 60
#define RETRY_NS (50 * 1000 * 1000)
#define LINE 1024

static void read_line(int folder, const char *name, char line[LINE])
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t length = fd < 0 ? 0 : read(fd, line, LINE - 1);

    line[length > 0 ? length : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

/* The daemon's process, or 0 when none holds the lock. */
static pid_t daemon_of(int folder)
{
    int fd = openat(folder, "sundewd.pid", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
    char line[LINE];

    if (fd >= 0)
        close(fd);
    if (!locked)
        return 0;
    read_line(folder, "sundewd.pid", line);
    return (pid_t)strtol(line, NULL, 10);
}

/* Until the number of loads has grown. The text behind it is left in `line`. */
static int wait_status(int folder, unsigned long before, char line[LINE])
{
    const struct timespec pause = {.tv_nsec = RETRY_NS};
    int64_t deadline = clock_monotonic() + (int64_t)WAIT_S * 1000000;

    while (clock_monotonic() < deadline) {
        read_line(folder, "status", line);
        if (strtoul(line, NULL, 10) > before)
            return 0;
        nanosleep(&pause, NULL);
    }
    return -1;
}

static int no_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    (void)kind;
    (void)name;
    (void)data;
    (void)context;
    return 0;
}

/* Operators may use the control socket, and no more. The keeper may be gone before it has answered: it is restarted. */
static int ask_keeper(const struct configuration *configuration, struct error *error)
{
    const struct link_rows rows = {.row = no_row};
    const struct command command = {.name = slice_of("reload")};
    struct link link;
    int code = 3;

    if (link_open_daemon(&link, configuration, error) == 0) {
        code = link_command(&link, &command, &rows, error);
        if (link.lost)
            code = 0;
    }
    link_close(&link);
    return code;
}

static int reload(const struct configuration *configuration, int folder, struct error *error)
{
    pid_t pid = daemon_of(folder);
    char line[LINE], *text;
    unsigned long before;

    if (pid <= 1) {
        error_set(error, "no daemon runs on this state; start one by sundewd -c FILE");
        return 3;
    }
    read_line(folder, "status", line);
    before = strtoul(line, NULL, 10);
    if (kill(pid, SIGHUP) < 0 && ask_keeper(configuration, error) != 0)
        return 3;
    error->text[0] = '\0';
    if (wait_status(folder, before, line) < 0) {
        error_set(error, "the daemon has not finished within %d s; its log says more", WAIT_S);
        return 3;
    }
    text = strchr(line, ' ');
    if (text != NULL && strncmp(text, " ok", 3) == 0)
        return 0;
    error_set(error, "the old configuration stays: %s", text != NULL ? text + strlen(" failed ") : "");
    return 3;
}

int run_reload(struct invocation *invocation, struct error *error)
{
    int folder = run_folder(invocation->configuration), code;
    json_t *row;

    if (folder < 0 && errno == ENOENT)
        error_set(error, "no daemon runs on this state; start one by sundewd -c FILE");
    else if (folder < 0)
        error_errno(error, "cannot open %s/run", invocation->configuration->state);
    if (folder < 0)
        return 3;
    code = reload(invocation->configuration, folder, error);
    close(folder);
    if (code == 0) {
        row = json_pack("{s:s, s:I, s:I}", "state", "reloaded", "decoys",
                        (json_int_t)invocation->configuration->decoy_count, "routes",
                        (json_int_t)invocation->configuration->route_count);
        output_json(&invocation->output, row);
        json_decref(row);
    }
    return code;
}
