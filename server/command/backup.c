/* SPDX-License-Identifier: ISC
 *
 * backup FILE: the keeper's copy, written here as the caller, beside FILE under another name; it takes FILE's name
 * only when it is whole, on disk, and looked at by a keeper that knows nothing but that file. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/command/command.h"
#include "server/command/connect.h"

#define LINE 8192

struct backing {
    int fd;
    int64_t bytes;
    char path[PATH_MAX], beside[PATH_MAX];
    struct error *error;
};

static int take_piece(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct backing *backing = context;

    (void)name;
    while (slice_is(kind, "piece") && data.length > 0) {
        ssize_t done = write(backing->fd, data.data, data.length);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return error_errno(backing->error, "cannot write %s", backing->beside);
        data.data += done;
        data.length -= (size_t)done;
        backing->bytes += done;
    }
    return 0;
}

/* ---- looking at it ---- */

static pid_t start_keeper(const char *file, int output)
{
    char *program = paths_join(paths_libexec(), "keeper");
    pid_t pid = program != NULL ? fork() : -1;

    if (pid == 0) {
        if (dup2(output, STDOUT_FILENO) >= 0)
            execl(program, "keeper", "--examine", file, (char *)NULL);
        _exit(3);
    }
    free(program);
    return pid;
}

/* What a keeper of its own says of the file: a JSON object, NULL with why not. */
static json_t *examine(const char *file, struct error *error)
{
    char line[LINE];
    size_t length = 0;
    ssize_t got = 1;
    json_t *said = NULL;
    int pair[2], status = 0;
    pid_t pid;

    if (pipe2(pair, O_CLOEXEC) < 0) {
        error_errno(error, "no pipe");
        return NULL;
    }
    fflush(NULL);
    pid = start_keeper(file, pair[1]);
    close(pair[1]);
    while (pid > 0 && length < sizeof line && ((got = read(pair[0], line + length, sizeof line - length)) > 0 ||
                                               (got < 0 && errno == EINTR)))
        length += got > 0 ? (size_t)got : 0;
    close(pair[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0)
        said = json_loadb(line, length, JSON_DISABLE_EOF_CHECK, NULL);
    if (said == NULL)
        error_set(error, "%s could not be looked at; is Sundew installed completely?", file);
    return said;
}

/* ---- the file ---- */

static int open_beside(struct backing *backing, const char *file, bool force, struct error *error)
{
    struct stat status;

    if (snprintf(backing->path, sizeof backing->path, "%s", file) >= (int)sizeof backing->path ||
        snprintf(backing->beside, sizeof backing->beside, "%s.XXXXXX", file) >= (int)sizeof backing->beside)
        return error_set(error, "the file's name is too long");
    if (lstat(file, &status) == 0 && !(S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)))
        return error_set(error, "%s is no file, and stays as it is; give another name", file);
    if (!force && lstat(file, &status) == 0)
        return error_set(error, "%s is there already; give another name, or --force to replace it", file);
    backing->fd = mkostemp(backing->beside, O_CLOEXEC); /* mode 0600 */
    return backing->fd >= 0 ? 0 : error_errno(error, "cannot make a file beside %s", file);
}

static int sync_folder(const struct backing *backing)
{
    char *copy = strdup(backing->path);
    int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int result = fd >= 0 ? fsync(fd) : -1;

    if (fd >= 0)
        close(fd);
    free(copy);
    return result;
}

static int take_name(struct backing *backing, bool force, struct error *error)
{
    int result = force ? rename(backing->beside, backing->path) : link(backing->beside, backing->path);

    if (result < 0 && errno == EEXIST)
        return error_set(error, "%s is there already; give another name, or --force to replace it", backing->path);
    if (result < 0 || sync_folder(backing) < 0)
        return error_errno(error, "cannot make %s", backing->path);
    return 0;
}

/* ---- the command ---- */

static int receive(struct invocation *invocation, struct backing *backing, struct error *error)
{
    struct command command = {.name = slice_of("backup")};
    const struct link_rows rows = {take_piece, backing};
    struct error why = {""};
    struct link link;
    int code = 3;

    backing->error = &why;
    command_put(&command, "file", backing->path);
    if (link_open(&link, invocation->configuration, error) == 0)
        code = link_command(&link, &command, &rows, error);
    link_close(&link);
    if (why.text[0] != '\0') {
        *error = why;
        code = 3;
    }
    if (code == 0 && fsync(backing->fd) < 0) {
        error_errno(error, "cannot write %s", backing->beside);
        code = 3;
    }
    return code;
}

static void show(struct invocation *invocation, const struct backing *backing, json_t *said)
{
    char *whole = realpath(backing->path, NULL);
    json_t *row = json_pack("{s:s, s:I, s:b}", "backup", whole != NULL ? whole : backing->path, "bytes",
                            (json_int_t)backing->bytes, "key", 0);

    json_object_del(said, "ok");
    json_object_del(said, "text");
    json_object_update(row, said);
    output_json(&invocation->output, row);
    json_decref(row);
    free(whole);
}

int run_backup(struct invocation *invocation, struct error *error)
{
    bool force = options_value(invocation->options, "force") != NULL;
    struct backing backing = {.fd = -1};
    json_t *said = NULL;
    int code = 3;

    if (open_beside(&backing, options_value(invocation->options, "file"), force, error) < 0)
        return 3;
    code = receive(invocation, &backing, error);
    if (code == 0 && (said = examine(backing.beside, error)) == NULL)
        code = 3;
    if (code == 0 && !json_is_true(json_object_get(said, "ok")))
        code = error_status(error, 1,
                            "the copy is not whole (%s), and was not kept; see what `sundew check` says of the ledger",
                            json_string_value(json_object_get(said, "text")));
    if (code == 0 && take_name(&backing, force, error) < 0)
        code = 3;
    unlink(backing.beside);
    close(backing.fd);
    if (code == 0) {
        show(invocation, &backing, said);
        error_set(error, "the master key is not in it; without %s the copy opens nothing, so keep that elsewhere",
                  invocation->configuration->master_key);
    }
    json_decref(said);
    return code;
}
