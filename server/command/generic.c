/* SPDX-License-Identifier: ISC
 *
 * Commands that the keeper carries out: arguments as they are, rows as they come; and `artifacts --write`. */
#include "server/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/command/connect.h"

#define STYLE_BYTES 16384

static int print_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct invocation *invocation = context;

    (void)name;
    if (slice_is(kind, "row")) {
        if (invocation->output.table.terminal)
            progress_hide(&invocation->progress);
        output_row(&invocation->output, data);
        progress_step(&invocation->progress, 1);
    }
    return invocation->output.failed ? -1 : 0;
}

static void on_idle(void *context)
{
    struct invocation *invocation = context;

    progress_step(&invocation->progress, 0);
}

static void fill(const struct options *options, struct command *command, const char *leave_out)
{
    *command = (struct command){.name = slice_of(options->command->name)};
    for (size_t i = 0; i < options->count; i++)
        if (leave_out == NULL || strcmp(options->values[i].name, leave_out) != 0)
            command_put(command, options->values[i].name, options->values[i].value);
}

/* The keeper opens no files of the caller's: a sample goes as its text. The exit status of what is wrong, or 0. */
static int put_style(const struct options *options, struct command *command, struct buffer *text, struct error *error)
{
    const char *file = options_value(options, "style");

    if (file == NULL)
        return 0;
    if (paths_read(file, text, error) != 0)
        return text->failed ? error_status(error, 2, "%s is longer than %d bytes; a few hundred names are enough", file,
                                           STYLE_BYTES)
                            : 3;
    if (memchr(text->data, 0, text->length) != NULL)
        return error_status(error, 2, "%s is no text; write one name a line", file);
    if (strspn(buffer_text(text), " \t\r\n") == text->length)
        return error_status(error, 2, "%s holds no name; write some of your accounts' names, a line each", file);
    command_put(command, "style", buffer_text(text));
    return 0;
}

/* Sends the command but for one argument, and has `row` take the rows. */
static int converse(struct invocation *invocation, const char *leave_out, const struct link_rows *rows,
                    struct error *error)
{
    bool styled = options_value(invocation->options, "style") != NULL;
    struct command command;
    struct buffer style;
    struct link link;
    int code;

    buffer_init(&style, STYLE_BYTES);
    fill(invocation->options, &command, styled ? "style" : leave_out);
    code = put_style(invocation->options, &command, &style, error);
    if (code == 0) {
        code = link_open(&link, invocation->configuration, error) == 0 ? link_command(&link, &command, rows, error) : 3;
        link_close(&link);
    }
    buffer_free(&style);
    return code;
}

/* What takes long; tokens that go to a terminal are seen to come. */
static void begin_progress(struct invocation *invocation)
{
    const char *name = invocation->options->command->name, *count = options_value(invocation->options, "count");

    if (strcmp(name, "audit") == 0)
        progress_begin(&invocation->progress, "walking the chains", 0);
    else if (strcmp(name, "mint") == 0 && count != NULL && !invocation->output.table.terminal)
        progress_begin(&invocation->progress, "minting", strtoull(count, NULL, 10));
}

int run_generic(struct invocation *invocation, struct error *error)
{
    const struct link_rows rows = {print_row, invocation, on_idle};
    int code;

    begin_progress(invocation);
    code = converse(invocation, NULL, &rows, error);
    progress_hide(&invocation->progress);
    return code;
}

/* ---- artifacts ---- */

struct writing {
    struct invocation *invocation;
    const char *folder; /* NULL: print */
    struct error *error;
    bool failed;
};

/* A name of the keeper's, which must stay inside the folder. */
static bool is_plain(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* The bytes of an artifact: its text, or what "base64" stands for. NULL where it has neither. */
static unsigned char *content_of(const json_t *artifact, size_t *length)
{
    const json_t *text = json_object_get(artifact, "text");
    const char *coded = json_string_value(json_object_get(artifact, "base64"));
    unsigned char *content = NULL;

    if (json_is_string(text)) {
        *length = json_string_length(text);
        content = malloc(*length + 1);
        if (content != NULL)
            memcpy(content, json_string_value(text), *length);
    } else if (coded != NULL) {
        content = malloc(strlen(coded) + 1);
        if (content != NULL && sodium_base642bin(content, strlen(coded) + 1, coded, strlen(coded), NULL, length, NULL,
                                                 sodium_base64_VARIANT_ORIGINAL) < 0) {
            free(content);
            content = NULL;
        }
    }
    return content;
}

/* The folder of a name such as ".git/config" below `top`, made where it is not there; *name becomes its last part. */
static int folder_of(int top, const char **name, struct error *error)
{
    int folder = fcntl(top, F_DUPFD_CLOEXEC, 0), inner;
    const char *slash;
    char part[256];

    while (folder >= 0 && (slash = strchr(*name, '/')) != NULL) {
        inner = -1;
        snprintf(part, sizeof(part), "%.*s", (int)(slash - *name), *name);
        if (!is_plain(part))
            error_set(error, "an artifact's name leads out of the folder");
        else if ((mkdirat(folder, part, 0700) < 0 && errno != EEXIST) ||
                 (inner = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0)
            error_errno(error, "cannot make the folder %s", part);
        close(folder);
        folder = inner;
        *name = slash + 1;
    }
    if (folder >= 0 && !is_plain(*name)) {
        error_set(error, "an artifact's name is no plain file name");
        close(folder);
        folder = -1;
    }
    return folder;
}

/* `told`: the name as the caller would write it. */
static int write_file(int folder, const char *name, const char *told, const unsigned char *content, size_t length,
                      struct error *error)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), result = 0;

    if (fd < 0 && errno == EEXIST)
        return error_set(error, "%s is there already and stays as it is; choose another folder", told);
    if (fd < 0)
        return error_errno(error, "cannot make %s", told);
    for (size_t done = 0; done < length && result == 0;) {
        ssize_t wrote = write(fd, content + done, length - done);

        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote < 0 && errno != EINTR)
            result = error_errno(error, "cannot write %s", told);
    }
    if (close(fd) < 0 && result == 0)
        result = error_errno(error, "cannot write %s", told);
    if (result < 0)
        (void)unlinkat(folder, name, 0); /* half of it would be in the way of the whole */
    return result;
}

static int write_artifact(struct writing *writing, int folder, const json_t *artifact)
{
    const char *name = json_string_value(json_object_get(artifact, "name"));
    struct output *output = &writing->invocation->output;
    size_t length = 0;
    unsigned char *content = content_of(artifact, &length);
    int result = 0;

    if (name == NULL || content == NULL) {
        result = error_set(writing->error, "the keeper sent a damaged artifact");
    } else if (folder >= 0) {
        const char *last = name;
        int inner = folder_of(folder, &last, writing->error);
        char told[PATH_MAX];

        snprintf(told, sizeof(told), "%s/%s", writing->folder, name);
        result = inner < 0 ? -1 : write_file(inner, last, told, content, length, writing->error);
        if (inner >= 0)
            close(inner);
        if (result == 0 && !output->json)
            fprintf(output->file, "%s\n", told);
    } else if (!output->json) {
        fprintf(output->file, "==> %s <==\n", name);
        fwrite(content, 1, length, output->file);
        fputs(length > 0 && content[length - 1] == '\n' ? "\n" : "\n\n", output->file);
    }
    if (content != NULL)
        sodium_memzero(content, length);
    free(content);
    return result;
}

static int open_folder(const char *path, struct error *error)
{
    int fd;

    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_errno(error, "cannot make the folder %s", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : error_errno(error, "cannot open the folder %s", path);
}

static int write_all(struct writing *writing, const json_t *row)
{
    const json_t *artifacts = json_object_get(row, "artifacts");
    int folder = -1, result = 0;

    if (writing->folder != NULL && (folder = open_folder(writing->folder, writing->error)) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(artifacts) && result == 0; i++)
        result = write_artifact(writing, folder, json_array_get(artifacts, i));
    if (folder >= 0)
        close(folder);
    return result;
}

static int artifacts_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct writing *writing = context;
    json_t *row;

    (void)name;
    if (!slice_is(kind, "row"))
        return 0;
    row = json_loadb((const char *)data.data, data.length, 0, NULL);
    if (row == NULL || write_all(writing, row) < 0)
        writing->failed = true;
    else if (writing->invocation->output.json)
        output_row(&writing->invocation->output, data);
    json_decref(row);
    return writing->failed ? -1 : 0;
}

int run_artifacts(struct invocation *invocation, struct error *error)
{
    struct error own = {""};
    struct writing writing = {.invocation = invocation, .error = &own};
    const struct link_rows rows = {artifacts_row, &writing};
    int code;

    writing.folder = options_value(invocation->options, "write");
    code = converse(invocation, "write", &rows, error);
    if (!writing.failed)
        return code;
    *error = own;
    return 3;
}
